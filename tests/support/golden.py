"""Golden vectors of the fold: entries as bytes, and the state hash that they come to.

``python -m tests.support.golden write FILE`` makes them anew, after a change of the rules that is meant;
``python -m tests.support.golden replay FILE SEED`` folds them in an order drawn from the seed, as batches drawn from
it, and prints the state hashes.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

import msgspec

from p2pcouncil.domain.effects import ChangeCharter
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.register.sayings import Prevote
from p2pcouncil.domain.state import CouncilState
from p2pcouncil.domain.tally.choice import NO, YES, Choice
from p2pcouncil.domain.tally.method import EqualShares, Method, Score, Stv
from tests.support.planned_village import (
    BAKERY,
    EAST,
    MILL,
    ROUND_MS,
    WEST,
    begun,
    makes,
    propose,
    wants,
)
from tests.support.random_world import RandomWorld
from tests.support.tellers import Tellers, say
from tests.support.world import World, interleave


def story() -> World:
    """A newcomer joins, a proposal is seconded and opened, duty moves, and somebody votes twice."""
    world = World(charter=Charter(vouches_needed=2))
    world.vouch("Ada", "Dan")
    world.vouch("Ben", "Dan")
    proposal = world.propose("Dan", "Bake on Sundays")
    world.comment("Cem", proposal, "Who cleans?", world.comment("Ben", proposal, "Yes!"))
    issue = world.open("Dan", proposal, [world.second("Ada", proposal)])
    world.ballot("Ada", issue)
    world.ballot("Ben", issue, NO)
    world.ballot("Ben", issue)
    world.ballot("Cem", issue, NO, 1)
    last = world.ballot("Cem", issue, number=2)
    world.state_duty("Cem", 1, 1, until=[(0, 0, last.seq - 1)])
    world.withdraw("Dan", proposal)
    world.lane("Ada").write_bytes(b"\x92\xa8future.9\x00")
    world.lane("Ada").write_broken()
    return world


def methods() -> World:
    """Votes by score, by transfer and by equal shares, with a tie, a blank ballot and ballots that no method takes."""
    world = World(("Ada", "Ben", "Cem", "Dan"))
    terms: tuple[tuple[Method, tuple[str, ...], tuple[Choice, ...]], ...] = (
        (Score(0, 3, 2), ("bread", "tea", "rest"), (((0,), (), (2,)), ((2,),), (), ((1,), ()))),
        (Stv(0, 2), ("Eve", "Fay", "Gil", "Hal"), (((0,), (1,)), ((0,), (2,)), ((3,),), ((1, 2),))),
        (
            EqualShares(0, 40, (20, 10, 10)),
            ("oven", "van", "tea"),
            (((0, 1),), ((0, 2),), ((1, 2),), ((1,), (0,))),
        ),
    )
    for method, options, choices in terms:
        proposal = world.propose("Ada", f"Of {method.__struct_config__.tag}", method, options)
        issue = world.open("Ada", proposal, [world.second(name, proposal) for name in ("Ben", "Cem")])
        for name, choice in zip(("Ada", "Ben", "Cem", "Dan"), choices, strict=True):
            world.ballot(name, issue, choice)
    return world


def register() -> World:
    """A newcomer comes by a page, a vote is closed on one, its decision runs, and somebody lies."""
    world = World(("Ada", "Ben", "Cem", "Dan"), Charter(probation_seconds=0))
    tellers = Tellers(world, ("Ada", "Ben", "Cem", "Dan"))
    world.vouch("Ada", "Eve")
    tellers.tell()
    proposal = world.propose("Ada", effect=ChangeCharter("seconds_needed", 2))
    issue = world.open("Ada", proposal, [world.second("Ben", proposal)])
    tellers.tell(1_000)
    for name, choice in (("Ada", YES), ("Ben", YES), ("Eve", NO)):
        world.ballot(name, issue, choice)
    for value in (b"a" * 32, b"b" * 32):
        say(
            world,
            "Dan",
            Prevote(world.council, world.id("Dan"), tellers.state.register.minutes.number, 0, value),
        )
    tellers.tell(70_000)
    world.ballot("Cem", issue)
    world.leave("Ben")
    tellers.tell(1_000)
    return world


def planning() -> World:
    """A council decides to plan, and two rounds are closed; one proposal is refused, and one waits for its round."""
    world, tellers, plan, bake, mill = begun()
    propose(world, "Ada", plan, 1, makes(BAKERY, bake, 100), wants(WEST, 50, 4))
    propose(world, "Ben", plan, 1, makes(MILL, mill, 80))
    propose(world, "Cem", plan, 1, wants(EAST, 60, 4))
    propose(world, "Cem", plan, 1, wants(WEST, 1), again=2)
    tellers.tell(ROUND_MS)
    propose(world, "Cem", plan, 2, wants(EAST, 45.5))
    tellers.tell(ROUND_MS)
    propose(world, "Ada", plan, 5, wants(WEST, 1))
    return world


def to_json(name: str, world: World) -> dict[str, Any]:
    entries = [
        [
            entry.hash.hex(),
            entry.lane.hex(),
            entry.member.hex(),
            entry.device.hex(),
            entry.generation,
            entry.seq,
            None if entry.data is None else entry.data.hex(),
            entry.broken,
        ]
        for entry in world.entries
    ]
    state_hash = world.fold().state_hash().hex()
    return {"name": name, "genesis": world.genesis.hex(), "entries": entries, "state_hash": state_hash}


def from_json(vector: dict[str, Any]) -> tuple[bytes, list[FeedEntry]]:
    entries = []
    for row in vector["entries"]:
        names = [bytes.fromhex(text) for text in row[:4]]
        data = None if row[6] is None else bytes.fromhex(row[6])
        entries.append(msgspec.convert([*names, row[4], row[5], data, row[7]], _Row).entry())
    return bytes.fromhex(vector["genesis"]), entries


class _Row(msgspec.Struct, array_like=True):
    hash: bytes
    lane: bytes
    member: bytes
    device: bytes
    generation: int
    seq: int
    data: bytes | None
    broken: str

    def entry(self) -> FeedEntry:
        return FeedEntry(*msgspec.structs.astuple(self))


def replay(path: Path, seed: int) -> list[str]:
    """State hashes of a file's vectors, each folded in an order and in batches drawn from the seed."""
    rng = random.Random(seed)
    hashes = []
    for vector in json.loads(path.read_text()):
        genesis, entries = from_json(vector)
        state = CouncilState(genesis)
        arriving = interleave(rng, entries)
        while arriving:
            size = rng.choice((1, 3, 20))
            state.apply(arriving[:size])
            arriving = arriving[size:]
        hashes.append(state.state_hash().hex())
    return hashes


def write(path: Path) -> None:
    worlds = {"story": story()} | {f"random {seed}": RandomWorld(seed, 120).world for seed in (3, 8, 20)}
    worlds["methods"] = methods()
    worlds["register"] = register()
    worlds["planning"] = planning()
    vectors = ",\n".join(_lines(to_json(name, world)) for name, world in worlds.items())
    path.write_text(f"[\n{vectors}\n]\n")


def _lines(vector: dict[str, Any]) -> str:
    """A vector with an entry per line, so that a difference can be read."""
    entries = ",\n".join(json.dumps(row) for row in vector.pop("entries"))
    return f'{json.dumps(vector)[:-1]}, "entries": [\n{entries}\n]}}'


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", file]:
            write(Path(file))
        case ["replay", file, seed]:
            print(*replay(Path(file), int(seed)))
        case _:
            sys.exit(__doc__)
