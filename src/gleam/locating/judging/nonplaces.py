"""Pictures that show no place: noise, gradients, printed pages, rooms; drawn here, the same every time.

A locator has to refuse them. They are drawn, not photographed, so that nothing need be downloaded.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from gleam.errors import unknown_name

Pixels = NDArray[np.uint8]


def draw_nonplace(kind: str, seed: int, height: int = 192, width: int = 256) -> Pixels:
    """Return an (height, width, 3) uint8 picture of a kind of :data:`NON_PLACES`.

    Raises:
        GleamError: The kind is unknown.
    """
    if kind not in NON_PLACES:
        raise unknown_name("kind of picture", kind, NON_PLACES)
    return NON_PLACES[kind](np.random.default_rng([seed, len(kind)]), height, width)


def _noise(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """Coloured noise of a random grain."""
    grain = int(rng.choice([1, 3, 8, 20]))
    small = rng.integers(0, 256, (-(-height // grain), -(-width // grain), 3), dtype=np.uint8)
    image = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image)


def _gradient(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """One colour going over into another, with the grain of a sensor."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    along = (np.cos(angle) * x + np.sin(angle) * y)[..., None]
    along = (along - along.min()) / np.ptp(along)
    one, other = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
    return _grained(rng, one + (other - one) * along)


def _page(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """Lines of words on paper, a heading and perhaps a figure."""
    paper = int(rng.integers(225, 256))
    image = Image.new("RGB", (width, height), (paper, paper, paper - int(rng.integers(0, 18))))
    draw = ImageDraw.Draw(image)
    line = int(rng.integers(7, 14))
    y = line * 2
    while y < height - line:
        x, thick = int(0.08 * width), line // 2 if y > line * 3 else line
        if rng.random() < 0.06:
            red, green, blue = (int(v) for v in rng.integers(60, 220, 3))
            draw.rectangle((x, y, int(0.6 * width), y + 4 * line), fill=(red, green, blue))
            y += 5 * line
        end = width * (0.92 if rng.random() < 0.8 else rng.uniform(0.3, 0.9))
        while x < end:
            word = int(rng.integers(2, 9) * line * 0.45)
            draw.rectangle((x, y, min(x + word, int(end)), y + thick), fill=(30, 30, 34))
            x += word + line // 2
        y += line * 2 if y > line * 3 else line * 3
    return _grained(rng, np.asarray(image, np.float64))


def _room(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """Floor, walls and ceiling in perspective, with a window, a door and furniture."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)

    def colour(low: int, high: int) -> tuple[int, int, int]:
        base = rng.integers(low, high)
        red, green, blue = (int(np.clip(base + d, 0, 255)) for d in rng.integers(-18, 19, 3))
        return red, green, blue

    left, right = (int(v * width) for v in (rng.uniform(0.15, 0.35), rng.uniform(0.65, 0.85)))
    top, bottom = (int(v * height) for v in (rng.uniform(0.15, 0.3), rng.uniform(0.6, 0.75)))
    draw.polygon([(0, 0), (width, 0), (right, top), (left, top)], fill=colour(200, 245))
    draw.polygon([(0, height), (width, height), (right, bottom), (left, bottom)], fill=colour(70, 150))
    draw.polygon([(0, 0), (left, top), (left, bottom), (0, height)], fill=colour(130, 210))
    draw.polygon([(width, 0), (right, top), (right, bottom), (width, height)], fill=colour(130, 210))
    draw.rectangle((left, top, right, bottom), fill=colour(150, 225))
    for _ in range(int(rng.integers(4, 11))):
        x, w = rng.uniform(0, 0.9) * width, rng.uniform(0.06, 0.35) * width
        h = rng.uniform(0.08, 0.4) * height
        y = rng.uniform(0.3, 0.95) * height - h * (rng.random() < 0.7)
        draw.rectangle((int(x), int(y), int(x + w), int(y + h)), fill=colour(25, 235), outline=colour(10, 60))
    wide = (right - left) // 4
    draw.rectangle((left + wide, top + 8, left + 2 * wide, (top + bottom) // 2), fill=(235, 242, 250))
    return _grained(rng, np.asarray(image.filter(ImageFilter.GaussianBlur(0.6)), np.float64))


def _grained(rng: np.random.Generator, values: NDArray[np.float64]) -> Pixels:
    noisy = values + rng.normal(0, rng.uniform(1, 5), values.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


NON_PLACES: dict[str, Callable[[np.random.Generator, int, int], Pixels]] = {
    "noise": _noise,
    "gradient": _gradient,
    "page": _page,
    "room": _room,
}
