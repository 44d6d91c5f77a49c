"""Spoiling a bundle: what somebody who carries it, a member or a teller could do to it, with the keys that they have.

A verification has to name each of these for what it is. Only a story does this: it owns everybody's laptops.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from crdt.envelope import Envelope, EnvelopeGroup, decode_groups, encode_groups, make_envelope, signed_message
from crdt.errors import LocalError
from crdt.ids import ChangeHash, LaneId, MemberId
from crdt.keys import LaneHeader, LaneKind
from p2pcouncil.domain.entries import Ballot, Tell, decode_entry, encode_entry
from p2pcouncil.domain.register.sayings import (
    AnySaying,
    Prevote,
    Seal,
    read_saying,
    sign_saying,
)
from p2pcouncil.domain.register.sealing import pack_numbers
from p2pcouncil.identity.keys import DeviceKey
from p2pcouncil.runtime.bundle import ENVELOPES, MAX_RECORD_BYTES, read_bundle, write_bundle

WHOLE = b"\0"
"""What the payload of an entry in one part begins with."""


@dataclass(slots=True)
class Spoiler:
    """One bundle in memory.

    Attributes:
        records: all but the envelopes.
        lanes: the envelopes.
        keys: devices' keys, of those whose laptops the story has.
    """

    records: list[tuple[bytes, bytes]]
    lanes: list[tuple[LaneHeader, list[Envelope]]]
    keys: Mapping[MemberId, DeviceKey]

    @classmethod
    def read(cls, path: Path, keys: Mapping[MemberId, DeviceKey]) -> "Spoiler":
        """Read a bundle.

        Raises:
            LocalError: it can't be read.
        """
        records: list[tuple[bytes, bytes]] = []
        lanes: dict[LaneId, tuple[LaneHeader, list[Envelope]]] = {}
        for kind, body in read_bundle(path):
            if kind != ENVELOPES:
                records.append((kind, body))
                continue
            for group in decode_groups(body, MAX_RECORD_BYTES):
                lane = group.envelopes[0].lane
                lanes.setdefault(lane, (group.header, []))[1].extend(group.envelopes)
        return cls(records, list(lanes.values()), keys)

    def write(self, path: Path) -> None:
        """Write it.

        Raises:
            LocalError: the file can't be written.
        """
        groups = [EnvelopeGroup(header, tuple(envelopes)) for header, envelopes in self.lanes if envelopes]
        bodies = [(ENVELOPES, encode_groups([group])) for group in groups]
        write_bundle(path, [*self.records, *bodies])

    def ballot(self, issue: ChangeHash) -> tuple[LaneHeader, list[Envelope], int, Ballot]:
        """The last ballot on a vote in the bundle: its lane, and its place there.

        Raises:
            LocalError: there is none.
        """
        for header, envelopes in sorted(self.lanes, key=lambda lane: lane[0].member):
            for at in range(len(envelopes) - 1, -1, -1):
                body = _entry(header, envelopes[at])
                if isinstance(body, Ballot) and body.issue == issue:
                    return header, envelopes, at, body
        raise LocalError("The bundle holds no ballot on that vote.", "Export it after somebody voted.")

    def append(self, header: LaneHeader, envelopes: list[Envelope], payload: bytes) -> None:
        """Sign a payload onto the end of a lane, with the key of the device that writes it."""
        key = self.keys[header.member]
        last = envelopes[-1]
        blank = make_envelope(header, last.seq + 1, last.hash, payload, bytes(64))
        signature = key.sign(signed_message(blank.lane, blank.hash))
        envelopes.append(make_envelope(header, last.seq + 1, last.hash, payload, signature))

    def seals(self, issue: ChangeHash) -> list[tuple[LaneHeader, list[Envelope], Seal]]:
        """The seals of a vote that stand in their own tellers' feeds."""
        return [
            (header, envelopes, saying)
            for header, envelopes in sorted(self.lanes, key=lambda lane: lane[0].member)
            for saying in self.said_by(header.member, envelopes)
            if isinstance(saying, Seal) and saying.issue == issue
        ]

    def said_by(self, member: bytes, envelopes: list[Envelope] | None = None) -> Iterator[AnySaying]:
        """What a member says as a teller in their own feed, or in one feed of theirs."""
        for header, held in self.lanes:
            if header.member != member or (envelopes is not None and held is not envelopes):
                continue
            for envelope in held:
                body = _entry(header, envelope)
                for saying in map(read_saying, body.said if isinstance(body, Tell) else ()):
                    if saying.member == member:
                        yield saying

    def tell(self, header: LaneHeader, envelopes: list[Envelope], saying: AnySaying) -> None:
        """Put a saying into somebody's feed, signed by the device that writes it."""
        entry = Tell(0, (sign_saying(saying, self.keys[header.member]),))
        self.append(header, envelopes, WHOLE + encode_entry(entry))


