"""Bytes that no honest peer makes: envelopes of any content, raw shapes, text changes without a document."""

import random
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

import msgspec

from crdt.change_codec import Change, encode_change
from crdt.envelope import Envelope, EnvelopeGroup, encode_groups, payload_hash, signed_message
from crdt.ids import ChangeHash, LaneId, TextId
from crdt.keys import LaneHeader, lane_id
from crdt.leb128 import encode_unsigned
from crdt.op_columns import HEAD, SET, TYPE_TEXT, Op, OpId
from crdt.parts import WHOLE
from crdt.text_guard import genesis_change
from p2pcouncil.domain.entries import AnyEntry, encode_entry
from p2pcouncil.domain.records import Record, Signed, encode_record
from p2pcouncil.peer.wire import GossipKind

Sign = Callable[[bytes], bytes]
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def payload_of(entry: AnyEntry) -> bytes:
    """The payload that carries an entry which fits one envelope."""
    return bytes([WHOLE]) + encode_entry(entry)


def seal(header: LaneHeader, seq: int, prev: ChangeHash | None, payload: bytes, sign: Sign) -> Envelope:
    """An envelope at any place of a lane, signed by whoever."""
    lane = lane_id(header)
    change = payload_hash(header, seq, prev, payload)
    return Envelope(lane, seq, prev, payload, sign(signed_message(lane, change)), change)


def follow(
    header: LaneHeader, before: Envelope | None, payloads: Iterable[bytes], sign: Sign
) -> list[Envelope]:
    """Envelopes that follow one another, and the one before."""
    chain: list[Envelope] = []
    for payload in payloads:
        last = chain[-1] if chain else before
        seq, prev = (1, None) if last is None else (last.seq + 1, last.hash)
        chain.append(seal(header, seq, prev, payload, sign))
    return chain


def signed_record(record: Record, message: Callable[[bytes], bytes], *signs: Sign) -> bytes:
    """A record with whatever signatures."""
    body = encode_record(record)
    return encode_record(Signed(body, tuple(sign(message(body)) for sign in signs)))


def frame(*groups: EnvelopeGroup) -> bytes:
    """What gossip carries."""
    return bytes([GossipKind.ENVELOPES]) + encode_groups(groups)


def shape_of(header: LaneHeader, envelopes: Iterable[Envelope]) -> tuple[list[object], list[list[object]]]:
    """A group as plain lists, to be put out of shape."""
    certificate = header.certificate
    place = [int(header.kind), header.council, header.subject]
    who = [certificate.member, certificate.device, certificate.signature]
    rows: list[list[object]] = [[e.seq, e.prev or b"", e.payload, e.signature] for e in envelopes]
    return [*place, *who, header.generation], rows


def pack_shapes(groups: object) -> bytes:
    """The bytes of groups that were put out of shape."""
    return msgspec.msgpack.encode(groups)


def genesis_hash(text_id: TextId) -> ChangeHash:
    """The first change of a text, on which everything in it builds."""
    return ChangeHash(sha256(genesis_change(text_id)[8:]).digest())


def insertions(lane: LaneId, text_id: TextId, text: str, start_op: int, after: OpId = HEAD) -> list[Op]:
    """Characters typed one after the other."""
    ops = []
    for number, character in enumerate(text, start_op):
        ops.append(Op(SET, (1, text_id), after, True, TYPE_TEXT, character.encode(), ()))
        after = (number, lane)
    return ops


def text_change(
    lane: LaneId, text_id: TextId, ops: Sequence[Op], seq: int, start_op: int, deps: Iterable[ChangeHash]
) -> bytes:
    """A change by a lane; whether it is valid is up to what it is made of."""
    named = {op.key[1] for op in ops if not isinstance(op.key, str) and op.key != HEAD}
    named |= {op.obj[1] for op in ops if op.obj is not None} | {actor for op in ops for _, actor in op.preds}
    others = tuple(sorted(named - {lane}))
    return encode_change(
        Change(ChangeHash(b""), lane, seq, start_op, tuple(sorted(deps)), others, tuple(ops))
    )


def first_words(lane: LaneId, text_id: TextId, text: str) -> bytes:
    """A valid first change of a lane, written as if nobody else had written anything."""
    return text_change(lane, text_id, insertions(lane, text_id, text, 2), 1, 2, [genesis_hash(text_id)])


def body_of(raw: bytes) -> bytes:
    """What a change's checksum covers, behind its kind and length."""
    at = 9
    while raw[at] & 0x80:
        at += 1
    return raw[at + 1 :]


def with_body(body: bytes) -> bytes:
    """A change with a right checksum, whatever its body says."""
    chunk = b"\x01" + encode_unsigned(len(body)) + body
    return b"\x85\x6f\x4a\x83" + sha256(chunk).digest()[:4] + chunk


def scramble(rng: random.Random, data: bytes, times: int = 0, begin: int = 0) -> bytes:
    """Flip, cut, repeat and insert a few bytes."""
    mutant = bytearray(data)
    for _ in range(times or rng.randrange(1, 4)):
        at = rng.randrange(min(begin, len(mutant)), len(mutant) + 1)
        match rng.randrange(4):
            case 0 if at < len(mutant):
                mutant[at] = rng.randrange(256)
            case 1:
                del mutant[at : at + rng.randrange(1, 9)]
            case 2:
                mutant[at:at] = mutant[at : at + rng.randrange(1, 40)]
            case _:
                mutant[at:at] = rng.randbytes(rng.randrange(1, 5))
    return bytes(mutant)


def other_spelling(signature: bytes) -> bytes:
    """A signature over the same message that lax libraries would let pass: its second half plus the group's order."""
    s = int.from_bytes(signature[32:], "little") + ED25519_ORDER
    return signature[:32] + (s % (1 << 256)).to_bytes(32, "little")
