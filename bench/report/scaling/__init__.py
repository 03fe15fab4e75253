"""What the law of scaling says of a sweep: which servers it fits, and what limits them."""
