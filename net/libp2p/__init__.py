"""The libp2p adapter: all that touches py-libp2p. Import it only where a network is really wanted."""
