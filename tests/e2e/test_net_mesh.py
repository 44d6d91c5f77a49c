"""A dozen peers that all know each other connect to some, not all, and everyone hears everyone."""

import asyncio
import hashlib
import os
import time

import pytest

from net.libp2p.transport import Libp2pTransport
from net.transport import GossipReceived
from tests.support.credit import note_credit

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio, pytest.mark.timeout(110)]

PEERS = 12
TOPIC = "/p2pcouncil/1/mesh"


async def listen(transport: Libp2pTransport, heard: set[bytes]) -> None:
    async for event in transport.events():
        if isinstance(event, GossipReceived):
            heard.add(event.data)


async def test_many_small_messages_cost_few_frames_of_credit(monkeypatch: pytest.MonkeyPatch) -> None:
    given = note_credit(monkeypatch)
    one, two = (Libp2pTransport(hashlib.sha256(word).digest(), "127.0.0.1") for word in (b"one", b"two"))
    await one.start()
    await two.start()
    heard: set[bytes] = set()
    reader = asyncio.create_task(listen(two, heard))
    try:
        await one.join_topic(TOPIC)
        await two.join_topic(TOPIC)
        await two.dial(one.addresses()[0])
        words = [b"word %d" % number + bytes(4_000) for number in range(200)]
        deadline = time.monotonic() + 50
        while len(heard) < len(words):
            assert time.monotonic() < deadline, len(heard)
            for word in words:
                if word not in heard:
                    await one.publish(TOPIC, word)
            await asyncio.sleep(1)
    finally:
        await one.stop()
        await two.stop()
        await reader
    # Some 800 kB are several windows, so that there is credit to give.
    assert 1 <= len(given) < len(words) // 2
    assert sum(given) > 0


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files where /proc lists them")
async def test_no_socket_is_left_open() -> None:
    async def live() -> int:
        one, two = (Libp2pTransport(hashlib.sha256(word).digest(), "127.0.0.1") for word in (b"one", b"two"))
        await one.start()
        await two.start()
        await two.dial(one.addresses()[0])
        await one.stop()
        await two.stop()
        return len(os.listdir("/proc/self/fd"))

    first = await live()
    for _ in range(4):
        assert await live() <= first


async def test_a_dozen_peers_form_a_mesh() -> None:
    transports = [
        Libp2pTransport(hashlib.sha256(b"mesh %d" % number).digest(), "127.0.0.1") for number in range(PEERS)
    ]
    heard: list[set[bytes]] = [set() for _ in transports]
    readers = []
    try:
        for transport, words in zip(transports, heard, strict=True):
            await transport.start()
            readers.append(asyncio.create_task(listen(transport, words)))
            await transport.join_topic(TOPIC)
        for transport in transports:
            for other in transports:
                if other is not transport:
                    await transport.remember(other.addresses()[0])
        deadline = time.monotonic() + 50
        words = {b"word %d" % number for number in range(PEERS)}
        while any(len(known) < PEERS - 1 for known in heard):
            assert time.monotonic() < deadline, [len(known) for known in heard]
            for transport, word in zip(transports, sorted(words), strict=True):
                await transport.publish(TOPIC, word)
            await asyncio.sleep(0.5)
        links = sum(len(transport.connected()) for transport in transports)
        assert links < PEERS * (PEERS - 1), "not all-to-all"
    finally:
        await asyncio.gather(*(transport.stop() for transport in transports))
        await asyncio.gather(*readers)
