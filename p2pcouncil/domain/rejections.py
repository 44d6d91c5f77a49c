"""What becomes of an entry: it counts, it waits for another, or it breaks a rule.

A rejected entry stays visible, with the rule that it breaks. Peers agree on the *rule*; the sentence is for
people and may be worded better in a later version without making two peers look different.
"""

from enum import Enum, unique

import msgspec

from crdt.ids import ChangeHash, LaneId, MemberId


@unique
class Rule(Enum):
    """The rules that an entry can break; the name goes into the state hash, the value is what people read."""

    BROKEN_PARTS = "Its parts could not be put together."
    MALFORMED = "It could not be read: its bytes are no well-formed entry."
    UNKNOWN_KIND = "It is of a kind that this version does not know."
    RECORD = "The signed record that it carries does not hold."
    DISOWNED = "It was written on a device that its member has disowned."
    NOT_ADMITTED = "Nobody who belongs to the council has vouched for its author."
    NOT_ON_DUTY = "It was written on a device that does not vote for this member."
    OTHER_KIND = "It refers to an entry of another kind than it needs."
    REJECTED_REFERENCE = "It refers to an entry that was itself rejected."
    OTHER_COUNCIL = "The signed record that it carries was made for another council."
    OTHER_MEMBER = "A member can ask to join in their own name only."
    VOUCH_FOR_SELF = "Nobody can vouch for themselves."
    TOO_MANY_VOUCHES = "Its author has vouched too often in this feed."
    VOUCH_AFTER_LEAVING = "Its author had left the council before vouching."
    TOO_MANY_PROPOSALS = "Its author has made too many proposals in this feed."
    METHOD = "Its method and options do not fit each other."
    VERSION = "It names a text version in a way that no honest peer would: heads out of order, or twice."
    OWN_PROPOSAL = "Nobody can second their own proposal."
    NOT_THE_PROPOSER = "Only the proposer can withdraw a proposal."
    ALREADY_OPEN = "The vote on this proposal is already open, so that it can't be withdrawn any more."
    TERMS = "Its title, summary, method or options differ from the proposal's."
    TEXT = "The text that it embeds is not the version that it names."
    LISTED_TWICE = "It lists the same entry twice."
    SECONDS = "It lists a second for another proposal or another version."
    TOO_FEW_SECONDS = "Too few members have seconded this version."
    NOT_ON_ROLL = "Its author is not on the roll of this vote."
    ANOTHER_OPENING = "Another opening of this proposal stands, and one proposal opens once."
    OPENING_VOID = "It votes on an opening that does not stand."
    CHOICE = "Its choice does not fit the vote's method and options."
    EFFECT = "What it would do and how it is decided do not fit each other."
    NOT_AN_OVERSEER = "Its author was not drawn to review this vote, or it reviews another page."
    TECHNIQUE = "It describes a way of making something that none can be."
    NO_ROUND = "It names a planning round that there can't be."
    NOT_THE_SPEAKER = "Its author does not speak for the council that it plans for."
    NOT_PLANNED = "It names something that the planning period is not about."
    NO_KEY = "Its key for lots is none, or the key of a device: proofs would give its secret away."


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """The entry counts."""


class Waits(msgspec.Struct, frozen=True, gc=False):
    """The entry refers to something that is not here yet, or that waits itself."""


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The entry breaks a rule.

    Attributes:
        rule: which; part of the state hash.
        detail: more, for people; a full sentence or empty.
    """

    rule: Rule
    detail: str = ""

    @property
    def reason(self) -> str:
        """One or two sentences for people."""
        return f"{self.rule.value} {self.detail}" if self.detail else self.rule.value


Verdict = Accepted | Waits | Refused
ACCEPTED = Accepted()
WAITS = Waits()
REFUSALS = {rule: Refused(rule) for rule in Rule}
"""One refusal per rule, so that a flood of bad entries shares its reasons."""


class Rejected(msgspec.Struct, frozen=True):
    """A rejected entry as it is shown: on every peer the same.

    Attributes:
        hash, member, lane, seq: which entry.
        rule: the rule that it breaks.
        reason: the same, in sentences.
    """

    hash: ChangeHash
    member: MemberId
    lane: LaneId
    seq: int
    rule: Rule
    reason: str


class Waiting(msgspec.Struct, frozen=True):
    """An entry that waits, and the hashes of what it waits for, ascending."""

    hash: ChangeHash
    member: MemberId
    lane: LaneId
    seq: int
    awaited: tuple[ChangeHash, ...]
