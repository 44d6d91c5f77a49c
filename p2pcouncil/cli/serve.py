"""`p2pcouncil serve`: a peer without a screen, always on, that holds and passes on what its member's councils say.

It prints one line per event, so that a person, or a script with ``--json``, can follow it.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from crdt.errors import LocalError
from crdt.ids import DeviceId
from p2pcouncil.cli.as_json import Json
from p2pcouncil.cli.context import ANYWHERE, Context, Ctx, Network
from p2pcouncil.cli.refs import short
from p2pcouncil.peer.session import Session
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.network import StatusView

ADDRESS_SECONDS = 10.0
LOOK_SECONDS = 0.25
"""Changes are told at most this often: a burst of entries is one line."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth a line.

    Attributes:
        line: for a person.
        data: for a script; its ``event`` says which kind.
    """

    line: str
    data: Json


async def serve(*, network: Network = ANYWHERE, ctx: Ctx) -> None:
    """Stay on the network without a screen, until Ctrl-C or SIGTERM: an always-on peer for your councils.

    Other verbs and the TUI may be used on the same home meanwhile; what they write is spread from here.
    With --json each event is one line of JSON; the first is {"ready": true, "addresses": […], …}.

    Examples:
        p2pcouncil serve

        p2pcouncil serve --port 4001 --no-mdns

        p2pcouncil serve --listen 127.0.0.1 --dial /ip4/192.168.1.20/tcp/4001/p2p/12D3Koo…
    """
    if ctx.home.network_runs():
        raise LocalError(
            "Another p2pcouncil runs the network of this home already.",
            "That one spreads what you write here; stop it first to serve from this terminal.",
        )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with ctx.session(network) as session:
        if session.identity() is None:
            raise LocalError(
                f"There is no identity in {ctx.home.path} yet.", "Run `p2pcouncil init NAME` first."
            )
        status = await _addressed(session)
        _tell(ctx, ready(status))
        watching = asyncio.create_task(_watch(ctx, session, status))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((watching, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if watching.done():
            watching.result()
        watching.cancel()
    _tell(ctx, Event("Stopped.", {"event": "stopped"}))


def ready(status: StatusView) -> Event:
    """The first line."""
    addresses = list(status.network.my_addresses)
    device = status.identity.device.hex() if status.identity is not None else ""
    data = {"event": "ready", "ready": True, "addresses": addresses, "device": device, "pid": os.getpid()}
    return Event(
        f"Ready, at {', '.join(addresses) or 'no address yet'}.", {**data, "entries": status.entries}
    )


def changes(old: StatusView, new: StatusView) -> Iterator[Event]:
    """Work out what happened between two looks.

    Args:
        old: how it was.
        new: how it is.

    Yields:
        Events: addresses, peers, councils and their entries, people who ask to join.
    """
    if new.network.my_addresses != old.network.my_addresses:
        addresses = list(new.network.my_addresses)
        yield Event(f"Reachable at {', '.join(addresses)}.", {"event": "addresses", "addresses": addresses})
    yield from _peer_changes(old, new)
    before = {council.id: council for council in old.councils}
    for council in new.councils:
        yield from _council_changes(before.get(council.id), council)


def _peer_changes(old: StatusView, new: StatusView) -> Iterator[Event]:
    names = {p.device: p.person.name if p.person else short(p.device) for p in new.network.peers}
    then: set[DeviceId] = {p.device for p in old.network.peers if p.connected}
    now: set[DeviceId] = {p.device for p in new.network.peers if p.connected}
    for device in sorted(now - then):
        yield Event(f"Connected to {names[device]}.", _about_peer("connected", device, names))
    for device in sorted(then - now):
        name = names.get(device, short(device))
        yield Event(f"{name} is gone.", _about_peer("gone", device, names))


def _about_peer(event: str, device: DeviceId, names: dict[DeviceId, str]) -> Json:
    return {"event": event, "device": device.hex(), "name": names.get(device, short(device))}


def _council_changes(old: CouncilView | None, new: CouncilView) -> Iterator[Event]:
    about: Json = {"council": new.id.hex(), "name": new.name}
    if old is None:
        yield Event(f"“{new.name}” is held here now.", {"event": "council", **about})
    if old is None or old.my_standing != new.my_standing:
        yield Event(
            f"“{new.name}”: you are {new.my_standing}.",
            {"event": "standing", "standing": new.my_standing, **about},
        )
    if old is None or old.entries != new.entries:
        gained = new.entries - (old.entries if old is not None else 0)
        data = {"event": "entries", "entries": new.entries, "state_hash": new.state_hash, **about}
        yield Event(f"“{new.name}”: {gained:+d} entries, {new.entries} held.", data)
    waiting = {request.join_id for request in old.requests} if old is not None else set()
    for request in new.requests:
        if request.join_id not in waiting:
            who = request.person
            data = {"event": "asks-to-join", "person": who.name, "fingerprint": who.fingerprint, **about}
            yield Event(f"{who.name} ({who.fingerprint}) asks to join “{new.name}”.", data)


async def _addressed(session: Session) -> StatusView:
    """Wait a moment for our own addresses: a script takes them from the first line."""

    async def addressed() -> None:
        async for _ in session.changes():
            if session.network().my_addresses:
                return

    if not session.network().my_addresses:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(addressed(), ADDRESS_SECONDS)
    return session.status()


async def _watch(ctx: Context, session: Session, status: StatusView) -> None:
    async for _ in session.changes():
        now = session.status()
        for event in changes(status, now):
            _tell(ctx, event)
        status = now
        await asyncio.sleep(LOOK_SECONDS)


def _tell(ctx: Context, event: Event) -> None:
    ctx.say([event.line], event.data)
