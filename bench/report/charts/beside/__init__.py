"""A few servers beside each other under one workload, in one picture."""
