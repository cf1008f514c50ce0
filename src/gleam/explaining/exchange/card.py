"""The card of an export: what it is, whose imagery it holds, what is known to be wrong with it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import yaml

from gleam.explaining.benchmark.pair import Split
from gleam.explaining.exchange.selection import Selection

HF_SPLITS: dict[Split, str] = {"train": "train", "val": "validation", "test": "test"}
"""Splits as the Hugging Face hub names them."""
HUB_LICENCES = {
    "cc0-1.0": "cc0-1.0",
    "cc-by-4.0": "cc-by-4.0",
    "cc-by-sa-4.0": "cc-by-sa-4.0",
    "cc-by-nc-4.0": "cc-by-nc-4.0",
    "odbl-1.0": "odbl",
    "apache-2.0": "apache-2.0",
    "mit": "mit",
}
"""Licences that the hub knows by name; others are ``other`` there and spelled out in the card."""
UNKNOWN = "unknown: do not publish"


def write_card(selection: Selection, folder: Path, files: dict[Split, list[str]], *, load: str) -> None:
    """Write ``README.md``.

    Args:
        selection: What is exported.
        folder: The export.
        files: Of each split, relative to the folder.
        load: What reads the export.
    """
    (folder / "README.md").write_text(
        _front(selection, files) + _body(selection, files, load), encoding="utf-8"
    )


def licences(selection: Selection) -> Counter[str]:
    """Return the licences of the pictures, with how many pictures have each."""
    seen = {}
    for record in selection.records:
        pair = record.pair
        seen[pair.query_image] = pair.query_licence or UNKNOWN
        seen[pair.tile_image] = pair.tile_licence or UNKNOWN
    return Counter(seen.values())


def _front(selection: Selection, files: dict[Split, list[str]]) -> str:
    """Return the part that the hub and ``datasets`` read."""
    names = list(licences(selection))
    known = HUB_LICENCES.get(names[0].lower()) if len(names) == 1 else None
    front: dict[str, object] = {
        "license": known or "other",
        "language": list(selection.wish.languages),
        "task_categories": ["visual-question-answering"],
        "tags": ["geo-localization", "remote-sensing", "cross-view", "gleam"],
        "pretty_name": selection.bench.info.name,
    }
    if known is None:
        front["license_name"] = "see-the-card"
    if all(name.endswith(".parquet") for names in files.values() for name in names):
        data = [{"split": HF_SPLITS[split], "path": names} for split, names in files.items()]
        front["configs"] = [{"config_name": "default", "data_files": data}]
    return f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---\n\n"


def _body(selection: Selection, files: dict[Split, list[str]], load: str) -> str:
    info, wish = selection.bench.info, selection.wish
    statuses = Counter(record.status for record in selection.records)
    tiers = {split: Counter(record.pair.tier for record in selection.of(split)) for split in selection.splits}
    lines = [
        f"# {_plain(info.name)}",
        "",
        "Pairs of a picture and a satellite tile, each with a verdict (do both show the same place?)"
        + ("." if wish.label_only else " and a text that says why."),
        "Made and exported by GLEAM from a GLEAM-X benchmark "
        f"of {_plain(info.created)[:10]}, seed {info.seed}.",
        "",
        f"Read it with: {load} ({', '.join(name for names in files.values() for name in names[:1])}).",
        "",
        "| split | " + " | ".join(("positive", "random", "near", "mistake")) + " |",
        "|---|---|---|---|---|",
        *(
            f"| {split} | "
            + " | ".join(str(tiers[split][t]) for t in ("positive", "random", "near", "mistake"))
            + " |"
            for split in selection.splits
        ),
        "",
        "The table counts texts, by how their pair was chosen: positives, and three tiers of negatives.",
        "",
        "## Who wrote the texts",
        "",
        f"- Teachers: {', '.join(map(_plain, info.teachers)) or 'not recorded'}; "
        f"prompts version {_plain(info.prompts) or 'not recorded'}.",
        f"- Texts as the teacher wrote them: {statuses['teacher']}; accepted by people: "
        f"{statuses['accepted']}; edited by people: {statuses['edited']}.",
        *(f"- Left out, {reason}: {count}." for reason, count in selection.left_out.items()),
        "- `evidence` is the teacher's own list, also where people edited the text.",
        "",
        "## Licence of the imagery",
        "",
        *(f"- {_plain(name)}: {count} pictures" for name, count in sorted(licences(selection).items())),
        *(
            f"- Source table {_plain(source.table)}: licence {_plain(source.licence or UNKNOWN)}"
            for source in info.sources
        ),
        "",
        "## Known limits",
        "",
        "- A text that nobody revised is as right as its teacher.",
        "- The verdict is the truth of the pair by its coordinates, unless people corrected it.",
        "",
    ]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Return a text that cannot become markup of the card."""
    return "".join("\\" + c if c in r"\`*_[]<>|#" else c for c in " ".join(text.split()))
