"""MAVLink 2 messages: GLOBAL_POSITION_SENSOR and GPS_INPUT per located photo, with one sigma in metres.

Source: ``common.xml`` of MAVLink. As a ``.tlog`` (what ground stations replay: eight bytes of
microseconds before each packet) or as JSON lines. A photo that is no fix gives a STATUSTEXT and no
position. Errors are metres in ``eph`` and ``horiz_accuracy``; ``hdop`` is no metres and marked unknown,
and so are altitude and speed, which GLEAM does not tell. No satellites are seen, and none are claimed.
"""

from __future__ import annotations

import datetime as dt
import importlib
import math
import os
import struct
import time
import zlib
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from gleam.errors import GleamError
from gleam.files import atomic_write, to_json
from gleam.locating.answer import Answer
from gleam.locating.batch import Failure
from gleam.locating.exporters.claims import (
    GPS_EPOCH,
    capture_time,
    capture_utc,
    fix_of,
    longitude,
    photo_name,
    sigma_m,
    why_no_fix,
)

SYSTEM, COMPONENT = 1, 191
"""The sender: MAV_COMP_ID_ONBOARD_COMPUTER of the first system."""
UNKNOWN_PROCESSING_US = 2**32 - 1
"""Where the capture time is unknown; no receiver takes a fix of an hour ago for fresh."""
_SOURCE_VISION = 2
_FIX_2D = 2
# GPS_INPUT_IGNORE_FLAGS: altitude, hdop, vdop, both speeds, speed accuracy, vertical accuracy.
_IGNORED = 1 | 2 | 4 | 8 | 16 | 32 | 128
_IGNORE_HORIZONTAL_ACCURACY = 64
_UNKNOWN_DOP = 65535.0
_SEVERITY_NOTICE = 5
_TEXT_LENGTH = 50
_LEAP_SECONDS = 18
"""GPS time is ahead of UTC by this since 2017."""
_WEEK_MS = 7 * 86_400_000


def to_mavlink(answer: Answer, now_us: int | None = None) -> list[dict[str, Any]]:
    """Return the messages of one answer as plain fields, ``type`` first; NaN is ``nan``.

    GLOBAL_POSITION_SENSOR is stamped with the time of capture plus the seconds GLEAM took, which stand
    in ``processing_time``; GPS_INPUT has no such field and is stamped with the capture. Without a
    capture time both have ``now_us``, the processing time is marked unknown and so is the GPS week. A
    clock without a time zone is taken for UTC.
    """
    place = fix_of(answer)
    if place is None:
        return _status_texts(f"{photo_name(answer)}: {why_no_fix(answer)}")
    now_us = time.time_ns() // 1000 if now_us is None else now_us
    taken_us = _capture_us(answer)
    processing_us = min(round(answer.timing_s.get("total", 0.0) * 1e6), UNKNOWN_PROCESSING_US - 1)
    sigma = sigma_m(answer)
    where = {"lat": round(place[0] * 1e7), "lon": round(longitude(place[1]) * 1e7)}
    sensor = {
        "type": "GLOBAL_POSITION_SENSOR",
        "target_system": 0,
        "target_component": 0,
        "id": 0,
        "time_usec": now_us if taken_us is None else taken_us + processing_us,
        "processing_time": UNKNOWN_PROCESSING_US if taken_us is None else processing_us,
        "source": _SOURCE_VISION,
        "flags": 0,
        **where,
        "alt_ellipsoid": math.nan,
        "alt": math.nan,
        "eph": math.nan if sigma is None else sigma,
        "epv": math.nan,
    }
    week, week_ms = (0, 0) if taken_us is None else _gps_time(taken_us)
    gps = {
        "type": "GPS_INPUT",
        "time_usec": now_us if taken_us is None else taken_us,
        "gps_id": 0,
        "ignore_flags": _IGNORED if sigma is not None else _IGNORED | _IGNORE_HORIZONTAL_ACCURACY,
        "time_week_ms": week_ms,
        "time_week": week,
        "fix_type": _FIX_2D,
        **where,
        "alt": 0.0,
        "hdop": _UNKNOWN_DOP,
        "vdop": _UNKNOWN_DOP,
        "vn": 0.0,
        "ve": 0.0,
        "vd": 0.0,
        "speed_accuracy": 0.0,
        "horiz_accuracy": sigma or 0.0,
        "vert_accuracy": 0.0,
        "satellites_visible": 0,
        "yaw": 0,
    }
    return [sensor, gps]


