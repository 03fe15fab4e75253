"""Commands for a classroom."""
