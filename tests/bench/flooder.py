"""A peer that floods: speaks libp2p like any other, and heeds neither rates nor what it is told.

It is a process of its own, nice to the others, so that what is measured is what it does to those whom it floods and not
that it takes their processor; and it makes what it sends before it begins. When it ends it says how much that was.
"""

import contextlib
import os
import sys
import time
from collections.abc import Awaitable, Callable

import trio
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.validators import PUBSUB_SIGNING_PREFIX
from libp2p.request_response import BytesCodec, RequestResponse, RequestResponseConfig
from libp2p.utils import encode_varint_prefixed
from multiaddr import Multiaddr

from crdt.envelope import EnvelopeGroup, encode_groups, make_envelope, signed_message
from crdt.ids import ChangeHash, CouncilId
from crdt.index import LaneIndex
from crdt.keys import LaneHeader, LaneKind
from crdt.sync import Pull
from net.libp2p import hardening
from net.libp2p.hardening import swarm_of
from net.libp2p.host import make_host
from net.libp2p.requests import HEADER, PROTOCOL
from net.peer_id import encode_peer_id, split_address
from p2pcouncil.identity.keys import DeviceKey, MemberKey
from p2pcouncil.peer.wire import GossipKind, Kind, topic_of
from tests.bench.peers import comment_bytes

GOSSIP_PER_SECOND = 2_000
STEADY_PER_SECOND = 90
"""As fast as anybody may, for ever."""
AT_ONCE = 10
READY_MESSAGES = 6_000
ASKING = 48
NICE = 10

Flood = Callable[[list[ID]], Awaitable[None]]

GARBAGE = "garbage"
ENTRIES = "entries"
STEADY = "entries within the rate"
QUESTIONS = "questions"
KINDS = (GARBAGE, ENTRIES, STEADY, QUESTIONS)


class Arms:
    """Who floods."""

    def __init__(self, number: int, council: CouncilId) -> None:
        self.member = MemberKey(number.to_bytes(32, "big"))
        self.device = DeviceKey((1 << 20 | number).to_bytes(32, "big"))
        self.council = council
        self.host = make_host((1 << 20 | number).to_bytes(32, "big"))
        self.sent = 0

    def rpc(self, data: bytes, number: int) -> bytes:
        """A gossip message with its length, signed as it should be."""
        message = rpc_pb2.Message(
            data=data,
            topicIDs=[topic_of(self.council)],
            from_id=self.host.get_id().to_bytes(),
            seqno=(time.time_ns() + number).to_bytes(8, "big"),
        )
        signed = PUBSUB_SIGNING_PREFIX.encode() + message.SerializeToString()
        message.signature = self.host.get_private_key().sign(signed)
        return encode_varint_prefixed(rpc_pb2.RPC(publish=[message]).SerializeToString())

    def garbage(self) -> list[bytes]:
        """Messages that say that they hold envelopes, and hold noise."""
        return [self.rpc(bytes([GossipKind.ENVELOPES]) + os.urandom(400), n) for n in range(READY_MESSAGES)]

    def entries(self) -> list[bytes]:
        """Messages each with one sound entry of its own."""
        header = LaneHeader(LaneKind.FEED, self.council, b"", self.member.certify(self.device.device), 0)
        made: list[bytes] = []
        prev: ChangeHash | None = None
        for seq in range(1, READY_MESSAGES + 1):
            payload = b"\0" + comment_bytes(seq)
            unsigned = make_envelope(header, seq, prev, payload, bytes(64))
            signature = self.device.sign(signed_message(unsigned.lane, unsigned.hash))
            envelope = make_envelope(header, seq, prev, payload, signature)
            data = bytes([GossipKind.ENVELOPES]) + encode_groups([EnvelopeGroup(header, (envelope,))])
            made.append(self.rpc(data, seq))
            prev = envelope.hash
        return made

    async def gossip(self, victims: list[ID], messages: list[bytes], per_second: int) -> None:
        """Send messages to everybody at a pace, from the first again when they run out."""
        streams = [await self.host.new_stream(victim, [TProtocol("/meshsub/1.1.0")]) for victim in victims]
        begun, at = trio.current_time(), 0
        while True:
            frame = b"".join(messages[(at + n) % len(messages)] for n in range(AT_ONCE))
            for stream in streams:
                await stream.write(frame)
                self.sent += AT_ONCE
            at += AT_ONCE
            await trio.sleep_until(begun + at / per_second)

    async def ask(self, victims: list[ID], question: bytes) -> None:
        """Ask everybody, many at a time, each the next question as soon as there is an answer or none."""
        library = RequestResponse(self.host)
        config = RequestResponseConfig(timeout=20.0, max_request_size=65_536, max_response_size=1 << 22)
        request = HEADER.pack(20_000) + question

        async def asker(victim: ID) -> None:
            while swarm_of(self.host).get_connections(victim):
                self.sent += 1
                with contextlib.suppress(Exception):
                    await library.send_request(victim, [PROTOCOL], request, BytesCodec(), config)
                await trio.sleep(0.001)

        async with trio.open_nursery() as nursery:
            for number in range(ASKING):
                nursery.start_soon(asker, victims[number % len(victims)])


def flood_of(kind: str, arms: Arms) -> Flood:
    """What to do, made ready."""
    if kind == QUESTIONS:
        question = bytes([Kind.SYNC]) + arms.council + Pull(arms.council, LaneIndex()).next_request()
        return lambda victims: arms.ask(victims, question)
    messages = arms.garbage() if kind == GARBAGE else arms.entries()
    per_second = STEADY_PER_SECOND if kind == STEADY else GOSSIP_PER_SECOND
    return lambda victims: arms.gossip(victims, messages, per_second)


async def flood(arms: Arms, act: Flood, addresses: list[str]) -> None:
    """Connect and flood; connect again for as long as it is dropped."""
    network = swarm_of(arms.host)
    places = [split_address(address) for address in addresses]
    victims = [ID(encode_peer_id(key)) for _, key in places]
    while True:
        with contextlib.suppress(Exception):
            for (place, _), victim in zip(places, victims, strict=True):
                await network.dial_addr(Multiaddr(place), victim)
            await act(victims)
        await trio.sleep(1)


async def run(kind: str, number: int, council: CouncilId, addresses: list[str]) -> None:
    """Make ready, wait for the word, flood until the next one, and say how much was sent."""
    hardening.apply_process_wide()
    arms = Arms(number, council)
    act = flood_of(kind, arms)

    async def ignore(peer_id: ID, reason: str) -> None:
        """The victims' conduct is not ours to judge."""

    hardening.harden_network(swarm_of(arms.host), ignore)
    async with arms.host.run([Multiaddr("/ip4/127.0.0.1/tcp/0")]), trio.open_nursery() as nursery:
        print("ready", flush=True)
        await trio.to_thread.run_sync(sys.stdin.readline)
        nursery.start_soon(flood, arms, act, addresses)
        await trio.to_thread.run_sync(sys.stdin.readline)
        print(arms.sent, flush=True)
        os._exit(0)


if __name__ == "__main__":
    os.nice(NICE)
    trio.run(run, sys.argv[1], int(sys.argv[2]), CouncilId(bytes.fromhex(sys.argv[3])), sys.argv[4:])
