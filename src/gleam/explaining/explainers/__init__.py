"""Explainers that ask others: one file each."""
