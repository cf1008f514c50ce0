"""Recipes that come with the package, as YAML, and how they are found."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from gleam.errors import ConfigError, unknown_name


def recipe_names() -> list[str]:
    """Return the names of the shipped recipes."""
    folder = resources.files(__name__)
    return sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))


def find_recipe(name: str) -> Path:
    """Return the file of a recipe: an existing YAML file, or the name of a shipped recipe.

    Raises:
        ConfigError: There is neither a file nor a shipped recipe of that name.
    """
    path = Path(name)
    if path.is_file():
        return path
    if path.suffix in (".yaml", ".yml") or len(path.parts) != 1:
        raise ConfigError(f"The recipe {name} does not exist; shipped ones are: {', '.join(recipe_names())}.")
    if name not in recipe_names():
        raise ConfigError(str(unknown_name("recipe", name, recipe_names())))
    return Path(str(resources.files(__name__) / f"{name}.yaml"))
