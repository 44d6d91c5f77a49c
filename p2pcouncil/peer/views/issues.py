"""A vote: its count so far, its ballots, and its life from the opening to what became of it."""

from dataclasses import dataclass

from crdt.ids import ChangeHash
from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.method import Method
from p2pcouncil.domain.tally.rounds import Round
from p2pcouncil.peer.views.people import PersonView

WHY_OFF_ROLL = "A page entered it before a page let you in."


@dataclass(frozen=True, slots=True)
class OptionCount:
    """A choice and how many ballots it has; for a ranked vote, its wins over other options."""

    label: str
    count: int
    is_winner: bool


@dataclass(frozen=True, slots=True)
class TallyView:
    """The count as this peer recomputes it from the ballots it holds.

    Attributes:
        unit: what `OptionCount.count` counts: 'ballots', 'approvals', 'first places', 'points'.
        outcome: 'passed', 'rejected', 'elected', 'tied', 'no quorum', 'nobody'.
        headline: one sentence: 'Provisional: passing, 4 yes to 1 no.'
        explain: how it was counted, step by step.
        tied: labels of the options between which a run-off is due.
        rounds: the same as data, for methods that count in rounds.
    """

    counts: tuple[OptionCount, ...]
    unit: str
    turnout: int
    roll_size: int
    quorum_needed: int
    outcome: str
    headline: str
    explain: tuple[str, ...]
    tied: tuple[str, ...] = ()
    rounds: tuple[Round, ...] = ()


@dataclass(frozen=True, slots=True)
class BallotView:
    """One member's counted ballot, for those who check by hand."""

    person: PersonView
    number: int
    choice: str
    entry: ChangeHash


@dataclass(frozen=True, slots=True)
class PassedOverView:
    """A ballot that a closed vote does not count, and why, in a sentence."""

    person: PersonView
    number: int
    entry: ChangeHash
    why: str


@dataclass(frozen=True, slots=True)
class LifeStep:
    """A step in the life of a vote: what it is called, what is known of it, and whether it is behind us."""

    name: str
    told: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class TellerView:
    """A teller of a vote.

    Attributes:
        has_mine: they signed a receipt for my ballot, or for a later one of mine.
        has_sealed: their seal has reached this laptop.
        is_counted: the page that closed the vote names their seal.
    """

    person: PersonView
    has_mine: bool
    has_sealed: bool
    is_counted: bool


@dataclass(frozen=True, slots=True)
class ReviewView:
    """An overseer's verdict on a closed vote."""

    person: PersonView
    holds: bool
    note: str


@dataclass(frozen=True, slots=True)
class FollowView:
    """What somebody says of a decision: kind is 'evidence', 'done', 'works out' or 'does not work out'."""

    person: PersonView
    kind: str
    text: str
    claimed_at_ms: int


@dataclass(frozen=True, slots=True)
class LifeView:
    """The life of a vote. Of a row of a list it has no steps, no tellers and no follow-through.

    Attributes:
        steps: what is behind it and what is to come, in order.
        tellers: who seals it; nobody while no page has entered it.
        quorum: how many seals close it.
        page, end_page: numbers of the pages that entered it, and that closed or lapsed it; 0 for none.
        closes_ms: page time at which it ends; None while no page told.
        missing: ballots that its page counts and that have not reached this laptop.
        overseers: who was drawn to review it.
        reviews: the verdicts that they signed.
        effect: what the decision does by itself, in a sentence; empty for nothing.
        done: what became of that, in a sentence; empty while the vote is not closed.
        follows: evidence, the owner's word, feedback.
    """

    steps: tuple[LifeStep, ...] = ()
    tellers: tuple[TellerView, ...] = ()
    quorum: int = 0
    page: int = 0
    end_page: int = 0
    closes_ms: int | None = None
    missing: int = 0
    overseers: tuple[PersonView, ...] = ()
    reviews: tuple[ReviewView, ...] = ()
    effect: str = ""
    done: str = ""
    follows: tuple[FollowView, ...] = ()

    @property
    def have_mine(self) -> int:
        """How many tellers signed that they have my ballot."""
        return sum(teller.has_mine for teller in self.tellers)


@dataclass(frozen=True, slots=True)
class IssueView:
    """A vote.

    Attributes:
        status: 'waiting' for a page to enter it, 'running', 'closed' or 'lapsed'.
        status_line: what is known and what is not, in one sentence.
        deadline_ms: when the vote ends by page time; before a page tells, when it is meant to by its opener's clock.
        my_choice: what I voted, None if I did not.
        can_vote: empty if I can; else why not, as a sentence.
        held_by, holders_known: my ballot is held by so many of so many peers that I asked.
        passed_over: of a closed vote, the ballots held here that it does not count.
    """

    id: ChangeHash
    method: Method
    options: tuple[str, ...]
    rule: str
    tie_rule: str
    text: str
    opener: PersonView
    roll: tuple[PersonView, ...]
    ballots: tuple[BallotView, ...]
    tally: TallyView
    status: str
    status_line: str
    deadline_ms: int
    my_choice: Choice | None
    my_choice_text: str
    can_vote: str
    held_by: int
    holders_known: int
    life: LifeView = LifeView()
    passed_over: tuple[PassedOverView, ...] = ()
