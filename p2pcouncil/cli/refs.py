"""What a user means by a few letters: proposals, councils and people, named by id or by a part of their name.

Four readings are tried in order, and the first that finds anything decides: the exact name, the start of the id,
the start of the name, any part of the name. A reading that finds several is an error which lists them: guessing
could put a vote on the wrong thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from crdt.errors import LocalError
from crdt.ids import MemberId
from p2pcouncil.cli.errors import NotHereError
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.peer.session import Session
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.people import JoinRequestView
from p2pcouncil.peer.views.proposals import ProposalView

T = TypeVar("T")

SHORT_HEX = 8
"""Hex digits of an id that are shown."""
PREFIX_HEX_MIN = 4
"""Fewer hex digits than these are read as letters of a name: "Ada" is somebody, not an id."""
LISTED_MAX = 8
AS_A_WORD = "Name one behind the verb"
"""How a verb takes a council that has no option for it."""


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """Something that can be meant.

    Attributes:
        value: what is meant.
        id: its id.
        names: what it is called; the first one is shown.
    """

    value: T
    id: bytes
    names: tuple[str, ...]


def short(id_: bytes) -> str:
    """The first hex digits of an id, as shown everywhere."""
    return id_.hex()[:SHORT_HEX]


def resolve(ref: str, candidates: Sequence[Candidate[T]], what: str, where: str) -> T:
    """Find the one thing that is meant.

    Args:
        ref: what the user typed.
        candidates: what there is.
        what: the kind of thing, for the message: "proposal".
        where: the verb that lists them: "inbox".

    Returns:
        The value of the one candidate.

    Raises:
        NotHereError: nothing fits.
        LocalError: several fit; the hint lists them.
    """
    wanted = " ".join(ref.split()).casefold()
    shown = clean_line(ref, 40)
    if not wanted:
        raise LocalError(
            f"Which {what}?", f"Name one by its id or a part of its name; see `p2pcouncil {where}`."
        )
    readings = (
        [c for c in candidates if any(wanted == name.casefold() for name in c.names)],
        [c for c in candidates if _is_id_prefix(wanted) and c.id.hex().startswith(wanted)],
        [c for c in candidates if any(name.casefold().startswith(wanted) for name in c.names)],
        [c for c in candidates if any(wanted in name.casefold() for name in c.names)],
    )
    for found in readings:
        if len(found) == 1:
            return found[0].value
        if found:
            raise LocalError(f"“{shown}” fits {len(found)} {_plural(what)}.", f"Name one: {_listed(found)}.")
    if not candidates:
        raise NotHereError(
            f"There is no {what} “{shown}” on this laptop.",
            f"None has arrived yet; see `p2pcouncil {where}`.",
        )
    raise NotHereError(f"There is no {what} “{shown}” on this laptop.", f"There is: {_listed(candidates)}.")


def find_council(
    session: Session, ref: str, *, member: bool = False, how: str = "Name one with --in"
) -> CouncilView:
    """Find a council; with no reference, the only one. One that goes on in a successor is named by its id alone.

    Args:
        session: the peer.
        ref: an id's start or a part of the name; empty for the only one.
        member: whether it must be one that we belong to, when no reference is given.
        how: what to do if several could be meant.

    Raises:
        LocalError: none or several fit.
    """
    councils = session.councils()
    held = {council.id for council in councils}
    past = {council.id for council in councils if council.goes_on_in in held}
    if ref:
        candidates = [Candidate(c, c.id, () if c.id in past else (c.name,)) for c in councils]
        return resolve(ref, candidates, "council", "councils")
    mine = [c for c in councils if c.id not in past and (not member or c.is_member)]
    if len(mine) == 1:
        return mine[0]
    if not mine:
        raise NotHereError(
            "You belong to no council yet.",
            "Found one (`p2pcouncil found`), or join one (`p2pcouncil join`).",
        )
    listed = _listed([Candidate(c, c.id, (c.name,)) for c in mine])
    raise LocalError("You belong to several councils; which one?", f"{how}: {listed}.")


def find_proposal(session: Session, ref: str, action: str = "") -> ProposalView:
    """Find a proposal, by its own id, its vote's id or its title.

    Args:
        session: the peer.
        ref: an id's start or a part of the title.
        action: narrows a title that fits several to those that I can do this with: 'vote', 'second', 'edit' …

    Returns:
        The proposal, whole.

    Raises:
        LocalError: none or several fit.
    """
    candidates = []
    for proposal in session.proposals():
        candidates.append(Candidate(proposal, proposal.id, (proposal.title,)))
        if proposal.issue is not None:
            candidates.append(Candidate(proposal, proposal.issue.id, ()))
    if action:
        able = [c for c in candidates if action in c.value.actions]
        try:
            return session.proposal(resolve(ref, able, "proposal", "inbox").id)
        except NotHereError:
            pass
    return session.proposal(resolve(ref, candidates, "proposal", "inbox").id)


def find_request(council: CouncilView, ref: str) -> JoinRequestView:
    """Find somebody who asks to join, by name, fingerprint or the request's id.

    Raises:
        LocalError: none or several fit.
    """
    candidates = [
        Candidate(r, r.join_id, (r.person.name, r.person.fingerprint, r.person.member.hex()))
        for r in council.requests
    ]
    return resolve(ref, candidates, "request to join", "vouch")


def find_member(council: CouncilView, ref: str) -> MemberId:
    """Find a member of a council, by name, fingerprint or key.

    Raises:
        LocalError: none or several fit.
    """
    members = [
        Candidate(m.person.member, m.person.member, (m.person.name, m.person.fingerprint))
        for m in council.members
    ]
    return resolve(ref, members, "member", "councils")


def _is_id_prefix(wanted: str) -> bool:
    return len(wanted) >= PREFIX_HEX_MIN and set(wanted) <= set("0123456789abcdef")


def _listed(candidates: Sequence[Candidate[T]]) -> str:
    shown = [f"{short(c.id)} ({c.names[0]})" for c in candidates if c.names][:LISTED_MAX]
    rest = len([c for c in candidates if c.names]) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def _plural(what: str) -> str:
    return "requests to join" if what == "request to join" else f"{what}s"
