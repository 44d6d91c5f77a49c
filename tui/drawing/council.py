"""A council: its purpose, who asks to join, its roll with fingerprints, its charter, what this peer holds of it."""

from textual.content import Content

from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.people import MemberView
from tui import words
from tui.content import ACCENT, BAD, MUTED, STRONG, WARN, block, heading, join, line, lines, muted
from tui.drawing.proposal import person

_STANDINGS = {
    "on the next page": "You can vote from the next page.",
    "admitted; not on the roll yet": "You may write, and can vote once a page puts you on the roll.",
}


def tree_row(council: CouncilView) -> Content:
    """A row of the tree: indented by depth, with what waits there."""
    asks = f"  {len(council.requests)} to vouch" if council.requests else ""
    branch = f"{'  ' * (council.depth - 1)}└ " if council.depth else ""
    return lines(
        [
            join([Content.styled(branch, MUTED), line(council.name, STRONG, cells=40)]),
            join([" " * len(branch), muted(_level(council)), Content.styled(asks, f"bold {ACCENT}")]),
        ]
    )


def _level(council: CouncilView) -> str:
    return (
        f"{council.level} · goes on in {council.goes_on_in.hex()[:8]}"
        if council.goes_on_in
        else council.level
    )


def council_page(council: CouncilView) -> Content:
    """Everything about one council."""
    rows: list[Content | str] = [
        line(council.name, "bold $primary"),
        muted(f"{_kind(council)} · you: {council.my_standing}"),
        *_my_way(council.my_standing),
        *_goes_on(council),
        "",
        block(council.purpose),
        "",
    ]
    if council.requests:
        rows.append(heading(f"{words.count(len(council.requests), 'person')} to vouch for (press v)"))
        for request in council.requests:
            done = " · you vouched" if request.mine else ""
            rows.append(line(request.person.name, STRONG))
            rows.append(join(["  ", line(request.person.fingerprint)]))
            rows.append(
                join(["  ", muted(f"{request.how} · {request.vouches} of {request.needed} vouches{done}")])
            )
            rows.extend(objections(request.objectors))
        rows.append("")
    coming = [member for member in council.members if member.is_coming]
    roll = [member for member in council.members if not member.is_coming]
    if coming:
        rows.append(heading(f"On their way to the roll ({len(coming)})"))
        rows.append(muted("They vote from the page that puts them on it. Members may object until then."))
        rows.extend(row for member in coming for row in _member(member))
        rows.append("")
    rows.append(heading(f"Roll ({words.count(len(roll), 'member')})"))
    for member in roll:
        rows.extend(_member(member))
    rows.extend(["", heading("Charter")])
    rows.extend(line(f"· {rule}") for rule in council.charter)
    rows.extend(["", heading("On this laptop"), *_held(council)])
    return lines(rows)


def _my_way(standing: str) -> list[Content]:
    """From when a newcomer can vote."""
    return [line(_STANDINGS[standing], f"bold {ACCENT}")] if standing in _STANDINGS else []


def _kind(council: CouncilView) -> str:
    return council.kind if council.kind == council.level else f"{council.kind}' council, {council.level}"


def _member(member: MemberView) -> list[Content]:
    vouched = f" · vouched by {', '.join(member.vouched_by)}" if member.vouched_by else ""
    devices = f" · {words.count(member.devices, 'device')}" if member.devices != 1 else ""
    return [
        line(person(member.person), STRONG),
        join(["  ", line(member.person.fingerprint)]),
        join(["  ", muted(f"{member.standing}{vouched}{devices}")]),
        *objections(member.objectors),
    ]


def objections(objectors: tuple[str, ...]) -> list[Content]:
    """Who objects to a newcomer, and what that means."""
    if not objectors:
        return []
    verb = "objects" if len(objectors) == 1 else "object"
    told = f"{', '.join(objectors)} {verb}: no page lets them in before a vote says so."
    return [join(["  ", Content.styled("! ", WARN), line(told)])]


def _goes_on(council: CouncilView) -> list[Content]:
    if council.goes_on_in is None:
        return []
    told = f"It goes on in its successor {council.goes_on_in.hex()[:8]}: its register has come to an end."
    return [join([Content.styled("→ ", ACCENT), line(told)])]


def _held(council: CouncilView) -> list[Content]:
    match council.behind:
        case None:
            behind = "no other peer is connected, so there may be more"
        case 0:
            behind = "connected peers are not known to hold more"
        case behind_by:
            behind = f"connected peers hold {words.count(behind_by, 'entry')} more"
    rows = [
        line(f"{words.count(council.entries, 'entry')} held; {behind}."),
        muted(f"State {council.state_hash[:16]}: equal on peers that hold the same."),
    ]
    if council.rejected:
        rows.append(Content.styled(f"✗ Refused by the rules: {len(council.rejected)}", BAD))
        rows.extend(
            join(["  ", line(f"{short} by {who}: {reason}")]) for short, who, reason in council.rejected
        )
    return rows
