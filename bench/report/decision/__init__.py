"""What a run decides: for each need what to take, what to avoid, and whether it matters."""
