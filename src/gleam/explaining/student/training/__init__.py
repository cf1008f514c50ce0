"""Teaching a student: seer, matcher and teller one after the other, then what it may claim."""

from gleam.explaining.student.training.train import train_student

__all__ = ["train_student"]
