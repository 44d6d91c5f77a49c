"""The minutes: everything that was said in a register, in whatever order it was heard, and the chain that it comes to.

A page stands as soon as its bytes are held and a quorum of precommits for it was heard; the certificates inside later
pages are heard as the precommits that they are made of. So the chain depends on what is held and not on how it came.

Of precommits by one teller that differ in nothing but the clock, the one with the lowest name is kept, whatever came
first. Else a liar could say one thing a million times. Of what else is heard there is no more than feeds have room for.

Two certified pages of one number prove that more tellers lied than may. Then nothing can say which one is right: the
chain ends before them, for everybody who knows both, and `broken` tells where.

Source: DESIGN section 6.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from crdt.errors import RemoteError
from crdt.ids import DeviceId, MemberId
from p2pcouncil.domain.register.certificates import Certificate, make_certificate, precommit_of
from p2pcouncil.domain.register.chain import Chain, OpenVote
from p2pcouncil.domain.register.closing import MEMBERS_PER_SHEET, Sheet, sheet_part_hash
from p2pcouncil.domain.register.committees import Committee
from p2pcouncil.domain.register.following import follow
from p2pcouncil.domain.register.pages import Convicted, Page, page_hash, read_page
from p2pcouncil.domain.register.sayings import (
    AnySaying,
    Precommit,
    Receipt,
    Said,
    Seal,
    contradict,
    is_said_by,
    read_saying,
    saying_message,
)
from p2pcouncil.domain.register.sealing import unpack_numbers
from p2pcouncil.domain.register.shot import Shot

Numbers = tuple[int, ...]
Topic = int | bytes
"""What a saying is about: a page number, or a vote."""


class Minutes:
    """What was said and held of one register.

    Attributes:
        chain: up to the last page that stands.
        chains: the chain after each page, from 0 on.
        shot: what was said about the next page.
        broken: number of the page of which two are certified; 0 if there is none.
    """

    def __init__(self, first: Chain, check: Callable[[Said, DeviceId], bool] = is_said_by) -> None:
        """Begin with the founding alone.

        Args:
            first: the chain of the founding.
            check: whether a device signed something.
        """
        self._check = check
        self.chain = first
        self.chains = [first]
        self.broken = 0
        self._pages: dict[bytes, bytes] = {}
        self._read: dict[bytes, Page] = {}
        self._sheet_parts: dict[bytes, Sheet] = {}
        self._said: dict[Topic, dict[bytes, tuple[AnySaying, Said]]] = {}
        self._early: dict[Topic, dict[tuple[bytes, bytes], tuple[AnySaying, Said]]] = {}
        self._certificate: Certificate | None = None
        self._clocked: dict[tuple[int, bytes, int, bytes], bytes] = {}
        self._votes: dict[bytes, OpenVote] = {}
        self._evidence: tuple[Convicted, ...] | None = ()
        self._two_faced: set[tuple[Topic, MemberId]] = set()
        self._seals: dict[bytes, dict[MemberId, dict[bytes, Numbers]]] = {}
        self._shots: list[Shot] = []
        self._valid: list[dict[bytes, Chain | None]] = []
        self._begin()

    @property
    def number(self) -> int:
        """Of the page that is decided next."""
        return self.chain.number + 1

    @property
    def shot(self) -> Shot:
        """What was said about the next page."""
        return self._shots[-1]

    def hear(self, said: Said) -> None:
        """Take note of what somebody said. What can't be read, or is not signed by a teller, is passed over."""
        try:
            saying = read_saying(said)
        except RemoteError:
            return
        if saying.council != self.chain.council:
            return
        topic = saying.issue if isinstance(saying, Receipt | Seal) else saying.number
        name = saying_message(said.body)
        if name in self._said.get(topic, ()):
            return
        committee = self._committee_of(topic)
        if committee is None:
            # Whose device speaks is not known yet, so a copy with a false signature must not displace the true one.
            self._early.setdefault(topic, {})[name, said.signature] = (saying, said)
            return
        self._note(topic, committee, name, saying, said)
        self._go_on()

    def hear_certificate(self, certificate: Certificate) -> None:
        """Take note of a certificate: of the precommits in it."""
        for signer in certificate.signers:
            self.hear(precommit_of(certificate, signer))

    def hold_page(self, data: bytes) -> None:
        """Take in the bytes of a page that somebody proposed. What can't be read is passed over."""
        name = page_hash(data)
        if name in self._pages:
            return
        try:
            page = read_page(data)
        except RemoteError:
            return
        self._pages[name], self._read[name] = data, page
        if page.certificate is not None:
            self.hear_certificate(page.certificate)
        if page.number <= self.chain.number and len(self._shots[page.number - 1].decisions()) > 1:
            self._break(page.number)
        self._go_on()

    def hold_sheet(self, issue: bytes, sheet: Sheet) -> None:
        """Take in a sheet."""
        for part in range(-(-len(sheet) // MEMBERS_PER_SHEET)):
            some = sheet[part * MEMBERS_PER_SHEET : (part + 1) * MEMBERS_PER_SHEET]
            self.hold_sheet_part(issue, part, some)

    def hold_sheet_part(self, issue: bytes, part: int, ballots: Sheet) -> None:
        """Take in a part of a sheet: of the members from `part` times `MEMBERS_PER_SHEET` on."""
        self._sheet_parts[sheet_part_hash(issue, part, ballots)] = ballots

    def page(self, name: bytes) -> bytes | None:
        """The bytes of a page; None if they are not held."""
        return self._pages.get(name)

    def last_page(self) -> Page | None:
        """The last page that stands; None for the founding."""
        return self._read.get(self.chain.page)

    def proof(self) -> bytes:
        """The first proposer's proof for the next page, if a valid page brought it; empty if none did."""
        named = (
            page.proof
            for value, page in self._read.items()
            if page.number == self.number and self._is_valid(self.chain, self._valid[-1], value)
        )
        return max(named, default=b"")

    def sheet(self, names: tuple[bytes, ...]) -> Sheet | None:
        """A sheet by the hashes of its parts; None if it is not held."""
        parts = [self._sheet_parts.get(name) for name in names]
        held = [part for part in parts if part is not None]
        return tuple(ballot for part in held for ballot in part) if len(held) == len(names) else None

    def said_about(self, topic: Topic) -> Iterator[AnySaying]:
        """What tellers said about a page or a vote, in no particular order."""
        return (saying for saying, _ in self._said.get(topic, {}).values())

    def originals(self, topic: Topic) -> Iterator[tuple[AnySaying, Said]]:
        """As `said_about`, with what was signed, ascending by name."""
        return (pair for _, pair in sorted(self._said.get(topic, {}).items()))

    def original(self, topic: Topic, name: bytes) -> Said | None:
        """What was signed, by its name (`sayings.saying_message`); None if it is not held."""
        pair = self._said.get(topic, {}).get(name)
        return None if pair is None else pair[1]

    def has_heard(self, topic: Topic, said: Said) -> bool:
        """Whether this was heard about a page or a vote, under this very signature, and so was checked."""
        held = self._said.get(topic, {}).get(saying_message(said.body))
        return held is not None and held[1] == said

    def vote(self, issue: bytes) -> OpenVote | None:
        """A vote that a page entered, closed or not."""
        return self._votes.get(issue)

    def receipts(self, issue: bytes) -> tuple[Receipt, ...]:
        """Receipts of a vote's committee."""
        return tuple(saying for saying in self.said_about(issue) if isinstance(saying, Receipt))

    def seals(self, issue: bytes) -> dict[MemberId, tuple[bytes, Numbers]]:
        """Seals of a vote's committee, with their names; of a liar's several the one with the lowest name."""
        return {teller: min(named.items()) for teller, named in self._seals.get(issue, {}).items()}

    def seal(self, issue: bytes, teller: MemberId, name: bytes) -> Numbers | None:
        """The numbers of a teller's seal; None if it is not held, or is no seal of that vote by that teller."""
        return self._seals.get(issue, {}).get(teller, {}).get(name)

    def certificate(self) -> Certificate | None:
        """The certificate of the last page; None for the founding."""
        if self._certificate is None and self.chain.number:
            self._certificate = self.certificate_of(self.chain.number)
        return self._certificate

    def certificate_of(self, number: int) -> Certificate:
        """The certificate of a page that stands, of all who signed it as far as is held."""
        decision = self._shots[number - 1].decision()
        assert decision is not None, "the chain follows decisions"
        commits: dict[bytes, tuple[Precommit, Said]] = {}
        for _, (saying, said) in sorted(self._said[number].items()):
            if isinstance(saying, Precommit) and (saying.round, saying.value) == (
                decision.round,
                decision.value,
            ):
                commits.setdefault(saying.member, (saying, said))
        return make_certificate(commits.values())

    def convictions(self) -> tuple[Convicted, ...]:
        """Evidence against tellers who said two things, one piece for each, ascending by member."""
        if self._evidence is not None:
            return self._evidence
        found: dict[MemberId, Convicted] = {}
        for topic, member in sorted(self._two_faced, key=lambda pair: (_rank(pair[0]), pair[1])):
            committee = self._committee_of(topic)
            device = None if committee is None else committee.device_of(member)
            if device is not None and member not in found:
                one, other = _lowest_contradiction(self._said[topic], member)
                found[member] = Convicted(member, device, one, other)
        self._evidence = tuple(found[member] for member in sorted(found))
        return self._evidence

    def two_faced(self, topic: Topic) -> tuple[MemberId, ...]:
        """Who said two things about a page or a vote of which nobody honest says both, ascending."""
        return tuple(sorted(member for about, member in self._two_faced if about == topic))

    def two_faced_about(self) -> tuple[Topic, ...]:
        """Every page and vote about which somebody did, pages first."""
        return tuple(sorted({topic for topic, _ in self._two_faced}, key=_rank))

    def _committee_of(self, topic: Topic) -> Committee | None:
        """Who may speak about something; None while that is not known."""
        if isinstance(topic, bytes):
            vote = self._votes.get(topic)
            return None if vote is None else vote.committee
        return self._shots[topic - 1].committee if 0 < topic <= len(self._shots) else None

    def _note(self, topic: Topic, committee: Committee, name: bytes, saying: AnySaying, said: Said) -> None:
        device = committee.device_of(MemberId(saying.member))
        if device is None or not self._check(said, device) or name in self._said.get(topic, ()):
            return
        if isinstance(saying, Seal) and not self._note_seal(saying, name):
            return
        held = self._said.setdefault(topic, {})
        if isinstance(saying, Precommit) and not self._note_clock(saying, name, held):
            return
        if any(contradict(saying, other) for other, _ in held.values()):
            self._two_faced.add((topic, MemberId(saying.member)))
            self._evidence = None
        held[name] = (saying, said)
        if topic == self.chain.number:
            self._certificate = None
        if not isinstance(saying, Seal | Receipt):
            self._shots[saying.number - 1].hear(saying)
            if saying.number <= self.chain.number and len(self._shots[saying.number - 1].decisions()) > 1:
                self._break(saying.number)

    def _note_clock(self, saying: Precommit, name: bytes, held: dict[bytes, tuple[AnySaying, Said]]) -> bool:
        """Whether a precommit is the first of its kind, or has the lowest name of those."""
        key = (saying.number, saying.member, saying.round, saying.value)
        before = self._clocked.get(key)
        if before is not None and before < name:
            return False
        if before is not None:
            del held[before]
        self._clocked[key] = name
        return True

    def _note_seal(self, seal: Seal, name: bytes) -> bool:
        """Whether a seal fits its vote's roll. One that does not is nothing, not even evidence."""
        try:
            numbers = unpack_numbers(seal.numbers, len(self._votes[seal.issue].roll))
        except RemoteError:
            return False
        self._seals.setdefault(seal.issue, {}).setdefault(MemberId(seal.member), {})[name] = numbers
        return True

    def _begin(self) -> None:
        """Listen to what is said about the next page, and to what was said about it before."""
        number = self.chain.number + 1
        valid: dict[bytes, Chain | None] = {}
        chain = self.chain
        self._valid.append(valid)
        self._shots.append(Shot(chain.next_committee(), partial(self._is_valid, chain, valid)))
        self._votes.update(chain.votes)
        topics: list[Topic] = [number, *chain.votes]
        for topic in topics:
            committee = self._committee_of(topic)
            assert committee is not None, "the page is the next one, and the votes are open"
            for (name, _), (saying, said) in sorted(self._early.pop(topic, {}).items()):
                self._note(topic, committee, name, saying, said)

    def _is_valid(self, chain: Chain, valid: dict[bytes, Chain | None], value: bytes) -> bool | None:
        if value not in self._pages:
            return None
        if value not in valid:
            try:
                valid[value] = follow(chain, self._read[value], value)
            except RemoteError:
                valid[value] = None
        return valid[value] is not None

    def _go_on(self) -> None:
        """Turn as many pages as are decided."""
        while not self.broken and (decisions := self.shot.decisions()):
            if len(decisions) > 1:
                self._break(self.chain.number + 1)
                return
            after = self._valid[-1][decisions[0].value]
            assert after is not None, "only valid pages are decided"
            self.chain, self._certificate = after, None
            self.chains.append(after)
            self._begin()

    def _break(self, number: int) -> None:
        """Two pages of this number are certified: what builds on either is void."""
        self.broken = number
        del self.chains[number:], self._shots[number:], self._valid[number:]
        self.chain = self.chains[-1]
        self._votes = {issue: vote for chain in self.chains for issue, vote in chain.votes.items()}
        for topic in [topic for topic in self._said if self._committee_of(topic) is None]:
            for name, (saying, said) in self._said.pop(topic).items():
                self._early.setdefault(topic, {})[name, said.signature] = (saying, said)
        self._clocked = {key: name for key, name in self._clocked.items() if key[0] in self._said}
        self._certificate = self._evidence = None
        self._seals = {issue: seals for issue, seals in self._seals.items() if issue in self._votes}


def _rank(topic: Topic) -> tuple[int, bytes]:
    """Pages come before votes, for instance."""
    return (0, topic.to_bytes(8, "big")) if isinstance(topic, int) else (1, topic)


def _lowest_contradiction(
    sayings: Mapping[bytes, tuple[AnySaying, Said]], member: MemberId
) -> tuple[Said, Said]:
    """Two sayings of a member that contradict each other, those of the lowest names; there are some."""
    own = [pair for _, pair in sorted(sayings.items()) if pair[0].member == member]
    return next(
        (one[1], other[1])
        for at, one in enumerate(own)
        for other in own[at + 1 :]
        if contradict(one[0], other[0])
    )
