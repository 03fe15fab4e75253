"""What a request costs: CPU time, switches and memory, and what is had for it."""
