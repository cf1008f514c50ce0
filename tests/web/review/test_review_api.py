"""The HTTP side of the review: who may ask, what is refused, what stays hidden."""

import io

import httpx
import pytest
from PIL import Image

from gleam.errors import GleamError
from gleam.web.review.serving import settings_for

TOKEN = "a-token-long-enough"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def body_of(served, tiny, pair_id, reviewer, base=0, **changes):
    decision = tiny.decision(served.store.items[pair_id], **changes)
    told = decision.model_dump(mode="json", exclude_none=True)
    return {"pair_id": pair_id, "reviewer": reviewer, "decision": told, "base": base}


def routes(served):
    pair_id = next(iter(served.store.items))
    sha = served.store.items[pair_id].pair.tile_image
    ask = f"reviewer=ann&pair_id={pair_id}"
    yield from (
        ("GET", path)
        for path in (
            "/", "/review/main.js", "/static/look.css", "/v1/campaign", "/v1/next?reviewer=ann",
            f"/v1/item?{ask}", f"/v1/history?{ask}", "/v1/progress", f"/v1/pictures/{sha}",
            f"/v1/regions?pair_id={pair_id}", "/openapi.json",
        )
    )  # fmt: skip
    yield from (("POST", f"/v1/{name}") for name in ("review", "adjudicate", "undo", "draft", "skip"))


def test_every_route_asks_for_the_token(serve):
    served = serve(1, token=TOKEN)
    for method, path in routes(served):
        assert httpx.request(method, served.url + path).status_code == 401, path
        told = httpx.request(method, served.url + path, headers=HEADERS)
        assert told.status_code == (200 if method == "GET" else 422), path
    assert httpx.get(served.url + "/healthz").json() == {"status": "ok"}
    with pytest.raises(GleamError, match="GLEAM_TOKEN"):
        settings_for(served.store.bench.root, "0.0.0.0", 0, None)


def test_every_answer_forbids_foreign_scripts(serve):
    served = serve(1)
    for method, path in routes(served):
        headers = httpx.request(method, served.url + path).headers
        policy = headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy and "unsafe" not in policy, path
        assert headers["X-Content-Type-Options"] == "nosniff"
    page = httpx.get(served.url).text
    assert "<script>" not in page and "style=" not in page and "onclick" not in page


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_other_web_sites_decide_nothing(serve, tiny, headers):
    served = serve(1)
    body = body_of(served, tiny, next(iter(served.store.items)), "ann")
    assert httpx.post(served.url + "/v1/review", json=body, headers=headers).status_code == 403
    assert served.store.board().seq == 1


def test_a_stale_decision_comes_back_with_what_is_recorded(serve, tiny):
    served = serve(1, double=0.0)
    pair_id = next(iter(served.store.items))
    assert (
        httpx.post(served.url + "/v1/review", json=body_of(served, tiny, pair_id, "ann")).status_code == 200
    )
    late = httpx.post(served.url + "/v1/review", json=body_of(served, tiny, pair_id, "bob"))
    assert late.status_code == 409
    told = late.json()
    assert (told["kind"], told["base"], told["code"]) == ("taken", 0, "conflict")
    assert [event["reviewer"] for event in told["recorded"]] == ["ann"]
    assert told["recorded"][0]["payload"]["texts"]["en"]["status"] == "accepted"
    assert "finished this pair" in told["error"]


