"""Sentences for a verdict, one file of templates per language; every word is bound to a measurement."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from gleam.errors import unknown_name
from gleam.evaluation.wording import in_percent
from gleam.explaining.facts import lines_apart
from gleam.explaining.sentences import en, zh
from gleam.explaining.verdict import LANGUAGES, Language, Region

_MODULES: dict[str, ModuleType] = {"en": en, "zh": zh}
_LINES_AGREE_DEG = 20.0
"""Only lines that run alike are mentioned; others are too often different things."""
_WHOLE = 0.95
"""A region seen to this share needs no remark."""


def parse_language(name: str) -> Language:
    """Return the language called ``name``; raise a ``GleamError`` listing the languages otherwise."""
    for language in LANGUAGES:
        if name.strip().lower() == language:
            return language
    raise unknown_name("language", name, LANGUAGES)


def compose(
    language: Language,
    *,
    match: bool,
    probability: float | None,
    calibration: str | None,
    similarity: float,
    threshold: float,
    control: float | None,
    supporting: Sequence[Region],
    opposing: Sequence[Region],
    with_colours: bool,
) -> str:
    """Return the text of a verdict.

    Args:
        language: One of ``LANGUAGES``.
        match: The verdict.
        probability: Calibrated, or None.
        calibration: Name of the calibration's data, or None.
        similarity: Cosine of the two pictures.
        threshold: Similarity that decides when nothing is calibrated.
        control: Highest cosine of the query turned and mirrored; None when whole pictures were compared,
            without regions.
        supporting: Regions for a match, strongest first.
        opposing: Regions against it.
        with_colours: Whether the colours of the two pictures can be compared at all (not for maps).
    """
    words = _MODULES[language]
    say = words.TEMPLATES
    kind = "match" if match else "no_match"
    parts = []
    if probability is not None:
        parts.append(say[f"{kind}_probability"].format(percent=in_percent(probability)))
        parts.append(say["similarity_calibrated"].format(similarity=f"{similarity:.2f}"))
        parts.append(say["calibrated"].format(name=calibration))
    else:
        parts.append(say[f"{kind}_threshold"])
        rule = "similarity_threshold" if control is not None else "similarity_rule"
        parts.append(say[rule].format(similarity=f"{similarity:.2f}", threshold=f"{threshold:.2f}"))
    if control is None:
        return str(say["space"].join([*parts, say["no_regions"], say["unread"]]))
    parts.append(say["control"].format(control=f"{control:.2f}"))
    for heading, nothing, regions in (
        ("for", "nothing_for", supporting),
        ("against", "nothing_against", opposing),
    ):
        if not regions:
            parts.append(say[nothing])
            continue
        sentences = [_region(words, region, with_colours) for region in regions]
        parts.append(say[heading] + say["space"] + say["space"].join(sentences))
    parts.append(say["unread"])
    return str(say["space"].join(parts))


def _region(words: ModuleType, region: Region, with_colours: bool) -> str:
    say = words.TEMPLATES
    clauses = [
        say["region"].format(
            number=region.number,
            distance=round(region.distance_m),
            direction=words.DIRECTIONS[region.direction],
            similarity=f"{region.similarity:.2f}",
            share=round(abs(region.share) * 100),
        )
    ]
    query, tile = region.query_look, region.tile_look
    if with_colours and query.colour == tile.colour:
        clauses.append(say["same_colour"].format(colour=words.COLOURS[query.colour]))
    elif with_colours:
        clauses.append(
            say["other_colour"].format(
                query_colour=words.COLOURS[query.colour], tile_colour=words.COLOURS[tile.colour]
            )
        )
    if query.lines_deg is not None and tile.lines_deg is not None:
        apart = lines_apart(query.lines_deg, tile.lines_deg)
        if apart <= _LINES_AGREE_DEG:
            clauses.append(
                say["same_lines"].format(
                    query_deg=round(query.lines_deg), tile_deg=round(tile.lines_deg), apart=round(apart)
                )
            )
    if region.visible < _WHOLE:
        clauses.append(say["partly_visible"].format(percent=round(region.visible * 100)))
    return str(say["join"].join(clauses) + say["end"])
