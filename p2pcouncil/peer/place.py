"""A council as this peer holds it: the fold of its entries, the index that sync needs, and its texts.

Everything in here is a function of the rows read from the store. Rows arrive in any order across lanes and in
sequence within each; a fork takes back what stands at or above it. Rows of people whom no vouch among the rows lets in
lie dormant: they are neither folded nor indexed, so peers that hold some and peers that never took them are equal.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from crdt.envelope import Envelope
from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, CouncilId, DeviceId, LaneId, MemberId, TextId
from crdt.index import FeedReader, LaneIndex
from crdt.keys import LaneHeader, LaneKind, lane_id
from crdt.text import TextDocument
from p2pcouncil.domain.duty import EVERYTHING, text_reach
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.outcomes import IssueState, ProposalState, SubjectKind
from p2pcouncil.domain.planning.round_figures import Figuring
from p2pcouncil.domain.planning.standing import UnitStanding
from p2pcouncil.domain.state import CouncilState
from p2pcouncil.domain.state_hash import council_hash
from p2pcouncil.peer.events import Row
from p2pcouncil.peer.views.plans import FigureView


class Standing(NamedTuple):
    """Where an envelope stands, and when this laptop first had it (its own clock, milliseconds since 1970)."""

    lane: LaneId
    seq: int
    first_seen_ms: int


class Place:
    """One council, held.

    Attributes:
        genesis_bytes: its signed founding.
        state, index: the fold of its entries, and what sync needs.
        stands: where each envelope stands.
        plan_lines: per planning period what its units propose, in lines, beside what they were made from; see
            `showing.plan_units`.
    """

    def __init__(self, genesis: bytes, figuring: Figuring | None = None) -> None:
        """Begin with the founding alone.

        Args:
            genesis: the signed founding.
            figuring: where figures of planning rounds come from; None to work them out on the spot.

        Raises:
            RemoteError: the founding does not verify.
        """
        self.genesis_bytes = genesis
        self.state = CouncilState(genesis, figuring)
        self.index = LaneIndex()
        self.stands: dict[ChangeHash, Standing] = {}
        self.plan_lines: dict[
            ChangeHash, tuple[Sequence[UnitStanding], Sequence[tuple[FigureView, ...]]]
        ] = {}
        self._readers: dict[LaneId, FeedReader] = {}
        self._texts: dict[TextId, _Text] = {}
        self._document_of: dict[LaneId, TextId] = {}
        self._let_in: set[MemberId] = set()
        self._dormant: dict[MemberId, list[Row]] = {}
        self._devices: frozenset[DeviceId] | None = None

    @property
    def council(self) -> CouncilId:
        """Its id."""
        return self.state.council

    def load(self, rows: Iterable[Row], forks: Mapping[LaneId, int]) -> bool:
        """Take in rows of this council, in the order in which the store holds them.

        Args:
            rows: along each lane in sequence.
            forks: the lowest fork of each forked lane; what stands there is evidence and nothing else.

        Returns:
            Whether somebody was let in by them, whose lanes may be accepted from now on.
        """
        let_in = False
        offered = list(rows)
        while offered:
            touched = self.state.apply(self._take(offered, forks))
            if any(subject.kind is SubjectKind.MEMBER for subject in touched):
                self._devices = None
            new = {
                MemberId(subject.id)
                for subject in touched
                if subject.kind is SubjectKind.MEMBER and self.state.is_admitted(MemberId(subject.id))
            } - self._let_in
            self._let_in |= new
            let_in = let_in or bool(new)
            offered = [row for member in sorted(new) for row in self._dormant.pop(member, ())]
        return let_in

    def _take(self, rows: Iterable[Row], forks: Mapping[LaneId, int]) -> list[FeedEntry]:
        """Index rows and texts, and return the entries to fold; what nobody vouches for waits, unseen."""
        entries: list[FeedEntry] = []
        for row in rows:
            header, envelope = row.header, row.envelope
            if not self.state.is_admitted(header.member):
                self._dormant.setdefault(header.member, []).append(row)
                continue
            if self.index.lane(envelope.lane) is None:
                self._devices = None
            self.index.add(header, envelope)
            fork = forks.get(envelope.lane)
            if fork is not None and envelope.seq >= fork:
                continue
            self.stands[envelope.hash] = Standing(envelope.lane, envelope.seq, row.first_seen_ms)
            if header.kind is LaneKind.TEXT:
                self._load_text(header, envelope)
                continue
            entries.extend(self._read(header, envelope))
        return entries

    def fork(self, lane: LaneId, seq: int) -> bool:
        """A fork was found, or the lane put out: take back everything of it at or above `seq`.

        Returns:
            Whether the council has to be made anew from its rows: a vouch may have been taken back, and whom it
            let in, and whom they let in, must go with it, as if it had never come.
        """
        self.index.truncate(lane, seq)
        self._devices = None
        for rows in self._dormant.values():
            rows[:] = [row for row in rows if row.envelope.lane != lane or row.envelope.seq < seq]
        document = self._document_of.get(lane)
        if document is not None:
            self._texts[document].cut(lane, seq)
            return False
        touched = self.state.void(lane, seq)
        self._readers.pop(lane, None)
        return any(subject.kind is SubjectKind.MEMBER for subject in touched)

    def proposal(self, name: ChangeHash) -> ProposalState | None:
        """A proposal that counts here, if it is one."""
        try:
            return self.state.proposal(name)
        except LocalError:
            return None

    def issue(self, name: ChangeHash) -> IssueState | None:
        """A vote that stands here, named by its own id or by its proposal's."""
        try:
            return self.state.issue(name)
        except LocalError:
            found = self.proposal(name)
        return self.state.issue(found.issue) if found is not None and found.issue is not None else None

    def invite_used_by(self, invite_key: bytes) -> MemberId | None:
        """Who was vouched for with this invitation already; of several, the one with the lowest key."""
        used = [v.join.member for v in self.state.vouches() if v.join.invite_key == invite_key]
        return MemberId(min(used)) if used else None

    def text(self, text_id: TextId) -> TextDocument:
        """The text document as it stands; empty if nothing of it is held."""
        held = self._texts.get(text_id)
        return held.document(self._limits_of(held)) if held else TextDocument(text_id)

    def is_left_out(self, text_id: TextId, lane: LaneId) -> bool:
        """Whether the end of a lane is no part of its text, so that nothing more of the lane can be."""
        held = self.index.lane(lane)
        return held is not None and held.count > 0 and not self.text(text_id).holds(ChangeHash(held.tip))

    def _limits_of(self, text: "_Text") -> dict[LaneId, int]:
        """From where on lanes of a text are left out, since the member key disowned the devices that write them."""
        limits: dict[LaneId, int] = {}
        for lane, header in text.writers.items():
            reach = text_reach(self.state.duty(header.member), header.device, lane)
            if reach != EVERYTHING:
                limits[lane] = reach + 1
        return limits

    def state_hash(self) -> bytes:
        """Hash of all that is held: equal on every peer that holds an equal set.

        The fold's hash covers the feeds; of a text lane, the last change names all before it. A lane that is forked
        at its very beginning holds nothing that counts, whether its first change came before the fork was known or not.
        """
        tips = (
            (lane, held.count, held.tip)
            for lane in self._document_of
            if (held := self.index.lane(lane)) is not None and held.count
        )
        return council_hash(self.council, self.state.state_hash(), tips)

    def lanes_of(self, member: MemberId) -> tuple[LaneHeader, ...]:
        """The lanes that a member's devices have written here."""
        return tuple(h for h in self.index.headers() if h.member == member)

    def feeds_of(self, member: MemberId) -> tuple[LaneId, ...]:
        """The feeds that a member's devices have written here."""
        return tuple(
            lane_id(h) for h in self.index.headers() if h.member == member and h.kind is LaneKind.FEED
        )

    def member_devices(self) -> frozenset[DeviceId]:
        """Every device that is known to write for an admitted member."""
        if self._devices is None:
            written = {header.device for header in self.index.headers()}
            on_duty = {m.device for m in self.state.members() if m.device is not None}
            self._devices = frozenset(written | on_duty)
        return self._devices

    def devices_of(self, member: MemberId) -> tuple[DeviceId, ...]:
        """The devices of a member that were heard of here."""
        return tuple(sorted({h.device for h in self.lanes_of(member)}))

    def _read(self, header: LaneHeader, envelope: Envelope) -> Iterable[FeedEntry]:
        reader = self._readers.get(envelope.lane)
        if reader is None:
            reader = self._readers[envelope.lane] = FeedReader()
        for done in reader.feed(envelope):
            yield FeedEntry(
                hash=done.hash,
                lane=envelope.lane,
                member=header.member,
                device=header.device,
                generation=header.generation,
                seq=done.seq,
                data=None if done.broken else done.data,
                broken=done.broken,
            )

    def _load_text(self, header: LaneHeader, envelope: Envelope) -> None:
        text_id = TextId(header.subject)
        self._document_of[envelope.lane] = text_id
        held = self._texts.setdefault(text_id, _Text(text_id))
        held.add(header, envelope)


