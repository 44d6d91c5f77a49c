"""A peer that votes and tells when it is asked to, in a process of its own, behind lines that can be cut.

It is started with a `Config` as JSON, like a peer under fire; standard input carries one order per line as JSON, each
answered by one line. When standard input ends, so does the peer.
"""

import asyncio
import json
import sys
from typing import Any

import msgspec

from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId
from net.peer_id import format_peer_id
from net.transport import PeerKey
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.peer.commands import CastBallot, MakeProposal, OpenVote, SecondProposal
from p2pcouncil.runtime.session import PeerSession
from tests.e2e.fire.lined import Config, open_lined_session
from tests.e2e.fire.peer import tell


async def obey(session: PeerSession, council: CouncilId, order: dict[str, Any]) -> dict[str, Any]:
    """Do what is asked, and say what came of it."""
    name = ChangeHash(bytes.fromhex(order.get("id", "")))
    match order["do"]:
        case "propose":
            text = order["title"]
            done = await session.submit(MakeProposal(council, text, text, text, YesNo(0)))
            return {"id": done.id.hex()}
        case "second":
            await session.submit(SecondProposal(name))
            return {}
        case "open":
            done = await session.submit(OpenVote(name, order["seconds"]))
            return {"id": done.id.hex()}
        case "vote":
            await session.submit(CastBallot(name, ((order["choice"],),)))
            return {}
        case "holds":
            return {"holds": session.peer.world.place_of_entry(name) is not None}
        case "show":
            return show(session, council, name)
        case other:
            raise AssertionError(f"no such order: {other}")


def show(session: PeerSession, council: CouncilId, name: ChangeHash) -> dict[str, Any]:
    """A vote and the state, as this peer has them."""
    place = session.peer.world.places[council]
    told: dict[str, Any] = {
        "state": place.state_hash().hex(),
        "pages": place.state.register.chain.number,
        "page": place.state.register.chain.page.hex(),
        "connected": sorted(format_peer_id(PeerKey(device)) for device in session.peer.world.connected),
    }
    if place.issue(name) is None:
        return told | {"status": "unknown"}
    vote = session.proposal(name).issue
    assert vote is not None
    return told | {
        "status": vote.status,
        "line": vote.status_line,
        "counts": {option.label: option.count for option in vote.tally.counts},
        "sealed": [teller.person.name for teller in vote.life.tellers if teller.has_sealed],
        "counted": [teller.person.name for teller in vote.life.tellers if teller.is_counted],
        "closes_ms": vote.life.closes_ms,
        "mine": vote.life.have_mine,
    }


async def main(config: Config) -> None:
    """Run until standard input ends."""
    council = CouncilId(bytes.fromhex(config.council))
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async with open_lined_session(config) as session:
        tell(ready=True, addresses=session.network().my_addresses)
        while line := await reader.readline():
            try:
                tell(**await obey(session, council, json.loads(line)))
            except LocalError as error:
                tell(refused=str(error))


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Config)))
