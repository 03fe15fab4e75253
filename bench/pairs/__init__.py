"""Servers beside each other: who is told apart, who is equivalent, what is not shown."""
