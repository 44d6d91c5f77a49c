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
from p2pcouncil.runtime import network
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
    """A transport with a backlog of gossip, and a host that takes a millisecond for each message, without a pause."""

    def __init__(self, messages: int) -> None:
        self.messages = messages
        self.heard: list[Event] = []

    async def events(self) -> AsyncIterator[TransportEvent]:
        for _ in range(self.messages):
            yield GossipReceived(PeerKey(bytes(32)), "a topic", b"", PeerKey(bytes(32)))

    async def handle(self, event: Event) -> None:
        self.heard.append(event)

    def monotonic(self) -> float:
        return len(self.heard) / 1_000


@pytest.mark.asyncio
async def test_a_backlog_of_gossip_and_others_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    flooded = Flooded(500)
    monkeypatch.setattr(network, "time", flooded)
    hearing = asyncio.ensure_future(Network(flooded, flooded)._hear())  # type: ignore[arg-type]
    most, turns = 0, 0
    while not hearing.done():
        before = len(flooded.heard)
        await asyncio.sleep(0)
        most = max(most, len(flooded.heard) - before)
        turns += 1
    assert len(flooded.heard) == flooded.messages
    assert most <= 10, "the interface waits for no more"
    assert turns <= 150, "what others do in a turn may take ten times as long as a message"
