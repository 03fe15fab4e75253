"""Runs of one machine over time as a page and as Markdown."""
