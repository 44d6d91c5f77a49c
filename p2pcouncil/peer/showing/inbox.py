"""The inbox: what waits for me, why it affects me, and what became of what I voted on.

A closed vote comes up as many times as it asks something of me: once to review it, once for a promise that I keep.
If it asks nothing, it says what became of it, for `DECIDED_SHOWN_MS`.
"""

from dataclasses import dataclass

from crdt.ids import MemberId
from p2pcouncil.domain.effects import Promise, is_carried
from p2pcouncil.domain.entries import Progress, Review
from p2pcouncil.domain.moments import MS_PER_DAY
from p2pcouncil.domain.outcomes import IssueState, ProposalState, ProposalStatus, Status
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.register.succession import Successor
from p2pcouncil.domain.tally.method import PERMILLE
from p2pcouncil.peer import shelf
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.going_on import standing_of, successor_of, waiting_for
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.councils import TITLE_CELLS, councils_in_tree_order, name_of, show_council
from p2pcouncil.peer.showing.issues import show_issue
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.showing.plans import plans_that_go_on, show_plan
from p2pcouncil.peer.views.inbox import InboxItem
from p2pcouncil.peer.views.issues import IssueView
from p2pcouncil.peer.views.people import JoinRequestView
from p2pcouncil.peer.views.plans import PlanView

DECIDED_SHOWN_MS = 30 * MS_PER_DAY
"""How long after its end a decided vote is told, by this laptop's clock: it is for display only."""
PRICES_TOLD = 3
_KINDS = (
    "go on",
    "vote",
    "plan",
    "review",
    "promise",
    "vouch",
    "second",
    "open",
    "decided",
    "waiting",
    "voted",
)
_ORDER = {kind: place for place, kind in enumerate(_KINDS)}


@dataclass(frozen=True, slots=True)
class About:
    """What all items of one proposal share."""

    place: Place
    council_name: str
    title: str
    why: str
    ref: bytes
    tags: tuple[str, ...]

    def item(
        self,
        kind: str,
        note: str,
        *,
        needs_me: bool,
        why: str = "",
        deadline_ms: int = 0,
        opener: str = "",
    ) -> InboxItem:
        """An item about it; `why` stands for the usual one where it is given."""
        return InboxItem(
            kind,
            needs_me,
            self.place.council,
            self.council_name,
            self.title,
            why or self.why,
            note,
            self.ref,
            deadline_ms,
            self.tags,
            opener,
        )


def show_inbox(peer: Peer) -> tuple[InboxItem, ...]:
    """What waits for me: what needs me first, then by my priorities, then by deadline."""
    items = [
        item for place, depth in councils_in_tree_order(peer) for item in _of_council(peer, place, depth)
    ]
    wanted = priorities(peer)
    rank = {tag.casefold(): place for place, tag in enumerate(wanted)}

    def order(item: InboxItem) -> tuple[bool, int, int, int, bytes]:
        best = min((rank.get(tag.casefold(), len(rank)) for tag in item.tags), default=len(rank))
        return (not item.needs_me, best, _ORDER[item.kind], item.deadline_ms, item.ref)

    return tuple(sorted(items, key=order))


def priorities(peer: Peer) -> tuple[str, ...]:
    """The tags that come first in my inbox."""
    value = peer.world.item(shelf.SETTING, b"priorities") or b""
    return tuple(tag for tag in value.decode("utf-8", "replace").split("\n") if tag)


def _of_council(peer: Peer, place: Place, depth: int) -> list[InboxItem]:
    me = peer.world.me.member if peer.world.me else None
    name = name_of(place)
    if me is None or not place.state.is_admitted(me) or successor_of(place) is not None:
        return []
    items = [_of_successor(place, name, successor) for successor in waiting_for(place, me)]
    items += [
        _of_request(place, name, request)
        for request in show_council(peer, place, depth).requests
        if not request.mine
    ]
    people = People(peer.world, place)
    items += [
        item for plan in plans_that_go_on(place) for item in of_plan(show_plan(peer, place, plan), name)
    ]
    for proposal in place.state.proposals():
        items += _of_proposal(peer, place, proposal, me, people)
    return items


def _of_successor(place: Place, name: str, successor: Successor) -> InboxItem:
    support = standing_of(place, successor).support
    have = support.signed if support is not None else 0
    title = f"A successor of {name}"
    why = "Its tellers are gone, so no page can be written any more; you are on its roll."
    note = f"Signed by {have} so far; more than half of the roll has to."
    return InboxItem("go on", True, place.council, name, title, why, note, successor.council)


def _of_request(place: Place, name: str, request: JoinRequestView) -> InboxItem:
    if request.person.is_me:
        note = f"{request.vouches} of {request.needed} vouches; tell them your words {request.person.fingerprint}"
        why = f"You may write in {name}; you vote once enough members have vouched for you."
        return InboxItem("waiting", False, place.council, name, "Your own place on the roll", why, note, b"")
    note = f"{request.how}; {request.vouches} of {request.needed} vouches; {request.person.fingerprint}"
    why = f"You belong to {name}, and only members can let somebody in."
    title = f"{request.person.name} asks to join"
    return InboxItem("vouch", True, place.council, name, title, why, note, request.join_id)


