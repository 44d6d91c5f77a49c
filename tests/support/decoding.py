"""Text changes and frames, each decoded once however many peers, texts and checks of a test read the same bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from crdt import sync_pull, text_guard
from crdt.change_codec import decode_canonical
from crdt.envelope import EnvelopeGroup
from p2pcouncil.peer import spreading

decode_once = lru_cache(maxsize=1 << 12)(decode_canonical)


@contextmanager
def remembered_decoding() -> Iterator[None]:
    """Let the guard decode equal bytes once; that this changes nothing is for the codec's own tests to show."""
    original, text_guard.decode_canonical = text_guard.decode_canonical, decode_once
    try:
        yield
    finally:
        text_guard.decode_canonical = original


@contextmanager
def remembered_frames() -> Iterator[None]:
    """Let peers decode equal frames of envelopes once, for as long as the context lasts."""

    @lru_cache(maxsize=1 << 12)
    def decoded(data: bytes, max_bytes: int) -> tuple[EnvelopeGroup, ...]:
        return tuple(decode(data, max_bytes))

    def decode_once(data: bytes, max_bytes: int) -> list[EnvelopeGroup]:
        return list(decoded(data, max_bytes))

    decode = spreading.decode_groups
    spreading.decode_groups = sync_pull.decode_groups = decode_once
    try:
        yield
    finally:
        spreading.decode_groups = sync_pull.decode_groups = decode
