"""The values that travel between the rooms: trials, runs, servers, interpreters, CPUs."""
