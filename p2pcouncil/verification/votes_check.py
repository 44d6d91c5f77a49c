"""Checking a vote from beginning to end: what was asked, who could answer, who did, and what it comes to."""

from hashlib import sha256

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.effect_words import effect_in_words
from p2pcouncil.domain.effects import is_carried
from p2pcouncil.domain.entries import Ballot, Open, Propose, Review, Second
from p2pcouncil.domain.finals import count_choices, result_of
from p2pcouncil.domain.plain_text import clean_block, clean_line
from p2pcouncil.domain.register.pages import Closed, Entered, read_page
from p2pcouncil.domain.register_book import Entering
from p2pcouncil.domain.sortition import lot
from p2pcouncil.domain.tally.explain import explain
from p2pcouncil.domain.tally.method import rule
from p2pcouncil.domain.tally.outcome import Tally
from p2pcouncil.verification.ballots import Ballots
from p2pcouncil.verification.ballots_check import check_ballots, report_ballots, silent
from p2pcouncil.verification.held import Held, count, listed
from p2pcouncil.verification.plan_votes import check_plan_effect
from p2pcouncil.verification.readings import VoteReading
from p2pcouncil.verification.report import Chapter, Finding, VoteReport, fails, holds, noted
from p2pcouncil.verification.sayings_check import SayingsCheck
from p2pcouncil.verification.sealing_check import check_closing_page, check_sealing, check_window, status_of
from p2pcouncil.verification.sheet_check import check_sheet

TITLE_CELLS = 100
NOTE_CHARS, NOTE_LINES = 2_000, 40


def check_vote(held: Held, said: SayingsCheck, issue: ChangeHash) -> VoteReport:
    """Check one vote that was asked for, or that a page entered."""
    return _VoteCheck(held, said, issue).report()


