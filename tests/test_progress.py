import io
import sys

import pytest

from gleam import progress as module
from gleam.progress import asking, duration, progress, say, track


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLEAM_QUIET", "0")


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module.time, "monotonic", made)
    return made


def test_items_come_through_unchanged() -> None:
    assert list(track([3, 1, 2], "Counting")) == [3, 1, 2]
    assert list(track(iter("ab"), "Counting", total=2)) == ["a", "b"]


def test_a_loop_can_be_stopped_between_two_items_from_outside() -> None:
    seen = []

    def check() -> None:
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), asking(check):
        for item in track(range(9), "Counting"):
            seen.append(item)
    assert seen == [0, 1]
    assert list(track(range(3), "Counting")) == [0, 1, 2]


def test_quiet_means_not_a_word(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    for _ in track(range(5), "Counting"):
        clock.now += 10
    say("hello")
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("loud")
def test_a_log_gets_a_line_now_and_then_on_stderr(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    with progress("Training", 10) as bar:
        for _ in range(10):
            clock.now += 2
            bar.advance(note="loss 0.5")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "Training: 3/10 (30%), about 14 s left, loss 0.5",
        "Training: 6/10 (60%), about 8.0 s left, loss 0.5",
        "Training: 9/10 (90%), about 2.0 s left, loss 0.5",
        "Training: done, 10 in 20 s, loss 0.5",
    ]


@pytest.mark.usefixtures("loud")
def test_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert sum(track(range(5), "Counting")) == 10
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("loud")
def test_stopped_work_is_not_called_done(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    with pytest.raises(RuntimeError), progress("Cutting", None) as bar:
        bar.advance()
        clock.now += 3
        raise RuntimeError
    assert capsys.readouterr().err == "Cutting: stopped, 1 in 3.0 s\n"


@pytest.mark.usefixtures("loud")
def test_a_terminal_gets_nested_bars_and_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    for _ in track(range(2), "Outer"):
        for _ in track(range(3), "Inner"):
            pass
        say("a line [with] brackets")
    shown = terminal.getvalue()
    assert "Outer" in shown
    assert "Inner" in shown
    assert shown.count("a line [with] brackets") == 2
    assert module._shared is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (42.4, "42 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said
