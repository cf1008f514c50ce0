"""What a file says of itself: which encoder, which view, and how pictures are prepared for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gleam.errors import EncoderError
from gleam.imagery.preparation import Preparation
from gleam.views import View

KEY = "gleam"
FORMAT = 1


@dataclass(frozen=True)
class Metadata:
    """name, fingerprint: of the encoder. views: that the file serves. dtype: fp32, bf16 or int8.

    dim: of the vectors. batch: pictures at once. preparation: of the pictures. origin: of converted weights.
    calibration: of the encoder; int8 files carry none, as their similarities are not quite the same.
    """

    name: str
    fingerprint: str
    views: tuple[View, ...]
    dtype: str
    dim: int
    batch: int
    preparation: Preparation
    origin: dict[str, Any] | None = None
    calibration: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the text that is put into the file."""
        return json.dumps(
            {
                "format": FORMAT,
                "name": self.name,
                "fingerprint": self.fingerprint,
                "views": [view.value for view in self.views],
                "dtype": self.dtype,
                "dim": self.dim,
                "batch": self.batch,
                "preparation": self.preparation.to_dict(),
                "origin": self.origin,
                "calibration": self.calibration,
            },
            sort_keys=True,
        )

    @classmethod
    def read(cls, text: str | None, path: Path) -> Metadata:
        """Return what :meth:`to_json` wrote.

        Raises:
            EncoderError: The file has no such text, or of another format; names it.
        """
        try:
            data = json.loads(text or "null")
            if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
                raise ValueError(f"no GLEAM metadata of format {FORMAT}")
            data["preparation"] = Preparation(**data["preparation"])
            data["views"] = tuple(View(view) for view in data["views"])
            return cls(**data)
        except (ValueError, TypeError, KeyError) as error:
            raise EncoderError(
                f"{path} is no encoder that gleam encoder export made ({error}); export it again."
            ) from error
