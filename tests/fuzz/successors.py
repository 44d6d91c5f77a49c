"""Foundings of successors, signed by some of their members or by nobody, and the entries that sign them."""

from collections.abc import Iterator
from typing import Any

import msgspec

from crdt.errors import LocalError, RemoteError
from crdt.ids import CouncilId, MemberId
from p2pcouncil.domain import records
from p2pcouncil.domain.entries import Succeed, encode_entry
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.records import NOBODY, SuccessorGenesis
from p2pcouncil.domain.register.chain import first_chain
from p2pcouncil.domain.register.succession import Successor, signed_founding, support_of, why_unfit
from p2pcouncil.domain.state import CouncilState
from tests.fuzz.choices import Choices, edit_bytes, edit_tree, encode_tree
from tests.fuzz.entries import BASE, GENESIS_TREE, PEOPLE, RECORD_KNOWN, WORLD, hash_of
from tests.fuzz.people import remembered_signatures, sign
from tests.fuzz.target import Target

FOUNDERS = sorted(founder[0] for founder in GENESIS_TREE[6])
TREE: list[Any] = [
    *GENESIS_TREE[:6],
    sorted(GENESIS_TREE[6]),
    GENESIS_TREE[7],
    [WORLD.council, 0, WORLD.council, FOUNDERS],
]
KEYS = {bytes(person.member_key.verify_key): person.member_key for person in PEOPLE}


def run(data: bytes) -> None:
    with remembered_signatures():
        play(Choices(data))


def play(choices: Choices) -> None:
    """Found a successor, and see who goes on in it."""
    body = encode_tree(edit_tree(choices, TREE, RECORD_KNOWN) if choices.number(8) else TREE)
    if choices.number(16) == 15:
        body = edit_bytes(choices, body)
    name = records.genesis_message(body)
    message = records.succession_message(name)
    signatures = {MemberId(who): sign(key, message) for who, key in KEYS.items() if choices.flag()}
    check_entry(choices, body, name, signatures)
    try:
        genesis = records.read_successor(body)
    except RemoteError:
        return
    assert records.encode_record(genesis) == body, "a founding has one spelling"
    before = BASE.founded()
    chain = first_chain(WORLD.council, before.genesis)
    successor = Successor(CouncilId(name), body, genesis, signatures)
    is_fit = not why_unfit(before.genesis, chain, genesis)
    signed = signed_founding(successor)
    given = sum(signature != NOBODY for signature in msgspec.msgpack.decode(signed)[1])
    try:
        read = records.read_genesis(signed)
    except RemoteError:
        assert 2 * given <= len(genesis.roll), "what more than half signed holds"
        return
    assert read == (CouncilId(name), genesis)
    assert 2 * given > len(genesis.roll)
    try:
        state = CouncilState(signed)
    except LocalError:
        return
    tellers = {member for member, seat in state.register.chain.roll.items() if seat.is_on_duty}
    assert tellers == set(genesis.succeeds.tellers)
    if is_fit and support_of(chain, signatures).is_enough:
        assert state.register.chain.roll.keys() == chain.roll.keys()


def check_entry(choices: Choices, body: bytes, name: bytes, signatures: dict[MemberId, bytes]) -> None:
    """An entry that signs it counts for the member who wrote it, if their member key did."""
    person = choices.pick(PEOPLE)
    signature = signatures.get(MemberId(person.id), bytes(64))
    entry = Succeed(1, name, signature, body if choices.flag() else b"")
    lane, data = WORLD.lane(person.name, 0, 0), encode_entry(entry)
    seq = 1 + max((e.seq for e in WORLD.entries if e.lane == lane.lane), default=0)
    place = (lane.lane, MemberId(person.id), lane.device, 0, seq)
    state = BASE.whole()
    state.apply([FeedEntry(hash_of(lane.lane, seq, data), *place, data, "")])
    found = [s for s in state.successors() if s.council == name]
    assert not found or set(found[0].signatures) == {person.id}
    assert not found or isinstance(found[0].genesis, SuccessorGenesis | None)
    if signature == bytes(64):
        assert not found


def seeds() -> Iterator[bytes]:
    for signers in range(32):
        flags = bytes(signers >> at & 1 for at in range(5))
        yield bytes([0, 0]) + flags + bytes([signers % 5, 1])
    for edit in range(80):
        yield bytes([1, 0, edit, edit % 8, edit, edit % 5]) + bytes([0, 1, 1, 1, 1, 1, edit % 5, 1])


TARGETS = (
    Target(
        "successors",
        run,
        ("p2pcouncil.domain.records", "p2pcouncil.domain.register.succession"),
        seeds,
        512,
    ),
)
