"""What the READMEs promise: the example runs, the links lead somewhere, the verbs exist."""

import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from gleam.cli.main import VERBS, build_app

ROOT = Path(__file__).parents[1]
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]


def text_of(readme: Path) -> str:
    return readme.read_text(encoding="utf-8")


def python_block(readme: Path) -> str:
    blocks = re.findall(r"^```python\n(.*?)^```", text_of(readme), flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1, f"{readme.name} should have one Python example, not {len(blocks)}"
    return str(blocks[0])


def test_the_example_is_short_and_the_same_in_both_languages() -> None:
    english, chinese = (python_block(readme) for readme in READMES)
    code = [line.split("#")[0].rstrip() for line in english.splitlines()]
    assert code == [line.split("#")[0].rstrip() for line in chinese.splitlines()]
    assert len([line for line in code if line]) <= 12


def test_the_example_runs_as_it_stands(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", python_block(READMES[0])], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip(), "the example should print what it found"


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: readme.name)
def test_links_to_files_lead_somewhere(readme: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", text_of(readme)) + re.findall(r'src="([^"]+)"', text_of(readme))
    local = [link for link in links if not link.startswith(("http://", "https://", "mailto:"))]
    assert any(link.endswith((".jpg", ".png", ".webp")) for link in local), "a README without a picture"
    for link in local:
        assert (readme.parent / link).exists(), f"{readme.name} links to {link}, which is not there"


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: readme.name)
def test_every_verb_it_shows_exists(readme: Path) -> None:
    shown = set(re.findall(r"^(?:\$ )?gleam ([a-z]+)", text_of(readme), flags=re.MULTILINE))
    assert shown
    assert shown <= set(VERBS)


def commands_of(readme: Path) -> list[list[str]]:
    """Words of the commands in code blocks, without what is said about them; a|b|c are three commands."""
    blocks = re.findall(r"^```(?:bash)?\n(.*?)^```", text_of(readme), flags=re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("gleam ")]
    found = []
    for line in lines:
        words = shlex.split(re.split(r" {2,}|\s+#", line)[0])[1:]
        choices = [word.split("|") for word in words]
        found += [list(chosen) for chosen in itertools.product(*choices)]
    return found


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: readme.name)
def test_the_command_line_understands_every_command_shown(readme: Path) -> None:
    commands = commands_of(readme)
    assert len(commands) > 8
    for words in commands:
        command = typer.main.get_command(build_app(words))
        context, rest = None, ["gleam", *words]
        while hasattr(command, "commands"):
            context = command.make_context(rest[0], rest[1:], parent=context)
            rest = [*context._protected_args, *context.args]
            command = command.commands[rest[0]]
        if words[0] != "places":  # named without their arguments
            # Raises for an unknown option, a missing argument or a value of a wrong type.
            command.make_context(rest[0], rest[1:], parent=context)


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: readme.name)
def test_nothing_is_left_to_fill_in(readme: Path) -> None:
    assert not re.findall(r"@[A-Z_]{3,}@|TODO|FIXME|XXX", text_of(readme))


def test_the_documents_of_the_project_are_there() -> None:
    for name in ("LICENSE", "CITATION.cff", "CHANGELOG.md", "SECURITY.md", "RESPONSIBLE_USE.md"):
        assert (ROOT / name).stat().st_size > 500, name
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_the_citation_has_the_version_of_the_package() -> None:
    import tomllib

    import yaml

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert citation["version"] == package["project"]["version"]
    assert "arXiv:2509.07450" in str(citation["references"])


def test_the_pinned_set_names_no_host_and_fits_the_ranges() -> None:
    import tomllib

    from packaging.requirements import Requirement

    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert not any("/" in line.partition("#")[0] or "@" in line for line in lines if not line.startswith("#"))
    names = {name.lower().replace("_", "-"): version for name, version in pinned.items()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for text in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        wanted = Requirement(text)
        version = names[wanted.name.lower().replace("_", "-")]
        assert wanted.specifier.contains(version), f"{text} does not allow the pinned {version}"
