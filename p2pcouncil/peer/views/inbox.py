"""What needs somebody, or is worth knowing."""

from dataclasses import dataclass

from crdt.ids import CouncilId


@dataclass(frozen=True, slots=True)
class InboxItem:
    """Something that waits for me, or that I should know.

    Attributes:
        kind: 'go on' (sign a successor), 'vote', 'plan' (say what a council proposes in a round, or adopt what the
            rounds came to), 'vouch', 'second', 'open', 'review' (I was drawn to look at a closed vote), 'promise' (I
            answer for a decision and have not said that it is done), 'voted', 'decided' (a vote of mine closed),
            'waiting'.
        needs_me: whether I am asked to do something.
        why: why it affects me.
        ref: proposal hash, or join id for 'vouch', the vote that began the planning period for 'plan', the
            successor's id for 'go on'.
        deadline_ms: as in `IssueView`, 0 if none; by the clock of `opener`, a name, or by page time if that is
            empty. Of a 'promise', when it is due.
        note: how it stands, in one line.
    """

    kind: str
    needs_me: bool
    council: CouncilId
    council_name: str
    title: str
    why: str
    note: str
    ref: bytes
    deadline_ms: int = 0
    tags: tuple[str, ...] = ()
    opener: str = ""
