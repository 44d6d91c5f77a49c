"""What a lying peer can do to a pull: end it, or waste a bounded number of rounds."""

import random
from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest

from crdt.envelope import encode_groups
from crdt.errors import RemoteError
from crdt.ids import CouncilId, LaneId
from crdt.sync import Pull, answer
from crdt.sync_pull import MAX_OPEN_LANES
from crdt.sync_wire import (
    Range,
    RangeAnswer,
    Response,
    Split,
    Summary,
    decode_request,
    decode_response,
    encode_response,
)
from tests.store_support import COUNCIL, chain, group, writer
from tests.sync_support import Replica, pull

ALICE, BOB = writer("alice"), writer("bob")
LANE = chain(ALICE, [b"%d" % i for i in range(20)])


def honest() -> Replica:
    made = Replica()
    made.take([group(ALICE, LANE)])
    return made


def respond(*ranges: RangeAnswer) -> bytes:
    return encode_response(Response(list(ranges), [], []))


def claim(count: int = 20) -> RangeAnswer:
    return RangeAnswer(False, [], [Summary(LANE[0].lane, count, LANE[count - 1].hash, [])])


def after(reply: Callable[[bytes], bytes], first: bytes) -> Callable[[bytes], bytes]:
    """Serve one answer that is fixed, then others."""
    answers = [first]
    return lambda request: answers.pop() if answers else reply(request)


def test_a_claim_that_is_never_served_ends_the_pull() -> None:
    with pytest.raises(RemoteError, match="does not serve"):
        pull(Replica(), after(lambda request: respond(), respond(claim())), max_rounds=10)


def test_what_was_claimed_and_not_served_counts_as_behind() -> None:
    machine = Pull(COUNCIL, Replica().index)
    machine.next_request()
    machine.receive(respond(claim()))
    assert machine.behind == 20


def test_what_is_withdrawn_ends_the_pull_in_peace() -> None:
    withdrawn = encode_response(Response([], [], [LANE[0].lane]))
    assert pull(Replica(), after(lambda request: withdrawn, respond(claim()))).behind_at_end == 0


def test_envelopes_not_asked_for_end_the_pull() -> None:
    for sent in (
        group(BOB, chain(BOB, [b"x"])),
        group(ALICE, LANE[3:5]),
        group(ALICE, [LANE[1], LANE[0]]),
        group(ALICE, [LANE[0], LANE[2]]),
        group(ALICE, []),
    ):
        lie = respond() + encode_groups([sent])
        with pytest.raises(RemoteError):
            pull(Replica(), after(lambda request, lie=lie: lie, respond(claim(3))))  # type: ignore[misc]


def test_a_lane_of_another_council_ends_the_pull() -> None:
    header = ALICE.header(council=CouncilId(bytes(32)))
    foreign = chain(ALICE, [b"x"], header=header)
    listed = RangeAnswer(False, [], [Summary(foreign[0].lane, 1, foreign[0].hash, [])])
    lie = respond() + encode_groups([group(ALICE, foreign, header)])
    with pytest.raises(RemoteError):
        pull(Replica(), after(lambda request: lie, respond(listed)))


@pytest.mark.parametrize(
    "lie",
    [
        RangeAnswer(False, [Split(b"", bytes(16), 9)], []),
        RangeAnswer(False, [Split(b"\x80", bytes(16), 9), Split(b"\x40", bytes(16), 9)], []),
        RangeAnswer(False, [Split(b"\x80", bytes(16), 9), Split(b"\x90", bytes(16), 9)], []),
        RangeAnswer(
            False, [Split(b"\x80", bytes(16), 9), Split(b"\x80", bytes(16), 9), Split(b"", bytes(16), 9)], []
        ),
        RangeAnswer(False, [], [claim().lanes[0], claim().lanes[0]]),
        RangeAnswer(False, [], [Summary(LANE[0].lane, 3, b"", [])]),
        RangeAnswer(False, [], [Summary(LANE[0].lane, 3, bytes(32), [(2, LANE[0].hash)])]),
        RangeAnswer(False, [], [Summary(LANE[0].lane, 3, bytes(32), [(5, LANE[1].hash), (4, LANE[0].hash)])]),
    ],
)
def test_answers_that_cannot_be_end_the_pull(lie: RangeAnswer) -> None:
    with pytest.raises(RemoteError):
        pull(Replica(), lambda request: respond(lie))


