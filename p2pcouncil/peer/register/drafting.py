"""Drafting: the page that is due by what a teller holds, and whether any is.

Page time is when the page before was certified, which may be long ago. What waits for a later time than that waits
for two pages: an empty one, which moves the time, and its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import msgspec

from crdt.errors import RemoteError
from p2pcouncil.domain.records import RULES_VERSION
from p2pcouncil.domain.register.chain import MS_PER_SECOND, OpenVote
from p2pcouncil.domain.register.closing import Ballots, Sheet, close
from p2pcouncil.domain.register.following import follow, page_time
from p2pcouncil.domain.register.minutes import Minutes
from p2pcouncil.domain.register.pages import MAX_CLOSINGS, MAX_OPENINGS, Closed, Entered, Page
from p2pcouncil.peer.register.alarm import Alarm
from p2pcouncil.peer.register.changes import Room, with_changes
from p2pcouncil.peer.register.held import Held

DRAFT_BYTES = 120_000
"""Of a page that we propose, beside the certificate and the proof, which it has in any case."""
TIME_PAUSE_MS = 60_000
"""How far page time has to be behind our clock before an empty page moves it: clocks differ, and must not make pages
run on until the slowest has caught up."""
LEAST_GRACE_MS = 1_000
MOST_GRACE_MS = 600_000
GRACE_SHARE = 20


@dataclass(frozen=True, slots=True)
class Draft:
    """A page that a teller would propose, with the sheets that it pins."""

    page: Page
    sheets: tuple[tuple[bytes, Sheet], ...]


def grace_ms(vote: OpenVote) -> int:
    """How long a proposer that holds a quorum of a vote's seals waits for the others': a twentieth of its window."""
    share = vote.window_seconds * MS_PER_SECOND // GRACE_SHARE
    return min(max(share, LEAST_GRACE_MS), MOST_GRACE_MS)


def closing_of(minutes: Minutes, held: Held, vote: OpenVote) -> tuple[Closed, Sheet] | None:
    """How a vote can be closed by all the seals that are held; None while too few are, or a ballot is missing."""
    seals = minutes.seals(vote.issue)
    if vote.closes_ms is None or len(seals) < vote.committee.quorum:
        return None
    return close(vote, seals, ballots_of(held, vote), lambda sheet: held.result(vote, sheet), held.is_forked)


def ballots_of(held: Held, vote: OpenVote) -> Ballots:
    """What is held of each member's ballots on a vote."""
    return lambda member: held.ballots(vote.issue, member)


