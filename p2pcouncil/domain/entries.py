"""What a member can say: the typed, versioned union of entries.

An entry is the payload of one feed change. The tag carries the version of its shape, so that a later version is a
new kind beside the old one; a kind that this peer does not know replicates all the same. `claimed_at_ms` is what the
author's clock said: shown to people, read by no rule.
"""

from typing import Annotated

import msgspec

from crdt.errors import RemoteError
from p2pcouncil.domain.effects import Effect
from p2pcouncil.domain.planning.terms import (
    MAX_GOODS,
    MAX_ROUNDS,
    MAX_UNITS,
    Amount,
    Label,
    PositiveAmount,
    UnitOfMeasure,
)
from p2pcouncil.domain.records import (
    MAX_RECORD_BYTES,
    Hash,
    Nonce,
    OptionalHash,
    RecordBytes,
    Seconds,
    Signature,
)
from p2pcouncil.domain.register.sayings import Said
from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.method import Method

MAX_SUMMARY_CHARS = 600
MAX_COMMENT_CHARS = 4_000
MAX_TITLE_CHARS = 120
MAX_TEXT_CHARS = 50_000
MAX_OPTIONS = 64
MAX_SECONDS = 256
MAX_NOTE_CHARS = 2_000
MAX_SAID = 600
MAX_SHEET_MEMBERS = 1_024
MAX_TOLD_BYTES = 200_000
MAX_INPUTS = 128
MAX_TECHNIQUES = 256

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TITLE_CHARS)]
Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Options = Annotated[tuple[Line, ...], msgspec.Meta(max_length=MAX_OPTIONS)]


class TextVersionRef(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An exact version of a text: where its edits stand, and the SHA-256 of its UTF-8 bytes there."""

    heads: Annotated[tuple[Hash, ...], msgspec.Meta(min_length=1, max_length=128)]
    digest: Hash


class Entry(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the entries.

    Attributes:
        claimed_at_ms: the author's clock, milliseconds since 1970; display only.
    """

    claimed_at_ms: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]


class Invite(Entry, frozen=True, array_like=True, tag="invite.1", forbid_unknown_fields=True):
    """A member sponsors a newcomer: the public half of a one-time key."""

    invite_key: Hash
    note: Annotated[str, msgspec.Meta(max_length=120)]


class Vouch(Entry, frozen=True, array_like=True, tag="vouch.1", forbid_unknown_fields=True):
    """A member vouches for a newcomer, embedding the signed join."""

    join: RecordBytes


class Leave(Entry, frozen=True, array_like=True, tag="leave.1", forbid_unknown_fields=True):
    """A member leaves the council."""

    reason: Annotated[str, msgspec.Meta(max_length=MAX_COMMENT_CHARS)]


class StateDuty(Entry, frozen=True, array_like=True, tag="duty.1", forbid_unknown_fields=True):
    """Carries a member-key statement on whose device votes; the carrier does not matter."""

    statement: RecordBytes


class Announce(Entry, frozen=True, array_like=True, tag="announce.1", forbid_unknown_fields=True):
    """Tells a council of a council below it."""

    genesis: RecordBytes


class AskToJoin(Entry, frozen=True, array_like=True, tag="ask.1", forbid_unknown_fields=True):
    """A member of this council asks to belong to one below it; its members find the join here."""

    join: RecordBytes


class Propose(Entry, frozen=True, array_like=True, tag="propose.2", forbid_unknown_fields=True):
    """Puts a proposal before the council. Its text is the document that `nonce` and the author's feed name.

    Attributes:
        nonce: makes the text document's id (see `proposals.text_id_of`).
        title: one line.
        summary: one paragraph, required: what it is about, for quick understanding.
        tags: what it touches; members order their inbox by them.
        scope: whom it affects in words; empty means the whole council.
        method: how it will be decided.
        options: what can be chosen; empty for yes/no.
        effect: what the decision does by itself; None for nothing.
        reopens: a closed vote that this takes up again; empty for none.
    """

    nonce: Nonce
    title: Line
    summary: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_SUMMARY_CHARS)]
    tags: Annotated[tuple[Tag, ...], msgspec.Meta(max_length=8)]
    scope: Annotated[str, msgspec.Meta(max_length=MAX_TITLE_CHARS)]
    method: Method
    options: Options
    effect: Effect | None = None
    reopens: OptionalHash = b""


class Withdraw(Entry, frozen=True, array_like=True, tag="withdraw.1", forbid_unknown_fields=True):
    """The proposer takes a proposal back; void once it is open."""

    proposal: Hash
    reason: Annotated[str, msgspec.Meta(max_length=MAX_COMMENT_CHARS)]


class Comment(Entry, frozen=True, array_like=True, tag="comment.1", forbid_unknown_fields=True):
    """Says something about a proposal, in answer to another comment or to nobody."""

    proposal: Hash
    reply_to: OptionalHash
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_COMMENT_CHARS)]


class Second(Entry, frozen=True, array_like=True, tag="second.1", forbid_unknown_fields=True):
    """A member thinks that this exact version should be voted on."""

    proposal: Hash
    version: TextVersionRef


