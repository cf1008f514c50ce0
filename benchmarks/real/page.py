"""The figures as Markdown tables, and the place between two marks of a page where they go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gleam.files import atomic_write

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
STATUSES = ("located", "ambiguous", "not_here", "cannot_tell")
LISTED_RANKS = 14


def write_into(page: Path, text: str) -> None:
    """Replace what stands between the two marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{page} has no lines {BEGIN} and {END}; add them where the figures are to go.")
    with atomic_write(page) as draft:
        draft.write_text(f"{before}{BEGIN}\n{text.strip()}\n{END}{after}", encoding="utf-8")


def tables(result: dict[str, Any]) -> str:
    """Return the whole of the figures as Markdown."""
    parts = [
        f"Weights `{result['encoder']}`, fingerprint `{result['fingerprint']}`, "
        f"measured on {result['date']}, seed {result['seed']}."
    ]
    if result.get("atlases"):
        parts += [_imagery(result["atlases"]), _answers(result["atlases"])]
    if result.get("ranks"):
        parts += [_ranks(result["ranks"]), _claims(result["claims"])]
    if result.get("street_maps"):
        parts.append(_street_maps(result["street_maps"]))
    if result["skipped"]:
        parts.append("Left out: " + "; ".join(result["skipped"]) + ".")
    return "\n\n".join(parts)


def _table(header: list[str], rows: list[list[object]]) -> str:
    lines: list[list[object]] = [[*header], ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def _imagery(sets: dict[str, Any]) -> str:
    rows: list[list[object]] = [
        [
            name,
            _extent(*f["size_m"]),
            f"{f['tile_m']:g} / {f['stride_m']:g} m",
            f["tiles"],
            ", ".join(f"{count} {reason}" for reason, count in f["skipped"].items()) or "0",
            f"{f['photos']} {f['view']}",
        ]
        for name, f in sets.items()
    ]
    header = ["atlas", "extent", "tile / stride", "tiles", "left out as empty", "asked about"]
    return "### Imagery ingested\n\n" + _table(header, rows)


def _answers(sets: dict[str, Any]) -> str:
    rows: list[list[object]] = []
    for name, figures in sets.items():
        for way, f in figures["ways"].items():
            within = f["within"]
            rows.append(
                [
                    f"{name} ({figures['photos']})",
                    way,
                    _m(f["median_m"]),
                    _m(f["p90_m"]),
                    " / ".join(str(within[m]) for m in ("10", "25", "50", "100")) if within else "-",
                    _statuses(f["status"]),
                    f"**{f['confident_wrong']}**",
                ]
            )
        if figures["chance_median_m"] is not None:
            rows.append([name, "a tile at random", _m(figures["chance_median_m"]), "", "", "", ""])
    header = [
        "set (photos)",
        "known",
        "median",
        "p90",
        "within 10 / 25 / 50 / 100 m",
        "located / ambiguous / not here / cannot tell",
        "confident wrong",
    ]
    return "### Located in an atlas, position in the photo hidden\n\n" + _table(header, rows)


def _ranks(ranks: dict[str, Any]) -> str:
    rows: list[list[object]] = []
    for name, f in ranks.items():
        own, every = f["own"], f["all"]
        listed = (
            ", ".join(map(str, own["ranks"]))
            if f["queries"] <= LISTED_RANKS
            else f"median {own['median_rank']:g}"
        )
        rows.append(
            [
                name,
                f["queries"],
                own["tiles"],
                _counts(own["found_at"]),
                _counts(own["chance_at"]),
                listed,
                f"{_counts(every['found_at'])} of {every['tiles']}",
                f"{every['median_rank']:g}",
            ]
        )
    header = [
        "set and view",
        "queries",
        "tiles",
        "right tile among first 1 / 5 / 10",
        "chance",
        "ranks",
        "among all tiles: 1 / 5 / 10",
        "median rank",
    ]
    return "### Sets without coordinates: rank of the right tile\n\n" + _table(header, rows)


def _claims(claims: dict[str, Any]) -> str:
    rows: list[list[object]] = [
        [name, f["queries"], _statuses(f["status"]), f["located_right"], f"**{f['confident_wrong']}**"]
        for name, f in claims.items()
    ]
    header = [
        "set and view",
        "queries",
        "located / ambiguous / not here / cannot tell",
        "located, right tile",
        "confident wrong",
    ]
    return "### Sets without coordinates: what the answers claim among all their tiles\n\n" + _table(
        header, rows
    )


def _street_maps(found: dict[str, Any]) -> str:
    rows: list[list[object]] = []
    for name, f in found["figures"].items():
        cells: list[object] = [name]
        for direction in ("map to satellite", "satellite to map"):
            r = f[direction]
            first = r["recall@1"]
            cells.append(
                f"{_percent(first['value'])} ({_percent(first['low'])} to {_percent(first['high'])})"
            )
            cells.append(f"{_percent(r['recall@5']['value'])} / {_percent(r['recall@10']['value'])}")
        rows.append(cells)
    chance = next(iter(found["figures"].values()))["map to satellite"]["chance"]
    one, more = _percent(chance["recall@1"]), " / ".join(_percent(chance[f"recall@{k}"]) for k in (5, 10))
    rows.append(["chance", one, more, one, more])
    header = [
        "weights",
        "map to satellite R@1 (95 %)",
        "R@5 / R@10",
        "satellite to map R@1 (95 %)",
        "R@5 / R@10",
    ]
    cost = [f"{name}: {c['steps']} steps, {c['cpu_s']} CPU s" for name, c in found["trainings"].items()]
    text = f"### Street maps of New York: recall on {found['test_pairs']} pairs, in percent\n\n" + _table(
        header, rows
    )
    text += (
        f"\n\nNew area: trained on the {found['train_pairs']['new-area']} pairs that share no ground with "
        f"a measured pair; same area: on all {found['train_pairs']['same-area']}."
    )
    return text + (f" Trainings on one thread: {'; '.join(cost)}." if cost else "")


def _m(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:g} m" if value < 10_000 else f"{value / 1000:.0f} km"


def _extent(width_m: float, height_m: float) -> str:
    if max(width_m, height_m) < 10_000:
        return f"{width_m:g} x {height_m:g} m"
    return f"{width_m / 1000:.0f} x {height_m / 1000:.0f} km"


def _statuses(status: dict[str, int]) -> str:
    return " / ".join(str(status[name]) for name in STATUSES)


def _counts(counts: dict[str, float]) -> str:
    return " / ".join(f"{count:g}" for count in counts.values())


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"
