"""Issues: a vote under way, with the ballot that counts for each member and a running count.

A member's ballot with the highest number counts. Two ballots of one number that say different things
contradict each other: the one with the lowest hash counts, and both are listed.
"""

from bisect import bisect_left, insort
from hashlib import sha256

from crdt.errors import RemoteError
from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.entries import Ballot, Open
from p2pcouncil.domain.facts import Fact, Facts
from p2pcouncil.domain.finals import named_ballots, tally_as_told
from p2pcouncil.domain.outcomes import Contradiction, CountedBallot, IssueState, RegisterOf, Status
from p2pcouncil.domain.proposals import as_sentence
from p2pcouncil.domain.register.closing import Sheet
from p2pcouncil.domain.register.pages import Result
from p2pcouncil.domain.rejections import ACCEPTED, REFUSALS, WAITS, Accepted, Refused, Rule, Verdict
from p2pcouncil.domain.tally.choice import Choice, validate_choice
from p2pcouncil.domain.tally.count import Counter
from p2pcouncil.domain.tally.outcome import Tally
from p2pcouncil.domain.voter import NOTHING, Voter


class Issue:
    """One vote: its terms, its roll, and what was cast."""

    def __init__(self, fact: Fact, body: Open, roll: frozenset[MemberId]) -> None:
        """Take it on.

        Args:
            fact: the opening that stands.
            body: what it says.
            roll: who may vote: by the page that entered it, or by what the next page would say.
        """
        self.fact = fact
        self.terms = body
        self.roll = roll
        self.voters: dict[MemberId, Voter] = {}
        self._counter = Counter(body.method, body.options, len(roll))
        self._pending: dict[Choice, int] = {}
        self._verdicts: dict[Choice, Verdict] = {}
        self._final: tuple[Sheet, Tally] | None = None
        self.roll_ascending = tuple(sorted(roll))
        self.roll_digest = sha256(b"".join(self.roll_ascending)).digest()

    def judge_choice(self, choice: Choice) -> Verdict:
        """Whether a choice fits the vote; each distinct one is checked once."""
        verdict = self._verdicts.get(choice)
        if verdict is None:
            verdict = ACCEPTED
            try:
                validate_choice(self.terms.method, self.terms.options, choice)
            except RemoteError as error:
                verdict = Refused(Rule.CHOICE, as_sentence(str(error)))
            self._verdicts[choice] = verdict
        return verdict

    def add(self, fact: Fact, body: Ballot, facts: Facts) -> None:
        """A ballot counts or might; `recount` its voter before the tally is read."""
        voter = self.voters.get(fact.member)
        if voter is None:
            voter = self.voters[fact.member] = Voter()
        at = bisect_left(voter.held, (body.number,))
        rival = voter.held[at] if at < len(voter.held) else None
        if rival is not None and rival[0] == body.number and body.number not in voter.contested:
            # While a number is not contested, all its ballots say what the first of them says.
            is_contested = _ballot(rival[1], facts).choice != body.choice
            voter.contested |= {body.number} if is_contested else NOTHING
        insort(voter.held, (body.number, fact.hash))

    def remove(self, fact: Fact, body: Ballot) -> None:
        """A ballot was taken back; `recount` its voter before the tally is read."""
        voter = self.voters[fact.member]
        if voter.counted == fact.hash:
            self._count(body.choice, -1)
            voter.counted = None
        del voter.held[bisect_left(voter.held, (body.number, fact.hash))]
        voter.has_lost = True

    def recount(self, member: MemberId, facts: Facts) -> None:
        """Find the ballot that counts for a member, after theirs changed."""
        voter = self.voters.get(member)
        if voter is None:
            return
        if voter.has_lost:
            voter.has_lost = False
            voter.contested = frozenset(n for n in voter.contested if _is_contested(voter, n, facts))
        best = voter.best()
        if best != voter.counted:
            if voter.counted is not None:
                self._count(_ballot(voter.counted, facts).choice, -1)
            if best is not None:
                self._count(_ballot(best, facts).choice, 1)
            voter.counted = best
        if best is None:
            del self.voters[member]

    def tally(self) -> Tally:
        """The count of the ballots that count."""
        # What is taken back comes first, so that the turnout never exceeds the roll on the way.
        for choice, times in sorted(self._pending.items(), key=lambda item: item[1]):
            self._counter.add(choice, times)
        self._pending.clear()
        return self._counter.result()

    def counted(self, member: MemberId, facts: Facts) -> CountedBallot | None:
        """The ballot that counts for a member; None if they cast none."""
        voter = self.voters.get(member)
        if voter is None or voter.counted is None:
            return None
        ballot = _ballot(voter.counted, facts)
        return CountedBallot(member, voter.counted, ballot.number, ballot.choice, ballot.claimed_at_ms)

    def contradictions(self) -> tuple[Contradiction, ...]:
        """Members who said two things under one number, ascending."""
        return tuple(
            Contradiction(member, number, tuple(self.voters[member].of_number(number)))
            for member in sorted(member for member, voter in self.voters.items() if voter.contested)
            for number in sorted(self.voters[member].contested)
        )

    def final(self, sheet: Sheet, result: Result, facts: Facts) -> tuple[Tally, int]:
        """The count of a closed vote, and how many of the ballots that its page names are not held.

        Args:
            sheet: which ballot of each member counts.
            result: what the page says of the outcome.
            facts: what is held.
        """
        if self._final is not None and self._final[0] == sheet and _are_held(sheet, facts):
            return self._final[1], 0
        ballots, missing = named_ballots(self.terms, self.fact.hash, self.roll_ascending, sheet, facts)
        if missing:
            return tally_as_told(self.terms, len(self.roll), result), missing
        counter = Counter(self.terms.method, self.terms.options, len(self.roll))
        for ballot in ballots:
            counter.add(ballot.choice)
        self._final = sheet, counter.result()
        return self._final[1], 0

    def state(self, register: RegisterOf | None, sheet: Sheet | None, facts: Facts) -> IssueState:
        """The vote as views read it.

        Args:
            register: where it stands in the register.
            sheet: which ballots count, if it is closed and that is held.
            facts: what is held.
        """
        terms, missing = self.terms, 0
        tally = self.tally() if register is None or register.result is None else None
        if register is not None and register.result is not None:
            if sheet is None:
                missing = register.result.turnout
                tally = tally_as_told(terms, len(self.roll), register.result)
            else:
                tally, missing = self.final(sheet, register.result, facts)
        assert tally is not None
        return IssueState(
            hash=self.fact.hash,
            proposal=ChangeHash(terms.proposal),
            opener=self.fact.member,
            claimed_at_ms=terms.claimed_at_ms,
            version=terms.version,
            text=terms.text,
            title=terms.title,
            summary=terms.summary,
            method=terms.method,
            options=terms.options,
            roll=self.roll_ascending,
            window_seconds=terms.window_seconds,
            effect=terms.effect,
            status=_status(register),
            tally=tally,
            missing=missing,
            register=register,
            contradictions=self.contradictions(),
        )

    def _count(self, choice: Choice, times: int) -> None:
        pending = self._pending.get(choice, 0) + times
        if pending:
            self._pending[choice] = pending
        else:
            self._pending.pop(choice, None)


