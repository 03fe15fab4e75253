"""For who writes a server: a file to start from, and a contract to hold it to."""
