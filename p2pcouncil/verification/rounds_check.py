"""Checking planning rounds from beginning to end: who could propose, who did, and what it adds up to."""

from collections.abc import Sequence

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.planning.standing import speakers
from p2pcouncil.domain.register.pages import Closed
from p2pcouncil.domain.register_book import Entering
from p2pcouncil.verification.ballots import Ballots
from p2pcouncil.verification.ballots_check import check_ballots, report_ballots, silent, why_missing
from p2pcouncil.verification.held import NAMED_MAX, Held, count, listed
from p2pcouncil.verification.proposal_words import unit_name
from p2pcouncil.verification.readings import RoundReading, plan_terms
from p2pcouncil.verification.report import Chapter, Finding, GoodReport, RoundReport, fails, holds, noted
from p2pcouncil.verification.round_sum import Hold, Named, add_up, look_up
from p2pcouncil.verification.sayings_check import SayingsCheck, title_of
from p2pcouncil.verification.sealing_check import check_closing_page, check_sealing, check_window, status_of
from p2pcouncil.verification.sheet_check import check_sheet
from p2pcouncil.verification.sum_check import check_sum, goods_of, steps_of

PERCENT = 100


def check_rounds(held: Held, said: SayingsCheck) -> tuple[RoundReport, ...]:
    """Check every planning round that a page began, by plan and number."""
    register = held.state.register
    by_plan: dict[bytes, list[Entering]] = {}
    for name in register.rounds():
        entering = register.entering(name)
        assert entering is not None, "the register has begun it"
        by_plan.setdefault(entering.vote.proposal, []).append(entering)
    found: list[RoundReport] = []
    for plan in sorted(by_plan):
        named: dict[int, Sequence[Named] | None] = {}
        for entering in sorted(by_plan[plan], key=lambda entering: entering.vote.round):
            found.append(_RoundCheck(held, said, entering, named).report())
    return tuple(found)


