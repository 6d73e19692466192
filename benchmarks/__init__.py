"""Ratios in one run; see README.md."""
