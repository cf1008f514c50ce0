"""Planning a city: warped sheet, superblocks, streets, waterways, blocks by land use, arrays."""

from gleam.city.plan.city import make_scene

__all__ = ["make_scene"]
