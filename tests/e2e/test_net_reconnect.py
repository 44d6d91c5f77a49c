"""A line that is cut or goes dead is noticed, and the peers find each other again by themselves."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from net.libp2p.transport import Libp2pTransport
from net.transport import PeerDown, PeerFound, PeerUp, RequestReceived, TransportError, TransportEvent

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio, pytest.mark.timeout(110)]

DEADLINE_S = 40.0


async def eventually(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S} s: {what}"
        await asyncio.sleep(0.05)


class Proxy:
    """A TCP line that can be cut, or swallow everything without a word."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.open = asyncio.Event()
        self.open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.open.set()
        self.cut()
        await asyncio.sleep(0.1)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        await self.open.wait()
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(there_writer)
        await asyncio.gather(self._pump(reader, there_writer), self._pump(there_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self.open.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
        self._writers.discard(writer)


class Served:
    """A transport whose events are kept and whose requests are echoed."""

    def __init__(self, name: str, mdns: bool = False) -> None:
        seed = hashlib.sha256(name.encode()).digest()
        self.transport = Libp2pTransport(seed, "127.0.0.1", mdns=mdns)
        self.log: list[TransportEvent] = []

    async def start(self) -> "Served":
        await self.transport.start()
        self._reader = asyncio.create_task(self._read())
        return self

    async def stop(self) -> None:
        await self.transport.stop()
        await self._reader

    async def _read(self) -> None:
        async for event in self.transport.events():
            self.log.append(event)
            if isinstance(event, RequestReceived):
                await self.transport.respond(event.request_id, event.data)


@pytest_asyncio.fixture
async def line(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Served, Served, Proxy]]:
    """Two peers, connected through a proxy that the first dialled; they notice silence sooner than usual."""
    monkeypatch.setattr("net.libp2p.watch.PING_INTERVAL_S", 1.0)
    monkeypatch.setattr("net.libp2p.watch.PING_TIMEOUT_S", 2.0)
    near, far = await Served("near").start(), await Served("far").start()
    _, _, _, _, port, _, name = far.transport.addresses()[0].split("/")
    proxy = Proxy(int(port))
    await near.transport.dial(f"/ip4/127.0.0.1/tcp/{await proxy.start()}/p2p/{name}")
    await eventually(lambda: near.transport.key in far.transport.connected(), "both are connected")
    yield near, far, proxy
    await proxy.stop()
    await near.stop()
    await far.stop()


async def test_a_cut_line_is_redialled(line: tuple[Served, Served, Proxy]) -> None:
    near, far, proxy = line
    for _ in range(2):
        ups = near.log.count(PeerUp(far.transport.key))
        proxy.cut()
        await eventually(lambda n=ups: near.log.count(PeerUp(far.transport.key)) > n, "redialled")  # type: ignore[misc]
        assert await near.transport.request(far.transport.key, b"back?", 20_000) == b"back?"
    assert any(isinstance(event, PeerDown) for event in far.log)


async def test_a_dead_line_is_noticed_and_redialled(line: tuple[Served, Served, Proxy]) -> None:
    near, far, proxy = line
    assert await near.transport.request(far.transport.key, b"alive?", 20_000) == b"alive?"
    proxy.open.clear()
    with pytest.raises(TransportError, match="did not answer"):
        await near.transport.request(far.transport.key, b"anybody?", 500)
    for peer in (near, far):
        await eventually(lambda peer=peer: not peer.transport.connected(), "the silence is noticed")  # type: ignore[misc]
    assert PeerDown(far.transport.key, "It did not answer any more.") in near.log
    proxy.open.set()
    proxy.cut()
    await eventually(lambda: far.transport.key in near.transport.connected(), "redialled")
    assert await near.transport.request(far.transport.key, b"back?", 20_000) == b"back?"


async def test_peers_on_one_network_find_each_other() -> None:
    one, two = await Served("one", mdns=True).start(), await Served("two", mdns=True).start()
    try:
        for _ in range(80):
            found = [event.address for event in one.log if isinstance(event, PeerFound)]
            if two.transport.addresses()[0] in found:
                break
            await asyncio.sleep(0.1)
        else:
            pytest.skip("multicast is swallowed on this machine")
        assert await one.transport.dial(two.transport.addresses()[0]) == two.transport.key
    finally:
        await one.stop()
        await two.stop()