def write_mavlink_jsonl(
    path: str | os.PathLike[str], answers: Iterable[Answer], failures: Iterable[Failure] = ()
) -> None:
    """Write one message per line, atomically; each also tells its photo, status and time of capture.

    ``capture_is_utc`` is false when the camera's clock told no time zone. NaN is ``null``.
    """
    lines: list[str] = []
    for answer in answers:
        _, is_utc = capture_time(answer)
        about = {
            "photo": photo_name(answer),
            "status": answer.status.value,
            "capture": answer.taken,
            "capture_is_utc": is_utc,
            "processing_s": answer.timing_s.get("total"),
        }
        lines += [to_json({**message, **about}, indent=None) for message in to_mavlink(answer)]
    for failure in failures:
        about = {"photo": failure.photo, "status": "failed", "error": failure.error}
        for message in _status_texts(f"{failure.photo}: failed"):
            lines.append(to_json({**message, **about}, indent=None))
    with atomic_write(path) as temporary:
        temporary.write_bytes("".join(line + "\n" for line in lines).encode("utf-8", "replace"))


def write_tlog(
    path: str | os.PathLike[str], answers: Iterable[Answer], failures: Iterable[Failure] = ()
) -> None:
    """Write a telemetry log, atomically; packets lie in the order of their times.

    Raises:
        GleamError: pymavlink is not installed.
    """
    dialect = mavlink_dialect()
    sender = dialect.MAVLink(None, srcSystem=SYSTEM, srcComponent=COMPONENT)
    now_us = time.time_ns() // 1000
    log: list[tuple[int, dict[str, Any]]] = []
    for answer in answers:
        messages = to_mavlink(answer, now_us)
        # What has no time of its own, or is stamped with the capture, was sent with the first of them.
        sent_us = messages[0].get("time_usec", now_us)
        log += [(sent_us, message) for message in messages]
    for failure in failures:
        log += [(now_us, message) for message in _status_texts(f"{failure.photo}: failed")]
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        for sent_us, message in sorted(log, key=itemgetter(0)):
            file.write(struct.pack(">Q", sent_us) + _pack(dialect, sender, message))


def mavlink_dialect() -> Any:
    """Return pymavlink's MAVLink 2 common dialect.

    Raises:
        GleamError: pymavlink is missing, or too old to know GLOBAL_POSITION_SENSOR.
    """
    try:
        dialect = importlib.import_module("pymavlink.dialects.v20.common")
    except ImportError:
        dialect = None
    if not hasattr(dialect, "MAVLink_global_position_sensor_message"):
        raise GleamError(
            "A .tlog needs pymavlink 2.4.50 or newer: pip install 'gleam-geo[exchange]', "
            "or write .mavlink.jsonl, which needs nothing."
        )
    return dialect


def _pack(dialect: Any, sender: Any, message: dict[str, Any]) -> bytes:
    fields = {name: value for name, value in message.items() if name != "type"}
    if "text" in fields:
        fields["text"] = fields["text"].encode("utf-8", "replace")
    packet = getattr(dialect, f"MAVLink_{message['type'].lower()}_message")(**fields)
    data = bytes(packet.pack(sender))
    sender.seq = (sender.seq + 1) % 256
    return data


def _status_texts(text: str) -> list[dict[str, Any]]:
    """Return a text as STATUSTEXT messages; a long one in numbered chunks, as MAVLink 2 has it."""
    plain = text.encode("ascii", "replace").decode()
    chunks = [plain[at : at + _TEXT_LENGTH] for at in range(0, len(plain), _TEXT_LENGTH)] or [""]
    # Chunks of one text share an id that is not 0, and the last one must end in a zero byte.
    shared = 1 + zlib.crc32(plain.encode()) % 65535 if len(chunks) > 1 else 0
    if shared and len(chunks[-1]) == _TEXT_LENGTH:
        chunks.append("")
    return [
        {"type": "STATUSTEXT", "severity": _SEVERITY_NOTICE, "text": chunk, "id": shared, "chunk_seq": n}
        for n, chunk in enumerate(chunks[:256])
    ]


def _capture_us(answer: Answer) -> int | None:
    utc = capture_utc(answer)
    if utc is None:
        return None
    since = utc - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _gps_time(utc_us: int) -> tuple[int, int]:
    """Return the GPS week and the milliseconds into it; a week beyond 16 bits gives (0, 0)."""
    since = dt.timedelta(microseconds=utc_us) - (GPS_EPOCH - dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
    whole_ms = since // dt.timedelta(milliseconds=1) + _LEAP_SECONDS * 1000
    week, week_ms = divmod(whole_ms, _WEEK_MS)
    return (week, week_ms) if week < 2**16 else (0, 0)