class _Text:
    """A text's changes, and the document made from them when somebody looks."""

    def __init__(self, text_id: TextId) -> None:
        self._id = text_id
        self.writers: dict[LaneId, LaneHeader] = {}
        self._changes: list[tuple[LaneId, int, bytes]] = []
        self._limits: Mapping[LaneId, int] = {}
        self._document: TextDocument | None = None
        self._applied = 0

    def add(self, header: LaneHeader, envelope: Envelope) -> None:
        """Take in a change."""
        self.writers[envelope.lane] = header
        self._changes.append((envelope.lane, envelope.seq, envelope.payload))

    def cut(self, lane: LaneId, seq: int) -> None:
        """Leave out a lane from its fork on; what builds on that is left out with it."""
        self._changes = [c for c in self._changes if c[0] != lane or c[1] < seq]
        self._document = None

    def document(self, limits: Mapping[LaneId, int]) -> TextDocument:
        """The document with all changes in it, but those of some lanes from some place on, and what builds on them.

        New ones are applied to it. After a fork, or when something was left out that a new one may be the missing part
        of, it is made anew: else what it says would depend on what came first.
        """
        if limits != self._limits:
            self._document, self._limits = None, limits
        if self._applied < len(self._changes) and self._document is not None and self._document.refused:
            self._document = None
        if self._document is not None:
            try:
                for lane, _, raw in self._changes[self._applied :]:
                    self._document.apply(lane, raw)
            except RemoteError:
                self._document = None
        if self._document is None:
            changes = [(lane, raw) for lane, _, raw in self._changes]
            self._document = TextDocument.rebuild(self._id, changes, self._limits)
        self._applied = len(self._changes)
        return self._document
