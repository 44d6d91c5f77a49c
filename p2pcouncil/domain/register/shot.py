"""One shot: how a committee comes to one page of a number, by Tendermint's algorithm.

The algorithm of Buchman, Kwon, Milosevic 2018 (arXiv 1807.04938, algorithm 1; "L22" and so on name its lines) as a
function of what was *said*. A teller's round, step and lock all follow from its own sayings, which are durable before
they are sent. So a teller that was killed between two of them, or that slept for a week, reads what is held and goes
on where it stood; there is no state that it could lose, and none that could differ from what it told the others.

Only time-outs come from outside: `Move.waits` asks for them, and the caller says in `expired` which are over. What is
held is always worked through before a time-out counts.
"""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import NamedTuple

from crdt.ids import MemberId
from p2pcouncil.domain.register.committees import Committee
from p2pcouncil.domain.register.sayings import NOTHING, PageProposal, Precommit, Prevote

FIRST_WAIT_MS = 3_000
LONGEST_WAIT_MS = 86_400_000
"""Rounds wait longer and longer, up to a day: laptops that wake for minutes a day must meet in one of them."""


@unique
class Step(StrEnum):
    """What a teller has still to do in a round."""

    PROPOSE = "propose"
    PREVOTE = "prevote"
    PRECOMMIT = "precommit"


class Wait(NamedTuple):
    """A time-out: for the proposal, the prevotes or the precommits of a round."""

    step: Step
    round: int


def wait_ms(wait: Wait) -> int:
    """How long a time-out is: twice as long each round, within bounds."""
    return int(min(FIRST_WAIT_MS << min(wait.round, 24), LONGEST_WAIT_MS))


@unique
class Look(StrEnum):
    """What a teller thinks of a page that was not proposed before."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    """Something that it rests on is not here yet. That may change before the time-out."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A quorum of precommits for one page."""

    value: bytes
    round: int


@dataclass(frozen=True, slots=True)
class Propose:
    """To propose in this round: the page that a quorum prevoted for in `valid_round`, or a new one (None, -1)."""

    round: int
    value: bytes | None
    valid_round: int


@dataclass(frozen=True, slots=True)
class Vote:
    """To say: a prevote or a precommit, for a page or for none."""

    step: Step
    round: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Move:
    """What a teller does next.

    Attributes:
        say: what to sign, store and send; None if there is nothing to say at the moment.
        waits: the time-outs that run meanwhile.
        decision: the page is decided; then there is nothing else.
    """

    say: Propose | Vote | None = None
    waits: frozenset[Wait] = frozenset()
    decision: Decision | None = None


