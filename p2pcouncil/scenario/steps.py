"""What can happen in a story: one shape per kind of step, so that a slip in a story file is named and not guessed at.

A step names people, councils and proposals by the short keys of its own story. What happens in a planning period
stands in `plan_steps`.
"""

from typing import Annotated

import msgspec

from p2pcouncil.scenario.plan_steps import PlanStep
from p2pcouncil.scenario.step import Key, Step, Text


class Tell(Step, frozen=True, kw_only=True, tag="tell"):
    """Only words: a heading or an explanation."""

    text: Text


class Start(Step, frozen=True, kw_only=True, tag="start"):
    """Somebody's peer process starts, or starts again."""

    who: Key


class Stop(Step, frozen=True, kw_only=True, tag="stop"):
    """Somebody's peer process is asked to end, and ends: they are offline."""

    who: Key


class Kill(Step, frozen=True, kw_only=True, tag="kill"):
    """Somebody's peer process is killed on the spot (SIGKILL), as by a power cut."""

    who: Key


class Found(Step, frozen=True, kw_only=True, tag="found"):
    """Somebody founds the society, or with `under` a council below another."""

    who: Key
    council: Key
    name: Text
    purpose: str
    under: Key = ""
    kind: str = ""
    level: str = ""
    seconds: int = 1
    vouches: int = 1
    window: str = "3d"
    probation: str = "14d"


class Join(Step, frozen=True, kw_only=True, tag="join"):
    """Somebody joins a council: by a sponsor's invitation, or by its name if they belong to the council above.

    Attributes:
        sponsor: who invites; empty when they come from the council above.
        vouchers: who compares the four words and vouches.
    """

    who: Key
    council: Key
    sponsor: Key = ""
    vouchers: Annotated[tuple[Key, ...], msgspec.Meta(min_length=1)]


class Propose(Step, frozen=True, kw_only=True, tag="propose"):
    """Somebody puts a proposal before a council."""

    who: Key
    council: Key
    proposal: Key
    title: Text
    summary: Text
    text: Text
    method: str = "yes-no"
    options: tuple[str, ...] = ()
    quorum: str = "50"
    threshold: str = ""
    winners: int = 0
    tags: tuple[str, ...] = ()
    scope: str = ""
    does: str = ""


class Edit(Step, frozen=True, kw_only=True, tag="edit"):
    """Somebody edits a proposal: adds a paragraph, or replaces words by others."""

    who: Key
    proposal: Key
    append: str = ""
    replace: str = ""
    by: str = ""


class Comment(Step, frozen=True, kw_only=True, tag="comment"):
    """Somebody comments on a proposal."""

    who: Key
    proposal: Key
    text: Text


class Second(Step, frozen=True, kw_only=True, tag="second"):
    """Somebody seconds a proposal as it stands."""

    who: Key
    proposal: Key


class Open(Step, frozen=True, kw_only=True, tag="open"):
    """Somebody opens the vote."""

    who: Key
    proposal: Key
    window: str = ""


class Vote(Step, frozen=True, kw_only=True, tag="vote"):
    """Somebody votes, or votes again.

    Attributes:
        choice: as typed after `p2pcouncil vote ISSUE`.
        refused: words that the refusal has to contain; empty when the vote has to be taken.
    """

    who: Key
    proposal: Key
    choice: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    refused: str = ""


class Report(Step, frozen=True, kw_only=True, tag="report"):
    """Somebody says what became of a decision."""

    who: Key
    proposal: Key
    text: Text
    done: bool = False


class Review(Step, frozen=True, kw_only=True, tag="review"):
    """An overseer signs that the count of a closed vote holds.

    Attributes:
        who: of several, whoever was drawn does.
    """

    who: Annotated[tuple[Key, ...], msgspec.Meta(min_length=1)]
    proposal: Key
    note: Text


class Verify(Step, frozen=True, kw_only=True, tag="verify"):
    """A process of its own, without a home or a network, recomputes a vote from a file that somebody exported.

    Attributes:
        who: exports it.
        spoilt: ways in which copies of the file are spoilt (`spoiling.WAYS`); each has to be named for what it is.
    """

    who: Key
    proposal: Key
    spoilt: tuple[str, ...] = ()


class Settle(Step, frozen=True, kw_only=True, tag="settle"):
    """Wait until all whose peers run hold the same of the councils that they share."""


class Expect(Step, frozen=True, kw_only=True, tag="expect"):
    """What has to be true of a proposal with each member whose peer runs, given a moment to catch up.

    Attributes:
        who: whose peers are asked; everybody's when empty.
        contains: pieces of the text.
        lacks: what the text must not contain.
        counts: option or answer, and its count.
        outcome: of the vote as it stands.
        winners: options that are ahead, in the order of the proposal.
        turnout: ballots counted.
        status: how far the vote has come: waiting, running, closed or lapsed.
        within: how many seconds it may take.
        reviews: verdicts of overseers that are shown.
        done: a piece of what the decision did.
    """

    proposal: Key
    who: tuple[Key, ...] = ()
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    outcome: str = ""
    winners: tuple[str, ...] = ()
    turnout: int = -1
    status: str = ""
    within: int = 30
    reviews: int = 0
    done: str = ""


SimpleStep = (
    Tell
    | Start
    | Stop
    | Kill
    | Found
    | Join
    | Propose
    | Edit
    | Comment
    | Second
    | Open
    | Vote
    | Report
    | Review
    | Verify
    | Settle
    | Expect
    | PlanStep
)


class Together(Step, frozen=True, kw_only=True, tag="together"):
    """Steps that happen at the same time, in processes of their own."""

    steps: Annotated[tuple[SimpleStep, ...], msgspec.Meta(min_length=2)]


AnyStep = SimpleStep | Together
