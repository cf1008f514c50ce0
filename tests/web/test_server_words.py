"""What the server remarks about several photos is known to the Chinese page, word for word."""

import json
import re
from dataclasses import replace
from importlib.resources import files

import pytest
from tests.web.http import noise_jpeg

from gleam.locating import Answer, Status
from gleam.locating.judging.confidence import Judgement, among_enough
from gleam.locating.query import Camera
from gleam.locating.reporting import choose_prior
from gleam.locating.several.sequence import locate_sequence
from gleam.locating.several.together import AT_ODDS, locate_together
from gleam.views import Pose

LISTED = files("gleam.web") / "static" / "text" / "server.zh.json"


@pytest.fixture(scope="module")
def patterns() -> list[tuple[re.Pattern[str], str]]:
    read = json.loads(LISTED.read_text("utf-8"))
    return [(re.compile(pattern, re.DOTALL), words) for pattern, words in read]


def translated(sentence, patterns):
    """As page/server_words.js does it: whole, else in the parts that semicolons make."""

    def once(said):
        for pattern, words in patterns:
            found = pattern.fullmatch(said)
            if found:
                numbers = [int(n) for n in re.findall(r"\$(\d)", words)]
                for number in numbers:
                    words = words.replace(f"${number}", once(found[number]) or found[number])
                return words
        return None

    parts = [once(part) for part in sentence.split("; ")]
    return once(sentence) or ("；".join(parts) if len(parts) > 1 and all(parts) else None)


def remarks(answer: Answer) -> list[str]:
    return [*answer.notes, *answer.warnings, *([answer.radius95_from] if answer.radius95_from else [])]


def test_remarks_on_several_photos_of_one_place(city_atlas, server, patterns, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"")
    even = tmp_path / "even.png"
    from PIL import Image

    Image.new("RGB", (64, 64), (90, 90, 90)).save(even)
    photos = [city_atlas.photo("drone", 0)[0], city_atlas.photo("drone", 3)[0], broken, even]
    answer = locate_together(server.service.locator, photos, "drone")
    said = remarks(answer)
    assert any("agrees" in s or "does not fit" in s for s in said) and any("left out" in s for s in said)
    assert [s for s in said if translated(s, patterns) is None] == []


def test_remarks_on_a_flight(city_atlas, server, patterns):
    photos = [city_atlas.photo("drone", n)[0] for n in (0, 1, 2)]
    answers = locate_sequence(
        server.service.locator, [*photos, noise_jpeg()], "drone", times_s=[0, 6, 3, 4000], max_speed_mps=5.0
    )
    answers += locate_sequence(server.service.locator, photos, "drone", times_s=None, max_speed_mps=20.0)
    said = [s for answer in answers for s in remarks(answer)]
    assert any("in the order of time" in s for s in said) and any("a gap of" in s for s in said)
    assert [s for s in said if translated(s, patterns) is None] == []


def test_remarks_on_what_is_not_claimed_and_on_circles(patterns):
    few = among_enough(Judgement(Status.LOCATED, 0.9), 9, 74)
    position = (48.0, 16.0)
    tilted = Pose(pitch_deg=-45.0, height_m=80.0)
    circles = [
        choose_prior(None, Camera(pose, position=position), True, 30.0)[2]
        for pose in (tilted, tilted.with_heading(90.0))
    ]
    said = [*few.notes, AT_ODDS, *circles]
    assert len(said) == 4
    assert [s for s in said if translated(s, patterns) is None] == []


def test_a_remark_nobody_knows_stays_english(patterns):
    assert translated("something new under the sun", patterns) is None
    kept = replace(Answer("a.jpg", "drone", "ambiguous"), notes=("the photo shows an even surface",))
    assert translated(kept.notes[0], patterns) == "照片只有均匀的表面"
