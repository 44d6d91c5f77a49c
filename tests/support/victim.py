"""A process to be killed: appends as fast as it can, or catches up, and says what is safe on disk.

`python -m tests.support.victim HOME append COUNCIL PROPOSAL COUNT` appends comments one by one and says a line for each
that was acknowledged: the number of entries of its own that are held. `… HOME follow COUNCIL ADDRESS` goes online and
says how many entries it has folded, all of which it read back from the disk.
"""

import asyncio
import sys
from pathlib import Path

from crdt.ids import ChangeHash, CouncilId
from p2pcouncil.domain.entries import Comment
from p2pcouncil.peer.events import Append
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from p2pcouncil.runtime.transports import NetworkOptions


def say(number: int) -> None:
    print(number, flush=True)


async def append(session: PeerSession, council: CouncilId, proposal: ChangeHash, count: int) -> None:
    place = session.peer.world.places[council]
    say(place.index.total)
    for number in range(count):
        entry = Comment(number, proposal, b"", f"{place.index.total}")
        await session.engine.append([Append(council, (entry,))])
        say(place.index.total)


async def follow(session: PeerSession, council: CouncilId) -> None:
    place = session.peer.world.places[council]
    say(place.index.total)
    async for _ in session.changes():
        say(place.index.total)


async def main() -> None:
    home, what, council, where = Home(Path(sys.argv[1])), sys.argv[2], sys.argv[3], sys.argv[4]
    name = CouncilId(bytes.fromhex(council))
    if what == "append":
        async with open_session(home) as session:
            await append(session, name, ChangeHash(bytes.fromhex(where)), int(sys.argv[5]))
        return
    network = NetworkOptions("127.0.0.1", mdns=False, dial=(where,))
    async with open_session(home, network) as session:
        await follow(session, name)


if __name__ == "__main__":
    asyncio.run(main())
