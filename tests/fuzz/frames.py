"""Frames between peers: groups of envelopes, questions and answers, and the bodies of both."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from crdt.change_codec import decode_canonical, read_change_head
from crdt.envelope import EnvelopeGroup, decode_groups, encode_groups, is_authentic, payload_hash
from crdt.errors import RemoteError
from crdt.feed_change import derive_change
from crdt.index import Want
from crdt.keys import LaneKind, certificate_message, lane_id, validate_header
from crdt.op_columns import Limits
from crdt.sync import MAX_REQUEST_BYTES, Pull, answer
from crdt.sync_wire import decode_request, decode_response, encode_request
from p2pcouncil.peer.wire import (
    Body,
    GenesisQuestion,
    Kind,
    KnowsAnswer,
    LobbyAnswer,
    LobbyQuestion,
    TipsAnswer,
    TipsQuestion,
    council_of,
    pack,
    read_body,
    topic_of,
    unpack,
)
from tests.fuzz.choices import Choices, Tree, edit_bytes, edit_tree, encode_tree
from tests.fuzz.people import ALICE, BOB, COUNCIL, GROUPS, WIRE, WRITERS, sign
from tests.fuzz.target import Target
from tests.store_support import chain, group, index_of

MAX_FRAME_BYTES = 65_536
MAX_HEAD_BYTES = 262_144
WIRE_TREE = msgspec.msgpack.decode(WIRE)
FEED_LIMITS = Limits(max_bytes=20_000)


def certified(choices: Choices, tree: Tree) -> Tree:
    """Make the headers of a frame's tree those of somebody who can prove it, where they have the shape of one."""
    groups = []
    for some in tree if isinstance(tree, list) else ():
        if isinstance(some, list) and some and isinstance(some[0], list) and len(some[0]) == 7:
            author, device = choices.pick(WRITERS), choices.pick(WRITERS).device
            member = author.certificate.member
            proof = author.certificate.signature
            if device != author.device:
                proof = sign(author.key, certificate_message(member, device))
            some = [[*some[0][:3], member, device, proof, some[0][6]], *some[1:]]
        groups.append(some)
    return groups


def frame_of(choices: Choices) -> bytes:
    """Bytes as they come, or a real frame with nodes changed, its headers proven again or not."""
    match choices.number(4):
        case 0:
            return choices.rest()
        case 1:
            return edit_bytes(choices, WIRE)
        case 2:
            return encode_tree(edit_tree(choices, WIRE_TREE))
        case _:
            tree = certified(choices, WIRE_TREE)
            return encode_tree(edit_tree(choices, tree))


def run_envelopes(data: bytes) -> None:
    try:
        groups = decode_groups(frame_of(Choices(data)), MAX_FRAME_BYTES)
    except RemoteError:
        return
    check_groups(groups)
    again = decode_groups(encode_groups(groups), 2 * MAX_FRAME_BYTES)
    assert again == groups


def check_groups(groups: Sequence[EnvelopeGroup]) -> None:
    """What was decoded is what it says: proven headers, and hashes that follow from the payloads."""
    for some in groups:
        header, lane = some.header, lane_id(some.header)
        validate_header(header)
        for envelope in some.envelopes:
            assert envelope.lane == lane
            assert envelope.hash == payload_hash(header, envelope.seq, envelope.prev, envelope.payload)
            is_authentic(header.device, envelope)
            if header.kind is LaneKind.TEXT:
                head = read_change_head(envelope.payload)
                assert (head.actor, head.seq, head.hash) == (lane, envelope.seq, envelope.hash)
                continue
            derived, raw = derive_change(lane, envelope.seq, envelope.prev, envelope.payload)
            change = decode_canonical(raw, FEED_LIMITS)
            assert derived == change.hash == envelope.hash
            assert [op.value for op in change.ops] == [envelope.payload]


def envelope_seeds() -> Iterator[bytes]:
    yield b"\0" + WIRE
    for some in GROUPS:
        yield b"\0" + encode_groups([some])
    for kind in (1, 2, 3):
        for n in range(0, 250, 10):
            yield bytes([kind, n % 4, 1, n, n % 8, n % 30, 1, n, 3, 2])


# Questions and answers of sync.

