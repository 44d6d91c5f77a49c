"""Text changes, frames and pages, each read once however many peers, texts and checks of a test see the same bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from crdt import sync_pull, text, text_guard
from crdt.change_codec import decode_canonical, read_change_head
from crdt.envelope import EnvelopeGroup
from p2pcouncil.domain.register import minutes
from p2pcouncil.domain.register.chain import Chain
from p2pcouncil.domain.register.following import follow
from p2pcouncil.domain.register.pages import Page
from p2pcouncil.peer import spreading

FOLLOWED_MAX = 1 << 12
decode_once = lru_cache(maxsize=1 << 12)(decode_canonical)
read_head_once = lru_cache(maxsize=1 << 12)(read_change_head)


@contextmanager
def remembered_decoding() -> Iterator[None]:
    """Let texts decode equal bytes once; that this changes nothing is for the codec's own tests to show."""
    decode, text_guard.decode_canonical = text_guard.decode_canonical, decode_once
    read_head, text.read_change_head = text.read_change_head, read_head_once
    try:
        yield
    finally:
        text_guard.decode_canonical, text.read_change_head = decode, read_head


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


@contextmanager
def remembered_pages() -> Iterator[None]:
    """Let minutes put each page behind the one before it once; a page's hash names all before it, and so the chain."""
    original, minutes.follow = minutes.follow, _follow_once
    try:
        yield
    finally:
        minutes.follow = original


_followed: dict[tuple[bytes, bytes], Chain] = {}


def _follow_once(chain: Chain, page: Page, page_hash: bytes) -> Chain:
    after = _followed.get((chain.page, page_hash))
    if after is None:
        if len(_followed) == FOLLOWED_MAX:
            _followed.clear()
        after = _followed[chain.page, page_hash] = follow(chain, page, page_hash)
    return after
