"""Tuning on a GLEAM-X benchmark: ``gleam tune``."""