BRANCH = group(BOB, chain(BOB, [b"\0another"], after=GROUPS[2].envelopes[1]))
"""Bob's feed forks at its third place."""
MANY = [
    group(ALICE, chain(ALICE, [b"\0few", b"\0words"][: 1 + n % 2], header=ALICE.header(n)), ALICE.header(n))
    for n in range(2, 22)
]
"""More lanes than are summed up one by one."""
FORKED = [*GROUPS, BRANCH]
HELD = (
    GROUPS[:1],
    [*GROUPS[:2], group(BOB, GROUPS[2].envelopes[:2]), BRANCH],
    [],
    GROUPS,
    FORKED,
    [*GROUPS, *MANY[::2]],
)
OFFERED = (GROUPS, FORKED, [*GROUPS, *MANY], [*FORKED, *MANY[:3]])
OURS = tuple(index_of(groups) for groups in HELD)
THEIRS = tuple(index_of(groups) for groups in OFFERED)
QUESTIONS = tuple(filter(None, (Pull(COUNCIL, index).next_request() for index in OURS)))
LANES = tuple(lane_id(some.header) for some in GROUPS)
KNOWN = [*LANES, b"", b"\x80", *(index.fingerprint()[0] for index in OURS)]
MAX_ROUNDS = 24


def serve(groups: Sequence[EnvelopeGroup], wanted: Sequence[Want]) -> list[EnvelopeGroup]:
    """The envelopes of an honest answer, of those held in `groups`."""
    served = []
    for want in wanted:
        some = [some for some in groups if lane_id(some.header) == want.lane]
        envelopes = [e for group in some for e in group.envelopes if want.first <= e.seq <= want.last]
        if envelopes:
            served.append(EnvelopeGroup(some[0].header, tuple(sorted(envelopes, key=lambda e: e.seq))))
    return served


def run_question(data: bytes) -> None:
    choices = Choices(data)
    index = choices.pick(THEIRS)
    question: Any = msgspec.msgpack.decode(choices.pick(QUESTIONS))
    question[1].append([choices.pick(LANES), [1, 2]])
    question[2].append([choices.pick(LANES), 1, 9])
    raw = choices.rest() if choices.number(4) == 3 else encode_tree(edit_tree(choices, question, KNOWN))
    try:
        asked = decode_request(raw)
    except RemoteError:
        return
    assert decode_request(encode_request(asked)) == asked
    try:
        head, wanted = answer(index, raw)
    except RemoteError:
        return
    assert len(head) <= MAX_HEAD_BYTES
    response, tail = decode_response(head)
    assert not tail
    assert len(response.ranges) == len(asked.ranges)
    assert [len(hashes) for hashes in response.probes] == [len(probe.seqs) for probe in asked.probes]
    assert len(response.withdrawn) + len(wanted) == len(asked.wants)
    assert all(index.lane(want.lane) for want in wanted)


def run_pull(data: bytes) -> None:
    """A pull from a peer that lies when the choices say so; it ends, and gives out only what was asked for."""
    choices = Choices(data)
    ours, offered = choices.number(len(OURS)), choices.number(len(OFFERED))
    pull, received, is_honest = Pull(COUNCIL, OURS[ours]), set(), True
    try:
        for _ in range(MAX_ROUNDS):
            question = pull.next_request()
            if question is None:
                break
            assert len(question) <= MAX_REQUEST_BYTES
            told, is_true = told_by(choices, offered, question)
            is_honest = is_honest and is_true
            for some in pull.receive(told):
                assert some.header.council == COUNCIL
                assert some.envelopes
                received |= {envelope.hash for envelope in some.envelopes}
            assert pull.behind >= 0
        else:
            assert not is_honest, "an honest pull goes on for ever"
    except RemoteError:
        assert not is_honest
        return
    if is_honest and BRANCH not in OFFERED[offered] and BRANCH not in HELD[ours]:
        assert received == hashes_of(OFFERED[offered]) - hashes_of(HELD[ours])


def hashes_of(groups: Sequence[EnvelopeGroup]) -> set[bytes]:
    return {envelope.hash for some in groups for envelope in some.envelopes}


