"""Scan results as reports: pure functions from a result to text, the same bytes every time."""
