"""Small HTTP helpers for the web tests: a real client (httpx) against the real server."""

import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

PATIENCE_S = 120.0
"""Machines that run tests may be busy."""


def post_photo(url: str, photo: Path | bytes, name: str = "photo.jpg", **fields: Any) -> httpx.Response:
    """POST a photo; dicts among the fields are sent as JSON."""
    data = photo if isinstance(photo, bytes) else photo.read_bytes()
    form = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in fields.items()}
    return httpx.post(url, files={"photo": (name, data)}, data=form, timeout=PATIENCE_S)


def noise_jpeg(size: int = 96, seed: int = 0, **save: Any) -> bytes:
    """Return a JPEG of coloured noise."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    coarse.resize((size, size), Image.Resampling.BICUBIC).save(buffer, "JPEG", **save)
    return buffer.getvalue()


get = partial(httpx.get, timeout=PATIENCE_S)
post = partial(httpx.post, timeout=PATIENCE_S)
delete = partial(httpx.delete, timeout=PATIENCE_S)
request = partial(httpx.request, timeout=PATIENCE_S)
