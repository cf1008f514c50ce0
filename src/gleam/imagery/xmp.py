"""Reading the XMP packet of an image: a small piece of XML that comes from strangers."""

from __future__ import annotations

from xml.etree import ElementTree

MAX_PACKET_BYTES = 1024 * 1024

PREFIXES = {
    "http://www.dji.com/drone-dji/1.0/": "drone-dji",
    "http://ns.google.com/photos/1.0/panorama/": "GPano",
    "urn:gleam:photo:1": "gleam",
    "https://gleam-geo.org/ns/1.0/": "gleam",
}
"""The namespaces that are read, and the names under which their fields are returned."""


class XmpError(ValueError):
    """The packet cannot be read; the message says why."""


def read_xmp(packet: bytes | str) -> dict[str, str]:
    """Return the fields of the known namespaces as ``prefix:Name`` -> text; the first of each name counts.

    Raises XmpError for a packet that is too large, declares a document type or entities (with which a
    few bytes can be made to swell into gigabytes), or is not well-formed.
    """
    if len(packet) > MAX_PACKET_BYTES:
        raise XmpError(f"the packet is larger than {MAX_PACKET_BYTES // 1024} KiB")
    # Decoded here, so that what is checked is what is parsed; any other encoding fails as not well-formed.
    text = packet.decode("utf-8", "replace") if isinstance(packet, bytes) else packet
    text = text.strip("\0 \t\r\n\ufeff")
    if "<!" in text.replace("<!--", "").replace("<![CDATA[", ""):
        raise XmpError("the packet declares a document type or entities")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise XmpError(f"the packet is not well-formed XML ({error})") from None
    found: dict[str, str] = {}
    for element in root.iter():
        for name, value in [*element.items(), (element.tag, element.text or "")]:
            key = _short_name(name)
            if key and value.strip():
                found.setdefault(key, value.strip())
    return found


def _short_name(name: object) -> str | None:
    """Return ``prefix:Name`` of an expanded XML name in a known namespace, else None."""
    if not isinstance(name, str) or not name.startswith("{"):
        return None
    uri, _, local = name[1:].partition("}")
    prefix = PREFIXES.get(uri)
    return f"{prefix}:{local}" if prefix else None
