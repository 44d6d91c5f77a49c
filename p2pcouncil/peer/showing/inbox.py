"""The inbox: what waits for me, why it affects me, and what became of what I voted on."""

from crdt.ids import MemberId
from p2pcouncil.domain.outcomes import ProposalState, ProposalStatus
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.peer import shelf
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.councils import TITLE_CELLS, councils_in_tree_order, name_of, show_council
from p2pcouncil.peer.showing.issues import show_issue
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.views import InboxItem, JoinRequestView

_ORDER = {"vote": 0, "vouch": 1, "second": 2, "open": 3, "waiting": 4, "voted": 5}


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
    if me is None or not place.state.is_admitted(me):
        return []
    items = [
        _of_request(place, name, request)
        for request in show_council(peer, place, depth).requests
        if not request.mine
    ]
    people = People(peer.world, place)
    for proposal in place.state.proposals():
        item = _of_proposal(peer, place, proposal, me, people)
        if item is not None:
            items.append(item)
    return items


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
) -> InboxItem | None:
    name = name_of(place)
    title = clean_line(found.title, TITLE_CELLS)
    tags = tuple(clean_line(tag, 32) for tag in found.tags)
    whom = clean_line(found.scope, 60)
    why = f"It is for {whom}; you belong to {name}." if whom else f"You belong to {name}."
    issue = place.issue(found.hash)
    if issue is not None:
        view = show_issue(peer, place, issue, people, whole=False)
        if me not in issue.roll:
            kind, needs, note = "waiting", False, "You are not on its roll, so you can only read it."
        elif view.my_choice is None:
            kind, needs, note = "vote", not view.can_vote, view.tally.headline
        else:
            kind, needs = "voted", False
            note = f"You voted {view.my_choice_text}. {view.tally.headline}"
        return InboxItem(
            kind,
            needs,
            place.council,
            name,
            title,
            why,
            note,
            found.hash,
            view.deadline_ms,
            tags,
            view.opener.name,
        )
    if found.status is ProposalStatus.WITHDRAWN:
        return None
    needed = place.state.charter.seconds_needed
    version = peer.version_of(place, found)
    now = next((v for v in found.versions if v.version == version), None)
    have = len(now.hashes) if now else 0
    if (now is not None and now.is_enough) or needed == 0:
        who = "you" if found.proposer == me else people.person(found.proposer).name
        note = f"Seconded as it stands: {who} can open the vote."
        is_mine = found.proposer == me
        kind = "open" if is_mine else "waiting"
        return InboxItem(kind, is_mine, place.council, name, title, why, note, found.hash, 0, tags)
    note = f"Seconded by {have} of {needed} as it stands."
    can_second = found.proposer != me and (now is None or me not in now.members)
    kind = "second" if can_second else "waiting"
    return InboxItem(kind, can_second, place.council, name, title, why, note, found.hash, 0, tags)
