"""A proposal as it is shown: its text and who wrote it, its seconds, its discussion, its vote."""

from collections.abc import Sequence

from crdt.ids import ChangeHash, LaneId, MemberId
from crdt.text_authors import TextAuthorship
from crdt.text_authors import TextRun as WrittenRun
from p2pcouncil.domain.effects import Promise
from p2pcouncil.domain.entries import Review
from p2pcouncil.domain.outcomes import CommentMade, IssueState, ProposalState, ProposalStatus, Status
from p2pcouncil.domain.plain_text import clean_block, clean_line
from p2pcouncil.domain.tally.method import rule
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.councils import TITLE_CELLS, name_of
from p2pcouncil.peer.showing.issues import TEXT_CHARS, TEXT_LINES, show_issue
from p2pcouncil.peer.showing.life import say_effect
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.views.people import PersonView
from p2pcouncil.peer.views.proposals import CommentView, EditView, ProposalView, TextRun

MAX_THREAD_DEPTH = 8


def show_proposals(peer: Peer, place: Place) -> list[ProposalView]:
    """The proposals of a council as rows of a list.

    Texts, edits, comments, rolls and ballots are left out, and of an opened proposal the version is the one that
    is voted on: so that a list costs no text document of a vote that was opened long ago.
    """
    people = People(peer.world, place)
    return [_show(peer, place, found, people, whole=False) for found in place.state.proposals()]


def show_proposal(peer: Peer, place: Place, found: ProposalState) -> ProposalView:
    """One proposal with all that belongs to it."""
    return _show(peer, place, found, People(peer.world, place), whole=True)


def _show(peer: Peer, place: Place, found: ProposalState, people: People, *, whole: bool) -> ProposalView:
    issue = place.issue(found.hash)
    version = issue.version if issue is not None and not whole else peer.version_of(place, found)
    now = next((v for v in found.versions if v.version == version), None)
    earlier = {m for v in found.versions if v.version != version for m in v.members}
    document = place.text(found.text_id) if whole else None
    return ProposalView(
        id=found.hash,
        council=place.council,
        council_name=name_of(place),
        title=clean_line(found.title, TITLE_CELLS),
        summary=clean_block(found.summary, 600, 12),
        author=people.person(found.proposer),
        tags=tuple(clean_line(tag, 32) for tag in found.tags),
        scope=clean_line(found.scope, TITLE_CELLS),
        method=found.method,
        method_line=rule(found.method),
        options=tuple(clean_line(option, 100) for option in found.options),
        text=clean_block(document.text(), TEXT_CHARS, TEXT_LINES) if document else "",
        runs=_runs(place, document.blame(), people) if document else (),
        edits=_edits(place, document.history(), people) if document else (),
        version=version,
        seconds=tuple(people.person(m) for m in now.members if place.state.member(m).on_roll) if now else (),
        seconds_needed=place.state.charter.seconds_needed,
        seconded_before=len(earlier),
        comments=_thread(place.state.comments(found.hash), people) if whole else (),
        stage=_stage(found, now is not None and now.is_enough),
        issue=show_issue(peer, place, issue, people, whole=whole) if issue else None,
        actions=_actions(peer, place, found),
        claimed_at_ms=found.claimed_at_ms,
        effect=say_effect(found.effect, people),
        reopens=found.reopens,
        reopens_title=_title_of(place, found.reopens) if found.reopens is not None else "",
    )


def _title_of(place: Place, issue: ChangeHash) -> str:
    """The title of a vote, or what it is called while it is not held here."""
    known = place.issue(issue)
    return clean_line(known.title, TITLE_CELLS) if known is not None else f"the vote {issue.hex()[:8]}"


def _stage(found: ProposalState, seconded: bool) -> str:
    match found.status:
        case ProposalStatus.OPEN:
            return "open"
        case ProposalStatus.WITHDRAWN:
            return "withdrawn"
        case ProposalStatus.DISCUSSED:
            return "seconded" if seconded else "draft"


