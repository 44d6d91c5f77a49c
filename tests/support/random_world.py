"""Random societies for tests of the fold: honest members, careless ones, and some who try everything.

One seed makes one world; in about half of them devices change rarely, so that votes get under way.
Every kind of entry occurs, in its well-formed and in its hostile shapes; references go to
earlier entries of any kind, and sometimes to entries that nobody holds.
"""

import random

import msgspec

from p2pcouncil.domain.entries import (
    Announce,
    AskToJoin,
    Feedback,
    Object,
    Open,
    Pledge,
    Progress,
    Review,
    Tell,
    TextVersionRef,
)
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.method import Approval, Method, Ranked, YesNo
from tests.support.tellers import Tellers
from tests.support.world import Person, World, digest_of, genesis_of, key_of, version_of

NAMES = ("Ada", "Ben", "Cem", "Dan", "Eve", "Fay", "Gil", "Hal")
METHODS: tuple[tuple[Method, tuple[str, ...]], ...] = (
    (YesNo(quorum_permille=0), ()),
    (Approval(quorum_permille=0), ("bread", "tea")),
    (Ranked(quorum_permille=0), ("bread", "tea", "rest")),
    (YesNo(quorum_permille=0), ("yes/no takes no options",)),
)
CHOICES: tuple[Choice, ...] = (((0,),), ((1,),), ((0, 1),), ((1,), (0,)), (), ((0,), (0,)), ((60,),))
TEXTS = ("The text", "Another text")


