"""The parts of benchmarks/against_sample4geo.py."""
