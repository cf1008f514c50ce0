"""A contact sheet of a city: one row per place, one column per view, for looking at it."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

from gleam.errors import GleamError
from gleam.files import atomic_write
from gleam.imagery.decode import load_image
from gleam.places.table import Places

_GAP = 6


def contact_sheet(
    city: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    places: int = 8,
    start: int = 0,
    height: int = 192,
) -> int:
    """Write a sheet of ``places`` places from number ``start`` on; return how many are on it.

    height: of each picture in pixels; widths follow the pictures' own proportions.
    Raises GleamError when the table has no such places or a picture cannot be read.
    """
    goal = Path(out)
    if goal.suffix.lower() not in (".jpg", ".jpeg", ".png"):
        raise GleamError(f"{goal}: name the sheet .jpg or .png.")
    if places < 1 or start < 0 or not 16 <= height <= 2048:
        raise GleamError("A sheet needs --places of 1 or more, --start of 0 or more, --height of 16 to 2048.")
    table = Places.read(city)
    chosen = table.place_ids[start : start + places]
    if not chosen:
        raise GleamError(f"{city} has {len(table.place_ids)} places; --start {start} is beyond the last.")
    shown = table.select(places=chosen)
    pictures = {}
    for row in shown:
        image = Image.fromarray(load_image(shown.path_of(row), target=height))
        width = max(1, round(image.width * height / image.height))
        pictures[row.place, row.view] = image.resize((width, height), Image.Resampling.LANCZOS)
    widths = {
        view: max(image.width for (_, v), image in pictures.items() if v is view) for view in shown.views
    }
    size = sum(widths.values()) + _GAP * (len(widths) - 1), (height + _GAP) * len(chosen) - _GAP
    sheet = Image.new("RGB", size, "white")
    for number, place in enumerate(chosen):
        left = 0
        for view, width in widths.items():
            if (place, view) in pictures:
                sheet.paste(pictures[place, view], (left, number * (height + _GAP)))
            left += width + _GAP
    with atomic_write(goal) as temporary:
        sheet.save(temporary, quality=92)
    return len(chosen)