def told_by(choices: Choices, offered: int, question: bytes) -> tuple[bytes, bool]:
    """An answer, and whether it is an honest one."""
    head, wanted = answer(THEIRS[offered], question)
    groups = serve(OFFERED[offered], wanted)
    tail = encode_groups(groups) if groups else b""
    match choices.number(6):
        case 0:
            return head + tail, True
        case 1:
            return choices.take(40), False
        case 2:
            return edit_bytes(choices, head + tail), False
        case 3:
            tree = edit_tree(choices, msgspec.msgpack.decode(head[4:]), KNOWN)
            return framed(encode_tree(tree)) + tail, False
        case 4:
            return head + encode_tree(edit_tree(choices, msgspec.msgpack.decode(tail or WIRE))), False
        case _:
            return head + encode_groups([choices.pick(GROUPS) for _ in range(choices.number(4))]), False


def framed(head: bytes) -> bytes:
    return len(head).to_bytes(4, "big") + head


def question_seeds() -> Iterator[bytes]:
    for question in QUESTIONS:
        yield b"\0\0\0\0\3" + question
    for n in range(0, 250, 7):
        yield bytes([n % 4, n % 5, n % 5, n % 5, 0, 1, n, n % 8, n % 30, n, 4, 1])


def pull_seeds() -> Iterator[bytes]:
    yield from (bytes([n % 6, n // 6]) for n in range(24))
    for kind in range(6):
        for n in range(0, 250, 25):
            yield bytes([n % 6, n % 4, kind, 1, n, n % 8, 3, 1, 0, 3, 1, n, n % 8, n % 7, 0, kind, n, 1])


# Bodies.

SHAPES: tuple[type[Body], ...] = (
    GenesisQuestion,
    LobbyQuestion,
    LobbyAnswer,
    TipsQuestion,
    TipsAnswer,
    KnowsAnswer,
)
BODIES: tuple[Body, ...] = (
    GenesisQuestion(COUNCIL),
    LobbyQuestion(COUNCIL, b"join"),
    LobbyAnswer("No."),
    TipsQuestion(COUNCIL, LANES),
    TipsAnswer((3, 0), 9),
    KnowsAnswer(("/ip4/127.0.0.1/tcp/1/p2p/x", "/ip6/::1/tcp/2/p2p/y")),
)


def run_wire(data: bytes) -> None:
    choices = Choices(data)
    body = choices.pick(BODIES)
    match choices.number(4):
        case 0:
            raw = choices.rest()
        case 1:
            raw = edit_bytes(choices, pack(choices.pick(tuple(Kind)), body))
        case 2:
            check_topic(choices.rest())
            return
        case _:
            tree = edit_tree(choices, msgspec.msgpack.decode(msgspec.msgpack.encode(body)))
            raw = pack(choices.pick(tuple(Kind)), encode_tree(tree))
    try:
        kind, rest = unpack(raw)
    except RemoteError:
        assert not raw or raw[0] not in tuple(Kind)
        return
    assert pack(kind, rest) == raw
    for shape in SHAPES:
        try:
            found = read_body(rest, shape)
        except RemoteError:
            continue
        assert read_body(pack(kind, found)[1:], shape) == found


def check_topic(data: bytes) -> None:
    topic = data.decode("utf-8", "replace")
    council = council_of(topic)
    if council is not None:
        assert len(council) == 32
        assert topic_of(council) == topic


def wire_seeds() -> Iterator[bytes]:
    for number, body in enumerate(BODIES):
        for kind in Kind:
            yield bytes([number, 0]) + pack(kind, body)
        for n in range(0, 250, 25):
            yield bytes([number, 3, 1, n, n % 8, n % 30, n, 1, number])
            yield bytes([number, 1, number, n, n % 5, n])
    topic = topic_of(ALICE.device)
    for spelling in (topic, topic.upper(), topic[:-2] + "  ", topic[:-1], topic.replace("/1/", "/2/")):
        yield b"\0\2" + spelling.encode()


TARGETS = (
    Target("envelopes", run_envelopes, ("crdt.envelope", "crdt.keys", "crdt.feed_change"), envelope_seeds),
    Target("sync_question", run_question, ("crdt.sync_wire", "crdt.sync_answer"), question_seeds, 512),
    Target("sync_pull", run_pull, ("crdt.sync_pull", "crdt.sync_lane", "crdt.sync_wire"), pull_seeds, 512),
    Target("wire", run_wire, ("p2pcouncil.peer.wire",), wire_seeds, 512),
)
