"""The official evaluations of public data sets, as data, and the one function that runs them."""

from __future__ import annotations

from gleam.errors import unknown_name
from gleam.evaluation.protocols import gta_uav, others, panoramas, university1652
from gleam.evaluation.protocols.definition import Direction, Measure, Protocol, Published
from gleam.evaluation.protocols.run import evaluate_protocol

PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for family in (university1652, gta_uav, panoramas, others)
    for protocol in family.PROTOCOLS
}


def protocol_named(name: str) -> Protocol:
    """Return the protocol called ``name``; raise a ``GleamError`` that lists them otherwise."""
    if name not in PROTOCOLS:
        raise unknown_name("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]


__all__ = [
    "PROTOCOLS",
    "Direction",
    "Measure",
    "Protocol",
    "Published",
    "evaluate_protocol",
    "protocol_named",
]
