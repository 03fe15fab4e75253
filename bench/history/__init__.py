"""Runs of one machine over time: each cell as a series, and the steps that exceed the noise."""
