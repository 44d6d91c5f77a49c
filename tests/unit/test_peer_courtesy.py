"""Rates: who asks too often is told to wait, who goes on is dropped with a reason, and nobody pays for another."""

import random
from pathlib import Path

import pytest

from crdt.ids import CouncilId, DeviceId
from crdt.sync import answer
from p2pcouncil.peer import shelf
from p2pcouncil.peer.courtesy import (
    FORGOTTEN_AFTER_MS,
    MAX_METERED,
    MAX_OFFENDERS,
    MAX_REFUSED_MS,
    REFUSED_MS,
    Courtesy,
)
from p2pcouncil.peer.events import (
    AnswerHeard,
    Ask,
    Drop,
    Effect,
    GossipHeard,
    GossipShed,
    Keep,
    PeerConnected,
    PeerGone,
    Publish,
    QuestionHeard,
    Reply,
    Served,
    ShelfRead,
    Tick,
)
from p2pcouncil.peer.pacing import VAIN_PULLS_BURST
from p2pcouncil.peer.patience import MAX_TIMES, Patience
from p2pcouncil.peer.rates import RATES, WINDOW_MS, Bucket, What
from p2pcouncil.peer.wire import BusyAnswer, GossipKind, Kind, KnowsAnswer, pack, read_body, topic_of
from tests.sim.node import Node
from tests.sim.simulation import Simulation, proposal_of

FLOODER = DeviceId(b"F" * 32)
FRIEND = DeviceId(b"A" * 32)
NOW = 1_700_000_000_000
SYNC = RATES[What.SYNC]
PROTOCOL = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")


def alone() -> tuple[Node, CouncilId]:
    """Ada, who holds a council and hears whatever the test makes up."""
    simulation = Simulation(1)
    council, (ada,) = simulation.society("Ada")
    ada.go_offline()
    return ada, council


class Told:
    """A peer's core, its clock, and what it wanted done."""

    def __init__(self, node: Node) -> None:
        self.peer = node.peer
        self.now_ms = NOW
        self.effects: list[Effect] = []

    def hear(self, event: object) -> list[Effect]:
        effects = self.peer.handle(event, self.now_ms)  # type: ignore[arg-type]
        self.effects += effects
        return effects

    def ask(self, device: DeviceId, kind: Kind = Kind.KNOWS, body: bytes = b"") -> bytes:
        """Ask the peer; returns its answer."""
        effects = self.hear(QuestionHeard(device, 1, pack(kind, body)))
        return next(effect.data for effect in effects if isinstance(effect, Reply))

    def ask_until_dropped(self, device: DeviceId, pause_ms: int, limit: int = 20_000) -> str:
        """Ask without regard for the answers; the reason for which the device is dropped."""
        for _ in range(limit):
            self.hear(QuestionHeard(device, 1, pack(Kind.KNOWS)))
            if self.drops():
                return self.drops()[0].reason
            self.now_ms += pause_ms
        return ""

    def drops(self) -> list[Drop]:
        return [effect for effect in self.effects if isinstance(effect, Drop)]


def is_busy(answer: bytes) -> bool:
    return answer[0] == Kind.BUSY


# A bucket and the standing of a device, by themselves.


def test_a_bucket_gives_its_burst_then_its_rate_and_says_how_long_to_wait() -> None:
    bucket = Bucket(per_second=10, burst=5)
    assert [bucket.take(1, NOW) for _ in range(6)] == [0, 0, 0, 0, 0, 100]
    assert bucket.take(1, NOW + 99) == 1
    assert bucket.take(1, NOW + 100) == 0
    bucket.charge(10, NOW + 100)
    assert bucket.take(0, NOW + 100) == 1_000
    assert bucket.take(5, NOW + 60_000) == 0


def test_a_clock_that_is_set_back_shuts_nobody_out() -> None:
    bucket = Bucket(per_second=10, burst=1)
    assert bucket.take(1, NOW) == 0
    assert bucket.take(1, NOW - 86_400_000) == 100
    assert bucket.take(1, NOW - 86_400_000 + 100) == 0
    courtesy = Courtesy()
    flood(courtesy, NOW)
    assert courtesy.is_refused(FLOODER, NOW)
    assert not courtesy.is_refused(FLOODER, NOW - 86_400_000)