def _actions(peer: Peer, place: Place, found: ProposalState) -> tuple[str, ...]:
    me = peer.world.me
    if me is None or not place.state.is_admitted(me.member):
        return ()
    actions = ["comment"]
    if found.status is not ProposalStatus.WITHDRAWN:
        actions.append("edit")
    issue = place.issue(found.hash)
    if issue is not None and me.member in issue.roll and issue.status in (Status.WAITING, Status.RUNNING):
        actions.append("vote")
    if issue is not None and issue.status is Status.CLOSED:
        actions += _afterwards(place, issue, me.member)
    if found.status is ProposalStatus.DISCUSSED:
        version = peer.version_of(place, found)
        now = next((v for v in found.versions if v.version == version), None)
        if me.member == found.proposer:
            actions.append("withdraw")
        elif now is None or me.member not in now.members:
            actions.append("second")
        is_ready = place.state.charter.seconds_needed == 0 or (now is not None and now.is_enough)
        if is_ready and place.state.member(me.member).on_roll:
            actions.append("open")
    return tuple(actions)


def _afterwards(place: Place, issue: IssueState, me: MemberId) -> list[str]:
    """What I can do about a closed vote."""
    actions = ["report", "feedback", "reopen"]
    effect = issue.effect
    if not isinstance(effect, Promise) or effect.owner == me:
        actions.append("done")
    signed = {fact.member for fact in place.state.said_of(issue.hash, Review)}
    if issue.register is not None and me in issue.register.overseers and me not in signed:
        actions.append("review")
    return actions


def _writer(place: Place, people: People, lane: LaneId) -> PersonView | None:
    held = place.index.lane(lane)
    return people.person(held.header.member) if held else None


def _runs(place: Place, blame: Sequence[WrittenRun], people: People) -> tuple[TextRun, ...]:
    return tuple(
        TextRun(clean_block_run(run.text), _writer(place, people, run.lane)) for run in blame if run.text
    )


def clean_block_run(text: str) -> str:
    """Clean a run of a text without trimming its ends, for runs are set side by side."""
    return "\n".join(clean_line_keeping_ends(line) for line in text.split("\n"))


def clean_line_keeping_ends(line: str) -> str:
    """Clean one line, keeping its leading and trailing spaces."""
    inner = line.strip(" ")
    if not inner:
        return line
    lead = len(line) - len(line.lstrip(" "))
    trail = len(line) - len(line.rstrip(" "))
    return " " * lead + clean_block(inner, TEXT_CHARS, 1) + " " * trail


def _edits(place: Place, history: Sequence[TextAuthorship], people: People) -> tuple[EditView, ...]:
    edits = []
    for edit in history:
        author = _writer(place, people, edit.lane)
        if author is not None:
            edits.append(EditView(author, edit.inserted, edit.deleted))
    return tuple(edits)


def _thread(comments: tuple[CommentMade, ...], people: People) -> tuple[CommentView, ...]:
    """Comments with the answers below what they answer; roots by claimed time, for display only."""
    answers: dict[ChangeHash | None, list[CommentMade]] = {}
    held = {comment.hash for comment in comments}
    for comment in comments:
        parent = comment.reply_to if comment.reply_to in held else None
        answers.setdefault(parent, []).append(comment)
    shown: list[CommentView] = []
    pending = [(c, 0) for c in sorted(answers.get(None, ()), key=_claimed, reverse=True)]
    while pending:
        comment, depth = pending.pop()
        shown.append(
            CommentView(
                comment.hash,
                people.person(comment.member),
                clean_block(comment.text, 4_000, 200),
                min(depth, MAX_THREAD_DEPTH),
                comment.claimed_at_ms,
            )
        )
        below = sorted(answers.get(comment.hash, ()), key=_claimed, reverse=True)
        pending.extend((answer, depth + 1) for answer in below)
    return tuple(shown)


def _claimed(comment: CommentMade) -> tuple[int, bytes]:
    return (comment.claimed_at_ms, comment.hash)
