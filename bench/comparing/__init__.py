"""Another run beside this one: the ratios of their cells, and gates on them."""
