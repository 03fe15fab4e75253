"""What nobody means well: received folders and command lines, by the thousand."""
