"""Servers with a known defect, each of which the harness must catch."""