@dataclass(slots=True)
class Drafter:
    """What one teller would write next.

    Attributes:
        minutes, held: what was said, and what else is held.
    """

    minutes: Minutes
    held: Held
    _sealed_ms: dict[bytes, int] = field(default_factory=dict)
    _may_enter: dict[tuple[bytes, Entered], bool] = field(default_factory=dict)

    def draft(self, clock_ms: int, alarm: Alarm) -> Draft | None:
        """The page that is due, without a proof; None if nothing waits for one."""
        draft, _ = self._draft(self._time_ms(), clock_ms, alarm)
        return draft if not draft.page.is_empty or self.is_time_due(clock_ms) else None

    def is_time_due(self, clock_ms: int) -> bool:
        """Whether even an empty page is due: it would tell when a vote ends, or what waits waits for its time alone."""
        if any(vote.closes_ms is None for vote in self.minutes.chain.votes.values()):
            return True
        time_ms = self._time_ms()
        if clock_ms - time_ms < TIME_PAUSE_MS:
            return False
        draft, is_more = self._draft(time_ms, clock_ms)
        return is_more and draft.page.is_empty and not self._draft(clock_ms, clock_ms)[0].page.is_empty

    def _blank(self) -> Page:
        minutes, chain = self.minutes, self.minutes.chain
        return Page(RULES_VERSION, chain.council, minutes.number, chain.page, minutes.certificate(), b"")

    def _time_ms(self) -> int:
        return page_time(self.minutes.chain, self._blank())

    def _draft(self, time_ms: int, clock_ms: int, alarm: Alarm | None = None) -> tuple[Draft, bool]:
        """What would stand on a page of that time, and whether something waits that would not."""
        alarm = alarm or Alarm(clock_ms)
        room = Room(DRAFT_BYTES)
        blank = self._blank()
        closings = list(self._closing(clock_ms, room, alarm))
        lapsed = tuple(self._lapsing(time_ms, room, alarm))
        entered = tuple(self._entering(blank, room))
        chain = replace(self.minutes.chain, number=blank.number, time_ms=time_ms)
        changed, is_more = with_changes(chain, blank, self.held, self.minutes.convictions(), room)
        if is_more:
            alarm.set(clock_ms + TIME_PAUSE_MS)
        closed = tuple(closed for closed, _ in closings)
        page = msgspec.structs.replace(changed, closed=closed, lapsed=lapsed, entered=entered)
        sheets = tuple((closed.issue, sheet) for closed, sheet in closings)
        return Draft(page, sheets), is_more or len(closed) + len(lapsed) < len(chain.votes)

    def _closing(self, clock_ms: int, room: Room, alarm: Alarm) -> Iterator[tuple[Closed, Sheet]]:
        """Votes that can be closed, when all their tellers sealed or those that did not had a while to do so."""
        made = 0
        for issue, vote in sorted(self.minutes.chain.votes.items()):
            seals = len(self.minutes.seals(issue))
            if vote.closes_ms is None or seals < vote.committee.quorum or made == MAX_CLOSINGS:
                continue
            since_ms = self._sealed_ms.get(issue)
            if since_ms is None or since_ms > clock_ms:
                since_ms = self._sealed_ms[issue] = clock_ms
            if seals < len(vote.committee.tellers) and clock_ms < since_ms + grace_ms(vote):
                alarm.set(since_ms + grace_ms(vote))
                continue
            closing = closing_of(self.minutes, self.held, vote)
            if closing is not None and room.takes(closing[0]):
                made += 1
                yield closing

    def _lapsing(self, time_ms: int, room: Room, alarm: Alarm) -> Iterator[bytes]:
        """Votes that can't be closed though their seals had all the time that the charter gives them."""
        made = 0
        for issue, vote in sorted(self.minutes.chain.votes.items()):
            due_ms = vote.lapses_ms
            if due_ms is None or made == MAX_CLOSINGS:
                continue
            if time_ms < due_ms:
                alarm.set(max(due_ms, time_ms + TIME_PAUSE_MS))
            elif closing_of(self.minutes, self.held, vote) is None and room.takes(issue):
                made += 1
                yield issue

    def _entering(self, blank: Page, room: Room) -> Iterator[Entered]:
        """Openings that wait: of one proposal the one with the lowest hash."""
        chain, openings = self.minutes.chain, self.held.openings()
        proposals = set(chain.proposals)
        made = 0
        for issue in sorted(openings):
            entered = openings[issue]
            if (
                made < MAX_OPENINGS
                and entered.proposal not in proposals
                and issue not in chain.closed
                and issue not in chain.lapsed
                and self._is_enterable(blank, entered)
                and room.takes(entered)
            ):
                proposals.add(entered.proposal)
                made += 1
                yield entered

    def _is_enterable(self, blank: Page, entered: Entered) -> bool:
        """Whether the rules let a page enter a vote; asked once per page."""
        key = (blank.previous, entered)
        if key not in self._may_enter:
            if any(previous != blank.previous for previous, _ in self._may_enter):
                self._may_enter.clear()
            try:
                follow(self.minutes.chain, msgspec.structs.replace(blank, entered=(entered,)), bytes(32))
                self._may_enter[key] = True
            except RemoteError:
                self._may_enter[key] = False
        return self._may_enter[key]
