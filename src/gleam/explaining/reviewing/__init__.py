"""People revise what teachers wrote: decisions, their history, who is next, how far reviewers agree."""

from gleam.explaining.reviewing.store import ReviewStore

__all__ = ["ReviewStore"]
