"""A vote: opening it, and casting a ballot."""

from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash
from p2pcouncil.domain.entries import MAX_SECONDS, Ballot, Open, TextVersionRef
from p2pcouncil.domain.outcomes import ProposalState, ProposalStatus, Status
from p2pcouncil.domain.tally.choice import validate_choice
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.doing.desk import Deed, Desk, sentence_of, shown
from p2pcouncil.peer.events import Append
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.views.issues import WHY_OFF_ROLL


def to_open(desk: Desk, proposal: ChangeHash, window_seconds: int | None) -> Deed:
    """Open the vote on the version that was seconded.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place, found = desk.proposal(proposal)
    desk.check_duty(place)
    state = place.state
    if found.status is ProposalStatus.OPEN:
        raise LocalError("The vote on it is open already.", "Vote.")
    if found.status is ProposalStatus.WITHDRAWN:
        raise LocalError("This proposal was withdrawn.", "Make a new one.")
    version, seconds = _version_to_open(desk, place, found)
    text = place.text(found.text_id).text_at(ChangeHash(head) for head in version.heads)
    roll = state.known_roll()
    if desk.me.member not in roll:
        raise LocalError(
            "You are not on the roll yet.", "More members have to vouch for you before you open a vote."
        )
    entry = Open(
        desk.now_ms,
        found.hash,
        version,
        text,
        found.title,
        found.summary,
        found.method,
        found.options,
        seconds,
        window_seconds or state.charter.window_seconds,
        found.effect,
    )
    message = (
        f"The vote on “{shown(found.title)}” is asked for. The next page of the register enters it, and says who "
        f"votes: {_members(len(roll))}, as far as is known here."
    )
    # Once in each generation of our feed: two windows can't open it twice, and after a fork took it back we can again.
    once = f"open:{found.hash.hex()}:{_lapsed_issue(place, found).hex()}:{desk.generation}"
    return Deed((Append(place.council, (entry,), once),), message, None)


def _lapsed_issue(place: Place, found: ProposalState) -> bytes:
    """The vote on a proposal that lapsed, so that it may be opened once more; empty if none did."""
    issue = place.issue(found.hash)
    return issue.hash if issue is not None and issue.status is Status.LAPSED else b""


def _version_to_open(
    desk: Desk, place: Place, found: ProposalState
) -> tuple[TextVersionRef, tuple[ChangeHash, ...]]:
    now = desk.peer.version_of(place, found)
    needed = place.state.charter.seconds_needed
    enough = [v for v in found.versions if v.is_enough]
    for candidate in enough:
        if candidate.version == now:
            return now, candidate.hashes[:MAX_SECONDS]
    if needed == 0:
        return now, ()
    if enough:
        raise LocalError(
            "The text was edited after it was seconded.",
            "Have the present version seconded, then open it.",
        )
    have = max((len(v.hashes) for v in found.versions if v.version == now), default=0)
    raise LocalError(
        f"This version is seconded by {have}, and {needed} are needed.",
        "Ask others to second it; those who are on the roll count.",
    )


def to_vote(desk: Desk, command: c.CastBallot) -> Deed:
    """Vote, or vote again.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place = desk.peer.world.place_of_entry(command.issue)
    issue = place.issue(command.issue) if place else None
    if place is None or issue is None:
        raise LocalError("There is no open vote of that name here.", "See `p2pcouncil inbox`.")
    desk.place(place.council)
    desk.check_duty(place)
    if issue.status in (Status.CLOSED, Status.LAPSED):
        ended = f"page {issue.register.end_page}" if issue.register is not None else "a page"
        what = "closed" if issue.status is Status.CLOSED else "lapsed"
        raise LocalError(f"The vote {what} on {ended}.", "Propose anew what should be decided otherwise.")
    if desk.me.member not in issue.roll:
        raise LocalError(
            "You are not on the roll of this vote.",
            f"{WHY_OFF_ROLL} You can propose the same again.",
        )
    try:
        validate_choice(issue.method, issue.options, command.choice)
    except RemoteError as error:
        raise LocalError(sentence_of(error), "Look at the options again.") from error
    mine = place.state.ballot(issue.hash, desk.me.member)
    number = mine.number + 1 if mine else 1
    entry = Ballot(desk.now_ms, issue.hash, number, command.choice)
    again = " again: this ballot takes the place of the one before" if mine else ""
    return Deed((Append(place.council, (entry,)),), f"You voted on “{shown(issue.title)}”{again}.", None)


def _members(count: int) -> str:
    return "1 member" if count == 1 else f"{count} members"
