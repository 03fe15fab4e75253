"""Charts of servers under several interpreters."""
