"""A teller's part in the register, piece by piece; `peer.telling` puts them together."""
