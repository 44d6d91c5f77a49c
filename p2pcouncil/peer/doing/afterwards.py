"""What is said of the register and of closed votes: pledges, objections, progress, feedback, reviews."""

from crdt.errors import LocalError
from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.effects import Promise
from p2pcouncil.domain.entries import MAX_COMMENT_CHARS, Feedback, Object, Pledge, Progress, Review
from p2pcouncil.domain.entry import MAX_NOTE_CHARS
from p2pcouncil.domain.outcomes import IssueState, RegisterOf, Status
from p2pcouncil.peer import commands as c
from p2pcouncil.peer import shelf
from p2pcouncil.peer.doing.desk import Deed, Desk, shown
from p2pcouncil.peer.events import Append, Effect, Keep
from p2pcouncil.peer.place import Place


def to_pledge(desk: Desk, command: c.PledgeDuty) -> Deed:
    """Go on duty as a teller, or off it.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place = desk.place(command.council)
    desk.check_duty(place)
    wish = Keep(shelf.SETTING, shelf.off_duty(place.council), b"" if command.is_on else b"off")
    seat = place.state.register.chain.roll.get(desk.me.member)
    name = shown(place.state.genesis.name)
    if seat is None:
        told = f"You tell in “{name}” as soon as" if command.is_on else f"You will not tell in “{name}” when"
        return Deed((wish,), f"{told} you are on the roll.")
    effects: list[Effect] = [wish]
    if seat.is_on_duty != command.is_on:
        effects.append(Append(place.council, (Pledge(desk.now_ms, desk.me.vrf, command.is_on),)))
    told = "go on duty as a teller" if command.is_on else "go off duty"
    return Deed(tuple(effects), f"You {told} in “{name}” with a page that the tellers write.", None)


def to_object(desk: Desk, command: c.ObjectTo) -> Deed:
    """Object to a newcomer.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place = desk.place(command.council)
    desk.check_duty(place)
    _check_length(command.reason, MAX_NOTE_CHARS, "The reason")
    if command.newcomer in place.state.register.chain.roll:
        raise LocalError(
            "They are on the roll already.", "Propose to remove them; the members decide by a vote."
        )
    name = shown(place.state.member(command.newcomer).name)
    entry = Object(desk.now_ms, command.newcomer, command.reason.strip())
    told = f"You object to {name}. No page lets them in before a vote says so: anybody can propose it."
    return Deed((Append(place.council, (entry,)),), told, None)


def to_report_progress(desk: Desk, command: c.ReportProgress) -> Deed:
    """Say what became of a decision.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place, issue, _ = _closed(desk, command.issue)
    text = command.text.strip()
    if not text:
        raise LocalError("There is nothing in it.", "Say what was done, and where it can be seen.")
    _check_length(text, MAX_COMMENT_CHARS, "The report")
    owner = MemberId(issue.effect.owner) if isinstance(issue.effect, Promise) else None
    if command.is_done and owner is not None and owner != desk.me.member:
        raise LocalError(
            f"{shown(place.state.member(owner).name)} answers for it, and says when it is done.",
            "Report what you saw as evidence, without “done”.",
        )
    entry = Progress(desk.now_ms, issue.hash, command.is_done, text)
    told = "You said that it is done" if command.is_done else "You reported"
    return Deed((Append(place.council, (entry,)),), f"{told}: “{shown(issue.title)}”.", None)


def to_give_feedback(desk: Desk, command: c.GiveFeedback) -> Deed:
    """Say how a decision works out.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place, issue, _ = _closed(desk, command.issue)
    _check_length(command.text, MAX_COMMENT_CHARS, "The feedback")
    entry = Feedback(desk.now_ms, issue.hash, command.is_content, command.text.strip())
    return Deed((Append(place.council, (entry,)),), f"You said how “{shown(issue.title)}” works out.", None)


def to_review(desk: Desk, command: c.ReviewVote) -> Deed:
    """Sign an overseer's verdict.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place, issue, register = _closed(desk, command.issue)
    desk.check_duty(place)
    if desk.me.member not in register.overseers:
        raise LocalError(
            "You were not drawn to review this vote.",
            "Anybody can recompute it with `p2pcouncil verify`, and comment on it.",
        )
    _check_length(command.note, MAX_NOTE_CHARS, "The note")
    if not command.holds and not command.note.strip():
        raise LocalError("A dispute needs a note.", "Say what does not hold, so that others can look.")
    if issue.missing and command.holds:
        raise LocalError(
            f"{issue.missing} of its ballots have not reached this laptop, so you can't have counted them.",
            "Catch up with other peers first.",
        )
    page = place.state.register.minutes.chains[register.end_page].page
    entry = Review(desk.now_ms, issue.hash, page, command.holds, command.note.strip())
    told = "holds" if command.holds else "does not hold"
    return Deed(
        (Append(place.council, (entry,)),),
        f"You signed that the count of “{shown(issue.title)}” {told}.",
        None,
    )


def _closed(desk: Desk, name: ChangeHash) -> tuple[Place, IssueState, RegisterOf]:
    place = desk.peer.world.place_of_entry(name)
    issue = place.issue(name) if place else None
    if place is None or issue is None:
        raise LocalError("There is no vote of that name here.", "See `p2pcouncil proposals`.")
    desk.place(place.council)
    if issue.status is not Status.CLOSED or issue.register is None:
        raise LocalError("This vote is not closed yet.", "Wait until a page closes it.")
    return place, issue, issue.register


def _check_length(text: str, limit: int, what: str) -> None:
    if len(text) > limit:
        raise LocalError(f"{what} has {len(text):,} characters; the limit is {limit:,}.", "Shorten it.")
