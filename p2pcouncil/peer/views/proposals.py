"""A proposal: its text with who wrote what, its discussion, and where it stands."""

from dataclasses import dataclass

from crdt.ids import ChangeHash, CouncilId
from p2pcouncil.domain.entries import TextVersionRef
from p2pcouncil.domain.tally.method import Method
from p2pcouncil.peer.views.issues import IssueView
from p2pcouncil.peer.views.people import PersonView


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment; `depth` is how deep it answers others."""

    id: ChangeHash
    author: PersonView
    text: str
    depth: int
    claimed_at_ms: int


@dataclass(frozen=True, slots=True)
class TextRun:
    """A run of the text and who wrote it (None: the proposal's template)."""

    text: str
    author: PersonView | None


@dataclass(frozen=True, slots=True)
class EditView:
    """One edit in the text's history."""

    author: PersonView
    inserted: int
    deleted: int


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal and all that hangs on it.

    Attributes:
        stage: 'draft', 'seconded', 'open', 'withdrawn'.
        version: the exact version shown in `text`; pass its heads as `EditText.base`.
        seconds: who of those on the roll seconded this exact version.
        seconded_before: how many seconded an earlier version.
        actions: what I can do now: 'edit', 'second', 'open', 'withdraw', 'comment', 'vote'; once it is closed 'report',
            'done', 'feedback', 'review' and 'reopen'.
        effect: what the decision would do by itself, in a sentence; empty for nothing.
        reopens: the closed vote that it takes up again, and `reopens_title` its title; None for none.
    """

    id: ChangeHash
    council: CouncilId
    council_name: str
    title: str
    summary: str
    author: PersonView
    tags: tuple[str, ...]
    scope: str
    method: Method
    method_line: str
    options: tuple[str, ...]
    text: str
    runs: tuple[TextRun, ...]
    edits: tuple[EditView, ...]
    version: TextVersionRef
    seconds: tuple[PersonView, ...]
    seconds_needed: int
    seconded_before: int
    comments: tuple[CommentView, ...]
    stage: str
    issue: IssueView | None
    actions: tuple[str, ...]
    claimed_at_ms: int
    effect: str = ""
    reopens: ChangeHash | None = None
    reopens_title: str = ""
