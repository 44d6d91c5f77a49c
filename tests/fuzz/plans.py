"""Planning rounds in which hostile members take part: the fold over them, and what tellers and screens make of it."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from crdt.ids import ChangeHash
from p2pcouncil.domain.planning.round_figures import work_out
from p2pcouncil.domain.state import CouncilState
from p2pcouncil.runtime.figures_parcel import decode_question, encode_question
from tests.fuzz.choices import Choices
from tests.fuzz.entries import NAMES, Base, Chronicle, fold_both_ways, take_back, told_page_by_page
from tests.fuzz.people import remembered_signatures
from tests.fuzz.target import Target
from tests.support.decoding import remembered_pages
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

TELLER = "Uma"
"""She only vouches and tells. No chronicle adds to her lane, and of all lanes its name is the lowest."""


@cache
def planned() -> Base:
    """A council in the second round of its planning period; one tells, so that little has to be folded each time."""
    world = World((TELLER,))
    tellers = Tellers(world, (TELLER,))
    for name in NAMES[:3]:
        world.vouch(TELLER, name)
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
    world.entries = told_page_by_page(world.entries)
    assert world.fold().register.chain.page == tellers.state.register.chain.page
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
    with remembered_signatures(), remembered_pages():
        chronicle = Chronicle(Choices(data), planned())
        state = fold_both_ways(chronicle)
        what_tellers_make_of_it(state)
        take_back(chronicle, state)


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
        task = state.plan_task(ChangeHash(vote.proposal))
        assert task is not None
        assert work_out(decode_question(encode_question(task))[0]) == work_out(task), (
            "it is the same elsewhere"
        )


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
            "p2pcouncil.domain.planning.round_figures",
            "p2pcouncil.domain.planning.round_result",
            "p2pcouncil.domain.planning.plan_values",
        ),
        plans_seeds,
        512,
    ),
)