def test_nobody_sees_the_other_or_the_truth_before_it_is_settled(serve, tiny):
    served = serve(2)
    store, (pair_id, _) = served.store, served.store.items
    text = "Only Ann wrote this."
    body = body_of(served, tiny, pair_id, "ann", edits={"en": text})
    httpx.post(served.url + "/v1/review", json=body).raise_for_status()

    def everything(name):
        ask = {"reviewer": name, "pair_id": pair_id}
        paths = ("/v1/item", "/v1/history", "/v1/next")
        return "".join(httpx.get(served.url + path, params=ask).text for path in paths)

    for name in ("bob", "cat"):
        seen = everything(name)
        assert text not in seen and '"ann"' not in seen
        assert '"truth":null' in seen and '"near"' not in seen and "distance_m" not in seen
    settle = {"reviewer": "cat", "pair_id": pair_id, "settling": True}
    assert httpx.get(served.url + "/v1/item", params=settle).status_code == 422
    httpx.post(served.url + "/v1/review", json=body_of(served, tiny, pair_id, "bob")).raise_for_status()
    assert text not in everything("bob")
    opened = httpx.get(served.url + "/v1/item", params=settle).json()
    assert [o["texts"]["en"]["text"] == text for o in opened["opinions"]] == [True, False]
    assert "reviewer" not in opened["opinions"][0]
    assert opened["truth"]["match"] is store.items[pair_id].pair.match
    for name in ("ann", "bob"):
        asked = httpx.get(served.url + "/v1/item", params={**settle, "reviewer": name})
        assert asked.status_code == 422 and "Somebody else" in asked.json()["error"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/review", {"pair_id": "x"}, 422),
        ("/v1/review", {"pair_id": "x", "reviewer": "ann", "decision": {}, "base": 0, "admin": True}, 422),
        ("/v1/undo", {"reviewer": "ann"}, 422),
        ("/v1/undo", {"reviewer": "\n"}, 422),
        ("/v1/skip", {"reviewer": "ann", "pair_id": "none"}, 422),
        ("/v1/draft", {"reviewer": "ann", "pair_id": "x" * 70_000, "draft": None}, 413),
    ],
)
def test_wrong_requests_get_one_sentence(serve, path, body, status):
    served = serve(1)
    answer = httpx.post(served.url + path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"].endswith(".")


def test_the_longest_texts_fit_into_a_request(serve, tiny):
    from gleam.explaining.reviewing.decisions import MAX_TEXT

    served = serve(1, double=0.0)
    pair_id = next(iter(served.store.items))
    edits = {"en": "x" * MAX_TEXT, "zh": "图" * MAX_TEXT}
    body = body_of(served, tiny, pair_id, "ann", edits=edits)
    draft = {**body["decision"], "base": 0, "edited": 1.0}
    draft.pop("seconds")
    sent = {"pair_id": pair_id, "reviewer": "ann", "draft": draft}
    assert httpx.post(served.url + "/v1/draft", json=sent).status_code == 200
    kept = httpx.get(served.url + "/v1/item", params={"reviewer": "ann", "pair_id": pair_id}).json()["draft"]
    assert kept["texts"]["zh"]["text"] == edits["zh"]
    assert httpx.post(served.url + "/v1/review", json=body).status_code == 200


def test_pictures_are_those_of_the_benchmark_alone(serve, tiny):
    served = serve(1)
    bench = served.store.bench
    pair = next(iter(served.store.items.values())).pair
    picture = httpx.get(f"{served.url}/v1/pictures/{pair.query_image}")
    assert picture.content == bench.image_path(pair.query_image).read_bytes()
    assert picture.headers["Content-Type"] == "image/jpeg" and "immutable" in picture.headers["Cache-Control"]
    for name in ("0" * 64, "..%2f..%2fbench.json", pair.query_image.upper()):
        assert httpx.get(f"{served.url}/v1/pictures/{name}").status_code in (404, 422)
    # A page under a picture's name stays what it is: refused.
    file = bench.image_path(pair.tile_image)
    file.write_bytes(b"<html><script>alert(1)</script>")
    assert httpx.get(f"{served.url}/v1/pictures/{pair.tile_image}").status_code in (415, 422)
    # What browsers do not show is turned into PNG.
    data = io.BytesIO()
    Image.new("RGB", (8, 6), (9, 9, 9)).save(data, "TIFF")
    file.unlink()
    file.with_suffix(".tif").write_bytes(data.getvalue())
    shown = httpx.get(f"{served.url}/v1/pictures/{pair.tile_image}")
    assert shown.headers["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(shown.content)).size == (8, 6)


def test_a_vanished_picture_is_told(serve):
    served = serve(1)
    pair = next(iter(served.store.items.values())).pair
    served.store.bench.image_path(pair.tile_image).unlink()
    answer = httpx.get(f"{served.url}/v1/pictures/{pair.tile_image}")
    assert answer.status_code == 422 and "has vanished" in answer.json()["error"]
