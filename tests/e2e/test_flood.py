"""Over real connections: a peer that asks without end is dropped with a reason, and the others go on as ever."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from crdt.ids import CouncilId, DeviceId
from net.libp2p.transport import Libp2pTransport
from net.transport import PeerKey, TransportError
from p2pcouncil.domain.entries import Comment
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.events import Append, Keep
from p2pcouncil.peer.views.network import PeerView
from p2pcouncil.peer.wire import Kind
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from p2pcouncil.runtime.transports import NetworkOptions

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio, pytest.mark.timeout(110)]

LOOPBACK = NetworkOptions(listen_host="127.0.0.1", mdns=False)
ASKING = 8


async def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that the network brings about in its own time."""
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"it did not happen: {what}")


async def ask_without_end(flooder: Libp2pTransport, victim: PeerKey) -> int:
    """Ask, and ask again whatever the answer, until the connection is gone; how often it was told to wait."""
    told = 0

    async def asker() -> None:
        nonlocal told
        while victim in flooder.connected():
            with contextlib.suppress(TransportError):
                answer = await flooder.request(victim, bytes([Kind.KNOWS]), 20_000)
                told += answer[0] == Kind.BUSY

    await asyncio.gather(*(asker() for _ in range(ASKING)))
    return told


async def say(session: PeerSession, council: CouncilId, text: str) -> bytes:
    """Append a comment; its hash."""
    ((written,),) = await session.engine.append([Append(council, (Comment(1, bytes(32), b"", text),))])
    return written.hash


def seen(session: PeerSession, device: DeviceId) -> PeerView | None:
    return next((peer for peer in session.network().peers if peer.device == device), None)


async def test_a_peer_that_asks_without_end_is_dropped_and_the_others_go_on(tmp_path: Path) -> None:
    flooder = Libp2pTransport(os.urandom(32), "127.0.0.1")
    async with (
        open_session(Home(tmp_path / "ada"), LOOPBACK) as ada,
        open_session(Home(tmp_path / "ben"), LOOPBACK) as ben,
    ):
        await ada.create_identity("Ada", "")
        await ben.create_identity("Ben", "")
        made = await ada.submit(c.FoundCouncil("Bread", "society", "society", ""))
        council = CouncilId(made.id)
        genesis = ada.peer.world.places[council].genesis_bytes
        await ben.engine.carry_out([Keep("council", council, genesis)])
        await eventually(lambda: bool(ada.peer.world.addresses), "Ada can be dialled")
        address = ada.peer.world.addresses[0]
        ben.engine.dial_all([address])

        async def is_heard(text: str) -> None:
            said = await say(ada, council, text)
            place = ben.peer.world.places[council]
            await eventually(lambda: said in place.stands, f"Ben hears “{text}”")

        await is_heard("before")
        await flooder.start()
        try:
            victim = await flooder.dial(address)
            flood = asyncio.create_task(ask_without_end(flooder, victim))
            await is_heard("meanwhile")
            assert await flood > 0, "it was told to wait before it was dropped"
            await eventually(
                lambda: (view := seen(ada, DeviceId(flooder.key))) is not None and not view.connected,
                "Ada shows that it is gone",
            )
            view = seen(ada, DeviceId(flooder.key))
            assert view is not None
            assert view.problem.startswith("It asked ")
            assert view.problem.endswith("5 a second are answered.")
            assert view.refused_until_ms > 0
            with contextlib.suppress(TransportError):
                await flooder.dial(address)
            await is_heard("after")
            friend = ben.peer.world.me
            assert friend is not None
            of_ben = seen(ada, friend.device)
            assert of_ben is not None
            assert (of_ben.connected, of_ben.throttled, of_ben.problem) == (True, "", "")
        finally:
            await flooder.stop()
