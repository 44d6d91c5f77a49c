"""A peer that votes and tells when it is asked to, in a process of its own, behind lines that can be cut.

It is started with a `Config` as JSON, like a peer under fire; standard input carries one order per line as JSON, each
answered by one line. When standard input ends, so does the peer.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from libp2p.peer.id import ID
from libp2p.peer.peerstore import PeerStore
from multiaddr import Multiaddr

from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId
from net.peer_id import format_peer_id
from net.transport import KnownAddress, PeerKey
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.identity.keystore import Identity
from p2pcouncil.peer.commands import CastBallot, MakeProposal, OpenVote, SecondProposal
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from p2pcouncil.runtime.transports import NetworkOptions
from tests.e2e.fire.peer import Config, LinedTransport, address_of, tell


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


def keep_to_lines(config: Config) -> None:
    """Have libp2p forget every address but the lines: peers tell it their own when they meet, and it dials those."""
    ports = {str(port) for port in (*config.lines.values(), config.port)}
    learn = PeerStore.add_addrs

    def learn_lines(self: PeerStore, peer_id: ID, addrs: Sequence[Multiaddr], ttl: int = 0) -> None:
        learn(self, peer_id, [a for a in addrs if a.value_for_protocol("tcp") in ports], ttl)

    PeerStore.add_addrs = learn_lines  # type: ignore[method-assign]


async def main(config: Config) -> None:
    """Run until standard input ends."""
    keep_to_lines(config)

    def make(
        identity: Identity, network: NetworkOptions, known: Sequence[tuple[bytes, bytes]]
    ) -> LinedTransport:
        addresses = [KnownAddress(a.decode(), int.from_bytes(at, "big")) for a, at in known]
        seed = identity.device_key.secret_seed()
        transport = LinedTransport(seed, network.listen_host, network.port, addresses)
        transport.config = config
        return transport

    council = CouncilId(bytes.fromhex(config.council))
    dial = tuple(address_of(port, name) for name, port in sorted(config.lines.items()))
    network = NetworkOptions("127.0.0.1", config.port, mdns=False, dial=dial)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async with open_session(Home(Path(config.home)), network, make_transport=make) as session:
        tell(ready=True, addresses=session.network().my_addresses)
        while line := await reader.readline():
            try:
                tell(**await obey(session, council, json.loads(line)))
            except LocalError as error:
                tell(refused=str(error))


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Config)))
