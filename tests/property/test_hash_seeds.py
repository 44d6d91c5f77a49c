"""One state hash for one set: under any PYTHONHASHSEED, in any order of arrival, from scratch and step by step."""

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from functools import cache

import pytest

from crdt.envelope import EnvelopeGroup, decode_groups, encode_groups
from crdt.ids import CouncilId
from crdt.keys import LaneKind
from crdt.store.rows import export_groups
from p2pcouncil.domain.records import read_genesis
from tests.sim.node import Node
from tests.sim.simulation import Simulation
from tests.sim.society import Society

MAX_SEEDS = 60
STEPS = 100
MISHAPS = ("loss", "duplication", "delay", "partition", "newcomer", "clone")
SHUFFLES = 6
MAX_PASSES = 64


@cache
def make() -> tuple[Society, list[EnvelopeGroup]]:
    """The first society that has said something of everything, and all that it ever wrote."""
    for seed in range(MAX_SEEDS):
        society = Society(seed, switched_on=MISHAPS)
        society.play(STEPS)
        society.calm_down()
        society.come_to_rest()
        first = society.inside()[0]
        state = first.place(society.council).state
        chunks = export_groups(first.conn, society.council)
        groups = [group for chunk in chunks for group in chunk]
        writers = {group.header.member for group in groups if group.header.kind is LaneKind.TEXT}
        if any(issue.tally.turnout > 1 for issue in state.issues()) and len(writers) > 2 and state.vouches():
            return society, groups
        society.close()
    raise AssertionError("no society votes, edits together and grows")


def fresh(genesis: bytes, number: int) -> tuple[Node, CouncilId]:
    """A peer that holds a founding alone."""
    node = Node(Simulation(number), f"Reader {number}", ":memory:")
    council, _ = read_genesis(genesis)
    node._keep("council", council, genesis)
    return node, council


def hash_of(node: Node, council: CouncilId) -> str:
    return node.place(council).state_hash().hex()


def take_in_pieces(node: Node, pieces: Sequence[EnvelopeGroup], rng: random.Random) -> None:
    """Offer pieces in shuffled order, a few at a time, again and again until no more is let in."""
    for _ in range(MAX_PASSES):
        before = sum(place.index.total for place in node.peer.world.places.values())
        rest = list(pieces)
        rng.shuffle(rest)
        while rest:
            size = rng.choice((1, 1, 2, 5, 20))
            node.take_in(rest[:size])
            del rest[:size]
            if rng.random() < 0.3:
                hash_of(
                    node, next(iter(node.peer.world.places))
                )  # reading on the way must not freeze anything
        if sum(place.index.total for place in node.peer.world.places.values()) == before:
            return
    raise AssertionError("new entries are let in for ever")


def test_the_order_of_arrival_leaves_no_trace() -> None:
    society, groups = make()
    expected = hash_of(society.inside()[0], society.council)
    singles = [EnvelopeGroup(g.header, (envelope,)) for g in groups for envelope in g.envelopes]
    texts = {p.hash: p.text_id for p in society.inside()[0].place(society.council).state.proposals()}
    for number in range(SHUFFLES):
        node, _ = fresh(society.inside()[0].place(society.council).genesis_bytes, number)
        take_in_pieces(node, singles, random.Random(number))
        assert hash_of(node, society.council) == expected
        for text_id in texts.values():
            ours, theirs = society.inside()[0].place(society.council), node.place(society.council)
            assert ours.text(text_id).version() == theirs.text(text_id).version()


def test_all_at_once_equals_step_by_step() -> None:
    society, groups = make()
    node, _ = fresh(society.inside()[0].place(society.council).genesis_bytes, 1)
    for _ in range(MAX_PASSES):
        total = node.place(society.council).index.total
        node.take_in(decode_groups(encode_groups(groups), 1 << 22))
        if node.place(society.council).index.total == total:
            break
    assert hash_of(node, society.council) == hash_of(society.inside()[0], society.council)


FOLD = """
import sys
from crdt.envelope import decode_groups
from tests.property.test_hash_seeds import fresh, hash_of, take_in_pieces
import random
genesis, data = (bytes.fromhex(line) for line in sys.stdin.read().split())
node, council = fresh(genesis, 1)
take_in_pieces(node, decode_groups(data, 1 << 22), random.Random(1))
print(hash_of(node, council))
"""


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_hash_seed_gives_the_same_hash(seed: str) -> None:
    """A process in which every set and dictionary of bytes is ordered otherwise folds the same entries."""
    society, groups = make()
    genesis = society.inside()[0].place(society.council).genesis_bytes
    done = subprocess.run(
        [sys.executable, "-c", FOLD],
        env={**os.environ, "PYTHONHASHSEED": seed},
        input=f"{genesis.hex()}\n{encode_groups(groups).hex()}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == hash_of(society.inside()[0], society.council)
