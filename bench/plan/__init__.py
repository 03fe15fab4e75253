"""What is to be measured: suites, axes, servers, and which block comes next (`--until`)."""
