"""A register whose pages open and close votes with effects, for tests of what decisions do."""

from collections.abc import Sequence

import msgspec

from crdt.ids import MemberId, domain_hash
from p2pcouncil.domain.effects import Effect
from p2pcouncil.domain.records import RULES_VERSION, Duty, Signed, duty_message, encode_record
from p2pcouncil.domain.register.chain import Chain, OpenVote
from p2pcouncil.domain.register.pages import Closed, Entered, Joined, Page, Result
from tests.sim.register.book import Book
from tests.sim.register.people import Person

PASSED = Result("passed", (), 3)
WINDOW_SECONDS = 3_600


def entered(number: int, effect: Effect | None = None, window_seconds: int = WINDOW_SECONDS) -> Entered:
    """A vote of its own proposal; a higher number has a higher issue, so that tests can choose the order."""
    issue = number.to_bytes(2, "big") + domain_hash("test/issue", bytes([number]))[2:]
    return Entered(issue, domain_hash("test/proposal", bytes([number])), window_seconds, effect)


def closed(vote: OpenVote, result: Result = PASSED) -> Closed:
    """A vote closed on the seals of just a quorum."""
    tellers = sorted(teller.member for teller in vote.committee.tellers)[: vote.committee.quorum]
    return Closed(vote.issue, tuple(tellers), (bytes(32),) * len(tellers), (bytes(32),), result)


class Register(Book):
    """A book under the rules of today, in which votes are opened and closed by their effects."""

    def page(self, **parts: object) -> Page:
        """A page that would follow."""
        return msgspec.structs.replace(super().page(**parts), rules_version=RULES_VERSION)

    def open(self, *effects: Effect | None) -> list[bytes]:
        """Write a page that enters a vote per effect, and one that tells their end.

        Returns:
            The issues, ascending.
        """
        known = len(self.chain.proposals)
        items = tuple(entered(known + at, effect) for at, effect in enumerate(effects, start=1))
        self.write(entered=items)
        self.write()
        return [item.issue for item in items]

    def close(
        self,
        *issues: bytes,
        result: Result = PASSED,
        entered: tuple[Entered, ...] = (),
        joined: tuple[Joined, ...] = (),
    ) -> Chain:
        """Write a page that closes votes, all with one result, and may open others and let newcomers in."""
        items = tuple(closed(self.chain.votes[issue], result) for issue in sorted(issues))
        return self.write(closed=items, entered=entered, joined=joined)

    def decide(self, *effects: Effect | None, result: Result = PASSED) -> list[bytes]:
        """Open votes and close them all on one page, later."""
        issues = self.open(*effects)
        self.close(*issues, result=result)
        return issues

    def moved(self, member: Person, to: Person, number: int = 1) -> bytes:
        """A member's statement that from now on another's device is theirs."""
        device = to.device_key.device
        certificate = member.member_key.certify(device).signature
        body = encode_record(Duty(self.chain.council, member.member, number, device, certificate, (), ()))
        return encode_record(Signed(body, (member.member_key.sign(duty_message(body)),)))


def members(people: Sequence[Person]) -> tuple[MemberId, ...]:
    """Who they are."""
    return tuple(person.member for person in people)
