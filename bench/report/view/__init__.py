"""A run as it is shown: every verdict, figure and ranking, computed once."""
