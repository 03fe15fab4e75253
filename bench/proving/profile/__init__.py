"""Why two servers differ: where their CPU time goes, and which system calls they make."""
