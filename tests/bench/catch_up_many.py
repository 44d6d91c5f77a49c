"""A fresh peer catches up 100 feeds of 100 entries each over libp2p."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from crdt.ids import CouncilId
from crdt.store.append import append_feed
from p2pcouncil.domain.entries import Vouch, encode_entry
from p2pcouncil.domain.records import Join, Signed, encode_record, join_message
from p2pcouncil.identity.keys import DeviceKey, MemberKey
from p2pcouncil.peer.events import Append
from p2pcouncil.runtime.clock import now_ms
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession, open_session
from tests.bench.fresh_peer import catch_up
from tests.bench.peers import comment_bytes, found

FEEDS = 100
EACH = 100
VOUCHES_PER_LANE = 30


async def add_member(
    session: PeerSession, council: CouncilId, number: int, voucher: tuple[MemberKey, DeviceKey]
) -> tuple[MemberKey, DeviceKey]:
    """A member of flesh and blood as far as anybody can tell: certified, joined, vouched for by another."""
    member, device = MemberKey(number.to_bytes(32, "big")), DeviceKey((1 << 20 | number).to_bytes(32, "big"))
    certificate = member.certify(device.device)
    join = Join(
        council,
        member.member,
        device.device,
        certificate.signature,
        device.vrf_public,
        f"Member {number}",
        b"",
    )
    body = encode_record(join)
    signed = encode_record(Signed(body, (device.sign(join_message(body)),)))
    sponsor, sponsor_device = voucher
    await session.engine.store.run(
        append_feed,
        sponsor_device,
        council,
        sponsor.certify(sponsor_device.device),
        0,
        [encode_entry(Vouch(now_ms(), signed))],
        now_ms(),
    )
    return member, device


async def fill(session: PeerSession, council: CouncilId, feeds: int, each: int) -> int:
    """So many members write so many entries each; returns how many envelopes there are."""
    first = await _self_made(session, council)
    members = [first]
    for number in range(1, feeds):
        members.append(await add_member(session, council, number, members[(number - 1) // VOUCHES_PER_LANE]))
    for member, device in members:
        entries = [comment_bytes(number) for number in range(each)]
        certificate = member.certify(device.device)
        await session.engine.store.run(append_feed, device, council, certificate, 0, entries, now_ms())
    await session.engine.refresh()
    return session.peer.world.places[council].index.total


async def _self_made(session: PeerSession, council: CouncilId) -> tuple[MemberKey, DeviceKey]:
    """A first member with keys at hand, vouched for by the session's own."""
    member, device = MemberKey(bytes(31) + b"\xff"), DeviceKey(bytes(31) + b"\xfe")
    certificate = member.certify(device.device)
    join = Join(
        council, member.member, device.device, certificate.signature, device.vrf_public, "Member 0", b""
    )
    body = encode_record(join)
    signed = encode_record(Signed(body, (device.sign(join_message(body)),)))
    await session.engine.append([Append(council, (Vouch(now_ms(), signed),))])
    return member, device


async def run() -> dict[str, object]:
    """Serve from a process of its own, so that both sides have a core."""
    with TemporaryDirectory() as folder:
        home = Home(Path(folder) / "server")
        async with open_session(home) as server:
            await server.create_identity("Server", "")
            council = await found(server)
            count = await fill(server, council, FEEDS, EACH)
            genesis = server.peer.world.places[council].genesis_bytes
        done = await catch_up(home.path, council, genesis, count)
    return {
        "entries in 100 feeds": count,
        "catch-up, entries/s": round(done.per_second),
        "raw PyNaCl verify, /s": round(done.raw_per_second),
        **done.stalls(),
        "catch-up ÷ raw verify (target ≥ 0.45)": round(done.ratio, 2),
    }


def measure() -> dict[str, object]:
    """Run."""
    return asyncio.run(run())
