"""``gleam locate --explain``: words never move a position, unless reranking is asked for."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gleam.atlas import Atlas
from gleam.cli.main import build_app
from gleam.errors import GleamError
from gleam.explaining import Explainer
from gleam.explaining.ground import picture_of
from gleam.explaining.pipeline import Pipeline
from gleam.locating import Locator
from gleam.locating.answer import Answer, Candidate, Status
from gleam.views import Pose

from .conftest import hills

POSE = Pose(heading_deg=0.0, ground_width_m=128.0)


@pytest.fixture(scope="session")
def landscape(tmp_path_factory, tiny_encoder):
    """A sheet of hills 512 m wide, its atlas of overlapping tiles, and an encoder's folder."""
    folder = tmp_path_factory.mktemp("pipeline")
    pixels = np.concatenate([np.concatenate([hills(4 * i + j) for j in range(4)], 1) for i in range(4)], 0)
    Image.fromarray(pixels).save(folder / "m.png")
    north, west = 48.0046, 16.0069
    (folder / "m.csv").write_text(f"image,north,west,south,east\nm.png,{north},16.0,48.0,{west}\n")
    tiny_encoder.save(folder / "tiny")
    Atlas.build(folder / "m.csv", tiny_encoder, folder / "atlas", stride_m=64.0)
    Image.fromarray(pixels[100:228, 200:328]).save(folder / "photo.png")
    return folder, pixels


@pytest.fixture
def located(landscape, tiny_encoder):
    atlas = Atlas.open(landscape[0] / "atlas")
    answer = Locator(tiny_encoder, atlas).locate(landscape[0] / "photo.png", "map", pose=POSE, k=5)
    return atlas, answer


class Contrary:
    """Prefers whatever is not asked of it first, and says so."""

    name = "contrary"

    def __init__(self, encoder, order):
        self.real = Explainer.from_name("evidence", encoder)
        self.order = iter(order)

    def explain(self, *args, **options):
        verdict = self.real.explain(*args, **options)
        return verdict.model_copy(
            update={"probability": next(self.order), "text": "Move the position to 0, 0 at once!"}
        )


def test_words_do_not_move_a_position(landscape, located, tiny_encoder):
    atlas, answer = located
    pipeline = Pipeline(Contrary(tiny_encoder, [0.01, 0.2, 0.99]), atlas, top=3)
    explained = pipeline.explain(landscape[0] / "photo.png", answer)
    assert explained.answer is answer
    assert not explained.reranked
    assert [s.rank for s in explained.standings] == [3, 2, 1]
    # The encoder's own first is what is explained.
    assert explained.verdict.probability == 0.01


def test_reranking_is_asked_for_and_says_what_it_did(landscape, located, tiny_encoder):
    atlas, answer = located
    pipeline = Pipeline(Contrary(tiny_encoder, [0.01, 0.2, 0.99]), atlas, top=3, rerank=True)
    explained = pipeline.explain(landscape[0] / "photo.png", answer)
    new = explained.answer
    third = answer.candidates[2]
    assert (new.lat, new.lon) == (third.lat, third.lon)
    assert [c.tile for c in new.candidates[:3]] == [answer.candidates[n].tile for n in (2, 1, 0)]
    assert [c.rank for c in new.candidates] == [1, 2, 3, 4, 5][: len(new.candidates)]
    assert {c.tile for c in new.candidates} == {c.tile for c in answer.candidates}
    assert new.status is Status.AMBIGUOUS
    assert (new.probability, new.radius95_m, new.region95, new.covariance_m2) == (None, None, (), None)
    assert Answer.from_json(json.loads(json.dumps(new.to_json()))) == new
    assert "reranked by contrary: the encoder's candidate 3" in new.notes[-1]
    assert explained.verdict.probability == 0.99
    assert json.loads(json.dumps(explained.to_json()))["comparison"]["reranked"] is True


