"""Checking what tellers are said to have said: whose signature holds, whose does not, who contradicts themselves."""

from typing import NamedTuple

from crdt.errors import RemoteError
from crdt.ids import MemberId
from p2pcouncil.domain.entries import Open
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.register.certificates import precommit_of
from p2pcouncil.domain.register.committees import Committee
from p2pcouncil.domain.register.minutes import Topic
from p2pcouncil.domain.register.pages import Page, page_hash, read_page
from p2pcouncil.domain.register.sayings import (
    AnySaying,
    PageProposal,
    Precommit,
    Prevote,
    Receipt,
    Said,
    Seal,
    is_said_by,
    read_saying,
    saying_message,
)
from p2pcouncil.verification.held import Held
from p2pcouncil.verification.report import Finding, breach, fails

TITLE_CELLS = 60
NOTHING_HARMED = "It counts for nothing, and honest peers carry no such thing."
"""Any member can write such a thing into their own feed, and sign that; so it must not make a bundle fail."""


class CarriedPage(NamedTuple):
    """A page whose bytes some entries carry.

    Attributes:
        page: what it says; None if it can't be read.
        why: why it can't; empty if it can.
        carriers: in whose feeds it stands.
    """

    page: Page | None
    why: str
    carriers: tuple[MemberId, ...]


