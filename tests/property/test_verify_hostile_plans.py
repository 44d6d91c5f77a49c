"""Whatever members say about plans, and whatever tellers agree to count of it, a bundle of it can be verified."""

import random

import msgspec
import pytest

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.cli.as_json import dump
from p2pcouncil.cli.show_verification import json_of_report, show_report
from p2pcouncil.domain.entries import AnyEntry, encode_entry
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.planning.said import (
    Limit,
    Made,
    Named,
    ProposePlan,
    PublishTechnique,
    UnitPlan,
    Wanted,
)
from p2pcouncil.domain.planning.terms import MAX_AMOUNT
from p2pcouncil.verification.explaining import explain_ballots
from p2pcouncil.verification.verify import Verification
from tests.fuzz.choices import Choices, edit_tree, encode_tree
from tests.support.plan_scenes import PEOPLE, PlanStory
from tests.support.planned_village import (
    ALL_HOUSES,
    BAKERY,
    BREAD,
    EAST,
    FIELD,
    FLOUR,
    MILL,
    WEST,
    WORK,
)
from tests.support.voted_world import HOUR_MS, carried

AMOUNTS = (0, 1, 999_999, 60_000_000, MAX_AMOUNT)
NAMES = ("bread", "flour", "baking", "field", "smoke", " bread", "#", "\u202e\x1b[2J", "\u0301" * 9, "x" * 64)
UNITS = ("loaf", "kg", "h", "ha", " ")
PLACES = (0, 1, 2, 3, 4, 5, 399)
SPOKEN_FOR = {"Ada": (BAKERY, WEST), "Ben": (MILL, ALL_HOUSES), "Cem": (EAST,)}
SAID_EACH = 6


class Hostile:
    """Members who say what fits the wire, and little else."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.story = PlanStory()
        self.world = self.story.world
        self.techniques = [self.story.bake, self.story.mill]

    def say(self, name: str) -> FeedEntry:
        """Something about a plan, spoilt in its bytes now and then."""
        kind = self.chance.randrange(5)
        entry = (
            self._technique()
            if kind == 0
            else self._proposal()
            if kind == 1
            else self._proposal_for(SPOKEN_FOR[name])
        )
        data = encode_entry(entry)
        if kind == 3:
            choices = Choices(self.chance.randbytes(40))
            known = [entry.hash for entry in self.world.entries]
            data = encode_tree(edit_tree(choices, msgspec.msgpack.decode(data), known)) or data
        said = self.world.lane(name).write_bytes(data)
        if kind == 0:
            self.techniques.append(said)
        return said

    def _technique(self) -> AnyEntry:
        pick = self.chance.choice

        def some() -> tuple[Named, ...]:
            return tuple(
                Named(pick(NAMES), pick(UNITS), pick(AMOUNTS)) for _ in range(self.chance.randrange(4))
            )

        product, unit = pick([("bread", "loaf"), ("flour", "kg"), (pick(NAMES), pick(UNITS))])
        return PublishTechnique(
            1, pick(NAMES), product, unit, pick(AMOUNTS[1:]), some(), some(), some(), pick(AMOUNTS)
        )

    def _proposal(self) -> AnyEntry:
        pick, chance = self.chance.choice, self.chance
        known = [*self.techniques, self.story.plan, chance.choice(self.world.entries)]

        def made() -> tuple[Made, ...]:
            names = [
                pick(known).hash if chance.randrange(8) else bytes(32) for _ in range(chance.randrange(3))
            ]
            return tuple(Made(name, pick(AMOUNTS)) for name in names)

        def wanted() -> tuple[Wanted, ...]:
            return tuple(Wanted(pick(PLACES), pick(AMOUNTS)) for _ in range(chance.randrange(3)))

        limits = tuple(Limit(pick(NAMES), pick(UNITS), pick(AMOUNTS)) for _ in range(chance.randrange(2)))
        places = sorted(chance.sample(PLACES, 1 + chance.randrange(3)))
        parts = tuple(UnitPlan(place, made(), wanted(), wanted(), limits) for place in places)
        plan = self.story.plan.hash if chance.randrange(8) else pick(known).hash
        return ProposePlan(1, plan, pick((1, 1, 1, 2, 64)), pick((1, 2, 3)), parts)

    def _proposal_for(self, places: tuple[int, ...]) -> AnyEntry:
        """One that may well count, of any size: for units that somebody speaks for."""
        pick, chance = self.chance.choice, self.chance
        parts = []
        for place in places:
            works = place in (BAKERY, MILL)
            some = chance.sample(self.techniques, min(2, len(self.techniques)))
            made = tuple(Made(technique.hash, pick(AMOUNTS)) for technique in some) if works else ()
            wanted = () if works else (Wanted(pick((BREAD, FLOUR, WORK, FIELD)), pick(AMOUNTS)),)
            parts.append(UnitPlan(place, made, wanted, (Wanted(pick((WORK, FIELD)), pick(AMOUNTS)),)))
        return ProposePlan(1, self.story.plan.hash, 1, pick((1, 2, 3)), tuple(parts))

    def hold_round(self, number: int, *, lie: bool) -> None:
        """Everybody says something in a round; tellers count what follows, or whatever they like."""
        world, issue = self.world, self.story.round(number)
        world.write_page(world.page())
        said = {name: [self.say(name) for _ in range(SAID_EACH)] for name in PEOPLE}
        world.clock_ms += HOUR_MS
        agenda = world.fold().agenda
        numbers = {name: max(agenda.ballots(issue.hash, world.id(name)), default=0) for name in PEOPLE}
        sheet = None
        if lie:
            roll = world.chain.votes[issue.hash].roll
            named = {world.id(name): self.chance.choice(said[name]).hash for name in PEOPLE}
            sheet = tuple(named[member] for member in roll)
        self.story.close(issue, numbers, sheet=sheet)

    def verify(self) -> Verification:
        """Verify it, and read all that can be read of it."""
        verification = Verification(carried(self.world).records())
        (held,) = verification.councils
        report = verification.report
        assert "\x1b" not in "\n".join(show_report(report))
        dump(json_of_report(report, None, (), report.holds))
        for round_ in report.councils[0].rounds:
            for name in PEOPLE:
                explain_ballots(held, ChangeHash(round_.round), MemberId(self.world.id(name)))
        return verification


@pytest.mark.parametrize("seed", range(25))
def test_whatever_members_say_honest_tellers_hold(seed: int) -> None:
    hostile = Hostile(seed)
    hostile.hold_round(1, lie=False)
    if hostile.story.round(2).hash in hostile.world.chain.votes:
        hostile.hold_round(2, lie=False)
    report = hostile.verify().report
    assert not report.failures
    rounds = report.councils[0].rounds
    assert rounds[0].status == "closed"
    assert all(good.page == good.again for round_ in rounds for good in round_.goods)


@pytest.mark.parametrize("seed", range(25))
def test_whatever_tellers_agree_to_count_is_told_and_added_up_as_far_as_it_goes(seed: int) -> None:
    hostile = Hostile(seed)
    hostile.hold_round(1, lie=True)
    if hostile.story.round(2).hash in hostile.world.chain.votes:
        hostile.hold_round(2, lie=False)
    report = hostile.verify().report
    allowed = {"wrong-sheet", "missing-ballot", "missing-technique", "missing-earlier", "count"}
    assert {finding.code for finding in report.failures} <= allowed
