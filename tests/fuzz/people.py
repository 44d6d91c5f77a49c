"""Who writes in the fuzz targets: members with keys that follow from their names, and what they wrote."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from nacl.signing import SigningKey

from crdt.envelope import Envelope, EnvelopeGroup, encode_groups, signed_message
from crdt.ids import ChangeHash, TextId
from crdt.keys import LaneHeader, lane_id
from crdt.signatures import Signed, check_all
from crdt.text import TextDocument
from p2pcouncil.domain import records
from tests.store_support import COUNCIL, Writer, chain, group, signed, writer

ALICE, BOB, MALLORY, EVE = (writer(name) for name in ("alice", "bob", "mallory", "eve"))
"""All but Eve are admitted; Mallory writes whatever she likes."""
WRITERS = (ALICE, BOB, MALLORY, EVE)
TEXT = TextId(b"t" * 32)


@lru_cache(maxsize=1 << 16)
def sign(key: SigningKey, message: bytes) -> bytes:
    """Sign, remembering what was signed: fuzzers ask for the same again and again."""
    return key.sign(message).signature


@lru_cache(maxsize=1 << 16)
def is_envelope_signed(signed: Signed) -> bool:
    return check_all([signed])[0]


def check_remembered(many: Sequence[Signed]) -> list[bool]:
    """What `check_all` says, remembered."""
    return [is_envelope_signed(signed) for signed in many]


is_record_signed = lru_cache(maxsize=1 << 14)(records.is_signed)


@contextmanager
def remembered_signatures() -> Iterator[None]:
    """Let each signature of a record be checked once: half of the time would go into the same few."""
    original, records.is_signed = records.is_signed, is_record_signed
    try:
        yield
    finally:
        records.is_signed = original


def text_edits(author: Writer, *texts: str, after: TextDocument | None = None) -> list[bytes]:
    """The changes by which somebody writes one text after the other."""
    document = after or TextDocument(TEXT)
    lane = lane_id(author.text_header(TEXT))
    raws = []
    for text in texts:
        for raw in document.edit(lane, text):
            document.apply(lane, raw)
            raws.append(raw)
    return raws


def real_groups() -> list[EnvelopeGroup]:
    """Feeds and texts of several members, with entries large and small, and two generations."""
    older, newer = ALICE.header(), ALICE.header(generation=1)
    texts = ALICE.text_header(TEXT)
    return [
        group(ALICE, chain(ALICE, [b"\0one", b"\0two", b"\0" + b"3" * 300]), older),
        group(ALICE, chain(ALICE, [b"\0again"], header=newer), newer),
        group(BOB, chain(BOB, [b"\1\0\2half", b"\1\1\2whole", b"", b"\0last"])),
        group(MALLORY, chain(MALLORY, [b"\0m"])),
        group(ALICE, chain(ALICE, text_edits(ALICE, "Bread.", "Bread for all."), header=texts), texts),
    ]


GROUPS = real_groups()
WIRE = encode_groups(GROUPS)


def envelope_of(
    author: Writer, header: LaneHeader, seq: int, prev: ChangeHash | None, payload: bytes
) -> Envelope:
    """An envelope rightly signed."""
    made = signed(author, header, seq, prev, payload)
    assert made.signature == sign(author.key, signed_message(made.lane, made.hash))
    return made


__all__ = ["COUNCIL"]
