"""Canonical bytes and one hash over many small facts, kept up to date leaf by leaf.

The hash is a tree of three levels over leaves sorted by key. It depends on the leaves alone, not on how they
came in, and one changed leaf costs one small bucket and two nodes, however many leaves there are.
"""

from hashlib import sha256

import msgspec

from crdt.ids import HASH_BYTES, domain_hash

LEAVES_DOMAIN = "p2pcouncil/leaves/1"
FANOUT = 64
"""Buckets per group and groups per tree: 4,096 buckets hold about 25 leaves each at 100,000 leaves."""

_EMPTY = bytes(HASH_BYTES)
_encoder = msgspec.msgpack.Encoder()


def encode_canonical(*values: object) -> bytes:
    """Encode plain values: equal values give equal bytes.

    Args:
        values: integers, strings, bytes, booleans, None, enums, structs and tuples of those; nothing whose
            order of iteration is undefined.
    """
    return _encoder.encode(values)


class LeafTree:
    """A map from keys to values with a hash of the whole."""

    __slots__ = ("_buckets", "_dirty", "_dirty_groups", "_domain", "_groups", "_leaves", "_root")

    def __init__(self, domain: str) -> None:
        """Start empty.

        Args:
            domain: what the tree is of, so that two trees never hash alike.
        """
        self._domain = domain
        self._leaves: dict[int, dict[bytes, bytes]] = {}
        self._dirty: set[int] = set()
        self._dirty_groups: set[int] = set()
        self._buckets: dict[int, bytearray] = {}
        """Hashes of a group's buckets in a row; of a group that never had a leaf there are none."""
        self._groups = [sha256(_EMPTY * FANOUT).digest()] * FANOUT
        self._root = b""
        """What `root` said last; empty while there is something to hash."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set a leaf.

        Args:
            key: 32 bytes, spread evenly: a hash.
            value: its canonical encoding.
        """
        bucket = key[0] << 4 | key[1] >> 4
        leaves = self._leaves.get(bucket)
        if leaves is None:
            leaves = self._leaves[bucket] = {}
        leaves[key] = value
        self._dirty.add(bucket)
        self._root = b""

    def drop(self, key: bytes) -> None:
        """Remove a leaf, if it is there."""
        bucket = key[0] << 4 | key[1] >> 4
        if self._leaves.get(bucket, {}).pop(key, None) is not None:
            self._dirty.add(bucket)
            self._root = b""

    def settle(self, at_most: int) -> bool:
        """Do some of the work that `root` would do.

        Args:
            at_most: leaves to hash, and those beside the last of them.

        Returns:
            Whether there is more to do.
        """
        while self._dirty and at_most > 0:
            bucket = self._dirty.pop()
            leaves = self._leaves.get(bucket)
            digest = _EMPTY
            if leaves:
                # Keys have one length, and a value's length stands before it: no two buckets spell alike.
                parts = [key + len(leaves[key]).to_bytes(4, "big") + leaves[key] for key in sorted(leaves)]
                digest = sha256(b"".join(parts)).digest()
                at_most -= len(leaves)
            group, place = divmod(bucket, FANOUT)
            if group not in self._buckets:
                self._buckets[group] = bytearray(_EMPTY * FANOUT)
            self._buckets[group][place * HASH_BYTES : (place + 1) * HASH_BYTES] = digest
            self._dirty_groups.add(group)
        return bool(self._dirty)

    def root(self) -> bytes:
        """Hash of all leaves, 32 bytes."""
        if self._root:
            return self._root
        while self.settle(1 << 20):
            pass
        for group in self._dirty_groups:
            self._groups[group] = sha256(self._buckets[group]).digest()
        self._dirty_groups.clear()
        self._root = domain_hash(LEAVES_DOMAIN, self._domain.encode("ascii"), *self._groups)
        return self._root
