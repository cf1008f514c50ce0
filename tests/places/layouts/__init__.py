"""Tiny trees in the exact layouts of the public data sets; one module per data set."""
