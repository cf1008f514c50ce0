"""Answers as files of other programs, one format per file."""
