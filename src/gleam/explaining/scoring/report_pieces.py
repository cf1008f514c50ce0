"""Small pieces of the report: text in two languages, figures with intervals, tables, pictures."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

from PIL import Image

from gleam.errors import GleamError
from gleam.explaining.scoring.report_words import COLUMNS, LABELS, Both
from gleam.imagery.decode import load_image

Plain = dict[str, Any]
_SHADES = 5
_WIDEST = 560


def both(words: Both) -> str:
    """Return text in both languages; the page shows one of them. Escapes everything."""
    en, zh = (html.escape(text) for text in words)
    if en == zh:
        return en
    return f'<span class="en">{en}</span><span class="zh" lang="zh">{zh}</span>'


def label(name: str) -> str:
    """Return one of ``LABELS``."""
    return both(LABELS[name])


def figure(value: Plain | None, form: str) -> str:
    """Return the cell of a figure: the value, its interval, a shade for how good it is."""
    if value is None:
        return f'<td class="none">{label("no_figure")}</td>'
    shade = _shade(float(value["value"]), form)
    main = _number(float(value["value"]), form)
    interval = ""
    if value["low"] != value["high"]:
        low, high = (_number(float(value[side]), form, unit=False) for side in ("low", "high"))
        interval = f"<small>{low}–{high}</small>"
    title = html.escape(f"n = {value['n']}", quote=True)
    return f'<td class="fig s{shade}" title="{title}"><b>{main}</b>{interval}</td>'


def head(names: Sequence[str]) -> str:
    """Return the head of a table of figures, with what each means."""
    cells = [f'<th scope="col">{label("explainer")}</th>']
    for name in names:
        title, hint, _ = COLUMNS[name]
        note = f"<small>{both(hint)}</small>" if hint[0] else ""
        cells.append(f'<th scope="col">{both(title)}{note}</th>')
    return f"<thead><tr>{''.join(cells)}</tr></thead>"


def row(name: str, cells: Sequence[str]) -> str:
    """Return a row of a table; baselines are marked."""
    kind, _, rest = name.partition(":")
    is_baseline = kind == "baseline"
    shown = html.escape(rest if is_baseline else name)
    mark = f' <span class="mark">{label("baseline")}</span>' if is_baseline else ""
    style = ' class="baseline"' if is_baseline else ""
    return f'<tr{style}><th scope="row">{shown}{mark}</th>{"".join(cells)}</tr>'


def table(header: str, rows: Sequence[str]) -> str:
    """Return a table that scrolls by itself on a narrow screen."""
    return f'<div class="scroll" tabindex="0"><table>{header}<tbody>{"".join(rows)}</tbody></table></div>'


def picture(source: Any, alt: Both) -> str:
    """Return a picture that travels inside the page, or a sentence where it cannot be read."""
    try:
        image = Image.fromarray(load_image(source, target=_WIDEST))
    except GleamError as error:
        return f'<div class="gone">{html.escape(str(error))}</div>'
    scale = _WIDEST / max(image.size)
    if scale < 1:
        image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=82)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return (
        f'<img src="data:image/jpeg;base64,{data}" alt="{html.escape(alt[0], quote=True)}" '
        f'width="{image.width}" height="{image.height}">'
    )


def _number(value: float, form: str, *, unit: bool = True) -> str:
    if form.endswith("share"):
        text = f"{100 * value:.0f}" if value in (0.0, 1.0) else f"{100 * value:.1f}"
        return f"{text} %" if unit else text
    if form == "plain":
        return f"{value:.1f}"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}"


def _shade(value: float, form: str) -> int:
    """Return 0 (no shade) for figures that are neither good nor bad, else 1 (poor) to 5 (good)."""
    if form in ("share", "number"):
        good = value
    elif form == "low_share":
        good = 1 - value
    else:
        return 0
    return 1 + min(_SHADES - 1, max(0, int((good - 0.5) * 2 * _SHADES)))
