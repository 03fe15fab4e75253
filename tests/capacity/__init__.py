"""Limits, edges and searches, as values."""
