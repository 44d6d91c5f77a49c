"""Local discovery: two peers find each other where multicast works; elsewhere it says so and goes on."""

import asyncio

import pytest

from net.discovery import LocalDiscovery
from net.peer_id import format_peer_id
from net.transport import PeerKey

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


def address(key: PeerKey) -> str:
    return f"/ip4/127.0.0.1/tcp/4001/p2p/{format_peer_id(key)}"


async def test_two_peers_find_each_other_or_are_told_why_not() -> None:
    one, two = PeerKey(b"\x01" * 32), PeerKey(b"\x02" * 32)
    found: list[str] = []
    other = LocalDiscovery(two, lambda _: None, "127.0.0.1")
    here = LocalDiscovery(one, found.append, "127.0.0.1")
    other.start([address(two), f"/ip4/127.0.0.1/tcp/9/p2p/{format_peer_id(one)}", "nonsense"])
    here.start([address(one)])
    for _ in range(80):
        if found or here.problem or other.problem:
            break
        await asyncio.sleep(0.1)
    await here.stop()
    await other.stop()
    await other.stop()
    assert set(found) <= {address(two)}, "only what the announcer may say of itself"
    if not found and not (here.problem or other.problem):
        pytest.skip("multicast is swallowed on this machine")


async def test_without_multicast_it_says_so_once_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr("net.discovery.AsyncZeroconf", refuse)
    here = LocalDiscovery(PeerKey(b"\x01" * 32), lambda _: None)
    here.start([address(PeerKey(b"\x01" * 32))])
    await asyncio.sleep(0.05)
    assert "can't be found" in here.problem
    here.announce([])
    await here.stop()