def sixteenths(low: bytes, high: bytes) -> list[bytes]:
    """Bounds of 16 parts of a range that make it up, as an honest peer's would."""
    begin = int.from_bytes(low.ljust(32, b"\0"), "big")
    end = int.from_bytes(high.ljust(32, b"\0"), "big") if high else 1 << 256
    return [(begin + (end - begin) * part // 16).to_bytes(32, "big") for part in range(1, 16)] + [high]


def split_for_ever(low: bytes, high: bytes) -> RangeAnswer:
    return RangeAnswer(False, [Split(bound, bytes(16), 1 << 30) for bound in sixteenths(low, high)], [])


def test_endless_ranges_end_the_pull() -> None:
    def endless(request: bytes) -> bytes:
        return respond(*(split_for_ever(asked.low, asked.high) for asked in decode_request(request).ranges))

    with pytest.raises(RemoteError, match="without end"):
        pull(honest(), endless, max_rounds=200)


def test_endless_lanes_keep_memory_bounded_and_end_the_pull() -> None:
    """A tree four levels deep, with 16 lanes in each leaf that nobody ever wrote."""

    def endless(asked: Range) -> RangeAnswer:
        bounds = sixteenths(asked.low, asked.high)
        width = int.from_bytes(bounds[1], "big") - int.from_bytes(bounds[0], "big")
        if width >> (256 - 16):
            return split_for_ever(asked.low, asked.high)
        return RangeAnswer(False, [], [Summary(lane, 9_999, lane, []) for lane in bounds[:15]])

    machine = Pull(COUNCIL, honest().index)

    def follow_lies() -> None:
        for _ in range(2_000):
            request = machine.next_request()
            assert request is not None
            machine.receive(respond(*(endless(asked) for asked in decode_request(request).ranges)))
            assert len(machine._stretches) <= MAX_OPEN_LANES + 64 * 16
            assert len(machine._open) <= 4_096

    with pytest.raises(RemoteError, match="does not serve"):
        follow_lies()
    assert len(machine._stretches) > MAX_OPEN_LANES


def test_false_hashes_in_a_search_end_it() -> None:
    """A peer that claims to differ everywhere sends the pull to the first place, and must serve a branch there."""
    ours = honest()
    listed = RangeAnswer(False, [], [Summary(LANE[0].lane, 15, bytes(32), [])])

    def lie(request: bytes) -> bytes:
        asked = decode_request(request)
        return encode_response(Response([], [[b"\7" * 32 for _ in probe.seqs] for probe in asked.probes], []))

    with pytest.raises(RemoteError, match="does not serve"):
        pull(ours, after(lie, respond(listed)), max_rounds=20)


def test_a_peer_that_answers_nothing_is_given_up() -> None:
    with pytest.raises(RemoteError):
        pull(Replica(), lambda request: respond(), max_rounds=10)


def test_an_answer_to_no_question_is_refused() -> None:
    with pytest.raises(RemoteError):
        Pull(COUNCIL, Replica().index).receive(respond())


def test_the_same_question_is_asked_again_when_its_answer_was_lost() -> None:
    machine = Pull(COUNCIL, Replica().index)
    machine.next_request()
    machine.receive(respond(claim()))
    assert machine.next_request() == machine.next_request()


def test_a_pull_goes_on_from_what_an_earlier_one_brought() -> None:
    ours, theirs = Replica(), honest()
    machine = Pull(COUNCIL, ours.index)
    for _ in range(3):
        request = machine.next_request()
        assert request is not None
        ours.take(machine.receive(theirs.serve(request, 900)))
    brought = ours.index.total
    assert 0 < brought < 20
    assert pull(ours, theirs.serve).behind_at_end == 0
    assert ours.index.total == 20


def test_what_is_never_accepted_stays_behind() -> None:
    traffic = pull(Replica(), honest().serve, take=lambda groups: None)
    assert traffic.behind_at_end == 20


def test_garbage_raises_nothing_but_remote_errors() -> None:
    rng = random.Random(7)
    theirs = honest()
    machine, requests, replies = Pull(COUNCIL, Replica().index), [], []
    while (request := machine.next_request()) is not None:
        requests.append(request)
        replies.append(theirs.serve(request))
        machine.receive(replies[-1])
    for _ in range(1_000):
        machine = Pull(COUNCIL, Replica().index)
        with suppress(RemoteError):
            for reply in replies:
                if machine.next_request() is None:
                    break
                machine.receive(mutate(rng, reply))
        for request in requests:
            with suppress(RemoteError):
                answer(theirs.index, mutate(rng, request))


def mutate(rng: random.Random, data: bytes) -> bytes:
    mutant = bytearray(data)
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(mutant) + 1)
        match rng.randrange(3):
            case 0 if at < len(mutant):
                mutant[at] = rng.randrange(256)
            case 1:
                del mutant[at : at + rng.randrange(1, 9)]
            case _:
                mutant[at:at] = rng.randbytes(rng.randrange(1, 5))
    return bytes(mutant)


def test_oversized_questions_and_answers_are_refused_unread() -> None:
    with pytest.raises(RemoteError, match="larger"):
        decode_request(bytes(70_000))
    with pytest.raises(RemoteError, match="larger"):
        decode_response(bytes(2_000_000))


def test_a_question_from_behind_is_refused() -> None:
    for question in ([[], [], [[LANE[0].lane, 5, 3]]], [[[b"\x50", b"\x40", b""]], [], []]):
        with pytest.raises(RemoteError):
            answer(honest().index, msgspec.msgpack.encode(question))


def test_wants_beyond_what_is_held_are_withdrawn() -> None:
    question = msgspec.msgpack.encode(
        [[], [], [[LANE[0].lane, 21, 25], [bytes(32), 1, 1], [LANE[0].lane, 5, 9]]]
    )
    head, wants = answer(honest().index, question)
    assert decode_response(head)[0].withdrawn == [LANE[0].lane, bytes(32)]
    assert [(want.lane, want.first, want.last) for want in wants] == [(LaneId(LANE[0].lane), 5, 9)]
