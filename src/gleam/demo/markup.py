"""Small pieces of HTML: escaped text in two languages, pictures inside the page, figures in words."""

from __future__ import annotations

import base64
import html
import io
import re

import numpy as np
from PIL import Image

from gleam.demo.findings import LatLon, Picture
from gleam.evaluation.wording import in_percent
from gleam.views import View

_REGION = re.compile(r"(?:Region|区域)\s*[0-9]+")

VIEW_NAMES: dict[View, tuple[str, str]] = {
    View.SATELLITE: ("satellite", "卫星"),
    View.DRONE: ("drone", "无人机"),
    View.MAP: ("street map", "街道地图"),
    View.PANORAMA: ("panorama", "全景"),
    View.GROUND: ("ground photo", "地面照片"),
}

STATUS_NAMES: dict[str, tuple[str, str]] = {
    "located": ("located", "已定位"),
    "ambiguous": ("ambiguous", "有多个可能"),
    "not_here": ("not in this area", "不在此区域"),
    "cannot_tell": ("cannot tell", "无法判断"),
}


def both(en: str, zh: str) -> str:
    """Return text in both languages; the page shows one of them. Escapes everything."""
    return (
        f'<span class="en" lang="en">{html.escape(en)}</span>'
        f'<span class="zh" lang="zh-CN">{html.escape(zh)}</span>'
    )


def sentences(en: str, zh: str) -> str:
    """Return longer text in both languages, a line per sentence, region numbers in bold."""
    parts = []
    for language, code, text, end in (
        ("en", "en", en, r"(?<=\.)\s+(?=[A-Z])|(?<=:)\s+(?=Region)"),
        ("zh", "zh-CN", zh, r"(?<=。)|(?<=：)(?=区域)"),
    ):
        lines = [line.strip() for line in re.split(end, text) if line.strip()]
        bold = [_REGION.sub(r"<b>\g<0></b>", html.escape(line)) for line in lines]
        inner = "".join(f"<p>{line}</p>" for line in bold)
        parts.append(f'<div class="{language}" lang="{code}">{inner}</div>')
    return "".join(parts)


def view_name(view: View) -> str:
    """Return the name of a view in both languages."""
    return both(*VIEW_NAMES[view])


def image(picture: Picture, alt: str, *, quality: int = 85) -> str:
    """Return an ``img`` element that carries the picture itself, as JPEG without any metadata."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, "JPEG", quality=quality)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    height, width = picture.shape[:2]
    return (
        f'<img src="data:image/jpeg;base64,{data}" alt="{html.escape(alt, quote=True)}" '
        f'width="{width}" height="{height}">'
    )


def percent(share: float) -> str:
    """Return a share as a percentage, with a digit after the point only where it says something."""
    value = 100 * share
    if value >= 99.95 or value == 0 or (value >= 10 and abs(value - round(value)) < 0.05):
        return f"{value:.0f} %"
    return f"{value:.1f} %"


def chance(probability: float) -> str:
    """Return a probability as a percentage that never claims certainty."""
    return f"{in_percent(probability)} %"


def metres(value: float | None) -> str:
    """Return a distance in whole metres, or kilometres when long; a dash when unknown."""
    if value is None:
        return "–"
    return f"{value:.0f} m" if value < 2000 else f"{value / 1000:.1f} km"


def position(place: LatLon | None) -> str:
    """Return latitude and longitude with five digits, about a metre."""
    return "–" if place is None else f"{place[0]:.5f}, {place[1]:.5f}"