def flood(courtesy: Courtesy, now_ms: int, device: DeviceId = FLOODER) -> str:
    """Have a device do far too much at one moment; the reason for which it is dropped."""
    for _ in range(SYNC.burst + SYNC.most + 2):
        courtesy.take(device, What.SYNC, 1, now_ms)
    ((dropped, reason),) = courtesy.offences(now_ms)
    assert dropped == device
    return reason


def test_a_repeated_offender_is_refused_for_longer_up_to_an_hour_and_forgiven_after_a_day() -> None:
    courtesy, now_ms, waits = Courtesy(), NOW, []
    for _ in range(9):
        flood(courtesy, now_ms)
        wait_ms = courtesy.conduct(FLOODER, now_ms).refused_until_ms - now_ms  # type: ignore[union-attr]
        waits.append(wait_ms // REFUSED_MS)
        now_ms += wait_ms
        assert not courtesy.is_refused(FLOODER, now_ms)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert waits[-1] * REFUSED_MS == MAX_REFUSED_MS
    now_ms += FORGOTTEN_AFTER_MS + 1
    courtesy.tick(now_ms)
    flood(courtesy, now_ms)
    assert courtesy.conduct(FLOODER, now_ms).refused_until_ms == now_ms + REFUSED_MS  # type: ignore[union-attr]


def test_devices_without_end_take_up_no_memory_without_end() -> None:
    courtesy = Courtesy()
    for number in range(3 * MAX_OFFENDERS):
        device = DeviceId(number.to_bytes(32, "big"))
        courtesy.take(device, What.SYNC, 1, NOW)
        courtesy._to_drop[device] = "made up"
        courtesy.offences(NOW)
        courtesy.take(DeviceId(b"x" + device[1:]), What.SYNC, 1, NOW)
    assert len(courtesy._meters) <= MAX_METERED
    assert len(courtesy._offenders) <= MAX_OFFENDERS
    assert courtesy.is_refused(device, NOW), "the latest are the ones to remember"


@pytest.mark.parametrize("what", What)
def test_every_rate_is_documented(what: What) -> None:
    rate = RATES[what]
    row = f"| `{what.name}` | {rate.per_second:,} | {rate.burst:,} |"
    (line,) = [line for line in PROTOCOL.splitlines() if line.startswith(row)]
    assert line.endswith("| yes |" if rate.done else "| no |")


# What the peer makes of it.


def test_who_asks_within_the_rate_is_answered_for_ever() -> None:
    told = Told(alone()[0])
    told.hear(PeerConnected(FRIEND))
    for _ in range(2_000):
        assert not is_busy(told.ask(FRIEND))
        told.now_ms += 1_000 // RATES[What.KNOWS].per_second
    assert not told.drops()


def test_who_asks_too_often_is_told_how_long_to_wait_and_is_answered_when_it_waits() -> None:
    told = Told(alone()[0])
    told.hear(PeerConnected(FRIEND))
    answers = [told.ask(FRIEND) for _ in range(RATES[What.KNOWS].burst + 1)]
    assert [is_busy(answer) for answer in answers] == [False] * (len(answers) - 1) + [True]
    told.now_ms += read_body(answers[-1][1:], BusyAnswer).wait_ms
    assert not is_busy(told.ask(FRIEND))
    assert not told.drops()


@pytest.mark.parametrize("kind", [k for k in Kind if k not in (Kind.BUSY, Kind.UNKNOWN_COUNCIL)])
def test_every_kind_of_question_has_a_rate(kind: Kind) -> None:
    node, council = alone()
    told = Told(node)
    for _ in range(RATES[What[kind.name]].burst):
        told.peer.world.courtesy.take(FLOODER, What[kind.name], 1, NOW)
    assert is_busy(told.ask(FLOODER, kind, council))


def test_questions_of_many_kinds_share_a_rate() -> None:
    node, council = alone()
    told = Told(node)
    kinds = (Kind.SYNC, Kind.NEWS, Kind.TIPS)
    asked = [what for kind in kinds for what in [What[kind.name]] * (RATES[What[kind.name]].burst // 2)]
    asked += [What.QUESTIONS] * (RATES[What.QUESTIONS].burst - len(asked))
    for what in asked:
        told.peer.world.courtesy.take(FLOODER, what, 1, NOW)
        told.peer.world.courtesy.take(FLOODER, What.QUESTIONS, 1, NOW)
    assert is_busy(told.ask(FLOODER, Kind.NEWS, council))


def test_who_was_sent_too_much_waits_until_it_is_repaid() -> None:
    told = Told(alone()[0])
    rate = RATES[What.SERVED_BYTES]
    told.hear(Served(FRIEND, rate.burst + 2 * rate.per_second))
    answer = told.ask(FRIEND)
    assert read_body(answer[1:], BusyAnswer).wait_ms == 2_000
    told.now_ms += 2_000
    assert not is_busy(told.ask(FRIEND))


def test_who_goes_on_asking_is_dropped_with_a_reason_and_refused_for_a_minute() -> None:
    told = Told(alone()[0])
    told.hear(PeerConnected(FLOODER))
    reason = told.ask_until_dropped(FLOODER, 2)
    assert reason == "It asked 101 times in 1 s; 5 a second are answered."
    assert told.hear(QuestionHeard(FLOODER, 1, pack(Kind.KNOWS))) == []
    told.hear(PeerGone(FLOODER, ""))
    assert [e.reason for e in told.hear(PeerConnected(FLOODER)) if isinstance(e, Drop)] == [reason]
    assert FLOODER not in told.peer.world.connected
    told.now_ms += REFUSED_MS
    assert not [e for e in told.hear(PeerConnected(FLOODER)) if isinstance(e, Drop)]
    assert not is_busy(told.ask(FLOODER))


def test_who_asks_a_little_too_often_is_throttled_and_never_dropped() -> None:
    told = Told(alone()[0])
    told.hear(PeerConnected(FRIEND))
    assert told.ask_until_dropped(FRIEND, 1_000 // (2 * RATES[What.KNOWS].per_second) + 1, 5_000) == ""
    conduct = told.peer.world.courtesy.conduct(FRIEND, told.now_ms)
    assert conduct is not None
    assert conduct.habit == "asks too often"
    told.now_ms += WINDOW_MS
    told.hear(Tick())
    assert told.peer.world.courtesy.conduct(FRIEND, told.now_ms) is None


def test_a_flooder_uses_up_nobody_elses_rate() -> None:
    told = Told(alone()[0])
    told.ask_until_dropped(FLOODER, 1)
    assert not is_busy(told.ask(FRIEND))


def test_own_gossip_above_the_rate_is_shed_and_its_publisher_dropped() -> None:
    node, council = alone()
    told = Told(node)
    told.hear(PeerConnected(FLOODER))
    news = GossipHeard(FLOODER, topic_of(council), bytes([GossipKind.NEWS]), FLOODER)
    for _ in range(RATES[What.GOSSIP].burst + 5_000):
        told.hear(news)
    (drop,) = told.drops()
    assert drop.device == FLOODER
    assert drop.reason == "It gossiped 2,001 messages in 1 s; 100 a second are taken."


def test_a_throttled_publishers_gossip_is_not_taken_from_others_either() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    ada.go_offline()
    told, device = Told(ada), ben.signer.device
    news = bytes([GossipKind.NEWS])

    def asks_after(event: GossipHeard) -> bool:
        return any(isinstance(effect, Ask) for effect in told.hear(event))

    told.hear(PeerConnected(FRIEND))
    answer_pulls(told)
    assert asks_after(GossipHeard(FRIEND, topic_of(council), news, device))
    answer_pulls(told)
    for _ in range(RATES[What.GOSSIP].burst + 1):
        told.hear(GossipHeard(device, topic_of(council), news, device))
    assert not asks_after(GossipHeard(FRIEND, topic_of(council), news, device))
    told.now_ms += WINDOW_MS
    told.hear(Tick())
    answer_pulls(told)
    assert asks_after(GossipHeard(FRIEND, topic_of(council), news, device))


def test_what_the_network_shed_counts_too() -> None:
    told = Told(alone()[0])
    told.hear(PeerConnected(FLOODER))
    for _ in range(10):
        told.hear(GossipShed(FLOODER, 1_000, 0, 0))
        told.now_ms += 500
    assert [drop.device for drop in told.drops()] == [FLOODER]


def test_what_a_publisher_gossips_and_can_not_be_read_is_laid_at_its_door() -> None:
    node, council = alone()
    told = Told(node)
    rng = random.Random(1)
    for _ in range(400):
        told.hear(GossipHeard(FLOODER, topic_of(council), b"\1" + rng.randbytes(60), FLOODER))
        told.now_ms += 20
    (drop,) = told.drops()
    assert "had to be refused" in drop.reason


def test_who_gossips_garbage_is_dropped_though_the_network_lets_the_rest_fall_unread() -> None:
    node, council = alone()
    told = Told(node)
    for _ in range(RATES[What.REFUSED].burst + 1):
        told.hear(GossipHeard(FLOODER, topic_of(council), b"\1garbage", FLOODER))
    assert not told.drops()
    assert told.peer.world.courtesy.shunned(told.now_ms) == (FLOODER,)
    told.hear(GossipShed(FLOODER, RATES[What.REFUSED].most + 1, 0, 0))
    (drop,) = told.drops()
    assert "had to be refused" in drop.reason


def test_who_only_passes_on_a_members_flood_is_not_blamed_for_it() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    ada.go_offline()
    told = Told(ada)
    rng = random.Random(1)
    for _ in range(3_000):
        told.hear(GossipHeard(FRIEND, topic_of(council), b"\1" + rng.randbytes(60), ben.signer.device))
        told.now_ms += 10  # As fast as an honest peer lets one publisher's gossip through.
    assert not told.drops()
    assert told.peer.world.courtesy.conduct(FRIEND, told.now_ms) is None


def test_who_passes_on_strangers_floods_is_dropped_once_we_have_compared() -> None:
    for is_compared in (False, True):
        node, council = alone()
        told = Told(node)
        for effect in told.hear(PeerConnected(FLOODER)):
            if is_compared and isinstance(effect, Ask) and effect.data[0] == Kind.SYNC:
                told.hear(AnswerHeard(effect.ask, bytes([Kind.UNKNOWN_COUNCIL])))
        for number in range(4_000):
            stranger = DeviceId(number.to_bytes(32, "big"))
            told.hear(GossipHeard(FLOODER, topic_of(council), b"\1garbage", stranger))
            told.now_ms += 5
        assert bool(told.drops()) == is_compared


def test_hints_without_end_make_us_ask_no_more_than_now_and_then() -> None:
    node, council = alone()
    told = Told(node)
    told.hear(PeerConnected(FRIEND))
    asked = answer_pulls(told)
    for _ in range(1_000):
        told.hear(GossipHeard(FRIEND, topic_of(council), bytes([GossipKind.NEWS]), FLOODER))
        asked += answer_pulls(told)
        told.now_ms += 10
        told.hear(Tick())
    assert asked <= VAIN_PULLS_BURST + 10 + 2


def answer_pulls(told: Told) -> int:
    """Tell every pull that nothing is missing; how many questions that took."""
    count = 0
    while asks := [e for e in told.effects if isinstance(e, Ask) and e.data[0] == Kind.SYNC]:
        told.effects.clear()
        for ask in asks:
            count += 1
            place = told.peer.world.places[CouncilId(ask.data[1:33])]
            told.hear(AnswerHeard(ask.ask, pack(Kind.SYNC, answer(place.index, ask.data[33:])[0])))
    return count


# The other side: who is told to wait.


def test_a_busy_answer_is_no_failure_and_the_question_comes_again() -> None:
    node, _ = alone()
    told = Told(node)
    ask = next(e for e in told.hear(PeerConnected(FRIEND)) if isinstance(e, Ask) and e.data[0] == Kind.KNOWS)
    assert told.hear(AnswerHeard(ask.ask, pack(Kind.BUSY, BusyAnswer(1_500)))) == []
    told.now_ms += 1_499
    assert ask not in told.hear(Tick())
    told.now_ms += 1
    assert ask in told.hear(Tick())
    assert not told.drops()
    address = "/memory/1/p2p/12D3KooWJWEKvSFbben74C7H4YtKjhPMTDxd7gP7zxWMQDNcxKmu"
    effects = told.hear(AnswerHeard(ask.ask, pack(Kind.KNOWS, KnowsAnswer((address,)))))
    assert [e.address for e in effects if not isinstance(e, Keep)] == [address]  # type: ignore[union-attr]


def test_patience_has_an_end_and_a_malformed_answer_none_at_all() -> None:
    told = Told(alone()[0])
    ask = next(e for e in told.hear(PeerConnected(FRIEND)) if isinstance(e, Ask) and e.data[0] == Kind.KNOWS)
    for _ in range(MAX_TIMES + 1):
        told.hear(AnswerHeard(ask.ask, pack(Kind.BUSY, BusyAnswer(0))))
        told.now_ms += 60_000
        told.peer._patience.tick(told.now_ms)
    assert told.peer.acquaintances.asked_of(ask.ask) is None
    assert not told.drops()
    told = Told(alone()[0])
    ask = next(e for e in told.hear(PeerConnected(FLOODER)) if isinstance(e, Ask))
    told.hear(AnswerHeard(ask.ask, bytes([Kind.BUSY]) + b"\x91\xcd\xff\xff"))
    assert [drop.device for drop in told.drops()] == [FLOODER]


def test_a_question_to_who_is_gone_is_not_asked_again() -> None:
    told = Told(alone()[0])
    ask = next(e for e in told.hear(PeerConnected(FRIEND)) if isinstance(e, Ask) and e.data[0] == Kind.KNOWS)
    told.hear(AnswerHeard(ask.ask, pack(Kind.BUSY, BusyAnswer(100))))
    told.hear(PeerGone(FRIEND, ""))
    told.now_ms += 60_000
    assert not [e for e in told.hear(Tick()) if isinstance(e, Ask)]


def test_we_never_ask_faster_than_others_answer() -> None:
    patience, courtesy = Patience(), Courtesy()
    waiting: list[Effect] = [Ask(number, FRIEND, pack(Kind.KNOWS), 10_000) for number in range(200)]
    asked: list[Effect] = []
    for now_ms in range(NOW, NOW + 60_000, 500):
        for ask in patience.pace(waiting, now_ms):
            asked.append(ask)
            assert courtesy.take(FRIEND, What.KNOWS, 1, now_ms) == 0
        waiting = patience.tick(now_ms + 500)
    assert [ask.ask for ask in asked if isinstance(ask, Ask)] == list(range(200)), "each once, in their order"


def test_what_is_written_too_fast_to_be_gossiped_is_announced() -> None:
    node, council = alone()
    node.peer.world.connected[FRIEND] = NOW
    while not node.peer.spreading._bucket.take(1, node.now_ms):
        pass
    published: list[Publish] = []
    handle = node.peer.handle

    def noted(event: object, now_ms: int) -> list[Effect]:
        effects = handle(event, now_ms)  # type: ignore[arg-type]
        published.extend(e for e in effects if isinstance(e, Publish))
        return effects

    node.peer.handle = noted  # type: ignore[method-assign]
    proposal_of(node, council, "Oven")
    assert published == []
    node.peer.handle(Tick(), node.now_ms + 1_000)
    assert published == [Publish(topic_of(council), bytes([GossipKind.NEWS]))]


def test_who_was_refused_is_remembered_over_a_restart() -> None:
    node, _ = alone()
    told = Told(node)
    told.ask_until_dropped(FLOODER, 1)
    (kept,) = [e for e in told.effects if isinstance(e, Keep) and e.key == shelf.CONDUCT][-1:]
    again = Told(alone()[0].simulation.node("Cem"))
    again.now_ms = told.now_ms
    again.peer._has_read_shelf = False
    again.hear(ShelfRead(((kept.kind, kept.key, kept.value),)))
    assert [e for e in again.hear(PeerConnected(FLOODER)) if isinstance(e, Drop)]
