"""Whether a cell can be believed: every check, and the verdict that they come to."""
