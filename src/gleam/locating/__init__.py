"""From a photo and an atlas to an answer: position, region, confidence, candidates."""

from gleam.locating.answer import Answer, Candidate, Status
from gleam.locating.locator import Locator

__all__ = ["Answer", "Candidate", "Locator", "Status"]
