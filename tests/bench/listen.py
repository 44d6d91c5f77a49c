"""The far end of `propagation`: says when an entry was applied, and when raw gossip of the same bytes came."""

import asyncio
import os
import sys
import time
from hashlib import sha256
from pathlib import Path

from net.libp2p.transport import Libp2pTransport
from net.transport import GossipReceived
from p2pcouncil.peer.events import Effect, Event, RowsRead
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from tests.bench.peers import LOOPBACK

RAW_TOPIC = "bench-raw"


def say(what: str, name: bytes) -> None:
    """One line for the parent, with the clock that all processes of this machine share."""
    print(what, name.hex(), time.monotonic_ns(), flush=True)


def tell_applied(session: PeerSession) -> None:
    """Say which entries were applied, right after they were."""
    handle = session.peer.handle

    def handled(event: Event, now_ms: int) -> list[Effect]:
        effects = handle(event, now_ms)
        if isinstance(event, RowsRead):
            for row in event.rows:
                say("applied", row.envelope.hash)
        return effects

    session.peer.handle = handled  # type: ignore[method-assign]


async def main(home: Path, peer_address: str, raw_address: str) -> None:
    """Run until ended."""
    raw = Libp2pTransport(os.urandom(32), listen_host="127.0.0.1")
    await raw.start()
    await raw.join_topic(RAW_TOPIC)
    await raw.dial(raw_address)
    async with open_session(Home(home), LOOPBACK) as session:
        tell_applied(session)
        session.engine.dial_all([peer_address])
        async for event in raw.events():
            if isinstance(event, GossipReceived):
                say("raw", sha256(event.data).digest())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
