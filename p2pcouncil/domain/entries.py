"""What a member can say: the typed, versioned union of entries.

An entry is the payload of one feed change. The tag carries the version of its shape, so that a later version is a
new kind beside the old one; a kind that this peer does not know replicates all the same. `claimed_at_ms` is what the
author's clock said: shown to people, read by no rule.
"""

from typing import Annotated

import msgspec

from crdt.errors import RemoteError
from p2pcouncil.domain.effects import Effect
from p2pcouncil.domain.entry import MAX_NOTE_CHARS, Entry
from p2pcouncil.domain.planning.said import ProposePlan, PublishTechnique, ReportResult
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
MAX_SAID = 600
MAX_SHEET_MEMBERS = 1_024
MAX_TOLD_BYTES = 200_000

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TITLE_CHARS)]
Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Options = Annotated[tuple[Line, ...], msgspec.Meta(max_length=MAX_OPTIONS)]


class TextVersionRef(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An exact version of a text: where its edits stand, and the SHA-256 of its UTF-8 bytes there."""

    heads: Annotated[tuple[Hash, ...], msgspec.Meta(min_length=1, max_length=128)]
    digest: Hash


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
