"""Text changes, each decoded once however many peers, texts and checks of a test read the same bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from crdt import text_guard
from crdt.change_codec import decode_canonical

decode_once = lru_cache(maxsize=1 << 12)(decode_canonical)


@contextmanager
def remembered_decoding() -> Iterator[None]:
    """Let the guard decode equal bytes once; that this changes nothing is for the codec's own tests to show."""
    original, text_guard.decode_canonical = text_guard.decode_canonical, decode_once
    try:
        yield
    finally:
        text_guard.decode_canonical = original