class _RoundCheck:
    def __init__(
        self, held: Held, said: SayingsCheck, entering: Entering, named: dict[int, Sequence[Named] | None]
    ) -> None:
        """Look at one round, and note in `named` what its page names: later rounds rest on it."""
        self.held = held
        self.said = said
        self.entering = entering
        self.round = entering.vote
        self.plan = ChangeHash(self.round.proposal)
        self.minutes = held.state.register.minutes
        self.terms = plan_terms(self.minutes, self.round)
        self.title = title_of(held, self.plan)
        self.ballots = Ballots(held, self.round, RoundReading(held, self.terms), entering.closed)
        counted = self.ballots.counted
        self.named = named
        if counted is None:
            named[self.round.round] = ()
        else:
            named[self.round.round] = (
                None if counted.sheet is None else look_up(held, self.round, counted.sheet)
            )

    def report(self) -> RoundReport:
        entering, reports = self.entering, report_ballots(self.ballots)
        found = check_ballots(self.ballots)
        without = silent([member for member in speakers(self.terms) if member in self.round.roll], reports)
        if without:
            found.append(
                noted(
                    "no-ballot",
                    f"No proposal in this round is held of {self.held.named(without)}: what they speak for stands with "
                    "what was said before.",
                )
            )
        chapters = [
            Chapter("What is planned", tuple(self._period())),
            Chapter("Who could propose, and when", tuple(self._speakers())),
            Chapter("Who sealed it", tuple(check_sealing(self.held, self.said, entering, "proposal"))),
        ]
        if found:
            chapters.append(Chapter("Proposals", tuple(found)))
        goods: tuple[GoodReport, ...] = ()
        counting: tuple[str, ...] = ()
        if entering.closed is not None:
            closing, goods, counting = self._closing(entering.closed)
            chapters.append(Chapter("How it was closed", tuple(closing)))
        elif entering.page:
            told = f"Page {entering.page} lets it lapse, for too few tellers sealed it: it came to nothing."
            chapters.append(Chapter("How it was closed", (noted("lapsed", told),)))
        return RoundReport(
            round=self.round.issue,
            plan=self.plan,
            number=self.round.round,
            title=self.title,
            status=status_of(entering).value,
            outcome=entering.closed.result.outcome if entering.closed is not None else "",
            chapters=tuple(chapters),
            ballots=reports,
            goods=goods,
            counting=counting,
        )

    # What is planned.

    def _period(self) -> list[Finding]:
        terms, plan = self.terms, self.held.state.register.entering(self.plan)
        assert plan is not None, "a page carried the vote out that began the period"
        name = f"“{self.title}”" if self.title else f"a plan ({self.plan.hex()[:8]})"
        tolerance = f"{terms.tolerance_basis_points // PERCENT}.{terms.tolerance_basis_points % PERCENT:02}"
        told = (
            f"Page {plan.page} decided on {name}: {count(len(terms.goods), 'good')}, "
            f"{count(len(terms.units), 'council')}, {count(terms.rounds_most, 'round')} at most, until supply and "
            f"demand of every good are within {tolerance} %."
        )
        number = self.round.round
        if number == 1:
            begun = f"Page {self.round.page} began round 1, when it carried out that decision."
        else:
            begun = f"Page {self.round.page} began round {number}, when round {number - 1} was over."
        return [holds("period", told), holds("begun", begun)]

    # Who could propose, and when.

    def _speakers(self) -> list[Finding]:
        held, roll, of_speaker = self.held, set(self.round.roll), self._units_by_speaker()
        told = "; ".join(
            f"{held.name(member)} for {listed(units)}" for member, units in of_speaker[:NAMED_MAX]
        )
        rest = len(of_speaker) - NAMED_MAX
        more = f"; and {rest:,} others" if rest > 0 else ""
        found = [
            holds("speakers", f"Who speaks for whom: {told}{more}."),
            holds(
                "roll",
                f"The roll after that page has {count(len(roll), 'member')}: {held.named(self.round.roll)}.",
            ),
        ]
        absent = [member for member, _ in of_speaker if member not in roll]
        if absent:
            found.append(
                noted(
                    "no-speaker",
                    f"{held.named(absent)} can't propose in it, not being on that roll: what they speak for stands "
                    "with what was said before.",
                )
            )
        return [*found, check_window(held, self.round)]

    def _units_by_speaker(self) -> list[tuple[MemberId, list[str]]]:
        units: dict[MemberId, list[str]] = {}
        for place, unit in enumerate(self.terms.units):
            within = f" (within {unit_name(self.terms, unit.within - 1)})" if unit.within else ""
            units.setdefault(MemberId(unit.speaker), []).append(f"{unit_name(self.terms, place)}{within}")
        return list(units.items())

    # How it was closed.

    def _closing(self, closed: Closed) -> tuple[list[Finding], tuple[GoodReport, ...], tuple[str, ...]]:
        found = [check_closing_page(self.held, self.entering.page), *check_sheet(self.ballots)]
        named: dict[int, Sequence[Named]] = {}
        for number in range(1, self.round.round + 1):
            of_round = self.named.get(number, ())
            if of_round is None:
                which = "this round" if number == self.round.round else f"round {number}"
                told = f"It can't be added up from this file, for the list of proposals of {which} is not in here."
                return [*found, fails("count", told)], goods_of(self.terms, closed.result, None), ()
            named[number] = of_round
        before = self.minutes.chains[self.entering.page - 1]
        added = add_up(self.held, before, self.round, named, closed.result)
        gone = [item for of_round in named.values() for item in of_round if item.hold is Hold.GONE]
        if added.result != closed.result and gone:
            found += [self._lacks(item) for item in gone if item.techniques or item.round < self.round.round]
            told = "It can't be added up from this file, for proposals or techniques that it rests on are missing."
            return [*found, fails("count", told)], goods_of(self.terms, closed.result, None), ()
        found += check_sum(self.held, self.terms, self.round, closed.result, added, gone)
        goods = goods_of(self.terms, closed.result, added.result)
        return found, goods, steps_of(self.held, self.terms, self.round, added)

    def _lacks(self, item: Named) -> Finding:
        whose = f"the proposal of {self.held.name(item.member)} in round {item.round}"
        if item.techniques:
            names = listed([name.hex()[:8] for name in item.techniques])
            what = "A technique" if len(item.techniques) == 1 else "Techniques"
            verb = "is" if len(item.techniques) == 1 else "are"
            return fails("missing-technique", f"{what} ({names}) on which {whose} rests {verb} not in here.")
        why = why_missing(self.held, item.member)
        return fails(
            "missing-earlier", f"What stands from {whose} ({item.name.hex()[:8]}) is not in here{why}."
        )
