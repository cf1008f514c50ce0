"""No figure is cut: not in a pipe, not in a terminal of 80 characters, not in a narrower one."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich import box
from rich.console import Console
from rich.table import Table

from gleam.cli.eval_table import print_located
from gleam.cli.whole_table import print_whole

SURE = {"value": 1.0, "low": 1.0, "high": 1.0}
FAR = {"value": 123456.7, "low": 1.0, "high": 1.0}


def report():
    """A measurement whose every figure is as long as it gets."""
    shares = ("located", "within_10m", "within_25m", "within_50m", "within_100m", "region95_holds")
    confidence = {"aurc": 0.123}
    for name in ("auroc_elsewhere", "fpr95_elsewhere", "false_locate_elsewhere"):
        confidence |= {name: 1.0, name.replace("elsewhere", "non_places"): 1.0}
    figures = {
        "photos": 12345,
        **dict.fromkeys(shares, SURE),
        "median_m": FAR,
        "p90_m": FAR,
        "ece": {**SURE, "if_honest": 0.123},
        "confidence": {"probability here": confidence},
        "statuses": {"here": {"located": 12345}},
    }
    about = {"encoder": "city", "table": "c/places.parquet", "atlas": "atlas", "tiles": 361}
    pooled = {"probability here": {"false_locate_elsewhere": 1.0}}
    views = dict.fromkeys(("ground", "panorama"), figures)
    return {**about, "hide_heading": False, "views": views, "all_views": pooled, "seconds": 1.0}


def printed(console_width, terminal):
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=console_width, color_system=None)
    print_located(report(), console)
    return out.getvalue()


@pytest.mark.parametrize(("width", "terminal"), [(80, False), (120, True), (80, True), (50, True), (9, True)])
def test_the_tables_of_an_evaluation_are_whole(width, terminal):
    told = printed(width, terminal)
    assert "…" not in told
    words = told.split()
    assert words.count("100.0") == 2 * (6 + 5) + 1
    assert words.count("123456.7") == 4
    assert words.count("(0.123)") == 2
    for heading in ("<=10", "<=25", "<=50", "<=100", "p90", "ECE", "AURC", "FPR95", "AUROC0", "false0"):
        assert heading in words
    tables = [line for line in told.splitlines() if line.lstrip().startswith("view")]
    assert len(tables) == 2 if not terminal or width == 120 else len(tables) > 2
    assert all(len(line) <= width for line in tables) or not terminal or width < 50


CELLS = st.text(st.characters(codec="ascii", categories=["Lu", "Nd"]), min_size=1, max_size=9)


@settings(max_examples=40, deadline=None)
@given(st.data(), st.integers(1, 90), st.booleans(), st.integers(1, 2))
def test_every_cell_stands_under_its_heading(data, width, terminal, keys):
    columns, rows = data.draw(st.integers(keys, 7)), data.draw(st.integers(1, 3))
    cells = [[f"{r}.{c}.{data.draw(CELLS)}" for c in range(columns)] for r in range(rows)]
    table = Table(title="all of it", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number in range(columns):
        table.add_column(f"h{number}", no_wrap=True)
    for row in cells:
        table.add_row(*row)
    out = io.StringIO()
    print_whole(Console(file=out, force_terminal=terminal, width=width, color_system=None), table, keys)
    read, heads = {}, []
    for line in out.getvalue().splitlines():
        words = line.split()
        if words[:1] == ["h0"]:
            heads = words
        elif words and words[0][:1].isdigit():
            assert words[:keys] == cells[int(words[0][0])][:keys]
            read |= {(words[0], head): word for head, word in zip(heads, words, strict=True)}
    assert read == {(row[0], f"h{c}"): cell for row in cells for c, cell in enumerate(row)}
    if not terminal:
        assert out.getvalue().count("h0") == 1
