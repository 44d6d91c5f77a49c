"""Sessions over a network in memory: what the engine adds to the core."""

import asyncio
import gc
import shutil
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

import pytest

from crdt.envelope import Envelope
from crdt.errors import LocalError
from crdt.ids import ChangeHash
from p2pcouncil.domain.tally.choice import NO, YES
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.events import Effect
from p2pcouncil.runtime import folding
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from tests.support.society import converge, propose, society, until

pytestmark = pytest.mark.asyncio


async def test_a_decision_from_founding_to_tally(tmp_path: Path) -> None:
    async with society(tmp_path) as people:
        ada, ben = await people.join_in("Ada"), await people.join_in("Ben")
        council = await people.found(ada, ben)
        oven = await propose(ada, council, "Oven")
        await converge(council, ada, ben)
        await ben.submit(c.SecondProposal(oven))
        await converge(council, ada, ben)
        issue = ChangeHash((await ada.submit(c.OpenVote(oven))).id)
        await converge(council, ada, ben)
        vote = await ada.submit(c.CastBallot(issue, NO))
        await ben.submit(c.CastBallot(issue, YES))
        assert await ada.wait_held(vote.entries, 1, 10_000)
        await converge(council, ada, ben)
        tallies = [session.proposal(oven).issue.tally for session in (ada, ben)]  # type: ignore[union-attr]
        assert tallies[0] == tallies[1]
        assert tallies[0].headline == "Provisional: not passing, 1 yes to 1 no."
        report = (await ada.verify()).report
        assert report.holds, report.failures


async def test_wait_held_counts_texts_and_entries_in_parts(tmp_path: Path) -> None:
    async with society(tmp_path) as people:
        ada, ben = await people.join_in("Ada"), await people.join_in("Ben")
        council = await people.found(ada, ben)
        method = YesNo(quorum_permille=0)
        done = await ada.submit(c.MakeProposal(council, "T", "s" * 600, "word " * 2_000, method))
        assert len(done.entries) > 2
        assert await ada.wait_held(done.entries, 1, 10_000)


