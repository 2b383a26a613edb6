"""How fast it is and what it needs, measured on this machine: python -m benchmarks."""
