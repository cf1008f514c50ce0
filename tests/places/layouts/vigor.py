"""A tiny VIGOR: per city a row of tiles half a tile apart, and two panoramas on each but the last three."""

from __future__ import annotations

from pathlib import Path

from tests.places.layouts.pictures import picture

CITIES = {
    "Chicago": (41.87, -87.63),
    "NewYork": (40.75, -73.98),
    "SanFrancisco": (37.77, -122.42),
    "Seattle": (47.60, -122.33),
}
TILES = 6
STEP = 0.0003


def tile(city: str, number: int) -> str:
    lat, lon = CITIES[city]
    return f"satellite_{lat:.6f}_{lon + number * STEP:.6f}.png"


def panorama(city: str, number: int) -> str:
    lat, lon = CITIES[city]
    return f"pano{number}-{city},{lat + 0.00001:.6f},{lon + (number // 2) * STEP:.6f},.jpg"


def label(city: str, number: int) -> str:
    """The line of a panorama: its tile and the three tiles after it."""
    first = number // 2
    tiles = " ".join(f"{tile(city, first + i)} {i * 190.5:.2f} {-i:.1f}" for i in range(4))
    return f"{panorama(city, number)} {tiles}"


def make(root: Path, cities=tuple(CITIES), *, by_view: bool = False, corrected: bool = False) -> Path:
    """Write the tree; ``by_view`` in the second published order, ``corrected`` with the later labels."""
    splits, ending = ("splits__corrected", "__corrected") if corrected else ("splits", "")
    for city in cities:
        tiles = root / "satellite" / city if by_view else root / city / "satellite"
        panoramas = root / "ground" / city if by_view else root / city / "panorama"
        for number in range(TILES):
            picture(tiles / tile(city, number))
        numbers = range(2 * (TILES - 3))
        for number in numbers:
            picture(panoramas / panorama(city, number), (16, 32))
        folder = root / splits / city
        folder.mkdir(parents=True)
        lines = [label(city, number) for number in numbers]
        write(folder / "satellite_list.txt", [tile(city, number) for number in range(TILES)])
        write(folder / f"same_area_balanced_train{ending}.txt", lines[::2])
        write(folder / f"same_area_balanced_test{ending}.txt", lines[1::2])
        write(folder / f"pano_label_balanced{ending}.txt", lines)
    return root


def write(file: Path, lines: list[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
