"""Councils as they are shown: tree order, rolls, who waits at the door, and what was rejected."""

from hashlib import sha256

from crdt.ids import CouncilId, MemberId
from p2pcouncil.domain.outcomes import ChildCouncil, MemberState
from p2pcouncil.domain.plain_text import clean_block, clean_line
from p2pcouncil.domain.records import Charter
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.going_on import successor_of
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.people import JoinRequestView, MemberView

TITLE_CELLS = 100
MAX_REJECTED_SHOWN = 50
FORKED = (
    "Its device wrote two different things at this place, as a copied or restored home does. Neither counts, nor does "
    "what followed there; what was written in a new feed since counts."
)


def name_of(place: Place) -> str:
    """A council's name, cleaned."""
    return clean_line(place.state.genesis.name, 64) or place.council.hex()[:8]


def councils_in_tree_order(peer: Peer) -> list[tuple[Place, int]]:
    """Councils held, each below its parent, with its depth; those whose parent isn't held stand at the top."""
    places = peer.world.places
    by_parent: dict[bytes, list[Place]] = {}
    for place in places.values():
        parent = place.state.genesis.parent
        by_parent.setdefault(parent if parent in places else b"", []).append(place)
    found: list[tuple[Place, int]] = []

    def walk(parent: bytes, depth: int) -> None:
        for place in sorted(by_parent.get(parent, ()), key=lambda p: (name_of(p), p.council)):
            found.append((place, depth))
            walk(place.council, depth + 1)

    walk(b"", 0)
    return found


def show_councils(peer: Peer) -> tuple[CouncilView, ...]:
    """The councils held, in tree order, each followed by those announced below it that are not held here."""
    shown: list[CouncilView] = []
    for place, depth in councils_in_tree_order(peer):
        shown.append(show_council(peer, place, depth))
        shown += [
            _announced(peer, place, child, depth + 1)
            for child in place.state.children()
            if child.council not in peer.world.places
        ]
    return tuple(shown)


def _announced(peer: Peer, parent: Place, child: ChildCouncil, depth: int) -> CouncilView:
    """A council that is known by its announcement alone: nothing of it is held here."""
    genesis = child.genesis
    people = People(peer.world, parent)
    founders = [people.stranger(MemberId(f.member), f.name) for f in genesis.roll]
    return CouncilView(
        id=child.council,
        name=clean_line(genesis.name, 64) or child.council.hex()[:8],
        kind=genesis.kind,
        level=genesis.level,
        purpose=clean_block(genesis.purpose, 1_000, 12),
        parent=parent.council,
        depth=depth,
        my_standing="not a member",
        members=tuple(MemberView(founder, "founder", (), 1) for founder in founders),
        requests=(),
        charter=_charter(genesis.charter),
        entries=0,
        behind=None,
        state_hash="",
        rejected=(),
    )


def show_council(peer: Peer, place: Place, depth: int) -> CouncilView:
    """One council."""
    people = People(peer.world, place)
    state = place.state
    genesis = state.genesis
    behind = [
        known
        for device in peer.world.connected
        if (known := peer.pulling.behind(device, place.council)) is not None
    ]
    return CouncilView(
        id=place.council,
        name=name_of(place),
        kind=genesis.kind,
        level=genesis.level,
        purpose=clean_block(genesis.purpose, 1_000, 12),
        parent=CouncilId(genesis.parent) if genesis.parent else None,
        depth=depth,
        my_standing=_my_standing(peer, place),
        members=tuple(_member(people, place, m) for m in state.members() if m.is_admitted),
        requests=_requests(peer, place, people),
        charter=_charter(state.charter),
        entries=place.index.total,
        behind=max(behind, default=None),
        state_hash=place.state_hash().hex(),
        rejected=_rejected(place, people),
        goes_on_in=successor_of(place),
    )


def _rejected(place: Place, people: People) -> tuple[tuple[str, str, str], ...]:
    """What counts for nothing, and why; forks first, for they may be somebody's own laptop at odds with itself."""
    forks = [
        (change.hex()[:8], people.person(held.header.member).name, FORKED)
        for lane in place.index.lanes_between(b"", b"")
        if (held := place.index.lane(lane)) is not None
        for _, change in held.above
    ]
    refused = [
        (r.hash.hex()[:8], people.person(r.member).name, clean_line(r.reason, 300))
        for r in place.state.rejected[:MAX_REJECTED_SHOWN]
    ]
    return tuple((forks + refused)[:MAX_REJECTED_SHOWN])


def _my_standing(peer: Peer, place: Place) -> str:
    me = peer.world.me
    if me is None:
        return "not a member"
    found = {m.member: m for m in place.state.members()}.get(me.member)
    if found is not None and found.is_admitted:
        return _standing(found)
    return "waiting for a vouch" if peer.world.item("join", place.council) else "not a member"


def _standing(member: MemberState) -> str:
    if member.has_left:
        return "left"
    if member.page_roll:
        return "founder" if member.is_founder else "on the roll"
    if member.is_founder:
        return "removed"
    return "on the next page" if member.on_roll else "admitted; not on the roll yet"


def _member(people: People, place: Place, member: MemberState) -> MemberView:
    return MemberView(
        people.person(member.member),
        _standing(member),
        _names(people, member.vouchers),
        max(1, len(place.devices_of(member.member))),
        _names(people, member.objectors),
    )


def _names(people: People, members: tuple[MemberId, ...]) -> tuple[str, ...]:
    return tuple(sorted(people.person(member).name for member in members))


def _requests(peer: Peer, place: Place, people: People) -> tuple[JoinRequestView, ...]:
    state = place.state
    invited = {invite.invite_key: invite.member for invite in state.invites()}
    needed = state.charter.vouches_needed
    me = peer.world.me.member if peer.world.me else None
    objectors = {known.member: known.objectors for known in state.members()}
    shown: list[JoinRequestView] = []
    for join, signed in peer.requests(place.council):
        member = MemberId(join.member)
        vouchers = {v.voucher for v in state.vouches() if v.join.member == member}
        warning = ""
        if join.invite_key and join.invite_key in invited:
            how = f"invited by {people.person(invited[join.invite_key]).name}"
            used = place.invite_used_by(join.invite_key)
            if used is not None and used != member:
                warning = "Somebody else was let in with the same invitation: ask how that came about."
        elif join.invite_key:
            how = "with an invitation that is not known here yet"
        else:
            how = "a member of the council above"
        person = people.stranger(member, join.name)
        shown.append(
            JoinRequestView(
                sha256(signed).digest(),
                person,
                how,
                len(vouchers),
                needed,
                me in vouchers,
                warning,
                _names(people, objectors.get(member, ())),
            )
        )
    return tuple(shown)


def _charter(charter: Charter) -> tuple[str, ...]:
    probation = f"after {_span(charter.probation_seconds)}" if charter.probation_seconds else "at once"
    return (
        f"Members who second a proposal before its vote opens: {charter.seconds_needed}.",
        f"Vouches before somebody is on the roll: {charter.vouches_needed}.",
        f"A vote is open for {_span(charter.window_seconds)}, unless its opening says otherwise.",
        f"A newcomer vouches for others and tells {probation}.",
        f"A vote that too few tellers seal lapses {_span(charter.grace_seconds)} after its end.",
        f"Rules version {charter.rules_version}.",
    )


def _span(seconds: int) -> str:
    """A length of time in its two largest units."""
    units = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
    parts = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}" + ("" if count == 1 else "s"))
    return " ".join(parts[:2])
