"""The command line: options become requests, and requests become calls."""
