"""The machine: its CPUs, its limits, and what its kernel counts."""