class Open(Entry, frozen=True, array_like=True, tag="open.2", forbid_unknown_fields=True):
    """Asks for the vote: embeds the text and terms. A page enters it, and fixes who votes and until when.

    The opening's hash is the issue's id. Terms are repeated here so that a vote stays readable, and cannot change,
    whatever becomes of the proposal.

    Attributes:
        proposal: hash of the `Propose`.
        version: the exact version that is voted on.
        text: that version's text, whole.
        title, summary, method, options, effect: as proposed.
        seconds: hashes of the `Second` entries that it rests on.
        window_seconds: how long the vote is open, from the page after the one that enters it.
    """

    proposal: Hash
    version: TextVersionRef
    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARS)]
    title: Line
    summary: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_SUMMARY_CHARS)]
    method: Method
    options: Options
    seconds: Annotated[tuple[Hash, ...], msgspec.Meta(max_length=MAX_SECONDS)]
    window_seconds: Seconds
    effect: Effect | None = None


class Ballot(Entry, frozen=True, array_like=True, tag="ballot.1", forbid_unknown_fields=True):
    """A member's choice on an issue. The highest number counts; a re-vote carries a higher one."""

    issue: Hash
    number: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    choice: Choice


class Pledge(Entry, frozen=True, array_like=True, tag="pledge.1", forbid_unknown_fields=True):
    """A member goes on duty as a teller, or off it.

    Attributes:
        vrf: the key that this device proves lots with, 32 bytes.
        is_on: whether they tell.
    """

    vrf: Hash
    is_on: bool


class Object(Entry, frozen=True, array_like=True, tag="object.1", forbid_unknown_fields=True):
    """A member objects to a newcomer: no page lets them in before a vote says so."""

    newcomer: Hash
    reason: Annotated[str, msgspec.Meta(max_length=MAX_NOTE_CHARS)]


