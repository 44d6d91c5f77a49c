"""Reading the store: whoever waits for it may be cancelled, and nothing that was kept is passed over."""

import asyncio
from pathlib import Path

import pytest

from crdt.store.append import append_feed
from crdt.store.rows import Cursor, grouped, read_new
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.events import Accept, Effect, Event, RowsRead
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import open_session
from tests.bench.peers import comment_bytes, until

ENTRIES = 1_500


@pytest.mark.asyncio
async def test_a_refresh_that_is_cancelled_in_the_middle_passes_over_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_session(Home(tmp_path)) as session:
        await session.create_identity("Ada", "")
        council = (await session.submit(c.FoundCouncil("Bakery", "society", "society", ""))).id
        engine, me = session.engine, session.peer.world.me
        assert me is not None
        index = session.peer.world.places[council].index  # type: ignore[index]
        before = index.total
        entries = [comment_bytes(number) for number in range(ENTRIES)]
        await engine.store.run(append_feed, engine.signer, council, me.certificate, 0, entries, 1)  # type: ignore[arg-type]
        begun, handle = asyncio.Event(), session.peer.handle

        def watched(event: Event, now: int) -> list[Effect]:
            begun.set()
            return handle(event, now)

        monkeypatch.setattr(session.peer, "handle", watched)
        waiting = asyncio.ensure_future(engine.refresh())
        await begun.wait()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert index.total < before + ENTRIES
        await engine.refresh()
        assert index.total == before + ENTRIES


@pytest.mark.asyncio
async def test_the_core_hears_that_all_is_folded_even_when_somebody_else_folded_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of an answer may be folded by a refresh that runs anyway, before the core hears that they were kept."""
    async with open_session(Home(tmp_path / "ada")) as ada, open_session(Home(tmp_path / "ben")) as ben:
        for session, name in ((ada, "Ada"), (ben, "Ben")):
            await session.create_identity(name, "")
        council = (await ada.submit(c.FoundCouncil("Bakery", "society", "society", ""))).id
        await ada.submit(c.MakeProposal(council, "Oven", "About.", "A text.\n", YesNo(quorum_permille=0)))  # type: ignore[arg-type]
        new = await ada.engine.store.run(read_new, Cursor())
        genesis = ada.peer.world.places[council].genesis_bytes  # type: ignore[index]
        await ben.engine.keep("council", council, genesis)
        heard: list[Event] = []
        handle = ben.peer.handle
        monkeypatch.setattr(ben.peer, "handle", lambda event, now: heard.append(event) or handle(event, now))
        monkeypatch.setattr(ben.engine, "refresh", lambda **_: asyncio.sleep(0))
        ben.engine._intake.offer(Accept(1, None, tuple(grouped(new.envelopes))))
        await until(lambda: any(isinstance(event, RowsRead) and not event.more for event in heard), 10)
