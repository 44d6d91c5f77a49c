"""A reader gives credit seldom, but to a sender that waits for it in time: after five seconds the library gives up."""

import pytest
import trio
from libp2p.peer.id import ID
from libp2p.stream_muxer.yamux.yamux import DEFAULT_WINDOW_SIZE, Yamux
from trio.testing import MockClock, memory_stream_pair

from net.libp2p import hardening
from tests.support.credit import note_credit


class Secured:
    """What yamux needs of an encrypted connection."""

    def __init__(self, stream: trio.StapledStream) -> None:
        self._stream = stream

    async def read(self, n: int | None = None) -> bytes:
        return bytes(await self._stream.receive_some(n))

    async def write(self, data: bytes) -> None:
        await self._stream.send_all(data)

    async def close(self) -> None:
        await self._stream.aclose()


async def send(total_bytes: int, piece_bytes: int, pause_s: float) -> None:
    """Write to a reader that takes a piece, pauses, and takes the next; returns when all is read."""
    mine, theirs = (Secured(stream) for stream in memory_stream_pair())
    one = Yamux(mine, ID(b"two"), is_initiator=True)  # type: ignore[arg-type]
    two = Yamux(theirs, ID(b"one"), is_initiator=False)  # type: ignore[arg-type]
    async with trio.open_nursery() as nursery:
        for muxer in (one, two):
            nursery.start_soon(muxer.start)
            await muxer.event_started.wait()
        writer, reader = await one.open_stream(), await two.accept_stream()
        nursery.start_soon(writer.write, bytes(total_bytes))
        while total_bytes:
            total_bytes -= len(await reader.read(piece_bytes))
            await trio.sleep(pause_s)
        nursery.cancel_scope.cancel()


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The credit that each frame gave."""
    hardening.apply_process_wide()
    return note_credit(monkeypatch)


def test_who_reads_fast_gives_credit_by_halves(given: list[int]) -> None:
    trio.run(send, 4 * DEFAULT_WINDOW_SIZE, 1_000, 0.0, clock=MockClock(autojump_threshold=0))
    assert len(given) <= 8
    assert min(given) >= DEFAULT_WINDOW_SIZE // 2


def test_a_slow_reader_keeps_the_sender_from_giving_up(given: list[int]) -> None:
    pieces = 1_000
    total_bytes = DEFAULT_WINDOW_SIZE + 300 * pieces
    trio.run(send, total_bytes, 300, 0.02, clock=MockClock(autojump_threshold=0))
    assert 0 < len(given) < pieces // 10
