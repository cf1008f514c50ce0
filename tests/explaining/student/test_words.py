import random

from hypothesis import given
from hypothesis import strategies as st

from gleam.explaining.scene import ATTRIBUTES
from gleam.explaining.student.config import TellerConfig
from gleam.explaining.student.saying import UNSAID, Saying, as_numbers
from gleam.explaining.student.tokens import Vocabulary
from gleam.explaining.student.training.telling import lessons
from gleam.views import View

VOCABULARY = Vocabulary.learn(
    ["The tile shows a river, and many trees.", "卫星影像显示了一条河流。", "The tile shows no river."] * 4,
    330,
)


@given(text=st.text(max_size=60))
def test_any_text_can_be_written_and_comes_back(text):
    assert VOCABULARY.decode(VOCABULARY.encode(text)) == text


def test_phrases_become_few_tokens():
    assert len(VOCABULARY.encode("The tile shows a river, and many trees.")) <= 8


def test_the_same_texts_give_the_same_vocabulary(tmp_path):
    again = Vocabulary.learn(
        ["The tile shows a river, and many trees.", "卫星影像显示了一条河流。", "The tile shows no river."]
        * 4,
        330,
    )
    assert again.to_json() == VOCABULARY.to_json()
    file = tmp_path / "tokenizer.json"
    file.write_text(again.to_json(), encoding="utf-8")
    assert Vocabulary.read(file).encode("a river, 河流") == VOCABULARY.encode("a river, 河流")


@given(seed=st.integers(0, 10**6))
def test_numbers_hold_all_that_is_to_be_said(seed):
    rng = random.Random(seed)
    sides = [{a.name: rng.choice(a.values) for a in ATTRIBUTES if rng.random() < 0.5} for _ in range(2)]
    names = [a.name for a in ATTRIBUTES]
    agree = frozenset(n for n in names if rng.random() < 0.2)
    differ = frozenset(n for n in names if rng.random() < 0.2) - agree
    saying = Saying(sides[0], sides[1], agree, differ, rng.random() < 0.5)
    numbers = as_numbers([(saying, "zh", View.MAP)])
    for side in (0, 1):
        read = {
            a.name: a.values[numbers.values[0, k, side]]
            for k, a in enumerate(ATTRIBUTES)
            if numbers.values[0, k, side] != UNSAID
        }
        assert read == sides[side]
    assert {names[k] for k in range(len(names)) if numbers.values[0, k, 2] == 1} == agree
    assert {names[k] for k in range(len(names)) if numbers.values[0, k, 2] == 2} == differ
    assert numbers.heads[0].tolist() == [int(saying.verdict), 1, 1]


def test_lessons_say_what_is_read_in_them_and_are_the_same_for_the_same_seed():
    config = TellerConfig(texts=40)
    held = lessons([], config, 7)
    assert held == lessons([], config, 7)
    assert held != lessons([], config, 8)
    assert {lesson.language for lesson in held} == {"en", "zh"}
    assert {lesson.saying.verdict for lesson in held} == {True, False}
    assert all(lesson.saying.query or lesson.saying.tile for lesson in held)
