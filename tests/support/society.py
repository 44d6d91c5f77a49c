"""Running sessions for tests: homes in a folder, no passphrase, a network in memory or on loopback."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from crdt.ids import ChangeHash, CouncilId
from net.memory import MemoryNetwork
from net.memory_transport import MemoryHub, MemoryTransport
from net.transport import KnownAddress, PeerKey, Transport
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.identity.keystore import Identity
from p2pcouncil.peer import commands as c
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from p2pcouncil.runtime.transports import MakeTransport, NetworkOptions

LOOPBACK = NetworkOptions(listen_host="127.0.0.1", port=0, mdns=False)
WAIT_MS = 30_000
FIRST_PORT = 10_000


def in_memory(hub: MemoryHub) -> MakeTransport:
    """Transports over one in-memory network, in the time of the running loop.

    Who comes back has the port that others know, as real peers have. Else a byte that flipped in the one address that
    somebody remembers, which nothing can tell from another peer's, would keep two of them apart for good.
    """

    def make(identity: Identity, _: NetworkOptions, known: Sequence[tuple[bytes, bytes]]) -> Transport:
        addresses = [KnownAddress(a.decode(), int.from_bytes(at, "big")) for a, at in known]
        key = PeerKey(identity.device_key.device)
        return MemoryTransport(hub, key, FIRST_PORT + int.from_bytes(key[:3], "big"), addresses)

    return make


@dataclass(slots=True)
class Society:
    """Sessions of some people, opened as they are needed.

    Attributes:
        folder: a home for each of them.
        over: what the network runs on; None for libp2p on 127.0.0.1.
    """

    folder: Path
    over: MakeTransport | None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def home(self, name: str) -> Home:
        return Home(self.folder / name)

    async def join_in(self, name: str, *, online: bool = True) -> PeerSession:
        """Open somebody's session, with an identity from its first time on."""
        return await self._stack.enter_async_context(self.session(name, online=online))

    @asynccontextmanager
    async def session(self, name: str, *, online: bool = True) -> AsyncIterator[PeerSession]:
        """Somebody's session for the length of a block."""
        network = LOOPBACK if online else None
        async with open_session(self.home(name), network, make_transport=self.over) as session:
            if session.identity() is None:
                await session.create_identity(name, "")
            yield session

    async def found(self, founder: PeerSession, *others: PeerSession) -> CouncilId:
        """Found a society and let the others in."""
        done = await founder.submit(c.FoundCouncil("Morning Bread", "society", "society", "To test"))
        council = CouncilId(done.id)
        for newcomer in others:
            await self.let_in(council, founder, newcomer)
        return council

    async def let_in(self, council: CouncilId, sponsor: PeerSession, newcomer: PeerSession) -> None:
        """Invite, join, vouch."""
        line = (await sponsor.submit(c.MakeInvitation(council))).lines[0]
        await newcomer.submit(c.JoinByInvitation(line))
        member = newcomer.peer.world.me.member  # type: ignore[union-attr]
        await until(sponsor, lambda: any(j.member == member for j, _ in sponsor.peer.requests(council)))
        await sponsor.submit(c.VouchFor(council, member))
        assert await newcomer.wait_joined(council, WAIT_MS)

    async def close(self) -> None:
        await self._stack.aclose()


@asynccontextmanager
async def society(folder: Path, *, over_libp2p: bool = False) -> AsyncIterator[Society]:
    """A society whose sessions are all closed at the end."""
    made = Society(folder, None if over_libp2p else in_memory(MemoryHub(MemoryNetwork(1))))
    try:
        yield made
    finally:
        await made.close()


async def until(session: PeerSession, done: Callable[[], bool], timeout_ms: int = WAIT_MS) -> None:
    """Wait until something holds; fail the test when it does not in time."""
    assert await session.engine.wait_until(done, timeout_ms), "it did not happen in time"


def state_of(session: PeerSession, council: CouncilId) -> bytes:
    """The hash of what a session holds of a council; empty for nothing."""
    place = session.peer.world.places.get(council)
    return place.state_hash() if place is not None else b""


async def converge(council: CouncilId, *sessions: PeerSession, timeout_ms: int = WAIT_MS) -> None:
    """Wait until all hold the same."""

    def equal() -> bool:
        return len({state_of(session, council) for session in sessions}) == 1

    await until(sessions[0], equal, timeout_ms)


async def propose(
    session: PeerSession, council: CouncilId, title: str, text: str = "As it is.\n"
) -> ChangeHash:
    """Put a proposal that a simple majority decides."""
    method = YesNo(quorum_permille=0)
    return ChangeHash((await session.submit(c.MakeProposal(council, title, "About it.", text, method))).id)
