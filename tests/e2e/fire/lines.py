"""The lines between the peers: TCP proxies that can be cut, stalled one way or both, slowed down, and refused.

Each peer dials each other through a line of its own, so a fault knows who talks to whom. Bytes are never changed.
"""

import asyncio
import contextlib
import itertools
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 65_536
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Way:
    """One direction between two peers.

    Attributes:
        stalls: faults that hold everything up now.
        delays_seconds: what each fault that slows it down adds to every chunk.
    """

    stalls: int = 0
    delays_seconds: list[float] = field(default_factory=list)
    _clear: asyncio.Event = field(default_factory=asyncio.Event)

    def stall(self) -> None:
        """Let nothing through until `release` was called as often."""
        self.stalls += 1
        self._clear.clear()

    def release(self) -> None:
        """Take one stall back."""
        self.stalls -= 1
        if not self.stalls:
            self._clear.set()

    async def passage(self) -> None:
        """Wait for as long as bytes take now."""
        await asyncio.sleep(sum(self.delays_seconds))
        while self.stalls:
            await self._clear.wait()


class Line:
    """Where one peer dials another."""

    def __init__(self, there: Way, back: Way, target: Callable[[], int]) -> None:
        """Take a port; nobody answers there before `open`.

        Args:
            there: what the bytes of the dialling peer go through.
            back: what the answers go through.
            target: the port of the other peer at the moment; 0 while it is down.
        """
        self._there, self._back, self._target = there, back, target
        # Bound and not listening: the port stays ours, and whoever dials while no server listens is refused.
        self._guard = _socket(0)
        self.port = int(self._guard.getsockname()[1])
        self._server: asyncio.Server | None = None
        self._refusals = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Take calls, unless a fault refuses them."""
        if self._server is None and not self._refusals:
            self._server = await asyncio.start_server(self._accept, sock=_socket(self.port))

    def refuse(self) -> None:
        """Take no calls until `relent` was called as often, and reset those that were taken."""
        self._refusals += 1
        self._stop()

    async def relent(self) -> None:
        """Take one refusal back."""
        self._refusals -= 1
        await self.open()

    def cut(self) -> int:
        """Reset every connection; returns how many there were."""
        cut = len(self._writers)
        for writer in list(self._writers):
            _reset(writer)
        return cut // 2

    async def close(self) -> None:
        """Give up the port and every connection."""
        self._stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._guard.close()

    def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self._there.passage()
            await self._back.passage()
            await self._connect(reader, writer)
        except (OSError, asyncio.CancelledError):
            # Whoever is at the other end went away, or the line is closed for good: both see a reset.
            return
        finally:
            _reset(writer)
            self._writers.discard(writer)
            self._tasks.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._target())
        self._writers.add(far_writer)
        try:
            await asyncio.gather(
                _pump(reader, far_writer, self._there, writer),
                _pump(far_reader, writer, self._back, far_writer),
            )
        finally:
            _reset(far_writer)
            self._writers.discard(far_writer)


class Lines:
    """All lines between some peers, and the faults on them."""

    def __init__(self, names: Iterable[str], port_of: Callable[[str], int]) -> None:
        """Take the ports.

        Args:
            names: of the peers.
            port_of: where each listens at the moment.
        """
        pairs = list(itertools.permutations(names, 2))
        self._ways = {pair: Way() for pair in pairs}
        self._lines = {
            (near, far): Line(self._ways[near, far], self._ways[far, near], lambda far=far: port_of(far))  # type: ignore[misc]
            for near, far in pairs
        }

    async def open(self) -> None:
        """Take calls on all lines."""
        for line in self._lines.values():
            await line.open()

    async def close(self) -> None:
        """Give up all ports and connections."""
        for line in self._lines.values():
            await line.close()

    def port(self, near: str, far: str) -> int:
        """Where one peer dials another."""
        return self._lines[near, far].port

    def cut(self, near: str, far: str) -> int:
        """Reset what connects two peers, whoever dialled; returns how many connections."""
        return self._lines[near, far].cut() + self._lines[far, near].cut()

    @contextlib.contextmanager
    def stalled(self, ways: Iterable[tuple[str, str]]) -> Iterator[None]:
        """Swallow what one peer sends another, and deliver it afterwards, as TCP does when a cable is back."""
        held = [self._ways[way] for way in ways]
        for way in held:
            way.stall()
        try:
            yield
        finally:
            for way in held:
                way.release()

    @contextlib.contextmanager
    def slowed(self, ways: Iterable[tuple[str, str]], seconds: float) -> Iterator[None]:
        """Deliver everything later."""
        held = [self._ways[way] for way in ways]
        for way in held:
            way.delays_seconds.append(seconds)
        try:
            yield
        finally:
            for way in held:
                way.delays_seconds.remove(seconds)

    @contextlib.asynccontextmanager
    async def refused(self, pairs: Iterable[tuple[str, str]]) -> AsyncIterator[None]:
        """Reset what connects these pairs, and refuse them when they dial again."""
        lines = [self._lines[pair] for pair in pairs]
        for line in lines:
            line.refuse()
        try:
            yield
        finally:
            for line in lines:
                await line.relent()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way, back: asyncio.StreamWriter
) -> None:
    """Carry bytes until the end; when either side breaks, both are reset."""
    try:
        while data := await reader.read(CHUNK_BYTES):
            await way.passage()
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        _reset(writer)
        _reset(back)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection as a crash or a router does: the other end gets an RST."""
    held = writer.get_extra_info("socket")
    if held is not None and not writer.transport.is_closing():
        with contextlib.suppress(OSError):
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()


def _socket(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((LOOPBACK, port))
    return made
