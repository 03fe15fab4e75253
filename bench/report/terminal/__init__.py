"""A run on a terminal: its verdicts, its ranking, and its ratios to another."""
