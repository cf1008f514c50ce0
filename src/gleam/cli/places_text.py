"""What ``gleam places`` prints for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gleam.places import Places
    from gleam.places.check import CheckResult
    from gleam.places.importers.dataset import DataSet
    from gleam.places.importers.importing import Coverage, Imported

_SHOWN = 20
_WIDTH = 100


def summary(places: Places, name: str) -> str:
    """Return what a table holds, in one or two lines."""
    views = ", ".join(f"{count} {view}" for view, count in places.view_counts().items())
    lines = [f"{name}: {len(places)} images of {len(places.place_ids)} places ({views})"]
    if places.splits:
        lines.append(f"Splits: {', '.join(places.splits)}")
    return "\n".join(lines)


def counts(places: Places) -> str:
    """Return how many images and places each view has in each split."""
    from gleam.places.importers.importing import covered

    return "\n".join(_coverage(covered(places, ())))


def rows(places: Places, count: int) -> str:
    """Return the first rows of a table with what is known of them."""
    lines = []
    for row in places[:count]:
        known = {k: v for k, v in asdict(row).items() if v is not None and k not in ("place", "view", "path")}
        told = "  ".join(f"{name}={value}" for name, value in known.items())
        lines.append(f"  {row.place}  {row.view}  {row.path}  {told}")
    return "\n".join(lines)


def imported(found: Imported) -> str:
    """Return how much of a data set is there: counts, what is missing, where it is to be had, its licence."""
    lines = _coverage(found.coverage)
    if found.absent:
        lines.append(f"Not there: {', '.join(found.absent)}.")
    lines += [f"Left out: {entry}" for entry in found.left_out]
    if not found.dataset.published:
        lines.append("No counts are published, so whether this is all cannot be told.")
    elif found.whole:
        lines.append("All that is published is there.")
    else:
        lines.append(f"This is a part of {found.dataset.title}; it can be used as it is.")
    if not found.whole:
        lines.append(_wrapped("Get it:", f"{found.dataset.home} - {found.dataset.obtain}"))
    lines.append(_wrapped("Licence:", found.dataset.licence))
    return "\n".join([*lines, *(_wrapped("Note:", note) for note in found.notes)])


def _coverage(lines: Iterable[Coverage]) -> list[str]:
    cells: list[tuple[str, ...]] = [("split", "view", "images", "published", "share", "places", "published")]
    for line in lines:
        view = line.view.value + (f" ({line.role})" if line.role else "")
        share = "" if line.share is None else _percent(line.share)
        numbers = [
            "" if n is None else f"{n:,}"
            for n in (line.images, line.published_images, line.places, line.published_places)
        ]
        cells.append((line.split, view, numbers[0], numbers[1], share, numbers[2], numbers[3]))
    # Columns of published numbers are shown where any is known.
    filled = [i for i in range(len(cells[0])) if any(row[i] for row in cells[1:])]
    cells = [tuple(row[i] for i in filled) for row in cells]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return [
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def _percent(share: float) -> str:
    """Return a share so that neither a lack nor a little something is rounded away."""
    percent = 100 * share
    if 0 < percent < 0.1:
        return "<0.1 %"
    return f"{min(percent, 99.9) if percent < 100 else percent:.1f} %"


def listed(datasets: Iterable[DataSet]) -> str:
    """Return the data sets there are importers for, with layout, home and licence."""
    blocks = ["folder: your own images with a CSV file (place, view, path, lat, lon, ...)"]
    for dataset in datasets:
        total = f"; protocols: {', '.join(dataset.protocols)}" if dataset.protocols else ""
        views = ", ".join(view.value for view in dataset.views)
        options = "".join(
            f"\n  option   --option {name}={'|'.join(values)}" for name, values in dataset.extras.items()
        )
        if dataset.columns:
            options += f"\n  columns  --column OURS=THEIRS for {', '.join(dataset.columns)}"
        layout = textwrap.indent(dataset.layout.strip("\n"), " " * 11).lstrip()
        blocks.append(
            f"{dataset.kind}: {dataset.title} ({views}{total})\n"
            f"  home     {dataset.home}\n"
            f"{_wrapped('  get it  ', dataset.obtain)}\n"
            f"{_wrapped('  licence ', dataset.licence)}\n"
            f"  layout   {layout}{options}"
        )
    return "\n\n".join(blocks)


def _wrapped(name: str, text: str) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=f"{name} ",
        subsequent_indent=" " * (len(name) + 1),
        break_long_words=False,
        break_on_hyphens=False,
    )


def checked(result: CheckResult) -> str:
    """Return what a check found, the first of each kind by name."""
    lines = [f"{result.images} images of {result.places} places"]
    for kind, count in result.counts.items():
        if not count:
            continue
        lines.append(f"{kind}: {count}")
        for finding in [f for f in result.findings if f.kind == kind][:_SHOWN]:
            where = f"row {finding.row}, {finding.path}: " if finding.row else ""
            lines.append(f"  {where}{finding.says}")
        if count > _SHOWN:
            lines.append(f"  and {count - _SHOWN} more; see them all with --json")
    if not result.problems:
        lines.append(
            "No problems found." if result.images_read else "No problems found; images were not decoded."
        )
    return "\n".join(lines)
