"""The queue of events: in order, bounded, gossip shed first, nothing else ever."""

import asyncio
import threading

import pytest

from net.event_queue import EventQueue
from net.transport import GossipReceived, PeerDown, PeerKey, PeerUp, RequestReceived, TransportError

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]

PEER = PeerKey(b"\x01" * 32)


def gossip(data: bytes) -> GossipReceived:
    return GossipReceived(PEER, "t", data, PEER)


async def test_events_from_many_threads_come_in_order() -> None:
    queue = EventQueue()

    def fill() -> None:
        for number in range(200):
            queue.put(RequestReceived(PEER, number, threading.current_thread().name.encode()))

    threads = [threading.Thread(target=fill, name=f"filler {n}") for n in range(4)]
    reader = asyncio.create_task(_collect(queue))
    await asyncio.sleep(0)
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    queue.close()
    events = await reader
    assert len(events) == 800
    for thread in threads:
        mine = [
            e.request_id for e in events if isinstance(e, RequestReceived) and e.data == thread.name.encode()
        ]
        assert mine == list(range(200))


async def test_only_gossip_is_shed_when_the_reader_is_behind() -> None:
    queue = EventQueue(max_gossip_events=10, max_gossip_bytes=1000)
    for number in range(30):
        queue.put(gossip(b"%d" % number))
        queue.put(RequestReceived(PEER, number, b""))
    queue.close()
    events = await _collect(queue)
    assert [e.request_id for e in events if isinstance(e, RequestReceived)] == list(range(30))
    assert [e.data for e in events if isinstance(e, GossipReceived)] == [b"%d" % n for n in range(10)]
    assert queue.shed == 20


async def test_gossip_is_bounded_by_bytes_and_room_comes_back() -> None:
    queue = EventQueue(max_gossip_bytes=100)
    for _ in range(3):
        queue.put(gossip(bytes(60)))
    stream = queue.events()
    assert await anext(stream) == gossip(bytes(60))
    queue.put(gossip(b"again"))
    assert await anext(stream) == gossip(b"again")
    assert queue.shed == 2


async def test_visits_that_nobody_read_do_not_pile_up() -> None:
    queue = EventQueue(max_gossip_events=5)
    for _ in range(1000):
        queue.put(PeerUp(PEER))
        queue.put(PeerDown(PEER, "went"))
    queue.close()
    events = await _collect(queue)
    assert len(events) <= 6
    assert events[-1] == PeerDown(PEER, "went")


async def test_a_breakdown_is_raised_after_what_came_before() -> None:
    queue = EventQueue()
    queue.put(PeerUp(PEER))
    queue.close(TransportError("The network stopped by itself."))
    queue.put(PeerUp(PEER))
    stream = queue.events()
    assert await anext(stream) == PeerUp(PEER)
    with pytest.raises(TransportError, match="by itself"):
        await anext(stream)


async def _collect(queue: EventQueue) -> list[object]:
    return [event async for event in queue.events()]
