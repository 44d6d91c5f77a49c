"""Planning rounds in which hostile members take part: the fold over them, and what tellers and screens make of it."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from crdt.ids import ChangeHash
from p2pcouncil.domain.state import CouncilState
from tests.fuzz.choices import Choices
from tests.fuzz.entries import NAMES, Base, Chronicle, fold_both_ways
from tests.fuzz.people import remembered_signatures
from tests.fuzz.target import Target
from tests.support.planned_village import (
    ALL_HOUSES,
    BAKERY,
    EAST,
    MILL,
    ROUND_MS,
    WEST,
    baking,
    makes,
    milling,
    opening,
    propose,
    terms,
    wants,
)
from tests.support.tellers import Tellers
from tests.support.world import World


@cache
def planned() -> Base:
    """A council in the second round of its planning period; one tells, so that little has to be folded each time."""
    world = World(NAMES[:1])
    tellers = Tellers(world, NAMES[:1])
    for name in NAMES[1:3]:
        world.vouch("Ada", name)
    tellers.tell()
    bake, mill = baking(world), milling(world)
    plan = opening(world, terms(world))
    tellers.tell()
    world.ballot("Ada", plan)
    tellers.tell(70_000)
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 100), wants(WEST, 50, 4))
    propose(world, "Ben", plan, 1, makes(MILL, mill, 80))
    propose(world, "Cem", plan, 1, wants(EAST, 60, 4))
    tellers.tell(ROUND_MS)
    spoken = [
        propose(world, "Ada", plan, 2, makes(BAKERY, bake, 105), wants(WEST, 50)),
        propose(world, "Ben", plan, 2, makes(MILL, mill, 60), wants(ALL_HOUSES, 100, 8)),
    ]
    samples: list[Any] = [msgspec.msgpack.decode(entry.data or b"") for entry in (bake, mill, plan, *spoken)]
    samples += [
        [
            "plan.1",
            1,
            plan.hash,
            2,
            1,
            [[EAST, [], [[0, 60_000_000, 1]], [[2, 5, 2]], [["smoke", "kg", 1]], "n"]],
        ],
        ["result.1", 1, plan.hash, BAKERY, 0, 5_000_000, "made"],
    ]
    known: list[Any] = [
        bake.hash,
        mill.hash,
        plan.hash,
        "bread",
        "flour",
        "baking",
        "field",
        "loaf",
        "kg",
        "h",
        "ha",
    ]
    known += [
        [bake.hash, 10**18],
        [["flour", "kg", 10**18]],
        [0, 10**18, 1],
        [BAKERY, [], [], [], [], ""],
        10**18,
    ]
    return Base(world, samples, known)


def run_plans(data: bytes) -> None:
    with remembered_signatures():
        chronicle = Chronicle(Choices(data), planned())
        fold_both_ways(chronicle)
        state = CouncilState(chronicle.base.world.genesis)
        state.apply(chronicle.entries)
        what_tellers_make_of_it(state)


def what_tellers_make_of_it(state: CouncilState) -> None:
    """Whatever was proposed, the round that runs can be summed up, and its figures fit onto a page."""
    for vote in state.register.chain.votes.values():
        if not vote.round:
            continue
        sheet = []
        for member in vote.roll:
            ballots = state.agenda.ballots(vote.issue, member)
            sheet.append(ballots[max(ballots)] if ballots else None)
        result = state.agenda.result(vote, tuple(sheet))
        assert result is not None, "the sheets of the rounds before are held"
        again = msgspec.msgpack.decode(msgspec.msgpack.encode(result), type=type(result))
        assert again == result
        assert len(result.goods) == len(state.plan(ChangeHash(vote.proposal)).period.terms.goods)


def plans_seeds() -> Iterator[bytes]:
    yield b"\0\0\0\0\0"
    for number in range(len(planned().samples)):
        for person in range(3):
            yield bytes([0, person, 0, 0, 0, 3, number])
        for edit in range(0, 60, 5):
            yield bytes(
                [
                    1,
                    edit % 3,
                    0,
                    0,
                    0,
                    3,
                    number,
                    1,
                    edit,
                    2,
                    edit,
                    1,
                    edit % 3,
                    0,
                    0,
                    4,
                    number,
                    0,
                    edit,
                    edit % 8,
                ]
            )


TARGETS = (
    Target(
        "plans",
        run_plans,
        (
            "p2pcouncil.domain.planning.judging",
            "p2pcouncil.domain.planning.standing",
            "p2pcouncil.domain.planning.round_book",
            "p2pcouncil.domain.planning.round_result",
            "p2pcouncil.domain.planning.plan_values",
        ),
        plans_seeds,
        512,
    ),
)
