"""Topics joined while a peer's stream is opening are announced to it all the same."""

import pytest
import trio
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.pubsub import Pubsub

from net.libp2p.gossip import CouncilPubsub

PEER = ID(b"peer")


def told(monkeypatch: pytest.MonkeyPatch, joined: list[str], left: list[str]) -> list[rpc_pb2.RPC]:
    """What is sent to a peer when these topics come and go between the library's hello and its own bookkeeping."""
    pubsub = CouncilPubsub.__new__(CouncilPubsub)
    pubsub.subscribed_topics_receive = {"stays": None, "goes": None}
    pubsub.peers = {}
    sent: list[rpc_pb2.RPC] = []

    async def open_stream(self: Pubsub, peer_id: ID) -> None:
        for topic in joined:
            self.subscribed_topics_receive[topic] = None
        for topic in left:
            del self.subscribed_topics_receive[topic]
        self.peers[peer_id] = object()

    async def write(stream: object, message: rpc_pb2.RPC) -> bool:
        assert stream is pubsub.peers[PEER]
        sent.append(message)
        return True

    monkeypatch.setattr(Pubsub, "_handle_new_peer", open_stream)
    monkeypatch.setattr(pubsub, "write_msg", write)
    trio.run(pubsub._handle_new_peer, PEER)
    return sent


def test_what_came_and_went_meanwhile_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    (message,) = told(monkeypatch, ["comes"], ["goes"])
    assert [(s.topicid, s.subscribe) for s in message.subscriptions] == [("comes", True), ("goes", False)]


def test_nothing_is_said_when_nothing_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, [], []) == []
