"""The network's side of the engine: a disk that stands in the way, and a flood that must not."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Never

import pytest

from crdt.errors import LocalError
from crdt.ids import DeviceId
from net.transport import GossipReceived, PeerKey, TransportEvent
from p2pcouncil.peer.events import Event, ReplyWithEnvelopes
from p2pcouncil.runtime.network import Network


class Unreadable:
    """A host whose store can't be read."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    @property
    def reader(self) -> "Unreadable":
        return self

    async def run(self, *_: object) -> Never:
        raise LocalError("The disk can't be read.", "Look at its cable.")

    @contextmanager
    def troubles(self) -> Iterator[None]:
        try:
            yield
        except LocalError as error:
            self.shown.append(str(error))


@pytest.mark.asyncio
async def test_a_question_that_this_disk_cannot_answer_is_shown_and_ends_nothing() -> None:
    host = Unreadable()
    network = Network(host, None)  # type: ignore[arg-type]
    await network.carry_out(ReplyWithEnvelopes(1, b"", (), 1, DeviceId(bytes(32))))
    assert host.shown == ["The disk can't be read."]


class Flooded:
    """A transport with a backlog of gossip, and a host that is done with each message at once."""

    def __init__(self, messages: int) -> None:
        self.messages = messages
        self.heard: list[Event] = []

    async def events(self) -> AsyncIterator[TransportEvent]:
        for _ in range(self.messages):
            yield GossipReceived(PeerKey(bytes(32)), "a topic", b"", PeerKey(bytes(32)))

    async def handle(self, event: Event) -> None:
        self.heard.append(event)


@pytest.mark.asyncio
async def test_a_backlog_of_gossip_leaves_others_their_turns() -> None:
    flooded = Flooded(100)
    network = Network(flooded, flooded)  # type: ignore[arg-type]
    hearing = asyncio.ensure_future(network._hear())
    turns = 0
    while not hearing.done():
        await asyncio.sleep(0)
        turns += 1
    assert len(flooded.heard) == flooded.messages
    assert turns >= flooded.messages
