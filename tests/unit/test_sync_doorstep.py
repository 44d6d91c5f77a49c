"""What is offered and not kept: fetched once, never missing, and never in the way of what is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from crdt import lane_bounds, sync_doorstep, sync_pull
from crdt.envelope import EnvelopeGroup
from crdt.ids import DeviceId, MemberId
from crdt.store import room
from crdt.store.accept import accept
from crdt.sync import Doorstep, Pull
from crdt.sync_wire import decode_request
from p2pcouncil.peer.events import Accept, AnswerHeard, Ask, BatchAccepted, Effect, PeerConnected, Tick
from p2pcouncil.peer.pacing import PULL_EVERY_MS, PULL_STRANGERS_EVERY_MS
from p2pcouncil.peer.wire import Kind, pack
from tests.sim.simulation import Simulation
from tests.store_support import COUNCIL, chain, devices, group, writer
from tests.sync_support import Replica

LAPTOPS = devices("bob", 6)
FEEDS = [group(laptop, chain(laptop, [b"1", b"2"])) for laptop in LAPTOPS]
LIAR = DeviceId(b"L" * 32)


@pytest.fixture(autouse=True)
def three_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (lane_bounds, room):
        monkeypatch.setattr(module, "MAX_DEVICES_PER_MEMBER", 3)


@dataclass
class Asker(Replica):
    """A replica that knows who is admitted, and counts the envelopes that come."""

    admitted: set[MemberId] = field(default_factory=lambda: {LAPTOPS[0].certificate.member})
    fetched: int = 0

    def __post_init__(self) -> None:
        self.doorstep = Doorstep(self.index, self.admitted.__contains__)

    def take(self, groups: Sequence[EnvelopeGroup]) -> None:
        accept(self.conn, groups, lambda _, member: member in self.admitted, 1)
        self.follow()

    def pull(self, other: Replica) -> Pull:
        machine, rounds = Pull(COUNCIL, self.index, doorstep=self.doorstep), 0
        while (request := machine.next_request()) is not None:
            rounds += 1
            assert rounds < 500, "the pull does not end"
            groups = machine.receive(other.serve(request, max_bytes=2_000))
            self.fetched += sum(len(some.envelopes) for some in groups)
            self.take(groups)
        return machine


def holding(*groups: EnvelopeGroup) -> Replica:
    made = Replica()
    made.take(groups)
    return made


def test_what_there_is_no_room_for_is_fetched_once_and_not_missing() -> None:
    asker, other = Asker(), holding(*FEEDS[3:])
    asker.take(FEEDS[:3])
    first = asker.pull(other)
    assert first.behind == 0
    assert first.stranger_bytes > 0
    assert {some.header for some in FEEDS[:3]} == set(asker.index.headers())
    again = asker.pull(other)
    assert (again.behind, again.stranger_bytes, asker.fetched) == (0, 0, 0)


def test_two_that_pull_from_each_other_end_with_the_lowest() -> None:
    one, two = Asker(), Asker()
    one.take([FEEDS[5], FEEDS[3], FEEDS[0]])
    two.take([FEEDS[4], FEEDS[2], FEEDS[1]])
    for _ in range(2):
        one.pull(two)
        two.pull(one)
    assert one.fingerprint() == two.fingerprint()
    assert one.fingerprint() == holding(*FEEDS[:3]).fingerprint()
    assert (one.pull(two).behind, two.pull(one).behind) == (0, 0)


def test_a_strangers_lane_is_fetched_once_until_its_member_is_admitted() -> None:
    stranger = writer("stranger")
    lane = group(stranger, chain(stranger, [b"x"] * 30))
    asker, other = Asker(), holding(lane, FEEDS[0])
    assert asker.pull(other).behind == 0
    assert asker.fetched == 32
    assert asker.pull(other).stranger_bytes == 0
    assert asker.fetched == 32
    asker.admitted.add(stranger.certificate.member)
    asker.pull(other)
    assert asker.fingerprint() == other.fingerprint()


def test_strangers_without_end_end_the_pull_and_are_in_nobodys_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_pull, "MAX_STRANGER_BYTES", 4_000)
    strangers = [writer(f"stranger {number}") for number in range(60)]
    crowd = [group(one, chain(one, [bytes(300)])) for one in strangers]
    asker, other = Asker(), holding(*crowd, FEEDS[0])
    pulls = 0
    while not asker.index.total:
        machine = asker.pull(other)
        assert 0 < machine.stranger_bytes < 4_000 + 2 * 2_000 + 800
        pulls += 1
        assert pulls < 60
    assert set(asker.index.headers()) == {FEEDS[0].header}
    while asker.pull(other).stranger_bytes:
        pulls += 1
        assert pulls < 60
    assert asker.pull(other).behind == 0
    assert asker.fetched == 62


def test_who_waits_at_the_doorstep_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_doorstep, "MAX_DOORSTEP_LANES", 2)
    asker = Asker()
    for number in range(3):
        header = writer(f"stranger {number}").header()
        assert asker.doorstep.turns_away(chain(writer(f"stranger {number}"), [b"x"])[0].lane, header)
    lanes = [chain(writer(f"stranger {number}"), [b"x"])[0].lane for number in range(3)]
    assert [asker.doorstep.keeps_out(lane) for lane in lanes] == [False, True, True]


class Crowd:
    """A peer that has new lanes of strangers for every pull, and says that it has news."""

    def __init__(self) -> None:
        self.simulation = Simulation(1)
        self.council, (self.node,) = self.simulation.society("Ada")
        self.node.go_offline()
        self.held = Replica()
        self.pulls = 0
        self.now_ms = self.simulation.now_ms

    def run(self, duration_ms: int) -> None:
        self._carry(self.node.peer.handle(PeerConnected(LIAR), self.now_ms))
        for _ in range(duration_ms // 1_000):
            self.now_ms += 1_000
            self._carry(self.node.peer.handle(Tick(), self.now_ms))
            self._carry(self.node.peer.pulling.hint(LIAR, self.council, self.now_ms))

    def _carry(self, effects: list[Effect]) -> None:
        todo = list(effects)
        while todo:
            match todo.pop(0):
                case Ask(ask, device, data, _) if device == LIAR and data[0] == Kind.SYNC:
                    todo += self._answer(ask, data[33:])
                case Accept(batch, _, _):
                    todo += self.node.peer.handle(BatchAccepted(batch, 0, 1, ()), self.now_ms)
                case _:
                    pass

    def _answer(self, ask: int, question: bytes) -> list[Effect]:
        if any(not asked.low and not asked.high for asked in decode_request(question).ranges):
            self.pulls += 1
            stranger = writer(f"stranger {self.pulls}")
            header = stranger.header(council=self.council)
            self.held = holding(group(stranger, chain(stranger, [b"x"], header=header), header))
        return self.node.peer.handle(
            AnswerHeard(ask, pack(Kind.SYNC, self.held.serve(question))), self.now_ms
        )


def test_who_has_nothing_but_strangers_is_asked_ever_less() -> None:
    crowd = Crowd()
    crowd.run(3_600_000)
    doubled = (PULL_STRANGERS_EVERY_MS // PULL_EVERY_MS).bit_length()
    assert 0 < crowd.pulls <= doubled + 3_600_000 // PULL_STRANGERS_EVERY_MS + 2
