"""Input preparation: geometry brings every view towards the bird's view, and says what it had to assume.

A satellite tile shows the ground from above with north up. The nearer the other views come to that
before the network sees them, the less the network has to learn: in the study that chose this design
it decided the speed of learning. Whatever is known of the camera is used; whatever is not is named
in :attr:`Prepared.note`.
"""

from gleam.imagery.preparation.prepare import Prepared, prepare, prepare_each, source_coordinates
from gleam.imagery.preparation.raw import turns_raw
from gleam.imagery.preparation.settings import Preparation

__all__ = ["Preparation", "Prepared", "prepare", "prepare_each", "source_coordinates", "turns_raw"]
