"""Messages shaped like ROS's ``sensor_msgs/NavSatFix``, one per photo, as JSON.

Source: the definition of sensor_msgs/msg/NavSatFix and NavSatStatus (ROS 2). JSON has no NaN; ``null``
stands for it, as rosbridge does.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from typing import Any

from gleam.files import write_json
from gleam.locating.answer import Answer
from gleam.locating.batch import Failure
from gleam.locating.exporters.claims import (
    capture_utc,
    degrees,
    fix_of,
    longitude,
    photo_name,
    sigma_m,
    why_no_fix,
)

TYPE = "sensor_msgs/msg/NavSatFix"
FRAME = "camera"
STATUS_NO_FIX, STATUS_FIX = -1, 0
COVARIANCE_UNKNOWN, COVARIANCE_APPROXIMATED, COVARIANCE_KNOWN = 0, 1, 3
UNKNOWN_VARIANCE_M2 = 1e8
"""Of the altitude, which GLEAM does not tell: so large (10 km) that no filter leans on it."""


def to_navsatfix(answer: Answer) -> dict[str, Any]:
    """Return the message of one answer.

    Located answers that tell where the camera was are a fix; all others have the status NO_FIX and no
    position. The covariance is row-major over east, north, up in m², one sigma. The stamp is the time of
    capture, 0 when the camera did not tell it; a clock without a time zone is taken for UTC.
    """
    place = fix_of(answer)
    covariance, kind = ([0.0] * 9, COVARIANCE_UNKNOWN) if place is None else _covariance(answer)
    return {
        "header": {"stamp": _stamp(capture_utc(answer)), "frame_id": FRAME},
        "status": {"status": STATUS_NO_FIX if place is None else STATUS_FIX, "service": 0},
        "latitude": None if place is None else degrees(place[0]),
        "longitude": None if place is None else longitude(place[1]),
        "altitude": None,
        "position_covariance": covariance,
        "position_covariance_type": kind,
    }


def write_navsatfix(
    path: str | os.PathLike[str], answers: Iterable[Answer], failures: Iterable[Failure] = ()
) -> None:
    """Write ``{"type", "messages": [{"photo", "status", "msg"}]}``, atomically.

    Where the message is no fix, ``no_fix`` says why. A failed photo has its error and no message.
    """
    messages: list[dict[str, Any]] = []
    for answer in answers:
        about = {"photo": photo_name(answer), "status": answer.status.value}
        if fix_of(answer) is None:
            about["no_fix"] = why_no_fix(answer)
        messages.append({**about, "msg": to_navsatfix(answer)})
    messages += [{"photo": f.photo, "status": "failed", "error": f.error, "msg": None} for f in failures]
    write_json(path, {"type": TYPE, "messages": messages})


def _covariance(answer: Answer) -> tuple[list[float], int]:
    if answer.covariance_m2 is not None:
        ee, en, nn = answer.covariance_m2
        return [ee, en, 0.0, en, nn, 0.0, 0.0, 0.0, UNKNOWN_VARIANCE_M2], COVARIANCE_KNOWN
    sigma = sigma_m(answer)
    if sigma is None:
        return [0.0] * 9, COVARIANCE_UNKNOWN
    variance = sigma**2
    diagonal = [variance, 0.0, 0.0, 0.0, variance, 0.0, 0.0, 0.0, UNKNOWN_VARIANCE_M2]
    return diagonal, COVARIANCE_APPROXIMATED


def _stamp(utc: dt.datetime | None) -> dict[str, int]:
    if utc is None:
        return {"sec": 0, "nanosec": 0}
    since = utc - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    seconds = since.days * 86_400 + since.seconds
    if seconds >= 2**31:  # the field is an int32; a clock beyond it was never set
        return {"sec": 0, "nanosec": 0}
    return {"sec": seconds, "nanosec": since.microseconds * 1000}
