from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gleam.config import load_config, to_dict, to_yaml
from gleam.errors import ConfigError


class Kind(StrEnum):
    DRONE = "drone"
    MAP = "map"


@dataclass(frozen=True)
class Phase:
    views: tuple[Kind, ...] = (Kind.DRONE,)
    steps: int = 10
    rate: float = 1e-3
    size: tuple[int, int] = (64, 64)


@dataclass(frozen=True)
class Recipe:
    name: str
    phases: list[Phase] = field(default_factory=list)
    anchor: Literal["satellite", "all"] = "satellite"
    out: Path | None = None
    weights: dict[str, float] = field(default_factory=dict)
    every: int | Literal["never"] = "never"
    resume: bool = False
    extra: Any = None

    def __post_init__(self) -> None:
        if self.name == "":
            raise ValueError("the name is empty")


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_yaml_becomes_the_dataclass(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "name: two phases\nanchor: all\nout: runs/x\nevery: 5\nweights: {drone: 1, map: 1e-3}\n"
        "phases:\n  - {views: [drone], steps: 3}\n  - {views: [drone, map], rate: 1e-4, size: [32, 48]}\n",
    )
    assert load_config(Recipe, path) == Recipe(
        name="two phases",
        phases=[Phase(steps=3), Phase(views=(Kind.DRONE, Kind.MAP), rate=1e-4, size=(32, 48))],
        anchor="all",
        out=Path("runs/x"),
        weights={"drone": 1.0, "map": 0.001},
        every=5,
    )


def test_yaml_words_stay_words(tmp_path: Path) -> None:
    recipe = load_config(
        Recipe, write(tmp_path, "name: off\nextra: [yes, 2020-01-01, 1e3, 007, .5, true, ~]")
    )
    assert recipe.name == "off"
    assert recipe.extra == ["yes", "2020-01-01", 1000.0, "007", 0.5, True, None]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "name: a\nanchr: all",
            r"recipe.yaml: unknown key 'anchr'. Did you mean 'anchor'\? Known keys here: name",
        ),
        ("name: a\nphases: [{}, {stepps: 3}]", r"unknown key 'phases.1.stepps'. Did you mean 'steps'\?"),
        ("name: a\nphases: [{steps: 1.5}]", r"'phases.0.steps' must be a whole number, not 1.5 \(a number\)"),
        ("name: a\nphases: [{steps: true}]", r"'phases.0.steps' must be a whole number, not True"),
        ("name: a\nphases: [{rate: .nan}]", r"'phases.0.rate' must be a number, not nan"),
        ("name: a\nphases: [{rate: fast}]", r"'phases.0.rate' must be a number, not 'fast' \(text\)"),
        ("name: a\nphases: [{size: [1, 2, 3]}]", r"must be a list of 2 items, not a list of 3 items"),
        (
            "name: a\nphases: [{views: [dron]}]",
            r"cannot be 'dron'. Did you mean 'drone'\? Choose one of: drone, map",
        ),
        ("name: a\nphases: 3", r"'phases' must be a list, not 3"),
        ("name: a\nphases: [3]", r"'phases.0' must be a group of keys \(views, steps, rate, size\), not 3"),
        ("name: a\nanchor: some", r"'anchor' cannot be 'some'. Choose one of: satellite, all"),
        ("name: a\nevery: often", r"'every' must be a whole number or one of never, not 'often'"),
        ("name: a\nout: 3", r"'out' must be a path, not 3"),
        ("name: a\nresume: 1", r"'resume' must be true or false, not 1"),
        ("name: null", r"'name' must be text, not null"),
        ("anchor: all", r"the key 'name' is missing; it must be text"),
        ("name: ''", r"recipe.yaml: wrong value: the name is empty"),
        ("name: a\nname: b", r"not valid YAML at line 2: the key 'name' is given twice"),
        ("name: [", r"recipe.yaml is not valid YAML at line"),
        ("- a", r"must hold keys and values, not a list of 1 items"),
        ("? [a, b]\n: c", r"not valid YAML|unknown key"),
        ("name: !!python/object/apply:os.getcwd []", r"not valid YAML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_config(Recipe, write(tmp_path, text))


def test_missing_and_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.yaml does not exist"):
        load_config(Recipe, tmp_path / "nowhere.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(Recipe, tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(Recipe, tmp_path / "binary.yaml")


def test_an_empty_file_means_all_defaults(tmp_path: Path) -> None:
    assert load_config(Phase, write(tmp_path, "")) == Phase()


def test_overrides_win_and_leave_the_source_alone() -> None:
    source = {"name": "a", "phases": [{"steps": 1}]}
    recipe = load_config(Recipe, source, ["phases.0.steps=7", "weights.map=0.5", "name=b"])
    assert (recipe.name, recipe.phases[0].steps, recipe.weights) == ("b", 7, {"map": 0.5})
    assert source == {"name": "a", "phases": [{"steps": 1}]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("name", "must look like key=value"),
        ("=3", "must look like key=value"),
        ("name.x=3", "goes into name, which is no group"),
        ("phases.4.steps=3", "needs a position from 0 to 0"),
        ("name=[", "is not valid YAML"),
        ("nam=b", r"unknown key 'nam'. Did you mean 'name'\?"),
    ],
)
def test_wrong_overrides_are_named(change: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_config(Recipe, {"name": "a", "phases": [{"steps": 1}]}, [change])


finite = st.floats(allow_nan=False)
phases = st.builds(
    Phase,
    views=st.lists(st.sampled_from(Kind), max_size=3).map(tuple),
    steps=st.integers(),
    rate=finite,
    size=st.tuples(st.integers(), st.integers()),
)
recipes = st.builds(
    Recipe,
    name=st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1),
    phases=st.lists(phases, max_size=3),
    anchor=st.sampled_from(["satellite", "all"]),
    out=st.none() | st.sampled_from([Path("a"), Path("/b/c d"), Path("off")]),
    weights=st.dictionaries(st.text(st.characters(codec="ascii", categories=("L",)), min_size=1), finite),
    every=st.integers() | st.just("never"),
    resume=st.booleans(),
    extra=st.none() | st.booleans() | st.integers() | st.lists(st.integers(), max_size=3),
)


@given(recipes)
@example(Recipe(name="1e3", extra=["off", "2020-01-01", "007", "0x1f", "true", "~", "1_0", "=", "<<"]))
@example(Recipe(name="yes", extra=[1e-9, 1e22, float("inf"), -0.0, 3]))
def test_round_trip_through_dict_and_yaml(tmp_path: Path, recipe: Recipe) -> None:
    assert load_config(Recipe, to_dict(recipe)) == recipe
    assert load_config(Recipe, write(tmp_path, to_yaml(recipe))) == recipe
