"""What is to be measured: suites, axes, servers, and the order of the blocks."""
