"""Carrying out what the peer wants done: the store, the network, the clock and the loop."""
