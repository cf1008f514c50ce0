"""Scoring explainers on a benchmark, side by side; what cannot be gamed comes first."""
