"""How much each server carries, and how its latency grows on the way there."""
