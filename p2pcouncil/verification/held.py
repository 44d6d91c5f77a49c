"""What is held of one council, folded: the state, and everything that a report has to look up in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from crdt.envelope import Envelope
from crdt.errors import RemoteError
from crdt.ids import ChangeHash, LaneId, MemberId
from crdt.keys import LaneKind
from crdt.parts import WHOLE
from p2pcouncil.domain.entries import AnyEntry, Ballot, Tell, decode_entry
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.fingerprint import fingerprint, tell_apart
from p2pcouncil.domain.planning.said import ProposePlan
from p2pcouncil.domain.planning.standing import Entries
from p2pcouncil.domain.register.plan_rounds import round_id
from p2pcouncil.domain.state import CouncilState
from p2pcouncil.domain.state_hash import council_hash
from p2pcouncil.verification.lanes import LaneRead

AnyBallot = Ballot | ProposePlan
"""What tellers seal: a ballot of a vote, or a proposal in a planning round, which is that round's ballot."""

NAMED_MAX = 24
"""Of a long roll, more names would hide the sentence; ballots are listed by themselves."""


class _Signed(NamedTuple):
    """An entry that its author's device signed, and that the fold does not have."""

    member: MemberId
    body: AnyEntry | None


class Held:
    """A council of a bundle.

    Attributes:
        state: what its entries come to.
        lanes: its lanes, by ascending id.
        entries: those that were folded, by hash.
        tells: those that carry what tellers said, in the order of lanes.
        strangers: envelopes of people whom nobody lets in, which count for nothing.
    """

    def __init__(self, genesis: bytes, lanes: Mapping[LaneId, LaneRead]) -> None:
        """Fold what is held.

        Raises:
            RemoteError: the founding does not verify.
            LocalError: it asks for newer rules.
        """
        self.state = CouncilState(genesis)
        self.lanes = lanes
        self.entries: dict[ChangeHash, FeedEntry] = {}
        self.tells: list[tuple[FeedEntry, Tell]] = []
        self.strangers = 0
        self._ballots: dict[bytes, list[tuple[FeedEntry, AnyBallot]]] = {}
        self._lost_ballots: dict[bytes, list[tuple[LaneRead, Envelope, AnyBallot]]] | None = None
        self._signed: Entries | None = None
        self._fold()
        self._names = self._call_them()

    def _fold(self) -> None:
        """Let in whom vouches let in, whose vouches let in others, until nobody comes any more."""
        waiting = dict(self.lanes)
        while waiting:
            let_in = [lane for lane, read in waiting.items() if self.state.is_admitted(read.header.member)]
            if not let_in:
                break
            entries: list[FeedEntry] = []
            for lane in let_in:
                read = waiting.pop(lane)
                if read.header.kind is LaneKind.FEED:
                    entries += read.entries()
            self.state.apply(entries)
            self._note(entries)
        self.strangers = sum(len(read.kept) + len(read.beyond) for read in waiting.values())
        self.lanes = {lane: read for lane, read in self.lanes.items() if lane not in waiting}

    def _note(self, entries: Sequence[FeedEntry]) -> None:
        for entry in entries:
            self.entries[entry.hash] = entry
            match self.body(entry.hash):
                case Tell() as body:
                    self.tells.append((entry, body))
                case Ballot() | ProposePlan() as body:
                    self._ballots.setdefault(issue_of(body), []).append((entry, body))
                case _:
                    pass

    def _call_them(self) -> dict[MemberId, str]:
        """Names as the council knows them, told apart where they look alike."""
        given = {m.member: m.name for m in self.state.members()}
        for chain in self.state.register.minutes.chains:
            for member, seat in chain.roll.items():
                given.setdefault(member, seat.name)
        return tell_apart(given)

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is damaged or left out, so that its hash is the one that peers show."""
        return all(read.is_whole for read in self.lanes.values())

    def state_hash(self) -> bytes:
        """Hash of what is held, as peers compare it."""
        tips = (
            (lane, len(read.kept), read.kept[-1].hash)
            for lane, read in self.lanes.items()
            if read.header.kind is LaneKind.TEXT and read.kept
        )
        return council_hash(self.state.council, self.state.state_hash(), tips)

    def name(self, member: bytes) -> str:
        """What somebody is called."""
        return self._names.get(MemberId(member)) or fingerprint(MemberId(member))

    def named(self, members: Iterable[bytes]) -> str:
        """What some are called, by name: “Ada, Ben and Cem”; of many the first few."""
        return listed(sorted(self.name(member) for member in members))

    def body(self, name: bytes) -> AnyEntry | None:
        """What an entry says; None if it is not held, or can't be read."""
        fact = self.state.facts.held.get(ChangeHash(name))
        return None if fact is None else fact.body

    @property
    def signed(self) -> Entries:
        """Every entry that its author's device signed, by hash: those that were folded, and those at and above forks.

        A page may have named the latter before there was a fork.
        """
        if self._signed is None:
            lost = {
                envelope.hash: _Signed(read.header.member, body_of(envelope))
                for read in self.lanes.values()
                for envelope in read.unkept
                if read.header.kind is LaneKind.FEED
            }
            self._signed = {**lost, **self.state.facts.held}
        return self._signed

    def ballots(self, issue: bytes) -> Sequence[tuple[FeedEntry, AnyBallot]]:
        """Every ballot on a vote or in a round that stands in a feed, whether or not it counts."""
        return self._ballots.get(issue, [])

    def lost_ballots(self, issue: bytes) -> Sequence[tuple[LaneRead, Envelope, AnyBallot]]:
        """Ballots on a vote or in a round that are damaged, or stand at or above a fork, as they can be read."""
        if self._lost_ballots is None:
            self._lost_ballots = {}
            for read, envelope in self._lost():
                body = body_of(envelope)
                if isinstance(body, Ballot | ProposePlan):
                    self._lost_ballots.setdefault(issue_of(body), []).append((read, envelope, body))
        return self._lost_ballots.get(issue, [])

    def _lost(self) -> Iterator[tuple[LaneRead, Envelope]]:
        for read in self.lanes.values():
            if read.header.kind is LaneKind.FEED:
                for envelope in (*read.forged, *read.unkept):
                    yield read, envelope

    def forks(self, member: bytes) -> bool:
        """Whether a feed of a member is forked, or torn so that nobody can say what stood there."""
        return any(
            read.forked_at
            for read in self.lanes.values()
            if read.header.member == member and read.header.kind is LaneKind.FEED
        )


def issue_of(ballot: AnyBallot) -> bytes:
    """The vote or the planning round that a ballot is about."""
    return ballot.issue if isinstance(ballot, Ballot) else round_id(ballot.plan, ballot.round)


def body_of(envelope: Envelope) -> AnyEntry | None:
    """What an envelope's own payload says, if it is a whole entry that can be read."""
    return _decoded(envelope.payload[1:]) if envelope.payload[:1] == bytes([WHOLE]) else None


def listed(names: Sequence[str]) -> str:
    """Names in a row: “Ada, Ben and Cem”; “nobody” for none, and of many the first few with the number of the rest."""
    if not names:
        return "nobody"
    shown = list(names)
    if len(shown) > NAMED_MAX + 1:
        shown = [*shown[:NAMED_MAX], f"{len(shown) - NAMED_MAX:,} others"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def count(number: int, one: str, many: str = "") -> str:
    """A number and its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _decoded(data: bytes) -> AnyEntry | None:
    try:
        return decode_entry(data)
    except RemoteError:
        return None