class SayingsCheck:
    """Everything that tellers are said to have said, checked by signature.

    Attributes:
        pages: every page that is carried, by hash, whether or not it stands.
        findings: what does not hold, by what it is about: a page's number, or a vote.
    """

    def __init__(self, held: Held) -> None:
        self._held = held
        self._minutes = held.state.register.minutes
        self._committees: dict[Topic, Committee | None] = {}
        self.pages = self._carried_pages()
        self.findings: dict[Topic, list[Finding]] = {}
        self._look()

    def about(self, topic: Topic) -> tuple[Finding, ...]:
        """What does not hold of what was said about a page or a vote."""
        return tuple(self.findings.get(topic, ()))

    def convictions(self, issue: bytes | None = None) -> tuple[Finding, ...]:
        """Who contradicted themselves, with what is held against them: about a vote, or about any page."""
        found: list[Finding] = []
        convicted = self._minutes.chain.convicted
        for evidence in self._minutes.convictions():
            one = read_saying(evidence.one)
            about = topic_of(one)
            if about != issue and (issue is not None or isinstance(about, bytes)):
                continue
            member = MemberId(evidence.member)
            page = convicted.get(member)
            told = f"Page {page} convicts them." if page else "No page convicts them yet; the next one may."
            carriers = sorted(
                {
                    carrier
                    for said in (evidence.one, evidence.other)
                    for carrier in self._held.state.register.carriers(saying_message(said.body))
                }
            )
            found.append(
                breach(
                    "contradiction",
                    f"{self._held.name(member)} said two things of which nobody honest says both: {self._doing(one)} "
                    f"twice, differently. Both are signed by their device, and stand in the feeds of "
                    f"{self._held.named(carriers)}. {told}",
                )
            )
        for topic in self._minutes.two_faced_about():
            if topic == issue or (issue is None and isinstance(topic, int)):
                found += self._too_many(topic)
        return tuple(found)

    def _too_many(self, topic: Topic) -> list[Finding]:
        """Whether more contradicted themselves about something than it can stand."""
        committee, liars = self.committee(topic), self._minutes.two_faced(topic)
        if committee is None or len(liars) <= committee.liars:
            return []
        what = f"page {topic}" if isinstance(topic, int) else self.subject(topic)
        return [
            fails(
                "too-many-liars",
                f"{self._held.named(liars)} contradicted themselves about {what}: {len(liars)} of "
                f"{len(committee.tellers)} tellers, and it can stand {committee.liars}. What it came to can't be "
                "relied on.",
            )
        ]

    def committee(self, topic: Topic) -> Committee | None:
        """Who may speak about something; None if the bundle does not tell."""
        if topic not in self._committees:
            self._committees[topic] = self._find_committee(topic)
        return self._committees[topic]

    def subject(self, issue: bytes) -> str:
        """What a vote or a round is about: “the vote on “Oven” (12ab34cd)”, “round 2 of “Spring” (12ab34cd)”."""
        vote = self._minutes.vote(issue)
        number = vote.round if vote is not None else 0
        what = title_of(self._held, vote.proposal if vote is not None and number else issue)
        if number:
            return f"round {number} of {f'“{what}”' if what else 'a plan'} ({issue.hex()[:8]})"
        return f"the vote on {f'“{what}”' if what else 'a vote'} ({issue.hex()[:8]})"

    def _find_committee(self, topic: Topic) -> Committee | None:
        if isinstance(topic, bytes):
            vote = self._minutes.vote(topic)
            return None if vote is None else vote.committee
        chains = self._minutes.chains
        return chains[topic - 1].next_committee() if 0 < topic <= len(chains) else None

    def _carried_pages(self) -> dict[bytes, CarriedPage]:
        carriers: dict[bytes, set[MemberId]] = {}
        data_of: dict[bytes, bytes] = {}
        for entry, body in self._held.tells:
            for data in body.pages:
                name = page_hash(data)
                data_of[name] = data
                carriers.setdefault(name, set()).add(entry.member)
        found = {}
        for name in sorted(data_of):
            page, why = None, ""
            try:
                page = read_page(data_of[name])
            except RemoteError as error:
                why = str(error)
            found[name] = CarriedPage(page, why, tuple(sorted(carriers[name])))
        return found

    def _look(self) -> None:
        """Check each saying of each carrier once, and then those that stand inside pages as certificates."""
        seen: set[tuple[bytes, bytes]] = set()
        for entry, body in self._held.tells:
            for said in body.said:
                key = (said.body, said.signature)
                if key not in seen:
                    seen.add(key)
                    self._check(
                        said,
                        f"{self._held.name(entry.member)} carries it, at place {entry.seq} of their feed",
                    )
        for name, carried in self.pages.items():
            page = carried.page
            if page is None or page.certificate is None:
                continue
            where = (
                f"it stands in the certificate inside page {page.number} ({name.hex()[:8]}), "
                f"which {self._held.named(carried.carriers)} {'carries' if len(carried.carriers) == 1 else 'carry'}"
            )
            for signer in page.certificate.signers:
                said = precommit_of(page.certificate, signer)
                key = (said.body, said.signature)
                if key not in seen:
                    seen.add(key)
                    self._check(said, where)

    def _check(self, said: Said, where: str) -> None:
        try:
            saying = read_saying(said)
        except RemoteError as error:
            self._add(0, breach("unreadable-saying", f"{error} ({where}.) {NOTHING_HARMED}"))
            return
        topic = topic_of(saying)
        if self._minutes.has_heard(topic, said):
            return  # The register heard it, and checked the signature.
        committee = self.committee(topic)
        if saying.council != self._held.state.council or committee is None:
            return  # About another council, or about what no page that stands has led to yet.
        who, what = self._held.name(saying.member), self._doing(saying)
        device = committee.device_of(MemberId(saying.member))
        if device is None:
            self._add(
                topic,
                breach(
                    "no-teller",
                    f"Somebody {what} in the name of {who}, who tells nothing there: {where}. {NOTHING_HARMED}",
                ),
            )
        elif not is_said_by(said, device):
            self._add(
                topic,
                breach(
                    f"forged-{kind_of(saying)}",
                    f"In the name of {who} somebody {what}, and {who}'s device did not sign that: {where}. "
                    f"{NOTHING_HARMED}",
                ),
            )

    def _doing(self, saying: AnySaying) -> str:
        match saying:
            case PageProposal():
                return f"proposed page {saying.number} in round {saying.round}"
            case Prevote():
                return f"prevoted for page {saying.number} in round {saying.round}"
            case Precommit():
                return f"precommitted to page {saying.number} in round {saying.round}"
            case Receipt():
                return f"receipted ballots of {self.subject(saying.issue)}"
            case Seal():
                return f"sealed {self.subject(saying.issue)}"

    def _add(self, topic: Topic, finding: Finding) -> None:
        self.findings.setdefault(topic, []).append(finding)


def title_of(held: Held, issue: bytes) -> str:
    """The title of a vote, in one short line; empty if its opening is not held."""
    body = held.body(issue)
    return clean_line(body.title, TITLE_CELLS) if isinstance(body, Open) else ""


def topic_of(saying: AnySaying) -> Topic:
    """What a saying is about: the number of a page, or a vote."""
    return saying.issue if isinstance(saying, Receipt | Seal) else saying.number


def kind_of(saying: AnySaying) -> str:
    """What kind of saying it is, as findings name it."""
    return str(saying.__struct_config__.tag).partition(".")[0]
