"""Writing XML that every reader takes: escaped by the standard library, without forbidden characters."""

from __future__ import annotations

import os
import re
from xml.etree import ElementTree as Xml

from gleam.files import atomic_write

# XML 1.0 has no way to write these, not even escaped; a file name may hold them.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def add(parent: Xml.Element, tag: str, text: str | None = None, **attributes: str) -> Xml.Element:
    """Append an element with its text and attributes; forbidden characters become U+FFFD."""
    element = Xml.SubElement(parent, tag, {name: clean(value) for name, value in attributes.items()})
    if text is not None:
        element.text = clean(text)
    return element


def clean(text: str) -> str:
    """Return text with the characters that XML 1.0 forbids replaced by U+FFFD."""
    return _FORBIDDEN.sub("\ufffd", text)


def write_xml(path: str | os.PathLike[str], root: Xml.Element) -> None:
    """Write a document as indented UTF-8, atomically."""
    Xml.indent(root)
    with atomic_write(path) as temporary:
        Xml.ElementTree(root).write(temporary, encoding="utf-8", xml_declaration=True)
