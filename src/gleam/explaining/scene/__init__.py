"""Words about a place: what can be said of it, how it is said in English and Chinese, how it is read back."""

from gleam.explaining.scene.attributes import ATTRIBUTE, ATTRIBUTES, Attribute, attributes_of, seen_in

__all__ = ["ATTRIBUTE", "ATTRIBUTES", "Attribute", "attributes_of", "seen_in"]