class RandomWorld:
    """Grows a world by random acts."""

    def __init__(self, seed: int, acts: int) -> None:
        self.rng = random.Random(seed)
        self._is_calm = self.rng.random() < 0.5
        charter = Charter(seconds_needed=self.rng.randrange(3), vouches_needed=self.rng.randrange(1, 3))
        self._founders = NAMES[: self.rng.randrange(1, 4)]
        self.world = World(self._founders, charter)
        self._nothing = FeedEntry(
            hash=digest_of("held by nobody"),  # type: ignore[arg-type]
            lane=b"",  # type: ignore[arg-type]
            member=b"",  # type: ignore[arg-type]
            device=b"",  # type: ignore[arg-type]
            generation=0,
            seq=0,
            data=None,
        )
        self._made: dict[str, list[FeedEntry]] = {}
        self._tellers: Tellers | None = None
        for _ in range(acts):
            kind, act = self.rng.choice(self._ACTS)
            entry = act(self)
            if kind != "honest opening" or b"open.2" in (entry.data or b"")[:10]:
                self._made.setdefault(kind, []).append(entry)

    def _name(self) -> str:
        """Somebody; members of the first hour act more often."""
        return NAMES[min(self.rng.randrange(len(NAMES)), self.rng.randrange(len(NAMES)))]

    def _device(self) -> int:
        return self.rng.choice((1, 2)) if self.rng.random() < 0.06 and not self._is_calm else 0

    def _joining_device(self) -> int:
        """The device that a join names; more than one of a member, and nobody votes for them."""
        return 1 if self.rng.random() < 0.02 and not self._is_calm else 0

    def _some(self, kind: str) -> FeedEntry:
        """An earlier entry, mostly of a kind."""
        made = self._made.get(kind)
        luck = self.rng.random()
        if luck < 0.03:
            return self._nothing
        if (luck < 0.08 or not made) and self.world.entries:
            return self.rng.choice(self.world.entries)
        return self.rng.choice(made) if made else self._nothing

    def _several(self, kind: str) -> list[FeedEntry]:
        made = self._made.get(kind, [])
        chosen = [entry for entry in made if self.rng.random() < 0.8]
        if self.rng.random() < 0.05:
            chosen.append(self._some(kind))
        return chosen

    def _vouch(self) -> FeedEntry:
        newcomer = self._name()
        council = self.world.council if self.rng.random() < 0.95 else digest_of("elsewhere")
        invite = key_of("invite") if self.rng.random() < 0.3 else None
        join = self.world.person(newcomer).join(council, self._joining_device(), invite)  # type: ignore[arg-type]
        if self.rng.random() < 0.03:
            join = join[:-1] + bytes([join[-1] ^ 1])
        return self.world.vouch(self._name(), newcomer, join, self._device(), self.rng.choice((0, 0, 1)))

    def _duty(self) -> FeedEntry:
        if self._is_calm and self.rng.random() < 0.8:
            return self._ballot()
        name = self._name()
        until = [
            (d, g, self.rng.randrange(30)) for d in range(3) for g in range(2) if self.rng.random() < 0.6
        ]
        disowned = [2] if self.rng.random() < 0.2 else []
        device = self.rng.choice((0, 0, 0, 1, 2))
        return self.world.state_duty(
            name, self.rng.randrange(1, 5), device, until, disowned, (self._name(), self._device())
        )

    def _propose(self) -> FeedEntry:
        method, options = self.rng.choice(METHODS)
        return self.world.propose(self._name(), "Title", method, options, self._device())

    def _comment(self) -> FeedEntry:
        reply = self._some("comment") if self.rng.random() < 0.5 else None
        return self.world.comment(self._name(), self._some("propose"), "Hm", reply, self._device())

    def _second(self) -> FeedEntry:
        text = self.rng.choice(TEXTS)
        return self.world.second(self._name(), self._some("propose"), text, self._device())

    def _withdraw(self) -> FeedEntry:
        return self.world.withdraw(self._name(), self._some("propose"), "No more", self._device())

    def _open(self) -> FeedEntry:
        proposals = self._made.get("propose")
        if not proposals:
            return self._propose()
        proposal = self.rng.choice(proposals)
        text = self.rng.choice(TEXTS)
        seconds = [s for s in self._several("second") if self._seconds(s, proposal, text)]
        opening = self.world.opening(proposal, seconds, text)
        if self.rng.random() < 0.1:
            opening = self._spoil(opening)
        return self.world.write(self._name(), opening, self._device(), self.rng.choice((0, 0, 0, 1)))

    def _open_honestly(self) -> FeedEntry:
        """Open what is ready, listing what an honest peer would."""
        state = self.world.fold()
        held = {entry.hash: entry for entry in self.world.entries}
        ready = [
            proposal
            for proposal in state.proposals()
            if (proposal.issue is None or self.rng.random() < 0.05)
            and (
                not self.world.genesis_record.charter.seconds_needed
                or any(v.is_enough for v in proposal.versions)
            )
        ]
        if not ready:
            return self._second()
        proposal = self.rng.choice(ready)
        opener = next((name for name in NAMES if self.world.id(name) == proposal.proposer), NAMES[0])
        enough = {v.version for v in proposal.versions if v.is_enough}
        text = next((text for text in TEXTS if version_of(text) in enough), TEXTS[0])
        seconds = [v for v in proposal.versions if v.version == version_of(text)]
        return self.world.open(
            opener if self.rng.random() < 0.8 else self._name(),
            held[proposal.hash],
            [held[name] for version in seconds for name in version.hashes],
            text,
            self._device(),
        )

    def _seconds(self, second: FeedEntry, proposal: FeedEntry, text: str) -> bool:
        """Whether it names this proposal and version; sometimes we don't look."""
        if self.rng.random() < 0.05:
            return True
        data = second.data or b""
        return proposal.hash in data and version_of(text).digest in data

    def _spoil(self, opening: Open) -> Open:
        heads = (b"b" * 32, b"a" * 32)
        spoilt: dict[str, object] = self.rng.choice(
            (
                {"text": "Quite another text"},
                {"title": "Another title"},
                {"version": TextVersionRef(heads, opening.version.digest)},
                {"seconds": opening.seconds * 2},
            )
        )
        return msgspec.structs.replace(opening, **spoilt)

    def _ballot(self) -> FeedEntry:
        choice = self.rng.choice(CHOICES)
        number = self.rng.randrange(1, 4)
        issue = self._some("honest opening" if self.rng.random() < 0.8 else "open")
        return self.world.ballot(
            self._name(), issue, choice, number, self._device(), self.rng.choice((0, 0, 1))
        )

    def _leave(self) -> FeedEntry:
        if self.rng.random() < 0.7:
            return self._ballot()
        return self.world.leave(self._name(), device=self._device())

    def _invite(self) -> FeedEntry:
        return self.world.invite(self._name(), key_of("invite"))

    def _announce(self) -> FeedEntry:
        parent = self.world.council if self.rng.random() < 0.8 else digest_of("elsewhere")
        genesis = genesis_of([Person("Kim")], name="Below", parent=parent)  # type: ignore[arg-type]
        return self.world.write(self._name(), Announce(self.world.now_ms(), genesis), self._device())

    def _ask(self) -> FeedEntry:
        council = digest_of("below") if self.rng.random() < 0.8 else self.world.council
        join = self.world.person(self._name()).join(council)  # type: ignore[arg-type]
        return self.world.write(self._name(), AskToJoin(self.world.now_ms(), join), self._device())

    def _tell(self) -> FeedEntry:
        """The founders say what tellers say now; or somebody carries on some of it, whole or in part."""
        told = [entry for entry in self.world.entries if b"tell.1" in (entry.data or b"")]
        if told and self.rng.random() < 0.3:
            carried = self.rng.choice(told).data or b""
            return self.world.lane(self._name(), self._device()).write_bytes(carried)
        if self._tellers is None:
            self._tellers = Tellers(self.world, self._founders)
        before = len(self.world.entries)
        self._tellers.tell(self.rng.choice((0, 1_000, 70_000)))
        if len(self.world.entries) == before:
            return self.world.write(self._name(), Tell(self.world.now_ms(), ()), self._device())
        return self.world.entries[-1]

    def _afterwards(self) -> FeedEntry:
        """Something that is said of a vote, or of the register."""
        issue = self._some("honest opening").hash
        entry = self.rng.choice(
            (
                Progress(self.world.now_ms(), issue, True, "Done"),
                Feedback(self.world.now_ms(), issue, False, ""),
                Review(self.world.now_ms(), issue, issue, True, "Looked"),
                Pledge(self.world.now_ms(), self.world.person(NAMES[0]).vrf, self.rng.random() < 0.8),
                Object(self.world.now_ms(), self.world.id(self._name()), ""),
            )
        )
        return self.world.write(self._name(), entry, self._device())

    def _garbage(self) -> FeedEntry:
        lane = self.world.lane(self._name(), self._device())
        if self.rng.random() < 0.3:
            return lane.write_broken()
        honest = self.rng.choice(self.world.entries).data if self.world.entries else None
        data = bytearray(honest or b"\x92\xa8future.9\x00")
        if self.rng.random() < 0.7:
            data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
        return lane.write_bytes(bytes(data))

    _ACTS = (
        *[("vouch", _vouch)] * 8,
        ("duty", _duty),
        *[("propose", _propose)] * 3,
        *[("comment", _comment)] * 4,
        *[("second", _second)] * 8,
        *[("open", _open)] * 2,
        *[("honest opening", _open_honestly)] * 4,
        *[("ballot", _ballot)] * 20,
        ("withdraw", _withdraw),
        ("leave", _leave),
        ("invite", _invite),
        ("announce", _announce),
        ("ask", _ask),
        *[("garbage", _garbage)] * 2,
        *[("tell", _tell)] * 3,
        ("afterwards", _afterwards),
    )