class ToldSheet(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A sheet, or a part of one: which ballot of each member of the roll counts; empty for none."""

    issue: Hash
    part: Annotated[int, msgspec.Meta(ge=0, le=63)]
    ballots: Annotated[tuple[OptionalHash, ...], msgspec.Meta(max_length=MAX_SHEET_MEMBERS)]


class Tell(Entry, frozen=True, array_like=True, tag="tell.1", forbid_unknown_fields=True):
    """Carries what tellers say, whoever says it, with the bytes of pages and sheets that it speaks of.

    Sayings prove themselves, a page is named by its hash and a sheet by a page, so the carrier does not matter.
    """

    said: Annotated[tuple[Said, ...], msgspec.Meta(max_length=MAX_SAID)]
    pages: Annotated[
        tuple[Annotated[bytes, msgspec.Meta(max_length=MAX_TOLD_BYTES)], ...], msgspec.Meta(max_length=4)
    ] = ()
    sheets: Annotated[tuple[ToldSheet, ...], msgspec.Meta(max_length=64)] = ()


class Progress(Entry, frozen=True, array_like=True, tag="progress.1", forbid_unknown_fields=True):
    """What becomes of a decision: evidence by anybody; the owner's word says that it is done.

    Attributes:
        issue: the closed vote.
        is_done: whether it is carried out.
        text: what was done, with what can be looked at.
    """

    issue: Hash
    is_done: bool
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_COMMENT_CHARS)]


class Feedback(Entry, frozen=True, array_like=True, tag="feedback.1", forbid_unknown_fields=True):
    """A member says how a decision works out.

    Attributes:
        issue: the closed vote.
        is_content: whether it should stay as it is.
        text: why.
    """

    issue: Hash
    is_content: bool
    text: Annotated[str, msgspec.Meta(max_length=MAX_COMMENT_CHARS)]


class Review(Entry, frozen=True, array_like=True, tag="review.1", forbid_unknown_fields=True):
    """An overseer's verdict on a closed vote.

    Attributes:
        issue: the closed vote.
        page: hash of the page that closed it.
        holds: whether what they looked at holds; a disputed verdict shows on the vote.
        note: what they looked at, and what they found.
    """

    issue: Hash
    page: Hash
    holds: bool
    note: Annotated[str, msgspec.Meta(max_length=MAX_NOTE_CHARS)]


class Succeed(Entry, frozen=True, array_like=True, tag="succeed.1", forbid_unknown_fields=True):
    """A member goes on in a successor of this council, and tells here no more.

    Attributes:
        successor: the successor's id.
        signature: by the member key over that id; it goes into the successor's founding.
        founding: that founding, unsigned; empty when somebody else's entry carries it.
    """

    successor: Hash
    signature: Signature
    founding: Annotated[bytes, msgspec.Meta(max_length=MAX_RECORD_BYTES)]


class Named(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """So much of a thing: an input, hours of a kind of work, or something that is given off.

    Attributes:
        name: of the good, the kind of labour, or the pollutant.
        unit: in which it is counted.
        amount: in millionths of that unit.
    """

    name: Label
    unit: UnitOfMeasure
    amount: Amount


NamedAmounts = Annotated[tuple[Named, ...], msgspec.Meta(max_length=MAX_INPUTS)]


class PublishTechnique(Entry, frozen=True, array_like=True, tag="technique.1", forbid_unknown_fields=True):
    """A workers' council says how it can make something. A later one of the same name replaces it; both stay.

    Attributes:
        name: of this way of making it.
        product, unit: what is made, and in which unit it is counted.
        output: how much of it the rest of the figures is about, in millionths.
        inputs: what is used up, each named once.
        labour: direct hours, by kind of work, each named once.
        given_off: pollutants and the like. They have no value, and a plan may limit them.
        capacity: the most that can be made in a period, in millionths; 0 for no limit that is known.
        note: where the figures come from.
    """

    name: Label
    product: Label
    unit: UnitOfMeasure
    output: PositiveAmount
    inputs: NamedAmounts
    labour: NamedAmounts
    given_off: NamedAmounts = ()
    capacity: Amount = 0
    note: Annotated[str, msgspec.Meta(max_length=MAX_NOTE_CHARS)] = ""


class Made(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A workers' council means to make so much, in millionths, by a technique that was published."""

    technique: Hash
    amount: Amount


class Wanted(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A consumers' council wants, or offers, so much of a good.

    Attributes:
        good: its place in the plan's list, from 0.
        amount: in millionths of its unit.
        priority: 1 for what can't be missed, 2, or 3 for what would be nice; no rule reads it.
    """

    good: Annotated[int, msgspec.Meta(ge=0, lt=MAX_GOODS)]
    amount: Amount
    priority: Annotated[int, msgspec.Meta(ge=1, le=3)] = 2


class Limit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A consumers' council wants no more than so much of something given off, in millionths of its unit."""

    name: Label
    unit: UnitOfMeasure
    most: Amount


class UnitPlan(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one unit of a plan proposes.

    Attributes:
        unit: its place in the plan's list, from 0.
        made: of workers: what they would make, each technique once.
        wanted: of consumers: what they would use, each good once.
        offered: hours of work, or stocks of their own, that they would give, each good once.
        limits: on what all production gives off.
        note: why; or what changed since the last round.
    """

    unit: Annotated[int, msgspec.Meta(ge=0, lt=MAX_UNITS)]
    made: Annotated[tuple[Made, ...], msgspec.Meta(max_length=MAX_TECHNIQUES)] = ()
    wanted: Annotated[tuple[Wanted, ...], msgspec.Meta(max_length=MAX_GOODS)] = ()
    offered: Annotated[tuple[Wanted, ...], msgspec.Meta(max_length=MAX_GOODS)] = ()
    limits: Annotated[tuple[Limit, ...], msgspec.Meta(max_length=MAX_INPUTS)] = ()
    note: Annotated[str, msgspec.Meta(max_length=MAX_NOTE_CHARS)] = ""


class ProposePlan(Entry, frozen=True, array_like=True, tag="plan.1", forbid_unknown_fields=True):
    """What the units that a member speaks for propose in one round. The highest number counts, as with ballots.

    Attributes:
        plan: the vote that began the planning period.
        round: which round, from 1.
        number: 1, 2, 3 …; a revision within the round carries a higher one.
        units: one part for each, by ascending place.
    """

    plan: Hash
    round: Annotated[int, msgspec.Meta(ge=1, le=MAX_ROUNDS)]
    number: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    units: Annotated[tuple[UnitPlan, ...], msgspec.Meta(min_length=1, max_length=MAX_UNITS)]


class ReportResult(Entry, frozen=True, array_like=True, tag="result.1", forbid_unknown_fields=True):
    """A unit says what became of its part of the plan of record.

    Attributes:
        plan: the vote that began the planning period.
        unit: its place in the plan's list, from 0.
        good: its place in the plan's list, from 0.
        amount: made, or used up, since the last report, in millionths.
        text: what else there is to say.
    """

    plan: Hash
    unit: Annotated[int, msgspec.Meta(ge=0, lt=MAX_UNITS)]
    good: Annotated[int, msgspec.Meta(ge=0, lt=MAX_GOODS)]
    amount: Amount
    text: Annotated[str, msgspec.Meta(max_length=MAX_NOTE_CHARS)] = ""


AnyEntry = (
    Invite
    | Vouch
    | Leave
    | StateDuty
    | Announce
    | AskToJoin
    | Propose
    | Withdraw
    | Comment
    | Second
    | Open
    | Ballot
    | Pledge
    | Object
    | Tell
    | Progress
    | Feedback
    | Review
    | Succeed
    | PublishTechnique
    | ProposePlan
    | ReportResult
)

_decoder = msgspec.msgpack.Decoder(AnyEntry)


def encode_entry(entry: AnyEntry) -> bytes:
    """Encode an entry as a feed carries it."""
    return msgspec.msgpack.encode(entry)


def decode_entry(data: bytes) -> AnyEntry:
    """Decode an entry.

    Raises:
        RemoteError: malformed, or of a kind that this version does not know.
    """
    try:
        entry: AnyEntry = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # The library's own words would differ from version to version, and every peer must give one reason.
        raise RemoteError("An entry is malformed, or of a kind that this version does not know.") from error
    return entry
