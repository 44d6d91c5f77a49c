"""Every bad table against every door: the command line, the interface, and the entries of a hostile member.

The rows stand in `tests/support/bad_tables.py`. Each has to be told with what is wrong, where, and what to do; nothing
is published, nothing crashes, and two peers that hold the same entries show the same hash, whatever came first.
"""

import random
from pathlib import Path

import msgspec
import pytest

from crdt.ids import ChangeHash
from p2pcouncil.cli.errors import ExitCode
from p2pcouncil.cli.main import run_verb
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.planning.said import Made, UnitPlan
from p2pcouncil.domain.rejections import ACCEPTED
from p2pcouncil.domain.state import CouncilState
from tests.screens.driver import LARGE, driven
from tests.screens.planned import planning
from tests.support.bad_tables import BAD_GOODS, BAD_PARTS, BAD_TABLES, PUBLISHED, BadTable, Raw
from tests.support.planned_village import BAKERY, EAST, MILL, ROUND_MS, begun, makes, micro, propose, wants
from tests.support.world import MAJORITY, World, interleave

EVERY_TABLE = pytest.mark.parametrize("bad", BAD_TABLES, ids=lambda bad: bad.name)
EVERY_PUBLISHED = pytest.mark.parametrize("bad", PUBLISHED, ids=lambda bad: bad.name)
SPEAKS_FOR = {"bread": ("Ada", BAKERY), "flour": ("Ben", MILL)}


def refused_by_verb(bad: BadTable, verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(bad.data)
    code = run_verb([*verb.split(), str(file), "--home", str(tmp_path / "home")])
    told = capsys.readouterr()
    assert code is ExitCode.ERROR
    assert told.out == ""
    error, hint = told.err.splitlines()
    assert error.startswith(f"error: {bad.message}")
    assert bad.says in error
    assert hint.startswith("try: ")
    assert bad.to_do in hint


@EVERY_TABLE
def test_price_solve_says_where_and_what_to_do(
    bad: BadTable, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused_by_verb(bad, "price solve", tmp_path, capsys)


@EVERY_PUBLISHED
def test_technique_publish_says_where_and_what_to_do(
    bad: BadTable, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused_by_verb(bad, "technique publish", tmp_path, capsys)


@EVERY_PUBLISHED
@pytest.mark.asyncio
async def test_the_interface_says_where_and_what_to_do_and_keeps_the_form(bad: BadTable) -> None:
    session = planning()
    session.files["bad.csv"] = bad.data
    async with driven(session, LARGE) as driver:
        await driver.press("8", "t", "right", "tab")
        await driver.type("bad.csv")
        await driver.press("ctrl+s")
        assert f"✗ Not done: {bad.message}" in driver.text
        assert bad.says in driver.text
        assert bad.to_do in driver.text
        assert driver.place == "PublishScreen"
        assert session.commands == []


@EVERY_TABLE
def test_a_hostile_member_s_entry_is_told_for_what_it_is_and_moves_no_hash(bad: BadTable) -> None:
    world, tellers, plan, bake, mill = begun()
    honest = propose(world, "Cem", plan, 1, wants(EAST, 40))
    bad_entries = [_publish(world, raw) for raw in bad.entries]
    for raw, entry in zip(bad.entries, bad_entries, strict=True):
        product = str(raw["product"])
        if product in SPEAKS_FOR:
            name, unit = SPEAKS_FOR[product]
            part = UnitPlan(unit, made=(Made(entry.hash, micro(10)),))
            propose(world, name, plan, 1, part)
    state = tellers.tell(ROUND_MS)
    assert bad.told in _told(state, plan)
    assert state.verdict(honest.hash) is ACCEPTED
    propose(world, "Ada", plan, 2, makes(BAKERY, bake, 40))
    propose(world, "Ben", plan, 2, makes(MILL, mill, 24))
    state = tellers.tell(ROUND_MS)
    bread, flour, *_ = state.plan(ChangeHash(plan.hash)).rounds[1].goods
    assert (bread.supply, bread.demand) == (micro(40), micro(40)), "whoever is honest goes on planning"
    assert (bread.value_micro, flour.value_micro) == (56_000, 10_000)
    expected = _shown(state, plan)
    for seed in range(2):
        assert _shown(_arriving(world, seed), plan) == expected


@pytest.mark.parametrize(("name", "part", "told"), BAD_PARTS, ids=[row[0] for row in BAD_PARTS])
def test_what_a_hostile_speaker_proposes_is_told_for_what_it_is_and_moves_no_hash(
    name: str, part: list[object], told: str
) -> None:
    world, tellers, plan, *_ = begun()
    data = msgspec.msgpack.encode(["plan.1", world.now_ms(), plan.hash, 1, 1, [part]])
    world.lane("Cem").write_bytes(data)
    state = tellers.tell(ROUND_MS)
    assert told in _told(state, plan), name
    assert all(goods.demand == 0 for goods in state.plan(ChangeHash(plan.hash)).rounds[0].goods)
    expected = _shown(state, plan)
    assert _shown(_arriving(world, 1), plan) == expected


@pytest.mark.parametrize(("name", "goods", "told"), BAD_GOODS, ids=[row[0] for row in BAD_GOODS])
def test_terms_of_a_hostile_member_are_told_for_what_they_are_and_move_no_hash(
    name: str, goods: list[object], told: str
) -> None:
    world = World()
    units = [["bakery", "workers", world.id("Ada")], ["east", "consumers", world.id("Ben")]]
    effect = ["plan.1", goods, units, 60]
    honest = msgspec.to_builtins(MAJORITY)
    fields = [world.now_ms(), bytes(16), "Spring", "We plan.", [], "", honest, [], effect]
    world.lane("Ben").write_bytes(msgspec.msgpack.encode(["propose.2", *fields]))
    state = world.fold()
    assert told in "\n".join(rejected.reason for rejected in state.rejected), name
    assert not state.proposals()
    assert _arriving(world, 1).state_hash() == state.state_hash()


def _publish(world: World, raw: Raw) -> FeedEntry:
    """Sign a technique, well-formed or not, as a member of the council."""
    data = msgspec.msgpack.encode(["technique.1", world.now_ms(), *raw.values()])
    return world.lane("Ben").write_bytes(data)


def _told(state: CouncilState, plan: FeedEntry) -> str:
    """All that people are told of what does not count, and of goods without a value."""
    reasons = [rejected.reason for rejected in state.rejected]
    faults = [fault.message for fault in state.plan(ChangeHash(plan.hash)).faults]
    return "\n".join([*reasons, *faults])


def _shown(state: CouncilState, plan: FeedEntry) -> tuple[object, ...]:
    """What two peers have to agree on, and what they show."""
    shown = state.plan(ChangeHash(plan.hash))
    return state.state_hash(), state.rejected, shown.rounds, shown.faults, state.techniques()


def _arriving(world: World, seed: int) -> CouncilState:
    """A peer that gets the same entries in another order, in pieces, and looks in between."""
    rng = random.Random(seed)
    state, held = CouncilState(world.genesis), interleave(rng, world.entries)
    while held:
        size = rng.choice((1, 3, 20, 60))
        state.apply(held[:size])
        held = held[size:]
        state.state_hash()
    return state
