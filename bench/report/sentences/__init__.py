"""What the data of a run says, in words."""
