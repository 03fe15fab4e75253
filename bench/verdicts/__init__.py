"""Whether a cell can be believed, and whether another run differs from it."""
