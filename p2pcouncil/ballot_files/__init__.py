"""Ballot files: votes on paper, written down in the field's formats, as ballots that the peers' own tallies count.

Pure: bytes in, ballots or an error that names the line out. It knows no peer, no disk and no network, so whoever
doubts a count can repeat it on a machine that never was a peer.
"""
