"""How much load a server carries while its latency holds: searched, with an interval."""
