import errno
import json
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer

from gleam.cli import main as cli
from gleam.errors import GleamError, ImageError


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run the command line in this process; return its exit code and what it printed."""
    with pytest.raises(SystemExit) as leaving:
        cli.main(words)
    printed = capsys.readouterr()
    return int(leaving.value.code or 0), printed.out, printed.err


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Replace the doctor by a verb that raises what the test puts into the list."""
    errors: list[BaseException] = []

    def register(app: typer.Typer) -> None:
        @app.command("doctor")
        def doctor() -> None:
            raise errors[0]

    monkeypatch.setattr("gleam.cli.doctor.register", register)
    return errors


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(["--help"], capsys)
    assert (code, err) == (0, "")
    for verb in cli.VERBS:
        assert verb in out


def test_help_keeps_what_stands_in_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["locate", "--help"])
    assert "[the one that" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"], capsys) == (0, f"gleam {version('gleam-geo')}\n", "")


def test_an_unknown_verb_is_a_usage_error_with_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(["locat", "photo.jpg"], capsys)
    assert (code, out) == (2, "")
    assert "locat" in err
    assert "locate" in err.replace("'locat'", "")


def test_an_unknown_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(["doctor", "--colour"], capsys)
    assert (code, out) == (2, "")
    assert "--colour" in err


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (GleamError("Choose one."), 2, "Error: Choose one.\n"),
        (ImageError("a.jpg is empty."), 2, "Error: a.jpg is empty.\n"),
        (KeyboardInterrupt(), 130, cli.INTERRUPTED + "\n"),
        (MemoryError(), 2, "Error: not enough memory."),
        (OSError(errno.ENOSPC, "No space left on device", "x"), 2, "Error: the disk is full (x)."),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "x.tif"), 2, "directory (x.tif).\n"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 2, "Error: Permission denied (/x).\n"),
    ],
)
def test_errors_are_one_sentence_and_a_code(
    failing: list[BaseException],
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    says: str,
) -> None:
    failing.append(error)
    left, out, err = run(["doctor"], capsys)
    assert (left, out) == (code, "")
    assert says in err
    assert "Traceback" not in err
    assert err.count("\n") == 1


def test_a_bug_shows_its_traceback_and_asks_for_a_report(
    failing: list[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    failing.append(ZeroDivisionError("oops"))
    code, out, err = run(["doctor"], capsys)
    assert (code, out) == (1, "")
    assert "Traceback" in err
    assert "ZeroDivisionError: oops" in err
    assert "gleam doctor --markdown" in err


def test_ctrl_c_in_a_real_process_leaves_with_130(tmp_path: Path) -> None:
    program = (
        "import signal, sys, time, typer\n"
        # A shell's background jobs, and what they start, ignore SIGINT; a person's terminal does not.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import gleam.cli.doctor as doctor\n"
        "def register(app):\n"
        "    @app.command('doctor')\n"
        "    def wait():\n"
        "        print('ready', flush=True); time.sleep(60)\n"
        "doctor.register = register\n"
        "from gleam.cli.main import main\n"
        "main(['doctor'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == cli.INTERRUPTED + "\n"


def test_verbs_do_not_import_each_other() -> None:
    program = (
        "import sys\n"
        "from gleam.cli.main import build_app\n"
        "build_app(['--quiet', 'doctor', '--json'])\n"
        "print([m for m in sys.modules if m.startswith('gleam.cli.')])\n"
    )
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert printed.stdout.strip() == "['gleam.cli.main', 'gleam.cli.doctor']"


def test_the_installed_command_is_this_one() -> None:
    command = Path(sys.executable).with_name("gleam")
    if not command.exists():
        pytest.skip("the package is not installed as a command here")
    printed = subprocess.run([command, "--version"], check=True, capture_output=True, text=True)
    assert printed.stdout.startswith("gleam ")


def test_every_doctor_form_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(["doctor", "--json"], capsys)
    found = json.loads(out)
    assert found["healthy"] == (code == 0)
    assert {package["name"] for package in found["core"]} >= {"torch", "numpy", "lancedb", "rasterio"}
    assert all(package["version"] for package in found["core"])
    _, text, _ = run(["doctor"], capsys)
    _, markdown, _ = run(["doctor", "--markdown"], capsys)
    for form in (text, markdown):
        assert found["python"] in form
        assert str(Path.home()) not in form
    assert markdown.startswith("### gleam doctor")
    code, _, err = run(["doctor", "--json", "--markdown"], capsys)
    assert code == 2
    assert "Choose one of" in err