def slow_down(session: PeerSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass between planning and writing, as on a busy laptop."""
    append = session.engine.append

    async def append_later(effects: Sequence[Effect]) -> list[list[Envelope]]:
        await asyncio.sleep(0.05)
        return await append(effects)

    monkeypatch.setattr(session.engine, "append", append_later)


async def test_votes_at_once_never_share_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with society(tmp_path) as people:
        ada, ben = await people.join_in("Ada"), await people.join_in("Ben")
        council = await people.found(ada, ben)
        oven = await propose(ada, council, "Oven")
        await converge(council, ada, ben)
        await ben.submit(c.SecondProposal(oven))
        await converge(council, ada, ben)
        issue = ChangeHash((await ada.submit(c.OpenVote(oven))).id)
        slow_down(ada, monkeypatch)
        await asyncio.gather(*(ada.submit(c.CastBallot(issue, choice)) for choice in (YES, NO, YES, NO)))
        state = ada.peer.world.places[council].state
        assert not state.issue(issue).contradictions
        ballot = state.ballot(issue, ada.peer.world.me.member)  # type: ignore[union-attr]
        assert ballot is not None
        assert (ballot.number, ballot.choice) == (4, NO)


async def test_a_restored_home_waits_for_its_own_entries_before_it_writes(tmp_path: Path) -> None:
    async with society(tmp_path) as people:
        ada = await people.join_in("Ada")
        async with people.session("Ben") as ben:
            council = await people.found(ada, ben)
            oven = await propose(ada, council, "Oven")
            await converge(council, ada, ben)
        shutil.copytree(tmp_path / "Ben", tmp_path / "backup")
        async with people.session("Ben") as ben:
            await until(ben, lambda: bool(ben.peer.world.connected))
            await ben.submit(c.AddComment(oven, "after the backup"))
            await ben.submit(c.EditText(oven, "Text by Ben\n"))
            await converge(council, ada, ben)
        shutil.rmtree(tmp_path / "Ben")
        shutil.move(tmp_path / "backup", tmp_path / "Ben")
        async with people.session("Ben") as ben:
            await until(ben, lambda: bool(ben.peer.world.connected))
            await ben.submit(c.AddComment(oven, "at once after the restart"))
            await converge(council, ada, ben)
            for session in (ada, ben):
                assert not session.peer.world.forks
                said = {comment.text for comment in session.proposal(oven).comments}
                assert said == {"after the backup", "at once after the restart"}
                assert session.proposal(oven).text == "Text by Ben"


async def test_an_edit_that_forked_goes_on_in_a_new_lane(tmp_path: Path) -> None:
    async with society(tmp_path) as people:
        ada = await people.join_in("Ada")
        async with people.session("Ben") as ben:
            council = await people.found(ada, ben)
            oven = await propose(ada, council, "Oven")
            await converge(council, ada, ben)
        shutil.copytree(tmp_path / "Ben", tmp_path / "clone")
        async with people.session("clone", online=False) as clone:
            await clone.submit(c.EditText(oven, "Text by the clone\n"))
            await clone.export_bundle(tmp_path / "clone.p2pc")
        async with people.session("Ben", online=False) as ben:
            await ben.submit(c.EditText(oven, "Text by Ben\n"))
            await ben.import_bundle(tmp_path / "clone.p2pc")
            assert ben.proposal(oven).text == "As it is."
            await ben.submit(c.EditText(oven, "Text by Ben, again\n"))
            assert ben.proposal(oven).text == "Text by Ben, again"
            assert [who for _, who, why in ben.council(council).rejected if "two different things" in why]


async def test_who_built_on_a_fork_in_a_text_goes_on_in_a_new_lane(tmp_path: Path) -> None:
    async with society(tmp_path) as people:
        ada = await people.join_in("Ada")
        async with people.session("Ben") as ben:
            council = await people.found(ada, ben)
            oven = await propose(ada, council, "Oven")
            await converge(council, ada, ben)
        shutil.copytree(tmp_path / "Ben", tmp_path / "clone")
        async with people.session("clone", online=False) as clone:
            await clone.submit(c.EditText(oven, "Text by the clone\n"))
            await clone.export_bundle(tmp_path / "clone.p2pc")
        async with people.session("Ben", online=False) as ben:
            await ben.submit(c.EditText(oven, "Text by Ben\n"))
            await ben.export_bundle(tmp_path / "ben.p2pc")
        await ada.import_bundle(tmp_path / "ben.p2pc")
        await ada.submit(c.EditText(oven, "Text by Ben and Ada\n"))
        await ada.import_bundle(tmp_path / "clone.p2pc")
        assert ada.proposal(oven).text == "As it is."
        for text in ("Text by Ada", "Text by Ada, again"):
            await ada.submit(c.EditText(oven, f"{text}\n"))
            assert ada.proposal(oven).text == text


async def test_who_asks_whether_the_network_runs_keeps_nobody_from_running_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    asking = threading.Event()

    def ask_slowly() -> None:
        with home.network_lock():
            asking.set()
            time.sleep(0.01)

    asker = threading.Thread(target=ask_slowly)
    asker.start()
    assert asking.wait(10)
    with home.network_lock():
        assert home.network_runs()
    asker.join()


async def test_one_network_per_home(tmp_path: Path) -> None:
    async with society(tmp_path) as people:
        ada = await people.join_in("Ada")
        with pytest.raises(LocalError, match="runs the network of this home already"):
            await people.join_in("Ada")
        beside = await people.join_in("Ada", online=False)
        assert "Another p2pcouncil on this laptop runs the network" in beside.status().line
        assert ada.status().network.running


async def test_a_session_without_an_identity_signs_nothing(tmp_path: Path) -> None:
    async with open_session(Home(tmp_path / "new")) as session:
        with pytest.raises(LocalError, match="no identity"):
            await session.submit(c.FoundCouncil("A", "society", "society", ""))
        assert session.status().identity is None


async def test_bundles_carry_everything_both_ways(tmp_path: Path) -> None:
    there, back = tmp_path / "there.p2pc", tmp_path / "back.p2pc"
    async with society(tmp_path) as people:
        ada, ben = await people.join_in("Ada", online=False), await people.join_in("Ben", online=False)
        council = await people.found(ada)
        line = (await ada.submit(c.MakeInvitation(council))).lines[0]
        await ben.submit(c.JoinByInvitation(line))
        await ben.export_bundle(back)
        await ada.import_bundle(back)
        member = ben.peer.world.me.member  # type: ignore[union-attr]
        await ada.submit(c.VouchFor(council, member))
        oven = await propose(ada, council, "Oven", "One\nTwo\n")
        await ada.export_bundle(there)
        await ben.import_bundle(there)
        assert await ben.wait_joined(council, 1_000)
        await ben.submit(c.EditText(oven, "One\nTwo\nThree\n"))
        await ada.submit(c.EditText(oven, "Zero\nOne\nTwo\n"))
        await ben.export_bundle(back)
        await ada.import_bundle(back)
        await ada.export_bundle(there)
        assert "1 new entry" in (await ben.import_bundle(there)).message
        await converge(council, ada, ben, timeout_ms=1_000)
        assert ada.proposal(oven).text == ben.proposal(oven).text == "Zero\nOne\nTwo\nThree"
        assert not ben.status().pending
        assert (await ben.verify(there)).report.holds


async def test_a_form_s_file_is_read_up_to_one_byte_more_than_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "spring.toml").write_bytes(b"title")
    async with open_session(Home(tmp_path / "home")) as session:
        assert await session.read_file(tmp_path / "spring.toml", 100) == b"title"
        assert await session.read_file(tmp_path / "spring.toml", 2) == b"tit"
        with pytest.raises(LocalError, match=r"nothing.toml can't be read: No such file"):
            await session.read_file(tmp_path / "nothing.toml", 100)


async def test_a_session_that_ends_leaves_nothing_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "READ_ROWS", 1)
    async with society(tmp_path) as people:
        async with people.session("Ada", online=False) as ada:
            council = await people.found(ada)
            await propose(ada, council, "Oven")
            state = weakref.ref(ada.peer.world.places[council].state)
            assert gc.get_freeze_count(), "what was folded is passed over"
        del ada
        gc.collect()
        assert state() is None, "a batch would keep the councils of each of its verbs"
