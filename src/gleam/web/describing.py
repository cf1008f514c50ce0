"""What the server searches and offers, for the page and for programs; nothing of the machine it runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gleam
from gleam.explaining import verdict
from gleam.locating import answer
from gleam.locating.exporters import FORMATS
from gleam.locating.job import Mode
from gleam.views import View
from gleam.web.basemap import TILE_PIXELS
from gleam.web.uploads import MOST_PHOTOS

if TYPE_CHECKING:
    from gleam.web.service import Service

_SIDES = ("west", "south", "east", "north")


def describe(service: Service) -> dict[str, Any]:
    """Return the body of ``/v1/atlas``."""
    atlas, encoder, settings = service.atlas, service.encoder, service.settings
    lowest, highest = service.basemap.zooms
    return {
        "name": atlas.path.name,
        "fingerprint": atlas.fingerprint,
        "tiles": len(atlas),
        "bounds": dict(zip(_SIDES, atlas.bounds, strict=True)),
        "tile_m": atlas.tile_m,
        "stride_m": atlas.stride_m,
        "tile_sizes_m": list(atlas.tile_sizes_m),
        "imagery": [
            {
                "name": entry.record.name,
                "date": entry.record.date,
                "licence": entry.record.licence,
                "origin": entry.record.origin,
                "kind": entry.record.kind,
                "pixel_m": entry.record.pixel_m,
                "tiles": entry.tiles,
                "bounds": dict(zip(_SIDES, entry.record.bounds, strict=True)),
            }
            for entry in atlas.manifest.imagery
        ],
        "encoder": {
            "name": encoder.name,
            "fingerprint": encoder.fingerprint,
            "dim": encoder.dim,
            "calibrated": bool(encoder.calibration),
        },
        "views": [view.value for view in View],
        "formats": list(FORMATS),
        "explainers": list(service.explainers.names),
        "languages": list(verdict.LANGUAGES),
        "language": settings.language,
        "modes": [mode.value for mode in Mode],
        "basemap": {
            "url": "/v1/basemap/{z}/{x}/{y}.png",
            "minzoom": lowest,
            "maxzoom": highest,
            "tile_size": TILE_PIXELS,
            "attribution": _attribution(service),
        },
        "limits": {
            "max_upload_bytes": settings.max_upload_bytes,
            "max_batch_bytes": settings.max_batch_bytes,
            "max_batch_photos": MOST_PHOTOS,
            "max_photo_pixels": settings.max_photo_pixels,
            "rate_per_s": settings.rate_per_s,
            "queue": settings.queue,
            "keep": settings.keep is not None,
            "url_input": bool(settings.allowed_hosts),
            "results_s": settings.results_s,
        },
        "versions": {"gleam": gleam.__version__, "answer": answer.VERSION, "verdict": verdict.VERSION},
    }


def _attribution(service: Service) -> str:
    """Return who is to be named for the imagery: each origin with its licence, once."""
    named = [
        " · ".join(part for part in (source.origin, source.licence) if part)
        for source in service.atlas.sources
    ]
    return "; ".join(dict.fromkeys(text for text in named if text))
