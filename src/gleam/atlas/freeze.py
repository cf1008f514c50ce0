"""Freezing an atlas: a copy that needs no database, for drones and small machines."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from gleam.atlas.atlas import Atlas
from gleam.atlas.store.frozen_pack import write_pack
from gleam.atlas.store.opening import FROZEN
from gleam.errors import AtlasError
from gleam.files import atomic_folder


def freeze(atlas: str | os.PathLike[str], out: str | os.PathLike[str], *, replace_old: bool = False) -> Atlas:
    """Write a frozen copy of an atlas: read only, memory-mapped, searched in under a millisecond.

    The copy answers as the atlas does, up to the half precision of its vectors; it carries the same
    encoder, imagery and licences. It is made under another name and renamed, so that a kill leaves
    nothing half-made.

    Args:
        atlas: A finished atlas folder, whatever store it uses.
        out: The folder to make.
        replace_old: Take the place of a frozen atlas that is there.

    Returns:
        The frozen atlas, open.

    Raises:
        AtlasError: The atlas is unfinished or frozen already, or the library ``faiss-cpu`` is missing.
        GleamError: The folder ``out`` has content, or the disk is full.
    """
    source, goal = Path(atlas), Path(out)
    if goal.resolve() == source.resolve():
        raise AtlasError(f"{source} cannot be frozen onto itself; give another folder for the copy.")
    opened = Atlas.open(source)
    try:
        if opened.manifest.recipe.store == FROZEN:
            raise AtlasError(f"{source} is a frozen atlas already; copy the folder.")
        if any(entry.state != "whole" for entry in opened.manifest.imagery):
            raise AtlasError(f"Imagery is being added to {source} or removed from it; finish that first.")
        if replace_old:
            _check_replaceable(goal)
        with atomic_folder(goal, replace=replace_old) as folder:
            write_pack(opened.store, folder)
            recipe = replace(opened.manifest.recipe, store=FROZEN)
            replace(opened.manifest, recipe=recipe).write(folder)
    finally:
        opened.store.close()
    return Atlas.open(goal)


def _check_replaceable(goal: Path) -> None:
    if goal.is_dir() and any(goal.iterdir()) and Atlas.open(goal).manifest.recipe.store != FROZEN:
        raise AtlasError(f"{goal} is an atlas that is not frozen; it is not replaced. Choose another folder.")
