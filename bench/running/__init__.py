"""One run, from what was asked for to its last trial on disk."""
