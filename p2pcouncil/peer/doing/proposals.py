"""What is done with a proposal before its vote: propose, edit, discuss, second, withdraw."""

from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, TextId
from p2pcouncil.domain.effects import validate_effect
from p2pcouncil.domain.entries import (
    MAX_COMMENT_CHARS,
    MAX_SUMMARY_CHARS,
    MAX_TEXT_CHARS,
    MAX_TITLE_CHARS,
    Comment,
    Propose,
    Second,
    TextVersionRef,
    Withdraw,
)
from p2pcouncil.domain.outcomes import ProposalStatus
from p2pcouncil.domain.plain_text import validate_line
from p2pcouncil.domain.proposals import text_id_of
from p2pcouncil.domain.tally.method import validate_method
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.doing.desk import Deed, Desk, sentence_of, shown
from p2pcouncil.peer.events import Append, AppendEdit, Effect


def to_propose(desk: Desk, command: c.MakeProposal) -> Deed:
    """Put a proposal, with its text, before a council.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place = desk.place(command.council)
    title = validate_line(command.title, "The title", MAX_TITLE_CHARS)
    if not 0 < len(command.summary.strip()) <= MAX_SUMMARY_CHARS:
        raise LocalError(
            f"A proposal needs a summary of one paragraph, at most {MAX_SUMMARY_CHARS} characters.",
            "Say in two or three sentences what changes, for whom, and why.",
        )
    _check_text(command.text)
    try:
        validate_method(command.method, command.options)
    except RemoteError as error:
        raise LocalError(sentence_of(error), "Change the method or its options.") from error
    try:
        validate_effect(command.effect, command.method, command.options)
    except RemoteError as error:
        raise LocalError(sentence_of(error), "Change what the decision does, or how it is taken.") from error
    nonce = desk.draw(16)
    entry = Propose(
        desk.now_ms,
        nonce,
        title,
        command.summary.strip(),
        tuple(tag.strip()[:32] for tag in command.tags if tag.strip())[:8],
        command.scope[:MAX_TITLE_CHARS],
        command.method,
        command.options,
        command.effect,
        command.reopens or b"",
    )
    text_id = text_id_of(place.council, desk.peer.world.my_feed(place.council, desk.generation), nonce)
    effects: list[Effect] = [Append(place.council, (entry,))]
    if command.text:
        effects.append(AppendEdit(place.council, text_id, (), command.text))
    return Deed(tuple(effects), f"You proposed “{title}”.", None)


def to_edit(desk: Desk, proposal: ChangeHash, text: str, base: tuple[ChangeHash, ...]) -> Deed:
    """Replace a proposal's text as it stood at `base`.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place, found = desk.proposal(proposal)
    if found.status is ProposalStatus.WITHDRAWN:
        raise LocalError("This proposal was withdrawn.", "Make a new one from its text.")
    _check_text(text)
    statement = place.state.duty(desk.me.member).statement
    if statement is not None and desk.me.device in statement.disowned:
        raise LocalError(
            "This device was disowned under your member key, so its edits are part of no text.",
            "If it is yours and safe, take it back: `p2pcouncil device take-over`.",
        )
    document = place.text(found.text_id)
    if text == (document.text_at(base) if base else document.text()):
        return Deed((), "Nothing changed.")
    message = f"Your edit of “{shown(found.title)}” is saved."
    if found.status is ProposalStatus.OPEN:
        message += " The vote that is open goes on about the text as it was."
    if document.excluded:
        # The store puts a text together with what a disowned device wrote; nothing may be built on that.
        base = base or document.heads()
    return Deed((AppendEdit(place.council, TextId(found.text_id), base, text),), message)


def to_withdraw(desk: Desk, proposal: ChangeHash, reason: str) -> Deed:
    """Take one's own proposal back.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place, found = desk.proposal(proposal)
    if found.proposer != desk.me.member:
        raise LocalError("Only its proposer can withdraw a proposal.", "Say in a comment why you would.")
    if found.status is ProposalStatus.OPEN:
        raise LocalError("The vote on it is open, so it can't be withdrawn.", "Vote no, and say why.")
    entry = Withdraw(desk.now_ms, found.hash, reason[:MAX_COMMENT_CHARS])
    return Deed((Append(place.council, (entry,)),), f"You withdrew “{shown(found.title)}”.", None)


def to_comment(desk: Desk, proposal: ChangeHash, text: str, reply_to: ChangeHash | None) -> Deed:
    """Comment on a proposal, or answer a comment.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place, found = desk.proposal(proposal)
    if not 0 < len(text.strip()) <= MAX_COMMENT_CHARS:
        raise LocalError(
            f"A comment has 1 to {MAX_COMMENT_CHARS:,} characters; this one has {len(text):,}.",
            "Shorten it, or put the long part into the proposal's text.",
        )
    entry = Comment(desk.now_ms, found.hash, reply_to or b"", text.strip())
    return Deed((Append(place.council, (entry,)),), f"You commented on “{shown(found.title)}”.", None)


def to_second(desk: Desk, proposal: ChangeHash, version: TextVersionRef | None) -> Deed:
    """Second a version: the present one, unless another is named.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place, found = desk.proposal(proposal)
    desk.check_duty(place)
    if found.status is not ProposalStatus.DISCUSSED:
        raise LocalError("This proposal is open or withdrawn.", "Seconds come before the vote.")
    if found.proposer == desk.me.member:
        raise LocalError("You proposed it, so somebody else has to second it.", "Ask another member.")
    now = desk.peer.version_of(place, found)
    wanted = version or now
    if any(desk.me.member in v.members and v.version == wanted for v in found.versions):
        raise LocalError("You seconded this version already.", "Open the vote when enough have.")
    entry = Second(desk.now_ms, found.hash, wanted)
    message = f"You seconded “{shown(found.title)}” as it stands."
    if not place.state.member(desk.me.member).on_roll:
        message += " It counts towards opening the vote once you are on the roll."
    return Deed((Append(place.council, (entry,)),), message, None)


def _check_text(text: str) -> None:
    if len(text) > MAX_TEXT_CHARS:
        raise LocalError(
            f"The text has {len(text):,} characters, and at most {MAX_TEXT_CHARS:,} are allowed.",
            "Shorten it, or make two proposals.",
        )
