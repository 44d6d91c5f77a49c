"""What a person can see: read-only views, built from the state, with strangers' text already cleaned.

Screens and the command line render these and nothing else. A view never claims more than is known: numbers that are
only what *this* peer has heard say so in a sentence of their own.
"""

from dataclasses import dataclass

from crdt.ids import ChangeHash, CouncilId, DeviceId, MemberId
from p2pcouncil.domain.entries import TextVersionRef
from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.method import Method
from p2pcouncil.domain.tally.rounds import Round

WHY_OFF_ROLL = "A page entered it before a page let you in."


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody: a name told apart from equal names, and the four-word fingerprint that people compare."""

    member: MemberId
    name: str
    fingerprint: str
    is_me: bool = False


@dataclass(frozen=True, slots=True)
class MemberView:
    """A row of a council's roll.

    Attributes:
        standing: 'founder', 'on the roll', 'on the next page', 'admitted; not on the roll yet', 'left', 'removed'.
        vouched_by: who vouched, in name order.
        devices: devices heard of.
        objectors: who objects to their coming, in name order; no page lets them in before a vote says so.
    """

    person: PersonView
    standing: str
    vouched_by: tuple[str, ...]
    devices: int
    objectors: tuple[str, ...] = ()

    @property
    def is_coming(self) -> bool:
        """Whether they were let in and no page has put them on the roll yet."""
        return self.standing in ("on the next page", "admitted; not on the roll yet")


@dataclass(frozen=True, slots=True)
class JoinRequestView:
    """Somebody who asks to join.

    Attributes:
        join_id: names the request in `VouchFor`.
        how: 'invited by Ada', 'a member of the parent council', 'without an invitation'.
        vouches, needed: how far they are.
        mine: whether I vouched already.
        warning: a sentence when something is odd, else empty.
        objectors: who objects to their coming, in name order.
    """

    join_id: bytes
    person: PersonView
    how: str
    vouches: int
    needed: int
    mine: bool
    warning: str = ""
    objectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CouncilView:
    """A council as this peer knows it.

    Attributes:
        depth: 0 for the society, 1 below it, …
        my_standing: as `MemberView.standing`, or 'waiting for a vouch', or 'not a member'.
        state_hash: hex; equal on peers that hold equal sets.
        entries: envelopes held.
        behind: what connected peers are known to hold and we don't; None when nobody is connected.
        rejected: (short hash, who, reason) of entries that the rules refused.
        goes_on_in: the successor that took over from it, since its register has come to an end.
    """

    id: CouncilId
    name: str
    kind: str
    level: str
    purpose: str
    parent: CouncilId | None
    depth: int
    my_standing: str
    members: tuple[MemberView, ...]
    requests: tuple[JoinRequestView, ...]
    charter: tuple[str, ...]
    entries: int
    behind: int | None
    state_hash: str
    rejected: tuple[tuple[str, str, str], ...]
    goes_on_in: CouncilId | None = None

    @property
    def is_member(self) -> bool:
        """Whether I belong to it and may write there."""
        return self.my_standing not in ("not a member", "waiting for a vouch", "left")


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


@dataclass(frozen=True, slots=True)
class InboxItem:
    """Something that waits for me, or that I should know.

    Attributes:
        kind: 'go on' (sign a successor), 'vote', 'vouch', 'second', 'open', 'review' (I was drawn to look at a closed
            vote), 'promise' (I answer for a decision and have not said that it is done), 'voted', 'decided' (a vote of
            mine closed), 'waiting'.
        needs_me: whether I am asked to do something.
        why: why it affects me.
        ref: proposal hash, or join id for 'vouch', or the successor's id for 'go on'.
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


@dataclass(frozen=True, slots=True)
class PeerView:
    """Another peer on the network.

    Attributes:
        behind: how many entries it was seen to hold that we lack, over the councils we share.
        ahead: how many of ours it was seen to lack; None if it has not said yet.
        last_seen_ms: our clock, milliseconds since 1970.
        problem: why it was dropped, or empty.
        throttled: what it does too much, so that we take less of it: “asks too often”; or empty.
        throttled_since_ms: since when; 0 when it is not throttled.
        refused_until_ms: until when it is refused after it was dropped; 0 when it is not.
    """

    device: DeviceId
    person: PersonView | None
    connected: bool
    behind: int
    ahead: int | None
    last_seen_ms: int
    addresses: tuple[str, ...]
    problem: str = ""
    throttled: str = ""
    throttled_since_ms: int = 0
    refused_until_ms: int = 0


@dataclass(frozen=True, slots=True)
class NetworkView:
    """How this peer stands in the network.

    Attributes:
        running: whether this process runs the network ('another process on this laptop does' is said in `line`).
        line: one sentence that never says more than is known.
        reachable: a sentence: whether others can dial us, and what to do about it.
        only_here: entries of ours that nobody else is known to hold.
    """

    running: bool
    line: str
    reachable: str
    my_addresses: tuple[str, ...]
    peers: tuple[PeerView, ...]
    only_here: int


@dataclass(frozen=True, slots=True)
class IdentityView:
    """Who I am on this laptop."""

    person: PersonView
    device: DeviceId
    member_key_stored: bool
    devices: tuple[tuple[DeviceId, str], ...]


@dataclass(frozen=True, slots=True)
class PendingJoinView:
    """A council that I asked to join and do not belong to yet.

    Attributes:
        line: what it waits for, in a sentence.
        kept_by: how many peers keep my request until somebody vouches.
        refused: why a peer refused it, or empty.
    """

    council: CouncilId
    council_name: str
    line: str
    kept_by: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class StatusView:
    """Everything in a glance; `line` is the sentence of the status bar."""

    line: str
    identity: IdentityView | None
    councils: tuple[CouncilView, ...]
    pending: tuple[PendingJoinView, ...]
    network: NetworkView
    entries: int
