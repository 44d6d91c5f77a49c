"""A council whose register is really written: tellers with real keys say what makes pages, in entries of their feeds.

Everything follows from names, so the same script makes the same bundle in every process. What dishonest people do is
done on purpose, by whoever asks: see `tests/support/verify_vectors.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
from nacl.signing import SigningKey

from crdt.envelope import Envelope, EnvelopeGroup, encode_groups, make_envelope, signed_message
from crdt.ids import ChangeHash, DeviceId, LaneId, MemberId
from crdt.keys import LaneHeader, LaneKind, lane_id
from crdt.parts import split_entry
from p2pcouncil.domain.entries import AnyEntry, Propose, Tell, ToldSheet
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.records import RULES_VERSION
from p2pcouncil.domain.register.certificates import Certificate, make_certificate
from p2pcouncil.domain.register.chain import Chain, OpenVote, first_chain
from p2pcouncil.domain.register.closing import Sheet, sheet_hashes, sheet_of
from p2pcouncil.domain.register.following import follow
from p2pcouncil.domain.register.pages import Closed, Entered, Page, encode_page, page_hash
from p2pcouncil.domain.register.sayings import (
    AnySaying,
    PageProposal,
    Precommit,
    Prevote,
    Receipt,
    Received,
    Said,
    Seal,
    saying_message,
    sign_saying,
)
from p2pcouncil.domain.register.sealing import pack_numbers
from p2pcouncil.domain.sortition import ecvrf, lot
from p2pcouncil.domain.sortition.ecvrf import VrfSeed
from tests.support.world import World, digest_of

START_MS = 1_800_000_000_000
HOUR_MS = 3_600_000
ENVELOPES_PER_RECORD = 2_000
NAMES = ("Ada", "Ben", "Cem", "Dan", "Eve")


class Named(Protocol):
    """A vote's opening, or a planning round."""

    @property
    def hash(self) -> ChangeHash: ...