class Shot:
    """What was said about one page number, by whom, and what follows."""

    def __init__(self, committee: Committee, is_valid: Callable[[bytes], bool | None]) -> None:
        """Begin with nothing said.

        Args:
            committee: of the page.
            is_valid: whether the page of a hash may follow: the pure `following.follow`. None while its bytes are
                not held.
        """
        self.committee = committee
        self._is_valid = is_valid
        self._proposals: dict[int, dict[tuple[bytes, int], None]] = {}
        self._votes: dict[tuple[Step, int], dict[MemberId, set[bytes]]] = {}
        self._speakers: dict[int, set[MemberId]] = {}
        self._own: dict[MemberId, dict[tuple[object, ...], PageProposal | Prevote | Precommit]] = {}

    def hear(self, saying: PageProposal | Prevote | Precommit) -> None:
        """Take note of what a teller said. Whether they signed it, and are of the committee, was asked before."""
        member = MemberId(saying.member)
        own = self._own.setdefault(member, {})
        valid_round = saying.valid_round if isinstance(saying, PageProposal) else None
        key = (type(saying), saying.round, saying.value, valid_round)
        if key in own:
            return  # Precommits of many clocks are one.
        own[key] = saying
        self._speakers.setdefault(saying.round, set()).add(member)
        match saying:
            case PageProposal():
                if member == self.committee.proposer(saying.round).member:
                    self._proposals.setdefault(saying.round, {})[saying.value, saying.valid_round] = None
            case Prevote():
                self._voters(Step.PREVOTE, saying.round).setdefault(member, set()).add(saying.value)
            case Precommit():
                self._voters(Step.PRECOMMIT, saying.round).setdefault(member, set()).add(saying.value)

    def decision(self) -> Decision | None:
        """The page that is decided (L49); None if none is, or if its bytes are not held."""
        return next(iter(self.decisions()), None)

    def decisions(self) -> tuple[Decision, ...]:
        """Every page that is decided, each in its earliest round. More than one if more than f tellers lied."""
        found: dict[bytes, Decision] = {}
        rounds = sorted(round_ for step, round_ in self._votes if step is Step.PRECOMMIT)
        for round_ in rounds:
            voters = self._votes[Step.PRECOMMIT, round_]
            if len(voters) < self.committee.quorum:
                continue
            for value in sorted({value for values in voters.values() for value in values} - {NOTHING}):
                if self._has_quorum(Step.PRECOMMIT, round_, value) and self._is_valid(value):
                    found.setdefault(value, Decision(value, round_))
        return tuple(found.values())

    def next_move(
        self, me: MemberId, expired: Set[Wait], look: Callable[[bytes], Look], may_say_new: bool = True
    ) -> Move:
        """What a teller does next, given what it heard and which time-outs are over.

        Args:
            me: the teller. What it said itself is heard like everything else.
            expired: time-outs that ran out.
            look: what it thinks of a new page; asked only about pages that are valid.
            may_say_new: whether it has a new page to propose.
        """
        decision = self.decision()
        if decision is not None:
            return Move(decision=decision)
        round_ = self._round_of(me, expired)
        left = self._left_open(me, round_)
        if left is not None:
            return Move(Vote(Step.PRECOMMIT, left, NOTHING))
        step = self._step_of(me, round_)
        match step:
            case Step.PROPOSE:
                said = self._propose(me, round_, may_say_new) or self._prevote(me, round_, expired, look)
            case Step.PREVOTE:
                said = self._precommit(round_, expired)
            case Step.PRECOMMIT:
                said = None
        return Move(said, frozenset() if said else frozenset(self._waits(me, round_, step)))

    def round_of(self, me: MemberId, expired: Set[Wait]) -> int:
        """The round that a teller is in; for people who watch."""
        return self._round_of(me, expired)

    def lock_of(self, me: MemberId) -> tuple[bytes, int]:
        """The page that it last precommitted to, and the round; (nothing, -1) if it never did."""
        commits = [
            s for s in self._own.get(me, {}).values() if isinstance(s, Precommit) and s.value != NOTHING
        ]
        last = max(commits, key=lambda s: s.round, default=None)
        return (NOTHING, -1) if last is None else (last.value, last.round)

    def _left_open(self, me: MemberId, round_: int) -> int | None:
        """A round that we left without a precommit and that another teller is still in, for all that is heard.

        We left it because others had precommitted, and a liar among them may have taken that back by a fork: then those
        who are in it wait for one precommit more, and we are alone in ours. One for no page frees them, and binds
        nobody. In the paper nothing that was said is ever lost.
        """
        committed = {said.round for said in self._own.get(me, {}).values() if isinstance(said, Precommit)}
        others = (
            max((said.round for said in said_by.values()), default=round_)
            for member, said_by in self._own.items()
            if member != me
        )
        return min((at for at in others if at < round_ and at not in committed), default=None)

    def _voters(self, step: Step, round_: int) -> dict[MemberId, set[bytes]]:
        return self._votes.setdefault((step, round_), {})

    def _has_quorum(self, step: Step, round_: int, value: bytes) -> bool:
        voters = self._votes.get((step, round_), {})
        return sum(value in values for values in voters.values()) >= self.committee.quorum

    def _has_any_quorum(self, step: Step, round_: int) -> bool:
        return len(self._votes.get((step, round_), ())) >= self.committee.quorum

    def _round_of(self, me: MemberId, expired: Set[Wait]) -> int:
        """The highest round that it spoke in, that more than f others are in (L55), or that a time-out led to (L65)."""
        rounds = [said.round for said in self._own.get(me, {}).values()]
        rounds += [
            round_
            for round_, speakers in self._speakers.items()
            if len(speakers - {me}) > self.committee.liars
        ]
        round_ = max(rounds, default=0)
        while Wait(Step.PRECOMMIT, round_) in expired and self._has_any_quorum(Step.PRECOMMIT, round_):
            round_ += 1
        return round_

    def _step_of(self, me: MemberId, round_: int) -> Step:
        said = [s for s in self._own.get(me, {}).values() if s.round == round_]
        if any(isinstance(s, Precommit) for s in said):
            return Step.PRECOMMIT
        return Step.PREVOTE if any(isinstance(s, Prevote) for s in said) else Step.PROPOSE

    def _good(self, below: int) -> tuple[bytes, int] | None:
        """The page that a quorum prevoted for in the latest round (L36, L42); None if there is none."""
        for (step, round_), voters in sorted(self._votes.items(), key=lambda item: -item[0][1]):
            if step is not Step.PREVOTE or round_ >= below:
                continue
            for value in sorted({value for values in voters.values() for value in values} - {NOTHING}):
                if self._has_quorum(step, round_, value) and self._is_valid(value):
                    return value, round_
        return None

    def _propose(self, me: MemberId, round_: int, may_say_new: bool) -> Propose | None:
        """L14 to L19."""
        if self.committee.proposer(round_).member != me or round_ in self._proposals:
            return None
        good = self._good(round_)
        if good is not None:
            return Propose(round_, *good)
        return Propose(round_, None, -1) if may_say_new else None

    def _prevote(
        self, me: MemberId, round_: int, expired: Set[Wait], look: Callable[[bytes], Look]
    ) -> Vote | None:
        """L22 to L33, L57."""
        locked, locked_round = self.lock_of(me)
        for value, valid_round in sorted(self._proposals.get(round_, ())):
            is_valid = self._is_valid(value)
            if is_valid is None:
                continue
            if valid_round == -1:
                seen = look(value) if is_valid and locked in (NOTHING, value) else Look.BAD
                if seen is Look.UNKNOWN:
                    continue
                return Vote(Step.PREVOTE, round_, value if seen is Look.GOOD else NOTHING)
            if valid_round < round_ and self._has_quorum(Step.PREVOTE, valid_round, value):
                is_free = locked_round <= valid_round or locked == value
                return Vote(Step.PREVOTE, round_, value if is_valid and is_free else NOTHING)
        return Vote(Step.PREVOTE, round_, NOTHING) if Wait(Step.PROPOSE, round_) in expired else None

    def _precommit(self, round_: int, expired: Set[Wait]) -> Vote | None:
        """L36 to L46, L61."""
        for value, _ in sorted(self._proposals.get(round_, ())):
            if self._has_quorum(Step.PREVOTE, round_, value) and self._is_valid(value):
                return Vote(Step.PRECOMMIT, round_, value)
        if self._has_quorum(Step.PREVOTE, round_, NOTHING):
            return Vote(Step.PRECOMMIT, round_, NOTHING)
        if Wait(Step.PREVOTE, round_) in expired and self._has_any_quorum(Step.PREVOTE, round_):
            return Vote(Step.PRECOMMIT, round_, NOTHING)
        return None

    def _waits(self, me: MemberId, round_: int, step: Step) -> Iterator[Wait]:
        """L21, L34, L47."""
        if step is Step.PROPOSE:
            yield Wait(Step.PROPOSE, round_)
        if step is Step.PREVOTE and self._has_any_quorum(Step.PREVOTE, round_):
            yield Wait(Step.PREVOTE, round_)
        if self._has_any_quorum(Step.PRECOMMIT, round_):
            yield Wait(Step.PRECOMMIT, round_)