def judge_ballot(fact: Fact, body: Ballot, facts: Facts, issue: Issue | None) -> Verdict:
    """A ballot counts, or might, on an opening that stands, by a member of its roll.

    Args:
        fact: the entry.
        body: what it says.
        facts: what is held, with verdicts on openings.
        issue: the vote that it names, if its opening stands.
    """
    if fact.hash in facts.missing:
        return WAITS
    if issue is None:
        opening = ChangeHash(body.issue)
        if not isinstance(facts.held[opening].body, Open):
            return REFUSALS[Rule.OTHER_KIND]
        verdict = facts.verdicts[opening]
        assert not isinstance(verdict, Accepted)  # an opening that stands has an issue
        return REFUSALS[Rule.OPENING_VOID] if isinstance(verdict, Refused) else WAITS
    if fact.member not in issue.roll:
        return REFUSALS[Rule.NOT_ON_ROLL]
    return issue.judge_choice(body.choice)


def _status(register: RegisterOf | None) -> Status:
    if register is None:
        return Status.WAITING
    if not register.end_page:
        return Status.RUNNING
    return Status.LAPSED if register.result is None else Status.CLOSED


def _is_contested(voter: Voter, number: int, facts: Facts) -> bool:
    return len({_ballot(entry, facts).choice for entry in voter.of_number(number)}) > 1


def _are_held(sheet: Sheet, facts: Facts) -> bool:
    return all(name is None or name in facts.held for name in sheet)


def _ballot(entry: ChangeHash, facts: Facts) -> Ballot:
    body = facts.held[entry].body
    assert isinstance(body, Ballot)
    return body