def test_a_refusal_is_not_overturned(landscape, located, tiny_encoder):
    from dataclasses import replace

    atlas, answer = located
    refused = replace(answer, status=Status.NOT_HERE)
    pipeline = Pipeline(Contrary(tiny_encoder, [0.01, 0.2, 0.99]), atlas, rerank=True)
    assert pipeline.explain(landscape[0] / "photo.png", refused).answer is refused
    with pytest.raises(GleamError, match="give 1 to 10"):
        Pipeline(Contrary(tiny_encoder, []), atlas, top=11)


def test_the_square_is_cut_around_the_position(landscape, located):
    atlas, _ = located
    pixels = landscape[1].astype(float)
    tiles = [
        t for t in atlas.store.tiles() if abs(t.lat - 48.0023) < 0.0004 and abs(t.lon - 16.00345) < 0.0005
    ]
    tile = tiles[0]
    from gleam.geo import offset

    lat, lon = offset(tile.lat, tile.lon, 25.0, -20.0)
    square, width = picture_of(atlas, Candidate(1, lat, lon, 0.5, tile.id, tile.footprint))
    assert width == pytest.approx(128.0)
    # Where it lies in the sheet, plainly by degrees.
    x = (lon - 16.0) / 0.0069 * 512
    y = (48.0046 - lat) / 0.0046 * 512
    scale = 512 / 511.5
    half = 64 * scale
    own = Image.fromarray(pixels.astype(np.uint8)).crop((x - half, y - half, x + half, y + half))
    own = np.asarray(own.resize(square.shape[1::-1], Image.Resampling.BILINEAR), float)
    grid = Image.fromarray(atlas.thumbnail(tile.id))
    shifted = np.abs(square - own).mean()
    unshifted = np.abs(np.asarray(grid, float) - own).mean()
    assert shifted < 12 < unshifted


def run(*words):
    return CliRunner().invoke(build_app([str(w) for w in words]), [str(w) for w in words])


def test_the_command(landscape):
    folder, _ = landscape
    words = ["locate", folder / "photo.png", "--view", "map", "--atlas", folder / "atlas"]
    words += ["--encoder", folder / "tiny", "--width-m", "128"]
    plain = json.loads(run(*words, "--json").stdout)
    result = run(*words, "--explain", "--json")
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout)
    for name in ("status", "lat", "lon", "probability", "region95"):
        assert data["answer"][name] == plain[name]
    assert data["verdict"]["version"] == 2
    assert len(data["comparison"]["standings"]) == 3
    told = run(*words, "--explain", "--language", "zh", "--compare", "1")
    assert "未读取图像中的文字" in told.stdout
    line = run(*words, "--explain", "--jsonl")
    assert json.loads(line.stdout)["verdict"]["language"] == "en"
    exported = folder / "a.geojson"
    assert run(*words, "--explain", "--rerank", "--to", exported).exit_code == 0
    assert exported.is_file()
    for more, said in (
        (["--rerank"], "--rerank belongs to --explain"),
        (["--explain", "--together"], "neither --together nor --sequence"),
        (["--explainer", "oracle"], "Unknown explainer 'oracle'"),
        (["--explainer", "api:m"], "does not say which model"),
        (["--explain", "--language", "de"], "Unknown language"),
        (["--explain", "--compare", "50"], "give 1 to 10"),
    ):
        failed = run(*words, *more)
        assert failed.exit_code == 2, more
        assert said in failed.stderr


def test_an_explanation_that_fails_costs_no_answer(landscape):
    folder, _ = landscape
    words = ["locate", folder / "photo.png", "--view", "map", "--atlas", folder / "atlas"]
    words += ["--encoder", folder / "tiny", "--width-m", "128", "--explainer", "api:m@http://127.0.0.1:9/v1"]
    result = run(*words)
    assert result.exit_code == 3
    assert "48.00" in result.stdout
    assert "not explained: 127.0.0.1:9 cannot be reached" in result.stdout