def _of_proposal(
    peer: Peer, place: Place, found: ProposalState, me: MemberId, people: People
) -> list[InboxItem]:
    name = name_of(place)
    title = clean_line(found.title, TITLE_CELLS)
    tags = tuple(clean_line(tag, 32) for tag in found.tags)
    whom = clean_line(found.scope, 60)
    why = f"It is for {whom}; you belong to {name}." if whom else f"You belong to {name}."
    about = About(place, name, title, why, found.hash, tags)
    issue = place.issue(found.hash)
    if issue is not None:
        view = show_issue(peer, place, issue, people, whole=False)
        if issue.status is Status.CLOSED:
            return of_closed(about, issue, view, me, peer.world.clock_ms)
        return [_of_vote(about, issue, view, me)]
    if found.status is ProposalStatus.WITHDRAWN:
        return []
    needed = place.state.charter.seconds_needed
    version = peer.version_of(place, found)
    now = next((v for v in found.versions if v.version == version), None)
    have = len(now.hashes) if now else 0
    if (now is not None and now.is_enough) or needed == 0:
        can_open = place.state.member(me).on_roll
        who = "you" if can_open else "anybody on the roll"
        note = f"Seconded as it stands: {who} can open the vote."
        is_mine = can_open and found.proposer == me
        return [about.item("open" if is_mine else "waiting", note, needs_me=is_mine)]
    note = f"Seconded by {have} of {needed} as it stands."
    can_second = found.proposer != me and (now is None or me not in now.members)
    kind = "second" if can_second else "waiting"
    return [about.item(kind, note, needs_me=can_second)]


def of_plan(view: PlanView, council_name: str) -> list[InboxItem]:
    """What a planning period asks of me: to speak for my councils in the round that runs, or to have it adopted."""

    def item(note: str, why: str, *, needs_me: bool) -> InboxItem:
        title = f"{view.title}, round {view.round}"
        deadline_ms = view.closes_ms or 0
        return InboxItem(
            "plan", needs_me, view.council, council_name, title, why, note, view.id, deadline_ms, ("plan",)
        )

    mine = [view.units[place] for place in view.mine]
    if view.stage == "rounds":
        waiting = [unit.name for unit in mine if not unit.has_spoken and unit.name in view.silent]
        if view.can_propose or not waiting:
            return []
        told = price_changes(view)
        if any(unit.suggestion is not None for unit in mine):
            told += "There is a suggestion for you. "
        why = f"You speak for {' and '.join(waiting)}."
        return [item(f"{told}Whoever says nothing keeps what they said last.", why, needs_me=True)]
    if view.stage == "ended" and mine:
        return [item(view.line, f"You speak for {mine[0].name}.", needs_me=False)]
    return []


def price_changes(view: PlanView) -> str:
    """Which indicative prices moved most since the round before, in a sentence; empty in the first round."""
    moved = []
    for good in view.goods:
        if len(good.prices_milli) > 1:
            before, now = good.prices_milli[-2:]
            permille = (now - before) * PERMILLE // before
            moved.append((-abs(permille), good.place, f"{good.name} {permille / 10:+.0f} %"))
    told = [text for size, _, text in sorted(moved)[:PRICES_TOLD] if size]
    return f"Prices since the last round: {', '.join(told)}. " if told else ""


def _of_vote(about: About, issue: IssueState, view: IssueView, me: MemberId) -> InboxItem:
    """A vote that no page has closed."""
    if issue.status is Status.LAPSED:
        return about.item("waiting", view.status_line, needs_me=False)
    opener = view.opener.name if view.life.closes_ms is None else ""
    if me not in issue.roll:
        kind, needs_me, note = "waiting", False, "You are not on its roll, so you can only read it."
    elif view.my_choice is None:
        kind, needs_me, note = "vote", not view.can_vote, view.tally.headline
    else:
        kind, needs_me, note = "voted", False, f"You voted {view.my_choice_text}. {view.tally.headline}"
    return about.item(kind, note, needs_me=needs_me, deadline_ms=view.deadline_ms, opener=opener)


def of_closed(
    about: About, issue: IssueState, view: IssueView, me: MemberId, clock_ms: int
) -> list[InboxItem]:
    """What a closed vote asks of me; if it asks nothing, what became of it."""
    state, register, effect = about.place.state, issue.register, issue.effect
    assert register is not None, "a page closed it"
    result = f"{view.tally.headline} {view.life.done}".strip()
    items = []
    reviewed = {fact.member for fact in state.said_of(issue.hash, Review)}
    if me in register.overseers and me not in reviewed:
        why = "You were drawn by lot to look whether its count holds."
        items.append(about.item("review", view.tally.headline, needs_me=True, why=why))
    if isinstance(effect, Promise) and effect.owner == me and _is_to_do(about.place, issue, me):
        why = "You answer for it: say what was done, and when it is done."
        items.append(
            about.item("promise", view.tally.headline, needs_me=True, why=why, deadline_ms=effect.due_ms)
        )
    is_fresh = register.closes_ms is None or clock_ms < register.closes_ms + DECIDED_SHOWN_MS
    if not items and is_fresh and view.my_choice is not None:
        why = f"You voted {view.my_choice_text}."
        items.append(about.item("decided", result, needs_me=False, why=why))
    return items


def _is_to_do(place: Place, issue: IssueState, owner: MemberId) -> bool:
    """Whether a promise came to stand and its owner has not said that it is done."""
    result = issue.register.result if issue.register is not None else None
    if result is None or issue.effect is None or not is_carried(issue.effect, result.outcome):
        return False
    if issue.hash in place.state.register.chain.void_effects:
        return False
    said = place.state.said_of(issue.hash, Progress)
    return not any(
        fact.member == owner and isinstance(fact.body, Progress) and fact.body.is_done for fact in said
    )
