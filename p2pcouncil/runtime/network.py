"""The network's side of the engine: what the core wants said is said, and what is heard reaches the core."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import assert_never

from crdt.envelope import encode_groups
from crdt.store.rows import read_groups
from net.address_book import FEW_PEERS
from net.transport import PeerFound, PeerKey, Transport, TransportError
from p2pcouncil.peer.events import (
    AnswerHeard,
    Ask,
    Connect,
    Drop,
    Listen,
    Publish,
    Reply,
    ReplyWithEnvelopes,
    Served,
)
from p2pcouncil.peer.shelf import ADDRESS
from p2pcouncil.peer.wire import topic_of
from p2pcouncil.runtime.clock import now_ms
from p2pcouncil.runtime.host import Host
from p2pcouncil.runtime.wiring import translate

log = logging.getLogger("p2pcouncil")

KEEP_ADDRESSES_SECONDS = 5.0
KNOW_MEMBERS_SECONDS = 0.2
HEAR_SECONDS = 0.005
"""Most events are done without a pause, and a flood must leave others their turns: after about so long. Not after each
event, for a turn of folding takes longer than many of them, and questions stand in the same line as gossip."""

Outward = Listen | Publish | Reply | Drop | Ask | ReplyWithEnvelopes | Connect


class Network:
    """One transport, and what an engine does with it."""

    def __init__(self, host: Host, transport: Transport) -> None:
        self._host = host
        self._transport = transport

    async def start(self) -> None:
        """Begin to listen and to hear.

        Raises:
            TransportError: the network can't start.
        """
        await self._transport.start()
        self._host.spawn(self._hear())
        self._host.spawn(self._keep_addresses())
        self._host.spawn(self._know_members())
        for place in self._host.peer.world.places.values():
            await self._transport.join_topic(topic_of(place.council))

    async def stop(self) -> None:
        """Remember who was reached, then close every connection."""
        try:
            await self._save_addresses()
        finally:
            await self._transport.stop()

    async def carry_out(self, effect: Outward) -> None:
        """Do one thing; what the network can't do is logged, and asked again by the core when it matters."""
        transport = self._transport
        try:
            match effect:
                case Listen(topic):
                    await transport.join_topic(topic)
                case Publish(topic, data):
                    await transport.publish(topic, data)
                case Reply(question, data):
                    await transport.respond(question, data)
                case Drop(device, reason):
                    await transport.drop(PeerKey(device), reason)
                case Connect(address):
                    await transport.remember(address)
                case ReplyWithEnvelopes(question, head, wanted, max_bytes, device):
                    with self._host.troubles():
                        groups = await self._host.reader.run(read_groups, wanted, max_bytes)
                        data = head + encode_groups(groups)
                        await transport.respond(question, data)
                        await self._host.handle(Served(device, len(data)))
                case Ask():
                    await self._ask(effect)
                case _:
                    assert_never(effect)
        except TransportError as error:
            log.info("network: %s", error)

    def dial_all(self, addresses: Sequence[str]) -> None:
        """Dial addresses, and those that pending joins name, in the background."""
        for address in sorted({*addresses, *self._host.peer.addresses_of_joins()}):
            self._host.spawn(self.carry_out(Connect(address)))

    async def _ask(self, effect: Ask) -> None:
        try:
            data = await self._transport.request(PeerKey(effect.device), effect.data, effect.timeout_ms)
        except TransportError as error:
            await self._host.handle(AnswerHeard(effect.ask, None, str(error)))
            return
        await self._host.handle(AnswerHeard(effect.ask, data))

    async def _hear(self) -> None:
        begun = time.monotonic()
        async for event in self._transport.events():
            if isinstance(event, PeerFound):
                self._host.spawn(self.carry_out(Connect(event.address)))
                continue
            await self._host.handle(translate(event))
            if time.monotonic() - begun >= HEAR_SECONDS:
                await asyncio.sleep(0)
                begun = time.monotonic()

    async def _keep_addresses(self) -> None:
        """Remember where peers were reached, so that the next start finds them without an invitation."""
        while True:
            await asyncio.sleep(KEEP_ADDRESSES_SECONDS)
            await self._save_addresses()

    async def _know_members(self) -> None:
        """Tell the network whose gossip is worth passing on: that of members' devices, unless they are shunned."""
        told: tuple[frozenset[PeerKey], frozenset[PeerKey]] = frozenset(), frozenset()
        while True:
            world = self._host.peer.world
            members = (device for place in world.places.values() for device in place.member_devices())
            shunned = world.courtesy.shunned(now_ms())
            known = frozenset(map(PeerKey, members)), frozenset(map(PeerKey, shunned))
            if known != told:
                told = known
                try:
                    await self._transport.know(*known)
                except TransportError as error:
                    log.info("network: %s", error)
            await asyncio.sleep(KNOW_MEMBERS_SECONDS)

    async def _save_addresses(self) -> None:
        try:
            remembered = await self._transport.known_addresses()
        except TransportError as error:
            log.info("network: %s", error)
            return
        known = {
            k.address.encode(): k.last_success_ms.to_bytes(8, "big")
            for k in remembered
            if k.last_success_ms or len(remembered) <= FEW_PEERS
        }
        held = self._host.peer.world.items(ADDRESS)
        with self._host.troubles():
            for key in set(held) - set(known):
                await self._host.keep(ADDRESS, key, b"")
            for key, value in known.items():
                if key not in held:
                    await self._host.keep(ADDRESS, key, value)
