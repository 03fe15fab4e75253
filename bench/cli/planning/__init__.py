"""Commands of who plans how much a server has to carry."""
