"""The card that travels with an encoder's weights."""

from __future__ import annotations

import json
from typing import Any

from gleam.encoder.config import EncoderConfig


def model_card(
    name: str,
    config: EncoderConfig,
    calibration: dict[str, Any],
    weights: int,
    origin: dict[str, Any] | None = None,
) -> str:
    """Return the Markdown card: what it is, what it takes, what it must not be used for."""
    preparation = json.dumps(config.to_dict()["preparation"])
    calibrated = ", ".join(sorted(calibration)) if calibration else "nothing yet"
    if origin is not None:
        return _foreign_card(name, config, calibrated, weights, origin)
    return f"""---
library_name: gleam-geo
tags: [cross-view-geo-localization, image-retrieval]
license: apache-2.0
---

# GLEAM encoder `{name}`

One network for five views (satellite, drone, map, panorama, ground): a picture becomes a unit vector of
{config.dim * config.turns} numbers that is close to the vector of the satellite tile of its place.

- Backbone: `{config.backbone}` {json.dumps(config.backbone_options)}, {weights:,} weights
- Preparation: `{preparation}`
- Calibrated for: {calibrated}

Load with `gleam.Encoder.from_pretrained(...)`. It searches only imagery that you supply. Accuracy on other
imagery than it was trained on must be measured (`gleam eval`), not assumed. See RESPONSIBLE_USE.md.
"""


def _foreign_card(
    name: str, config: EncoderConfig, calibrated: str, weights: int, origin: dict[str, Any]
) -> str:
    """Return the card of weights that another project trained."""
    return f"""---
library_name: gleam-geo
tags: [cross-view-geo-localization, image-retrieval]
license: other
---

# Encoder `{name}`: weights of {origin["project"]}

Converted for use with GLEAM; trained by others. Licence of the project's code: {origin["licence_of_code"]}.
Whether and how these weights may be used and passed on is for their authors to say: {origin["source"]}.

- Network: `{origin["network"]}`, here as `{config.backbone}`; {weights:,} weights, vectors of {config.dim}
- Made from: `{origin["file"]}`, SHA-256 `{origin["sha256"]}`
- Preparation: `{json.dumps(config.to_dict()["preparation"])}`
- Calibrated for: {calibrated}

Load with `gleam.Encoder.from_pretrained(...)`. Accuracy on other imagery than it was trained on must be
measured (`gleam eval`), and answers need a calibration (`gleam calibrate`), before either is relied on.
"""
