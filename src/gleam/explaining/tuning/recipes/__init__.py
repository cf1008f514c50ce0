"""Recipes that come with the package, as YAML, and how they are found."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from gleam.errors import ConfigError, unknown_name

_HOMES = ("gleam.explaining.tuning", "gleam.explaining.student")
"""Packages with a folder ``recipes``."""


def recipe_files() -> dict[str, Path]:
    """Return the shipped recipes by name."""
    found: dict[str, Path] = {}
    for home in _HOMES:
        folder = resources.files(home).joinpath("recipes")
        if folder.is_dir():
            files = [Path(str(file)) for file in folder.iterdir() if file.name.endswith(".yaml")]
            found |= {file.stem: file for file in files}
    return dict(sorted(found.items()))


def find_recipe(name: str) -> Path:
    """Return the file of a recipe: an existing YAML file, or the name of a shipped recipe.

    Raises:
        ConfigError: There is neither a file nor a shipped recipe of that name.
    """
    path, shipped = Path(name), recipe_files()
    if path.is_file():
        return path
    if path.suffix in (".yaml", ".yml") or len(path.parts) != 1:
        raise ConfigError(f"The recipe {name} does not exist; shipped ones are: {', '.join(shipped)}.")
    if name not in shipped:
        raise ConfigError(str(unknown_name("recipe", name, shipped)))
    return shipped[name]
