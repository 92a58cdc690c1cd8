"""Ratios to the pickler that each of ours stands in for; `python -m benchmarks` prints them."""