class _VoteCheck:
    def __init__(self, held: Held, said: SayingsCheck, issue: ChangeHash) -> None:
        self.held = held
        self.said = said
        self.issue = issue
        self.minutes = held.state.register.minutes
        body = held.body(issue)
        self.terms = body if isinstance(body, Open) else None
        self.entering = held.state.register.entering(issue)
        self.ballots: Ballots | None = None
        if self.terms is not None and self.entering is not None:
            reading = VoteReading(self.terms)
            self.ballots = Ballots(held, self.entering.vote, reading, self.entering.closed)

    def report(self) -> VoteReport:
        entering, terms = self.entering, self.terms
        chapters = [Chapter("What was asked", tuple(self._text()))]
        if entering is not None:
            chapters.append(Chapter("Who could vote, and when", tuple(self._terms(entering))))
            chapters.append(
                Chapter("Who sealed it", tuple(check_sealing(self.held, self.said, entering, "ballot")))
            )
        counting: tuple[str, ...] = ()
        reports = report_ballots(self.ballots) if self.ballots is not None else ()
        if self.ballots is not None and entering is not None:
            found = check_ballots(self.ballots)
            without = silent(entering.vote.roll, reports)
            if without:
                found.append(noted("no-ballot", f"No ballot is held of {self.held.named(without)}."))
            if found:
                chapters.append(Chapter("Ballots", tuple(found)))
        if entering is not None and entering.closed is not None:
            closing, counting = self._closing(entering, entering.closed)
            chapters.append(Chapter("How it was closed", tuple(closing)))
            chapters.append(Chapter("Who reviews it", tuple(self._overseers(entering))))
        proposal = (
            terms.proposal if terms is not None else entering.vote.proposal if entering is not None else b""
        )
        closed = entering.closed if entering is not None else None
        return VoteReport(
            issue=self.issue,
            proposal=proposal,
            title=clean_line(terms.title, TITLE_CELLS) if terms is not None else "",
            status=status_of(entering).value,
            outcome=closed.result.outcome if closed is not None else "",
            chapters=tuple(chapters),
            ballots=reports,
            counting=counting,
        )

    # What was asked.

    def _text(self) -> list[Finding]:
        terms, name = self.terms, self.held.name
        if terms is None:
            return [
                fails(
                    "missing-opening",
                    f"A page enters the vote {self.issue.hex()[:8]}, and what was asked is not in here as "
                    "it was signed.",
                )
            ]
        opener = self.held.entries[self.issue].member
        found = [
            holds("asked", f"{name(opener)} asked for the vote on “{clean_line(terms.title, TITLE_CELLS)}”."),
        ]
        digest = sha256(terms.text.encode()).digest()
        if digest == terms.version.digest:
            found.append(
                holds(
                    "text",
                    f"The text ({count(len(terms.text), 'character')}) is the version that it names "
                    f"({digest.hex()[:8]}).",
                )
            )
        else:
            found.append(fails("text", "The text that was put to the vote is not the version that it names."))
        proposal = self.held.body(terms.proposal)
        if not isinstance(proposal, Propose):
            found.append(fails("missing-proposal", "The proposal that it is about is not in here."))
        elif _terms_of(proposal) != _terms_of(terms):
            found.append(
                fails("terms", "Title, summary, method, options or effect differ from what was proposed.")
            )
        else:
            found.append(holds("terms", f"It is put as it was proposed. {rule(terms.method)}"))
        found.append(self._seconds(terms))
        return [*found, *check_plan_effect(self.held, self.issue, terms.effect)]

    def _seconds(self, terms: Open) -> Finding:
        """Whether enough members of the roll before its page seconded this very text."""
        bodies = {second: self.held.body(second) for second in terms.seconds}
        missing = [second for second, body in bodies.items() if body is None]
        if missing:
            return fails(
                "missing-second",
                f"{count(len(missing), 'second')} that it rests on {'is' if len(missing) == 1 else 'are'} "
                "not in here.",
            )
        others = [
            body
            for body in bodies.values()
            if not isinstance(body, Second)
            or (body.proposal, body.version) != (terms.proposal, terms.version)
        ]
        if others:
            return fails("seconds", "It rests on seconds of another text than was put to the vote.")
        members = sorted({self.held.entries[ChangeHash(second)].member for second in terms.seconds})
        if self.entering is None:
            return noted("seconds", f"This very text is seconded by {self.held.named(members)}.")
        before = self.minutes.chains[self.entering.vote.page - 1]
        on_roll = [member for member in members if member in before.roll]
        needed = before.charter.seconds_needed
        told = f"This very text was seconded by {self.held.named(on_roll)}; {needed} needed."
        return (
            holds("seconds", told)
            if len(on_roll) >= needed
            else fails("seconds", f"Too few seconded it. {told}")
        )

    # Who could vote, and when.

    def _terms(self, entering: Entering) -> list[Finding]:
        vote = entering.vote
        found = []
        if self.terms is not None:
            expected = Entered(self.issue, self.terms.proposal, self.terms.window_seconds, self.terms.effect)
            entered = self._entered(vote.page)
            if entered == expected:
                found.append(
                    holds(
                        "entered",
                        f"Page {vote.page} entered it, with the window and effect that were asked for.",
                    )
                )
            else:
                found.append(
                    fails(
                        "entered",
                        f"Page {vote.page} entered it with another window or effect than was asked for.",
                    )
                )
        found.append(
            holds(
                "roll",
                f"The roll after that page has {count(len(vote.roll), 'member')} who could vote: "
                f"{self.held.named(vote.roll)}.",
            )
        )
        found.append(check_window(self.held, vote))
        return found

    def _entered(self, number: int) -> Entered | None:
        data = self.minutes.page(self.minutes.chains[number].page)
        assert data is not None, "a page that stands is held"
        return next((entered for entered in read_page(data).entered if entered.issue == self.issue), None)

    # How it was closed.

    def _closing(self, entering: Entering, closed: Closed) -> tuple[list[Finding], tuple[str, ...]]:
        found = [check_closing_page(self.held, entering.page)]
        if self.ballots is None or self.terms is None or self.ballots.counted is None:
            return [*found, fails("count", "It can't be counted without what was asked.")], ()
        found += check_sheet(self.ballots)
        counted = self.ballots.counted
        if counted.sheet is None or counted.lacking:
            found.append(
                fails(
                    "count",
                    "The count can't be done again from this file, for ballots that the page counts are missing.",
                )
            )
            return [*found, *self._effect(entering, closed)], ()
        choices = [ballot.choice for ballot in counted.ballots if isinstance(ballot, Ballot)]
        tally = count_choices(self.terms, len(entering.vote.roll), choices)
        found.append(self._result(closed, tally))
        return [*found, *self._effect(entering, closed)], explain(tally)

    def _result(self, closed: Closed, tally: Tally) -> Finding:
        result = result_of(tally)
        told = _result_in_words(tally, closed.result.outcome, closed.result.winners, closed.result.turnout)
        if result == closed.result:
            return holds("result", f"The ballots come to what the page says: {told}.")
        again = _result_in_words(tally, result.outcome, result.winners, result.turnout)
        return fails("wrong-result", f"The page says {told}, and the ballots come to {again}.")

    def _effect(self, entering: Entering, closed: Closed) -> list[Finding]:
        effect = entering.vote.effect
        if effect is None:
            return [holds("effect", "The decision does nothing by itself.")]
        does = effect_in_words(effect, self.held.name)
        if not is_carried(effect, closed.result.outcome):
            return [holds("effect", f"It came out against it, so this was not done: {does}")]
        void = self.minutes.chains[entering.page].void_effects.get(self.issue)
        if void is not None:
            return [holds("effect", f"It was to do this: {does} It could not: {void}")]
        return [holds("effect", f"Page {entering.page} did what was decided: {does}")]

    # Who reviews it.

    def _overseers(self, entering: Entering) -> list[Finding]:
        """Draw them anew from the seed of the closing page."""
        if self.terms is None:
            return [fails("overseers", "Who reviews it can't be drawn without what was asked.")]
        involved = {self.held.entries[self.issue].member}
        involved |= {
            self.held.entries[ChangeHash(s)].member for s in self.terms.seconds if s in self.held.entries
        }
        drawn = lot.overseers(
            self.minutes.chains[entering.page].seed, self.issue, entering.vote.roll, involved
        )
        names = listed([self.held.name(member) for member in drawn])
        found = [holds("overseers", f"Drawn by the seed of page {entering.page} to review it: {names}.")]
        reviewed = set()
        for fact in self.held.state.said_of(self.issue, Review):
            body = fact.body
            assert isinstance(body, Review)
            reviewed.add(fact.member)
            note = clean_block(body.note, NOTE_CHARS, NOTE_LINES)
            verdict = "says that it holds" if body.holds else "disputes it"
            found.append(
                noted("review", f"{self.held.name(fact.member)} {verdict}{': ' + note if note else '.'}")
            )
        waiting: list[MemberId] = [member for member in drawn if member not in reviewed]
        if waiting:
            found.append(noted("no-review", f"No verdict is here yet of {self.held.named(waiting)}."))
        return found


def _terms_of(body: Open | Propose) -> tuple[object, ...]:
    return body.title, body.summary, body.method, body.options, body.effect


def _result_in_words(tally: Tally, outcome: str, winners: tuple[int, ...], turnout: int) -> str:
    named = [clean_line(tally.options[at], 40) if at < len(tally.options) else "no option" for at in winners]
    told = f"{outcome.replace('-', ' ')}, {count(turnout, 'ballot')} counted"
    return f"{told}, for {' and '.join(f'“{label}”' for label in named)}" if named else told