def _entry(header: LaneHeader, envelope: Envelope) -> object:
    if header.kind is not LaneKind.FEED or not envelope.payload.startswith(WHOLE):
        return None
    return decode_entry(envelope.payload[1:])


def _alter(bundle: Spoiler, issue: ChangeHash) -> None:
    """Whoever carries the file changes a choice."""
    header, envelopes, at, ballot = bundle.ballot(issue)
    other = ((0,),) if ballot.choice != ((0,),) else ((1,),)
    payload = WHOLE + encode_entry(msgspec.structs.replace(ballot, choice=other))
    old = envelopes[at]
    envelopes[at] = make_envelope(header, old.seq, old.prev, payload, old.signature)


def _remove(bundle: Spoiler, issue: ChangeHash) -> None:
    """Whoever carries the file leaves a ballot out."""
    _, envelopes, at, _ = bundle.ballot(issue)
    del envelopes[at]


def _late(bundle: Spoiler, issue: ChangeHash) -> None:
    """A member votes again after the page, and says that it was before."""
    header, envelopes, _, ballot = bundle.ballot(issue)
    again = msgspec.structs.replace(ballot, claimed_at_ms=0, number=ballot.number + 1)
    bundle.append(header, envelopes, WHOLE + encode_entry(again))


def _forge_seal(bundle: Spoiler, issue: ChangeHash) -> None:
    """A teller seals in another's name."""
    (liar, envelopes, _), (_, _, theirs) = bundle.seals(issue)[:2]
    bundle.tell(liar, envelopes, msgspec.structs.replace(theirs, numbers=bytes(len(theirs.numbers))))


def _seal_twice(bundle: Spoiler, issue: ChangeHash) -> None:
    """A teller seals something else as well."""
    header, envelopes, seal = bundle.seals(issue)[0]
    bundle.tell(
        header, envelopes, msgspec.structs.replace(seal, numbers=pack_numbers([0] * len(seal.numbers)))
    )


def _forge_vote(bundle: Spoiler, issue: ChangeHash) -> None:
    """A teller votes for a page in another's name."""
    (liar, envelopes, _), (victim, _, _) = bundle.seals(issue)[:2]
    votes = (said for said in bundle.said_by(victim.member) if isinstance(said, Prevote))
    theirs = next(vote for vote in votes if vote.council == liar.council)
    bundle.tell(liar, envelopes, msgspec.structs.replace(theirs, round=theirs.round + 1, value=bytes(32)))


@dataclass(frozen=True, slots=True)
class Way:
    """A way of spoiling a bundle.

    Attributes:
        told: what is done, in a few words.
        do: does it.
        code: the kind of finding that has to name it; a ballot's fate for one that merely does not count.
        holds: whether everything holds all the same, by the rules.
    """

    told: str
    do: Callable[[Spoiler, ChangeHash], None]
    code: str
    holds: bool


WAYS = {
    "altered": Way("one ballot is altered", _alter, "altered-ballot", False),
    "removed": Way("one ballot is left out", _remove, "missing-ballot", False),
    "late": Way("one ballot is cast after the page, and backdated", _late, "late", True),
    "forged-seal": Way("a seal is forged", _forge_seal, "forged-seal", True),
    "sealed-twice": Way("a teller seals twice", _seal_twice, "contradiction", True),
    "forged-vote": Way("a vote for a page is forged", _forge_vote, "forged-prevote", True),
}


def spoil(path: Path, spoilt: Path, how: str, issue: ChangeHash, keys: Mapping[MemberId, DeviceKey]) -> None:
    """Write a spoilt copy of a bundle.

    Args:
        path: the bundle.
        spoilt: the file to write.
        how: one of `WAYS`.
        issue: the vote that is aimed at.
        keys: of the laptops that the story has, by member.

    Raises:
        LocalError: the bundle can't be read, or has nothing to spoil.
    """
    bundle = Spoiler.read(path, keys)
    WAYS[how].do(bundle, issue)
    bundle.write(spoilt)