class KeySigner:
    """Signs with a key that is at hand."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    @property
    def device(self) -> DeviceId:
        return DeviceId(bytes(self._key.verify_key))

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message).signature


class VotedWorld(World):
    """A world in which everybody tells, and says what it takes to write pages.

    Attributes:
        chain: the register so far.
        certificate: of its last page.
        clock_ms: what all tellers' clocks say.
        proposer: who proposed the last page.
        sealed: per vote and teller, their seal and its numbers.
    """

    def __init__(self, founders: Iterable[str] = NAMES) -> None:
        super().__init__(founders)
        self.chain: Chain = first_chain(self.council, self.genesis_record)
        self.certificate: Certificate | None = None
        self.clock_ms = START_MS
        self.proposer = ""
        self.sealed: dict[bytes, dict[MemberId, tuple[Said, tuple[int, ...]]]] = {}

    def name_of(self, member: MemberId) -> str:
        return next(person.name for person in self.people.values() if person.id == member)

    def say(self, name: str, saying: AnySaying, signer: str = "") -> Said:
        """What somebody says; in whose name and by whose key are two things."""
        return sign_saying(saying, KeySigner(self.person(signer or name).device_key()))

    def tell(
        self, name: str, *said: Said, pages: Sequence[bytes] = (), sheets: Sequence[ToldSheet] = ()
    ) -> FeedEntry:
        """Somebody carries what was said."""
        return self.write(name, Tell(self.now_ms(), said, tuple(pages), tuple(sheets)))

    # pages

    def page(self, **parts: object) -> Page:
        """A page that would follow."""
        chain = self.chain
        first = chain.next_committee().proposer(0)
        alpha = lot.lot_input(chain.council, chain.seed, chain.number + 1)
        proof = (
            ecvrf.prove(VrfSeed(digest_of(f"vrf {self.name_of(first.member)}")), alpha) if first.vrf else b""
        )
        place = (RULES_VERSION, chain.council, chain.number + 1, chain.page, self.certificate, proof)
        return Page(*place, **parts)  # type: ignore[arg-type]

    def commit(self, name: str, value: bytes, number: int = 0) -> Precommit:
        """What a teller says when they sign a page."""
        return Precommit(
            self.council, self.id(name), number or self.chain.number + 1, 0, value, self.clock_ms
        )

    def write_page(
        self,
        page: Page,
        sheets: Sequence[ToldSheet] = (),
        told: bytes | None = None,
        carried: Sequence[Said] = (),
        blind: bool = False,
        silent: Sequence[str] = (),
    ) -> bytes:
        """All tellers propose, prevote and precommit to a page, honest or not.

        Args:
            page: which.
            sheets: what travels beside it.
            told: bytes that the proposer's entry carries in its place.
            carried: what the proposer carries of others: the seals that the page names.
            blind: the chain stays where it is, for the page may not follow, or too few sign it.
            silent: tellers who sign nothing.

        Returns:
            Its hash.
        """
        data = encode_page(page)
        value = page_hash(data)
        committee = self.chain.next_committee()
        names = [self.name_of(teller.member) for teller in committee.tellers]
        self.proposer = names[0]
        place = (self.council, self.id(names[0]), page.number, 0)
        proposal = self.say(names[0], PageProposal(*place, value, -1))
        self.tell(names[0], proposal, *carried, pages=[data if told is None else told], sheets=sheets)
        commits = []
        for name in sorted(set(names) - set(silent)):
            commit = Precommit(self.council, self.id(name), page.number, 0, value, self.clock_ms)
            said = self.say(name, commit)
            self.tell(name, self.say(name, Prevote(self.council, self.id(name), page.number, 0, value)), said)
            commits.append((commit, said))
        if not blind:
            self.chain = follow(self.chain, page, value)
            self.certificate = make_certificate(commits)
        return value

    def entered(self, issue: FeedEntry, proposal: FeedEntry) -> Entered:
        terms = msgspec.msgpack.decode(proposal.data or b"", type=Propose)
        return Entered(issue.hash, proposal.hash, 60, terms.effect)

    # votes

    def receipt(self, teller: str, issue: Named, numbers: Mapping[str, int]) -> FeedEntry:
        """A teller receipts ballots."""
        by_id = sorted((self.id(name), number) for name, number in numbers.items())
        received = tuple(Received(member, number) for member, number in by_id)
        return self.tell(
            teller, self.say(teller, Receipt(self.council, self.id(teller), issue.hash, received))
        )

    def seal(
        self, teller: str, issue: Named, numbers: Mapping[str, int], signer: str = "", carrier: str = ""
    ) -> Said:
        """A teller seals; `signer` is whose key signs, `carrier` who carries it."""
        vote = self.chain.votes[issue.hash]
        named = tuple(numbers.get(self.name_of(member), 0) for member in vote.roll)
        said = self.say(teller, Seal(self.council, self.id(teller), issue.hash, pack_numbers(named)), signer)
        self.tell(carrier or teller, said)
        if not signer:
            self.sealed.setdefault(issue.hash, {}).setdefault(self.id(teller), (said, named))
        return said

    def sheet(self, issue: Named) -> tuple[OpenVote, Sheet]:
        """What the seals so far come to."""
        vote = self.chain.votes[issue.hash]
        agenda = self.fold().agenda
        sheet = sheet_of(
            vote,
            [n for _, (_, n) in sorted(self.sealed[issue.hash].items())],
            lambda member: agenda.ballots(issue.hash, member),
        )
        assert sheet is not None
        return vote, sheet

    def closed(self, issue: Named, sheet: Sheet | None = None) -> tuple[Closed, tuple[ToldSheet, ...]]:
        """What a page says to close a vote, from the seals so far; with another sheet if a liar wants it."""
        vote, honest = self.sheet(issue)
        sheet = honest if sheet is None else sheet
        seals = sorted(self.sealed[issue.hash].items())
        names = tuple(saying_message(said.body) for _, (said, _) in seals)
        result = self.fold().agenda.result(vote, sheet)
        closed = Closed(
            issue.hash, tuple(m for m, _ in seals), names, sheet_hashes(issue.hash, sheet), result
        )
        return closed, (ToldSheet(issue.hash, 0, tuple(name or b"" for name in sheet)),)

    def carried_seals(self, issue: Named) -> list[Said]:
        """The seals so far, as whoever proposes the closing page carries them."""
        return [said for _, (said, _) in sorted(self.sealed[issue.hash].items())]


@dataclass
class Carried:
    """What a bundle carries: lanes with their envelopes, to be damaged by tests."""

    genesis: bytes
    lanes: dict[LaneId, tuple[LaneHeader, list[Envelope]]]

    def records(self) -> list[tuple[bytes, bytes]]:
        """As an export writes them: lane by lane, in records of a bounded size."""
        records = [(b"G", self.genesis)]
        chunk: list[EnvelopeGroup] = []
        room = ENVELOPES_PER_RECORD
        for _, (header, envelopes) in sorted(self.lanes.items()):
            for at in range(0, len(envelopes), ENVELOPES_PER_RECORD):
                piece = tuple(envelopes[at : at + ENVELOPES_PER_RECORD])
                if len(piece) > room:
                    records.append((b"E", encode_groups(chunk)))
                    chunk, room = [], ENVELOPES_PER_RECORD
                chunk.append(EnvelopeGroup(header, piece))
                room -= len(piece)
        return [*records, (b"E", encode_groups(chunk))]

    def alter(self, entry: FeedEntry, old: bytes, new: bytes) -> None:
        """Somebody changes the last envelope of an entry, and can't sign it."""
        one = self.lanes[entry.lane][1][entry.seq - 1]
        assert one.payload.count(old) == 1
        self.replace(entry, one.payload.replace(old, new), one.signature)

    def replace(self, entry: FeedEntry, payload: bytes, signature: bytes) -> None:
        """Somebody puts something else in the place of an entry's last envelope."""
        header, envelopes = self.lanes[entry.lane]
        one = envelopes[entry.seq - 1]
        envelopes[entry.seq - 1] = make_envelope(header, one.seq, one.prev, payload, signature)

    def remove(self, entry: FeedEntry) -> None:
        """Somebody leaves an entry out, which takes one envelope."""
        envelopes = self.lanes[entry.lane][1]
        envelopes[:] = [envelope for envelope in envelopes if envelope.seq != entry.seq]

    def fork(self, world: World, name: str, at: FeedEntry, entry: AnyEntry, device: int = 0) -> None:
        """Somebody signs something else for a place of their feed."""
        header, envelopes = self.lanes[at.lane]
        (payload,) = split_entry(msgspec.msgpack.encode(entry))
        envelopes.append(
            _signed(
                world.person(name).device_key(device), header, at.seq, envelopes[at.seq - 1].prev, payload
            )
        )


def carried(world: World) -> Carried:
    """All that was written in a world, signed."""
    people = {person.id: person for person in world.people.values()}
    lanes: dict[LaneId, tuple[LaneHeader, list[Envelope]]] = {}
    for entry in world.entries:
        person = people[entry.member]
        device = next(number for number in range(8) if person.device(number) == entry.device)
        header = LaneHeader(LaneKind.FEED, world.council, b"", person.certificate(device), entry.generation)
        assert lane_id(header) == entry.lane
        envelopes = lanes.setdefault(entry.lane, (header, []))[1]
        for payload in split_entry(entry.data) if entry.data is not None else [b"\1broken"]:
            prev = envelopes[-1].hash if envelopes else None
            envelopes.append(_signed(person.device_key(device), header, len(envelopes) + 1, prev, payload))
        assert envelopes[-1].hash == entry.hash
    return Carried(world.genesis, lanes)


def _signed(
    key: SigningKey, header: LaneHeader, seq: int, prev: ChangeHash | None, payload: bytes
) -> Envelope:
    unsigned = make_envelope(header, seq, prev, payload, bytes(64))
    signature = key.sign(signed_message(unsigned.lane, unsigned.hash)).signature
    return msgspec.structs.replace(unsigned, signature=signature)
