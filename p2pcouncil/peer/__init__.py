"""One peer of the society, without I/O: events in, effects out, read-only views beside them."""
