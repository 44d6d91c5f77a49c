"""Openings: what asks for the vote on a proposal, and which one stands when there are several.

An opening fixes text and terms by what it embeds, so it can be judged by itself. Anybody who belongs may open, and as
often as they like: what counts is which one a page of the register enters. Until one does, the one of the lowest hash
stands, which is the one that tellers enter; afterwards the entered one stands, whatever comes, and whatever becomes of
whoever wrote it. When a vote lapsed, its proposal may be opened once more.
"""

from hashlib import sha256

from crdt.ids import ChangeHash
from p2pcouncil.domain.entries import Open, Propose, Second
from p2pcouncil.domain.facts import Fact, Facts
from p2pcouncil.domain.proposals import counted, is_plain_version
from p2pcouncil.domain.rejections import ACCEPTED, REFUSALS, WAITS, Rule, Verdict


def judge_open(fact: Fact, body: Open, facts: Facts, seconds_needed: int) -> Verdict:
    """Judge an opening by what it embeds and lists, without its rivals.

    Args:
        fact: the entry.
        body: what it says.
        facts: what is held, with verdicts on every earlier kind.
        seconds_needed: members who have to second the version. Whether they are on the roll is asked by tellers.
    """
    if fact.hash in facts.missing:
        return WAITS
    if len({*body.seconds}) != len(body.seconds):
        return REFUSALS[Rule.LISTED_TWICE]
    if not is_plain_version(body.version):
        return REFUSALS[Rule.VERSION]
    if sha256(body.text.encode()).digest() != body.version.digest:
        return REFUSALS[Rule.TEXT]
    proposal = counted(body.proposal, Propose, facts)
    if not isinstance(proposal, Propose):
        return proposal
    if _terms(body) != _terms(proposal):
        return REFUSALS[Rule.TERMS]
    for name in body.seconds:
        said = facts.held[ChangeHash(name)].body
        if isinstance(said, Second) and (said.proposal, said.version) != (body.proposal, body.version):
            return REFUSALS[Rule.SECONDS]
        second = counted(name, Second, facts)
        if not isinstance(second, Second):
            return second
    if len({facts.held[ChangeHash(name)].member for name in body.seconds}) < seconds_needed:
        return REFUSALS[Rule.TOO_FEW_SECONDS]
    return ACCEPTED


def judge_entered(fact: Fact, facts: Facts) -> Verdict:
    """Judge an opening that a page entered: the page says that it stands, and what it rests on has to be here."""
    if fact.hash in facts.missing:
        return WAITS
    assert isinstance(fact.body, Open)
    proposal = facts.held[ChangeHash(fact.body.proposal)].body
    return ACCEPTED if isinstance(proposal, Propose) else REFUSALS[Rule.OTHER_KIND]


def _terms(body: Open | Propose) -> tuple[object, ...]:
    return body.title, body.summary, body.method, body.options, body.effect


class Openings:
    """Per proposal, the sound openings, and the one of them that stands."""

    def __init__(self) -> None:
        self._sound: dict[ChangeHash, set[ChangeHash]] = {}
        self._standing: dict[ChangeHash, ChangeHash] = {}
        self._entered: dict[ChangeHash, ChangeHash] = {}
        self._lapsed: set[ChangeHash] = set()

    def standing(self, proposal: ChangeHash) -> ChangeHash | None:
        """The opening that stands; None if no sound one is held, or not the one that a page entered."""
        sound = self._sound.get(proposal, ())
        entered = self._entered.get(proposal)
        if entered is not None:
            return entered if entered in sound else None
        standing = self._standing.get(proposal)
        if standing is None and sound:
            standing = self._standing[proposal] = min(sound, key=self._rank)
        return standing

    def is_entered(self, proposal: ChangeHash) -> bool:
        """Whether a page entered a vote on a proposal, which has not lapsed."""
        return proposal in self._entered

    def is_sound(self, proposal: ChangeHash, entry: ChangeHash) -> bool:
        """Whether an opening is sound by itself."""
        return entry in self._sound.get(proposal, ())

    def turn(
        self, proposal: ChangeHash, entered: ChangeHash | None, issue: ChangeHash, has_lapsed: bool
    ) -> None:
        """Pages changed where a vote stands.

        Args:
            proposal: whose.
            entered: which of its openings a page entered and none lapsed.
            issue: the vote that changed.
            has_lapsed: whether it has lapsed.
        """
        (self._lapsed.add if has_lapsed else self._lapsed.discard)(issue)
        self._standing.pop(proposal, None)
        if entered is None:
            self._entered.pop(proposal, None)
        else:
            self._entered[proposal] = entered

    def add(self, proposal: ChangeHash, entry: ChangeHash) -> None:
        """An opening is sound. The cost does not grow with the number of its rivals."""
        self._sound.setdefault(proposal, set()).add(entry)
        standing = self._standing.get(proposal)
        if standing is not None and self._rank(entry) < self._rank(standing):
            self._standing[proposal] = entry

    def remove(self, proposal: ChangeHash, entry: ChangeHash) -> None:
        """An opening is not sound, or not held any more."""
        sound = self._sound.get(proposal)
        if sound is None or entry not in sound:
            return
        sound.discard(entry)
        if not sound:
            del self._sound[proposal]
        if self._standing.get(proposal) == entry:
            del self._standing[proposal]

    def _rank(self, entry: ChangeHash) -> tuple[bool, ChangeHash]:
        return entry in self._lapsed, entry
