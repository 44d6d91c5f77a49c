"""What a user can ask of their peer: the same commands from the terminal interface and the command line.

A command says what is wanted and is checked against the state; it carries no secrets but passphrases, which are
dropped as soon as they are used. `Done` says, in one sentence, what happened.
"""

from dataclasses import dataclass, field

from crdt.ids import ChangeHash, CouncilId, DeviceId, MemberId
from p2pcouncil.domain.effects import Effect
from p2pcouncil.domain.entries import TextVersionRef
from p2pcouncil.domain.planning.said import PublishTechnique, UnitPlan
from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.method import Method


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did.

    Attributes:
        message: one sentence for the user.
        id: what was made (council, proposal, issue, invitation …), or empty.
        lines: further lines to show: an invitation, a phrase.
        entries: hashes of the envelopes that it appended; `--wait` waits until others hold these.
    """

    message: str
    id: bytes = b""
    lines: tuple[str, ...] = ()
    entries: tuple[ChangeHash, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundCouncil:
    """Found a society (no parent), or a council below one that we belong to."""

    name: str
    kind: str
    level: str
    purpose: str
    parent: CouncilId | None = None
    charter: Charter = field(default_factory=Charter)


@dataclass(frozen=True, slots=True)
class MakeInvitation:
    """Sponsor one newcomer: makes a one-time key and the line of text that carries it."""

    council: CouncilId
    note: str = ""


@dataclass(frozen=True, slots=True)
class JoinByInvitation:
    """Ask to belong to the council that an invitation names."""

    invitation: str


@dataclass(frozen=True, slots=True)
class JoinCouncil:
    """Ask to belong to a council announced in one that we belong to."""

    council: CouncilId


@dataclass(frozen=True, slots=True)
class VouchFor:
    """Vouch for somebody who asks to join, named by the first letters of their fingerprint or their join's id."""

    council: CouncilId
    join_id: bytes


@dataclass(frozen=True, slots=True)
class LeaveCouncil:
    """Leave a council."""

    council: CouncilId
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MakeProposal:
    """Put a proposal, with its text, before a council."""

    council: CouncilId
    title: str
    summary: str
    text: str
    method: Method
    options: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    scope: str = ""
    effect: Effect | None = None
    reopens: ChangeHash | None = None


@dataclass(frozen=True, slots=True)
class EditText:
    """Replace a proposal's text as it stood at `base` by `text`; edits made meanwhile by others are merged."""

    proposal: ChangeHash
    text: str
    base: tuple[ChangeHash, ...] = ()


@dataclass(frozen=True, slots=True)
class WithdrawProposal:
    """Take one's own proposal back."""

    proposal: ChangeHash
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AddComment:
    """Comment on a proposal, or answer a comment."""

    proposal: ChangeHash
    text: str
    reply_to: ChangeHash | None = None


@dataclass(frozen=True, slots=True)
class SecondProposal:
    """Second the version that was read: the present one, unless another is named."""

    proposal: ChangeHash
    version: TextVersionRef | None = None


@dataclass(frozen=True, slots=True)
class OpenVote:
    """Open the vote on the version that was seconded."""

    proposal: ChangeHash
    window_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class CastBallot:
    """Vote, or vote again."""

    issue: ChangeHash
    choice: Choice


@dataclass(frozen=True, slots=True)
class PledgeDuty:
    """Go on duty as a teller in a council, or off it."""

    council: CouncilId
    is_on: bool


@dataclass(frozen=True, slots=True)
class ObjectTo:
    """Object to a newcomer: no page lets them in before a vote says so."""

    council: CouncilId
    newcomer: MemberId
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReportProgress:
    """Say what became of a decision; its owner says when it is done."""

    issue: ChangeHash
    text: str
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class GiveFeedback:
    """Say how a decision works out."""

    issue: ChangeHash
    is_content: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class ReviewVote:
    """Sign an overseer's verdict on a closed vote."""

    issue: ChangeHash
    holds: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class PublishTechniques:
    """Say how things can be made; a later technique of the same product and name replaces an earlier one.

    Attributes:
        council: where plans may use them.
        techniques: at least one; what they claim about the time is set when they are written.
    """

    council: CouncilId
    techniques: tuple[PublishTechnique, ...]


@dataclass(frozen=True, slots=True)
class ProposeInRound:
    """Say what units that I speak for propose in the round that runs.

    Attributes:
        plan: the vote that began the planning period, or its proposal.
        units: their parts; what I proposed for other units in this round stays.
    """

    plan: ChangeHash
    units: tuple[UnitPlan, ...]


@dataclass(frozen=True, slots=True)
class ReportOnPlan:
    """Say what a unit that I speak for made, or used up, of a good of the plan of record, in millionths."""

    plan: ChangeHash
    unit: int
    good: int
    amount: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class SetPriorities:
    """Which tags come first in my inbox; kept on this laptop only."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DisownDevice:
    """Say under the member key that a device is lost; needs the passphrase or the recovery phrase."""

    device: DeviceId
    passphrase: str


@dataclass(frozen=True, slots=True)
class TakeOverDuty:
    """Say under the member key that this laptop votes from now on, in every council held here."""

    passphrase: str


@dataclass(frozen=True, slots=True)
class GoOn:
    """Go on in a successor of a council whose register has come to an end; needs the passphrase or the phrase.

    Attributes:
        council: the council that is left behind.
        passphrase: of the member key, or the recovery phrase.
        tellers: who tells in the successor at first, if this is the first signature; empty for those who still speak.
    """

    council: CouncilId
    passphrase: str
    tellers: tuple[MemberId, ...] = ()


@dataclass(frozen=True, slots=True)
class Dial:
    """Connect to an address, and remember it."""

    address: str


Command = (
    FoundCouncil
    | MakeInvitation
    | JoinByInvitation
    | JoinCouncil
    | VouchFor
    | LeaveCouncil
    | MakeProposal
    | EditText
    | WithdrawProposal
    | AddComment
    | SecondProposal
    | OpenVote
    | CastBallot
    | PledgeDuty
    | ObjectTo
    | ReportProgress
    | GiveFeedback
    | ReviewVote
    | PublishTechniques
    | ProposeInRound
    | ReportOnPlan
    | SetPriorities
    | DisownDevice
    | TakeOverDuty
    | GoOn
    | Dial
)
