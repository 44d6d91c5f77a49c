"""A disk in the way for a while: what finds no room is refused in whole, all else goes on, and so does this later."""

from pathlib import Path

import pytest

from crdt.errors import LocalError
from crdt.ids import ChangeHash
from p2pcouncil.peer import commands as c
from p2pcouncil.runtime.session import PeerSession
from tests.support.society import converge, propose, society, until

pytestmark = pytest.mark.asyncio

FULL = "The disk is full."
READ_ONLY = "The data file is read-only."
NO_LIMIT = (1 << 32) - 2


async def fill_disk(session: PeerSession, spare_pages: int = 0) -> None:
    """Let the data file grow by so many pages and no further; SQLite says then what it says on a full disk."""
    (pages,) = await session.engine.store.run(lambda conn: conn.execute("PRAGMA page_count").fetchone())
    await limit_pages(session, pages + spare_pages)


async def limit_pages(session: PeerSession, pages: int = NO_LIMIT) -> None:
    await session.engine.store.run(lambda conn: conn.execute(f"PRAGMA max_page_count = {pages}").fetchone())


async def forbid_writing(session: PeerSession, *, forbidden: bool) -> None:
    """Let every write fail, also one that would need no room."""
    await session.engine.store.run(lambda conn: conn.execute(f"PRAGMA query_only = {forbidden:d}"))


async def comment(session: PeerSession, oven: ChangeHash, length: int, times: int) -> None:
    for _ in range(times):
        await session.submit(c.AddComment(oven, "x" * length))


async def test_what_finds_no_room_is_refused_in_whole(tmp_path: Path) -> None:
    async with society(tmp_path) as people:
        ada = await people.join_in("Ada")
        council = await people.found(ada)
        await propose(ada, council, "Oven")
        total = ada.peer.world.places[council].index.total
        await fill_disk(ada, spare_pages=2)
        with pytest.raises(LocalError, match=FULL):
            await propose(ada, council, "Mill", "It grinds.\n" * 2_000)
        await limit_pages(ada)
        await ada.engine.refresh()
        assert [p.title for p in ada.proposals(council)] == ["Oven"], "a proposal was kept without its text"
        assert ada.peer.world.places[council].index.total == total
        await propose(ada, council, "Mill", "It grinds.\n" * 2_000)
        assert (await ada.verify()).report.holds


async def test_a_full_disk_is_said_for_as_long_as_it_is_full(tmp_path: Path) -> None:
    async with society(tmp_path) as people:
        ada, ben = await people.join_in("Ada"), await people.join_in("Ben")
        council = await people.found(ada, ben)
        oven = await propose(ada, council, "Oven")
        await converge(council, ada, ben)
        await fill_disk(ada)
        for length in (3_000, 200, 10):  # There is room left in the pages that the file has.
            with pytest.raises(LocalError, match=FULL):
                await comment(ada, oven, length, times=100)
        await ben.submit(c.AddComment(oven, "Warm."))
        await until(ada, lambda: FULL in ada.status().line)
        await limit_pages(ada)
        await ada.submit(c.AddComment(oven, "Room again."))
        assert FULL not in ada.status().line
        await converge(council, ada, ben)


async def test_a_trouble_that_lasts_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with society(tmp_path) as people:
        ada = await people.join_in("Ada", online=False)
        for _ in range(3):
            with ada.engine.troubles():
                raise LocalError(FULL, "Free some space.")
        assert [record.message for record in caplog.records] == [f"{FULL} Free some space."]
        ada.engine.wrote()
        with ada.engine.troubles():
            raise LocalError(FULL, "Free some space.")
        assert len(caplog.records) == 2


async def test_who_connects_meanwhile_is_compared_with(tmp_path: Path) -> None:
    async with society(tmp_path) as people:
        ada = await people.join_in("Ada")
        async with people.session("Ben") as ben:
            council = await people.found(ada, ben)
            await propose(ada, council, "Oven")
            await converge(council, ada, ben)
            device = ben.peer.world.me.device  # type: ignore[union-attr]
        await until(ada, lambda: device not in ada.peer.world.connected)
        await forbid_writing(ada, forbidden=True)
        async with people.session("Ben"):
            await until(ada, lambda: device in ada.peer.world.connected)
            await until(ada, lambda: ada.peer.pulling.is_compared(device, council))


async def test_it_is_said_no_more_once_there_is_room_though_nobody_writes(tmp_path: Path) -> None:
    async with society(tmp_path) as people:
        ada = await people.join_in("Ada")
        async with people.session("Ben") as ben:
            await people.found(ada, ben)
            await forbid_writing(ada, forbidden=True)
        await until(ada, lambda: READ_ONLY in ada.status().line)
        await forbid_writing(ada, forbidden=False)
        await until(ada, lambda: READ_ONLY not in ada.status().line)
