"""Councils, rolls and requests to join, as text."""

from collections.abc import Sequence

from p2pcouncil.cli.refs import short
from p2pcouncil.cli.show import plural, table, wrap
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.people import JoinRequestView, PersonView

KINDS = {"society": "society", "workers": "workers' council", "consumers": "consumers' council"}


def show_councils(councils: Sequence[CouncilView]) -> list[str]:
    """The tree of councils, two lines each."""
    if not councils:
        return ["You belong to no council yet. Found one with `p2pcouncil found`, or `p2pcouncil join` one."]
    lines = []
    for council in councils:
        indent = "  " * council.depth
        lines += wrap(f"{council.name}  [{short(council.id)}]  {_kind(council)}", indent)
        members = plural(len(council.members), "member")
        held = plural(council.entries, "entry", "entries")
        lines += wrap(f"{members}; you: {council.my_standing}; {held} held{_behind(council)}.", indent + "  ")
        if council.goes_on_in is not None:
            lines += wrap(f"It goes on in its successor [{short(council.goes_on_in)}].", indent + "  ")
    return lines


def show_council(council: CouncilView) -> list[str]:
    """One council with its charter, its roll and who asks to join."""
    lines = [f"{council.name}  [{short(council.id)}]  {_kind(council)}", *wrap(council.purpose), ""]
    lines += wrap(f"You: {council.my_standing}.")
    if council.goes_on_in is not None:
        lines += wrap(
            f"It goes on in its successor [{short(council.goes_on_in)}]; its register has come to an end."
        )
    lines += ["", "Charter:", *(line for rule in council.charter for line in wrap(rule, "  "))]
    rows = [
        (
            person(member.person),
            member.person.fingerprint,
            member.standing,
            f"vouched for by {', '.join(member.vouched_by)}" if member.vouched_by else "",
        )
        for member in council.members
    ]
    lines += ["", f"Roll: {plural(len(rows), 'member')}", *table(rows, "  ")]
    if council.requests:
        lines += ["", *show_requests(council.requests)]
    if council.rejected:
        lines += ["", "Entries that the rules refused:"]
        lines += table(council.rejected, "  ")
    held = plural(council.entries, "entry", "entries")
    lines += ["", *wrap(f"{held} held{_behind(council)}. State {council.state_hash[:16]}.")]
    return lines


def show_requests(requests: Sequence[JoinRequestView]) -> list[str]:
    """Who asks to join, and what to compare before vouching."""
    if not requests:
        return ["Nobody asks to join."]
    lines = [f"{plural(len(requests), 'person asks', 'people ask')} to join:"]
    for request in requests:
        mine = "; you vouched" if request.mine else ""
        lines += [
            f"  {request.person.name}  [{short(request.join_id)}]",
            f"    fingerprint {request.person.fingerprint}",
            *wrap(f"{request.how}; {request.vouches} of {request.needed} vouches{mine}.", "    "),
        ]
        if request.warning:
            lines += wrap(f"Careful: {request.warning}", "    ")
    lines += wrap("Compare the four words with the person, by voice or face to face, before you vouch.")
    return lines


def person(who: PersonView) -> str:
    """A name, and whether it is mine."""
    return f"{who.name} (you)" if who.is_me else who.name


def _kind(council: CouncilView) -> str:
    name = KINDS.get(council.kind, council.kind)
    return name if council.level == council.kind else f"{name}, {council.level}"


def _behind(council: CouncilView) -> str:
    if council.behind is None:
        return ", nobody is connected to compare with"
    return f", behind by {council.behind}" if council.behind else ", connected peers hold nothing more"
