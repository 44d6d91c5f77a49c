"""Makes people with real keys, councils and feeds, for tests of the fold.

Everything follows from names: the same script makes the same bytes, in every process. A world writes entries as
honest or hostile members would, and keeps them in order of writing; `World.fold` folds them.
"""

import random
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256

import msgspec
from nacl.signing import SigningKey

from crdt.feed_change import change_hash
from crdt.ids import ChangeHash, CouncilId, DeviceId, LaneId, MemberId
from crdt.keys import DeviceCertificate, LaneHeader, LaneKind, certificate_message, lane_id
from crdt.parts import split_entry
from p2pcouncil.domain import records
from p2pcouncil.domain.effects import Effect
from p2pcouncil.domain.entries import (
    AnyEntry,
    Ballot,
    Comment,
    Invite,
    Leave,
    Open,
    Propose,
    Second,
    StateDuty,
    TextVersionRef,
    Vouch,
    Withdraw,
    encode_entry,
)
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.records import Charter, Duty, Founder, Genesis, Join, Signed, Until
from p2pcouncil.domain.sortition.ecvrf import VrfSeed, vrf_public
from p2pcouncil.domain.state import CouncilState, fold
from p2pcouncil.domain.tally.choice import YES, Choice
from p2pcouncil.domain.tally.method import Method, YesNo

MAJORITY = YesNo(quorum_permille=0)


@cache
def key_of(name: str) -> SigningKey:
    """The signing key that follows from a name."""
    return SigningKey(sha256(name.encode()).digest())


def digest_of(text: str) -> bytes:
    """32 bytes that follow from a text, for nonces and heads."""
    return sha256(text.encode()).digest()


def version_of(text: str) -> TextVersionRef:
    """The version of a text that was written in one change."""
    return TextVersionRef((digest_of("head " + text),), sha256(text.encode()).digest())


def signed(body: bytes, message: bytes, *keys: SigningKey) -> bytes:
    """A record's bytes with signatures over its message."""
    return msgspec.msgpack.encode(Signed(body, tuple(key.sign(message).signature for key in keys)))


def message_of(record: bytes) -> bytes:
    """The message that a signed join's or duty statement's signatures sign, which is its name."""
    body = msgspec.msgpack.decode(record, type=Signed).body
    is_join = isinstance(msgspec.msgpack.decode(body)[2], bytes)
    return records.join_message(body) if is_join else records.duty_message(body)


