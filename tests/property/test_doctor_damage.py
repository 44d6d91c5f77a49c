"""Whatever becomes of a data file, the doctor says so in words, and a repair brings its peer back.

It ends equal to a healthy one, nothing that others hold is lost, nobody is forked, and it votes and proposes again.
"""

import asyncio
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from crdt.ids import ChangeHash, CouncilId
from p2pcouncil.domain.entries import Comment
from p2pcouncil.domain.tally.choice import NO, YES
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.events import Append
from p2pcouncil.runtime.doctor import look, repair
from p2pcouncil.runtime.home import Home
from tests.support.damage import KINDS
from tests.support.decoding import remembered_decoding
from tests.support.society import converge, propose, society, until

SEEDS = 5 * len(KINDS)
CHUNK = 3
QUICK_MS = 20_000


@dataclass(frozen=True)
class Bakery:
    """A society of Ada and Ben that is settled, as it lies on their disks.

    `line` invites, for a home whose data was lost down to the founding.
    """

    folder: Path
    council: CouncilId
    issue: ChangeHash
    line: str


@pytest.fixture(scope="module", autouse=True)
def decoding() -> Iterator[None]:
    with remembered_decoding():
        yield


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> Bakery:
    return asyncio.run(settle(tmp_path_factory.mktemp("bakery")))


async def settle(folder: Path) -> Bakery:
    async with society(folder) as people:
        ada, ben = await people.join_in("Ada"), await people.join_in("Ben")
        council = await people.found(ada, ben)
        oven = await propose(ada, council, "Oven", "word " * 1_500)
        await converge(council, ada, ben)
        await ben.submit(c.SecondProposal(oven))
        for number in range(4):
            rye = await propose(ben, council, f"Rye {number}", f"Line {number}\n" * 200)
            await ben.submit(c.EditText(rye, f"Changed {number}\n" * 200))
        for session in (ada, ben):
            said = tuple(Comment(n, oven, b"", f"{n} " * 300) for n in range(30))
            await session.engine.append([Append(council, said)])
        await converge(council, ada, ben)
        issue = ChangeHash((await ada.submit(c.OpenVote(oven))).id)
        await converge(council, ada, ben)
        await ben.submit(c.CastBallot(issue, YES))
        line = (await ada.submit(c.MakeInvitation(council))).lines[0]
        await converge(council, ada, ben)
        return Bakery(folder, council, issue, line)


async def go_on(folder: Path, bakery: Bakery) -> None:
    """Ben starts again, meets Ada, votes and proposes; both end equal, with all that Ada held."""
    council = bakery.council
    async with society(folder) as people:
        ada = await people.join_in("Ada")
        held = set(ada.peer.world.places[council].stands)
        rejected = len(ada.peer.world.places[council].state.rejected)
        ben = await people.join_in("Ben")
        if council not in ben.peer.world.places:
            await ben.submit(c.JoinByInvitation(bakery.line))
        await until(ben, lambda: bool(ben.peer.world.connected), QUICK_MS)
        await converge(council, ada, ben, timeout_ms=QUICK_MS)
        await ben.submit(c.CastBallot(bakery.issue, NO))
        await propose(ben, council, "After the repair")
        await converge(council, ada, ben, timeout_ms=QUICK_MS)
        for session in (ada, ben):
            place = session.peer.world.places[council]
            assert not session.peer.world.forks
            assert held <= set(place.stands)
            ballot = place.state.ballot(bakery.issue, ben.peer.world.me.member)  # type: ignore[union-attr]
            assert ballot is not None
            assert ballot.choice == NO
            assert not place.state.issue(bakery.issue).contradictions
            assert "After the repair" in {p.title for p in session.proposals(council)}
            assert len(place.state.rejected) == rejected


def quiet(what: str, done: int, total: int) -> None:
    assert what
    assert done <= total


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_any_damage_is_told_repaired_and_made_good(bakery: Bakery, tmp_path: Path, first: int) -> None:
    for seed in range(first, first + CHUNK):
        folder = tmp_path / str(seed)
        shutil.copytree(bakery.folder, folder)
        home = Home(folder / "Ben")
        KINDS[seed % len(KINDS)](home.store_path, random.Random(seed))
        damaged = {path: path.read_bytes() for path in home.path.iterdir()}
        found = look(home, quiet)
        assert {path: path.read_bytes() for path in home.path.iterdir()} == damaged, (
            "looking changed something"
        )
        assert not found.is_healthy, f"seed {seed}"
        done = repair(home, quiet)
        assert done.is_healthy
        assert done.kept_aside is not None
        assert done.kept_aside.read_bytes() == damaged[home.store_path]
        again = look(home, quiet)
        assert again.is_healthy, [f.sentence for f in again.findings]
        assert again.councils == done.councils
        asyncio.run(go_on(folder, bakery))
