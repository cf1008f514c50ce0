"""The card that is saved beside a student's weights."""

from __future__ import annotations

import json

from gleam.explaining.scene import ATTRIBUTES
from gleam.explaining.student.student import Student


def card(student: Student, weights: int) -> str:
    """Return the Markdown text of a card."""
    taught = json.dumps(student.made.get("taught", {}), ensure_ascii=False)
    calibrated = ", ".join(sorted({c.name for c in student.calibrations})) or "nothing"
    return f"""---
library_name: gleam-geo
tags: [cross-view-geo-localization, explanation, image-text]
language: [en, zh]
license: apache-2.0
---

# GLEAM student `{student.name}`

Says whether a picture shows the ground of a satellite tile, and why, in English or Chinese.
{weights:,} numbers beside the encoder `{student.encoder}` ({student.fingerprint}), on which it stands.

- A *seer* names {len(ATTRIBUTES)} attributes of each picture: {", ".join(a.name for a in ATTRIBUTES)}.
- A *matcher* compares what the encoder found in both. The probability is its own, calibrated on
  {calibrated}.
- A *teller* puts these decisions into words. It sees no pixels. What it writes is read back, and is shown
  only when it says what was decided and nothing else; otherwise ready-made sentences say the same.
- A value is stated only when the seer is so sure that {student.thresholds.wanted:.0%} of such values were
  true on held-out pictures.

Taught by: `{taught}`

It was taught on cities made by GLEAM. What it says of real imagery must be checked, not believed. It reads no
writing in pictures. See RESPONSIBLE_USE.md.
"""