class Person:
    """Somebody with a member key and any number of devices, numbered from 0."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.member_key = key_of(f"member {name}")
        self.id = MemberId(bytes(self.member_key.verify_key))
        self.vrf = vrf_public(VrfSeed(digest_of(f"vrf {name}")))

    def device_key(self, device: int = 0) -> SigningKey:
        return key_of(f"device {self.name} {device}")

    def device(self, device: int = 0) -> DeviceId:
        return DeviceId(bytes(self.device_key(device).verify_key))

    @cache  # noqa: B019 - people live as long as the test process
    def certificate(self, device: int = 0) -> DeviceCertificate:
        message = certificate_message(self.id, self.device(device))
        return DeviceCertificate(self.id, self.device(device), self.member_key.sign(message).signature)

    def join(
        self, council: CouncilId, device: int = 0, invite_key: SigningKey | None = None, name: str = ""
    ) -> bytes:
        """A signed wish to belong to a council."""
        certificate = self.certificate(device).signature
        invite = bytes(invite_key.verify_key) if invite_key else b""
        join = Join(council, self.id, self.device(device), certificate, self.vrf, name or self.name, invite)
        body = records.encode_record(join)
        keys = [self.device_key(device), *([invite_key] if invite_key else [])]
        return signed(body, records.join_message(body), *keys)

    def duty(
        self,
        council: CouncilId,
        number: int,
        device: int,
        until: Sequence[tuple[int, int, int]] = (),
        disowned: Sequence[int] = (),
    ) -> bytes:
        """A signed statement on which device votes; `until` lists (device, generation, seq)."""
        duty = Duty(
            council,
            self.id,
            number,
            self.device(device),
            self.certificate(device).signature,
            tuple(Until(self.device(d), generation, seq) for d, generation, seq in until),
            tuple(self.device(d) for d in disowned),
        )
        body = records.encode_record(duty)
        return signed(body, records.duty_message(body), self.member_key)


def genesis_of(
    founders: Sequence[Person],
    charter: Charter | None = None,
    name: str = "Test council",
    parent: CouncilId | None = None,
) -> bytes:
    """A founding signed by every founder; a society, or a workplace council below `parent`."""
    kind, level = ("workers", "workplace") if parent else ("society", "society")
    roll = tuple(Founder(p.id, p.device(), p.certificate().signature, p.vrf, p.name) for p in founders)
    genesis = Genesis(
        name, kind, level, "To test", parent or b"", charter or Charter(), roll, digest_of(name)[:16]
    )
    body = records.encode_record(genesis)
    return signed(body, records.genesis_message(body), *(p.device_key() for p in founders))


class Writer:
    """One lane: hands out feed entries in sequence."""

    def __init__(self, world: "World", person: Person, device: int, generation: int) -> None:
        self.world = world
        self.person = person
        header = LaneHeader(LaneKind.FEED, world.council, b"", person.certificate(device), generation)
        self.lane: LaneId = lane_id(header)
        self.device = person.device(device)
        self.generation = generation
        self.seq = 0
        self._prev: ChangeHash | None = None

    def write(self, entry: AnyEntry) -> FeedEntry:
        return self.write_bytes(encode_entry(entry))

    def write_bytes(self, data: bytes) -> FeedEntry:
        """Write any payload, a well-formed entry or not."""
        return self._append(data, "", split_entry(data))

    def write_broken(self, reason: str = "The parts of an entry do not follow each other.") -> FeedEntry:
        """Write something that the replica could not put together."""
        return self._append(None, reason, [b"\1broken"])

    def _append(self, data: bytes | None, broken: str, payloads: list[bytes]) -> FeedEntry:
        for payload in payloads:
            self.seq += 1
            self._prev = change_hash(self.lane, self.seq, self._prev, payload)
        assert self._prev is not None
        entry = FeedEntry(
            hash=self._prev,
            lane=self.lane,
            member=self.person.id,
            device=self.device,
            generation=self.generation,
            seq=self.seq,
            data=data,
            broken=broken,
        )
        self.world.entries.append(entry)
        return entry


class World:
    """A council, its people, and everything that they wrote, in order of writing."""

    def __init__(
        self, founders: Iterable[str] = ("Ada", "Ben", "Cem"), charter: Charter | None = None
    ) -> None:
        self.founders = [Person(name) for name in founders]
        self.people = {person.name: person for person in self.founders}
        self.genesis = genesis_of(self.founders, charter)
        self.council, self.genesis_record = records.read_genesis(self.genesis)
        self.entries: list[FeedEntry] = []
        self._writers: dict[tuple[str, int, int], Writer] = {}
        self._clock_ms = 0

    # people and lanes

    def person(self, name: str) -> Person:
        """Somebody, made when first named."""
        return self.people.setdefault(name, Person(name))

    def id(self, name: str) -> MemberId:
        return self.person(name).id

    def lane(self, name: str, device: int = 0, generation: int = 0) -> Writer:
        """A feed of somebody, begun when first named."""
        key = (name, device, generation)
        if key not in self._writers:
            self._writers[key] = Writer(self, self.person(name), device, generation)
        return self._writers[key]

    def now_ms(self) -> int:
        """A clock that no rule reads."""
        self._clock_ms += 1
        return self._clock_ms

    # what members do; `device` and `generation` say on which lane

    def write(self, name: str, entry: AnyEntry, device: int = 0, generation: int = 0) -> FeedEntry:
        return self.lane(name, device, generation).write(entry)

    def join(
        self, name: str, device: int = 0, invite_key: SigningKey | None = None, display: str = ""
    ) -> bytes:
        return self.person(name).join(self.council, device, invite_key, display)

    def vouch(
        self, voucher: str, newcomer: str, join: bytes | None = None, device: int = 0, generation: int = 0
    ) -> FeedEntry:
        data = self.join(newcomer) if join is None else join
        return self.write(voucher, Vouch(self.now_ms(), data), device, generation)

    def invite(self, name: str, invite_key: SigningKey, note: str = "") -> FeedEntry:
        return self.write(name, Invite(self.now_ms(), bytes(invite_key.verify_key), note))

    def leave(self, name: str, reason: str = "", device: int = 0) -> FeedEntry:
        return self.write(name, Leave(self.now_ms(), reason), device)

    def state_duty(
        self,
        name: str,
        number: int,
        device: int,
        until: Sequence[tuple[int, int, int]] = (),
        disowned: Sequence[int] = (),
        carrier: tuple[str, int] | None = None,
    ) -> FeedEntry:
        """State who votes, carried by (name, device); by the device on duty from now on if not said."""
        statement = self.person(name).duty(self.council, number, device, until, disowned)
        writer, writer_device = carrier or (name, device)
        return self.write(writer, StateDuty(self.now_ms(), statement), writer_device)

    def propose(
        self,
        name: str,
        title: str = "A proposal",
        method: Method = MAJORITY,
        options: tuple[str, ...] = (),
        device: int = 0,
        effect: Effect | None = None,
    ) -> FeedEntry:
        number = len(self.entries)
        nonce = digest_of(f"{name} {title} {number}")[:16]
        entry = Propose(
            self.now_ms(), nonce, title, f"What {title} is about", ("tag",), "", method, options, effect
        )
        return self.write(name, entry, device)

    def comment(
        self,
        name: str,
        proposal: FeedEntry,
        text: str = "Yes!",
        reply_to: FeedEntry | None = None,
        device: int = 0,
    ) -> FeedEntry:
        reply = reply_to.hash if reply_to else b""
        return self.write(name, Comment(self.now_ms(), proposal.hash, reply, text), device)

    def second(self, name: str, proposal: FeedEntry, text: str = "The text", device: int = 0) -> FeedEntry:
        return self.write(name, Second(self.now_ms(), proposal.hash, version_of(text)), device)

    def withdraw(self, name: str, proposal: FeedEntry, reason: str = "", device: int = 0) -> FeedEntry:
        return self.write(name, Withdraw(self.now_ms(), proposal.hash, reason), device)

    def open(
        self,
        name: str,
        proposal: FeedEntry,
        seconds: Sequence[FeedEntry] = (),
        text: str = "The text",
        device: int = 0,
        generation: int = 0,
    ) -> FeedEntry:
        entry = self.opening(proposal, seconds, text)
        return self.write(name, entry, device, generation)

    def opening(
        self,
        proposal: FeedEntry,
        seconds: Sequence[FeedEntry] = (),
        text: str = "The text",
    ) -> Open:
        """An opening with the proposal's own terms."""
        terms = msgspec.msgpack.decode(proposal.data or b"", type=Propose)
        return Open(
            self.now_ms(),
            proposal.hash,
            version_of(text),
            text,
            terms.title,
            terms.summary,
            terms.method,
            terms.options,
            tuple(entry.hash for entry in seconds),
            60,
            terms.effect,
        )

    def ballot(
        self,
        name: str,
        issue: FeedEntry,
        choice: Choice = YES,
        number: int = 1,
        device: int = 0,
        generation: int = 0,
    ) -> FeedEntry:
        return self.write(name, Ballot(self.now_ms(), issue.hash, number, choice), device, generation)

    # the fold

    def fold(self, entries: Iterable[FeedEntry] | None = None) -> CouncilState:
        """The state that entries come to, all of the world's if none are named."""
        return fold(self.genesis, self.entries if entries is None else entries)


def interleave(rng: random.Random, entries: Iterable[FeedEntry]) -> list[FeedEntry]:
    """Some other order of arrival: lanes interleaved at random, each in its own order."""
    lanes: dict[LaneId, list[FeedEntry]] = {}
    for entry in entries:
        lanes.setdefault(entry.lane, []).append(entry)
    draws = [lane for lane, held in lanes.items() for _ in held]
    rng.shuffle(draws)
    queues = {lane: iter(sorted(held, key=lambda entry: entry.seq)) for lane, held in lanes.items()}
    return [next(queues[lane]) for lane in draws]
