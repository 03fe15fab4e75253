"""The load generator: drives any echo server and says how far its own numbers can be trusted."""
