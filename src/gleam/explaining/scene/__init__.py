"""Words about a place: what can be said of it, how it is said in English and Chinese, how it is read back."""

from gleam.explaining.scene.attributes import ATTRIBUTE, ATTRIBUTES, Attribute, attributes_of, seen_in
from gleam.explaining.scene.statements import Reading, Statement, read_statements
from gleam.explaining.scene.writing import (
    ERRORS,
    possible_errors,
    write_explanation,
    write_wrong_explanation,
)

__all__ = [
    "ATTRIBUTE",
    "ATTRIBUTES",
    "ERRORS",
    "Attribute",
    "Reading",
    "Statement",
    "attributes_of",
    "possible_errors",
    "read_statements",
    "seen_in",
    "write_explanation",
    "write_wrong_explanation",
]
