"""Verifying planning rounds: what holds, what does not, and that each defect is named for what it is."""

from random import Random

import msgspec
import pytest

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.effects import AdoptPlan
from p2pcouncil.domain.entries import Leave
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.planning.said import PublishTechnique
from p2pcouncil.domain.register.pages import Result
from p2pcouncil.domain.register.plan_rounds import result_digest
from p2pcouncil.verification.explaining import explain_ballots
from p2pcouncil.verification.report import Report, RoundReport
from p2pcouncil.verification.verify import Verification, verify
from tests.support.plan_scenes import PLAN_SCENES, PlanStory, first_round, with_figures
from tests.support.planned_village import BAKERY, BREAD, WEST, makes, micro, propose, wants
from tests.support.voted_world import HOUR_MS, Carried, carried

OTHER = Leave(1, "Away.")


def rounds_of(report: Report) -> tuple[RoundReport, ...]:
    (council,) = report.councils
    return council.rounds


def of(scene: str) -> Report:
    return verify(PLAN_SCENES[scene]().records())


def said(report: Report, code: str) -> str:
    """The one sentence of a kind."""
    (sentence,) = [finding.sentence for finding in report.all_findings if finding.code == code]
    return sentence


def codes(report: Report, number: int = 1) -> set[str]:
    """What is found of a round."""
    return {finding.code for finding in rounds_of(report)[number - 1].findings}


def fates(round_: RoundReport) -> dict[tuple[str, int], str]:
    return {(ballot.name, ballot.number): ballot.fate for ballot in round_.ballots if ballot.number}


def test_an_honest_period_holds_and_every_step_of_it_is_told() -> None:
    report = of("planned")
    assert report.holds
    first, second = rounds_of(report)
    assert [(r.title, r.number, r.status, r.outcome) for r in (first, second)] == [
        ("Spring", 1, "closed", "again"),
        ("Spring", 2, "closed", "balanced"),
    ]
    assert [chapter.title for chapter in second.chapters] == [
        "What is planned",
        "Who could propose, and when",
        "Who sealed it",
        "Proposals",
        "How it was closed",
    ]
    assert fates(first) == {
        ("Ada", 1): "replaced",
        ("Ada", 2): "counted",
        ("Ben", 1): "counted",
        ("Cem", 1): "counted",
    }
    assert {"sheet", "figures", "prices", "outcome", "speakers", "begun"} <= codes(report, 1) & codes(
        report, 2
    )
    assert (
        "houses wants 100 loaf of bread, offers 5.6 h of baking: the sum of east and west." in second.counting
    )
    assert "bakery makes 100 loaf of bread by oven: Ada's proposal number 2 in round 1." in second.counting
    assert all(good.page == good.again for round_ in (first, second) for good in round_.goods)
    assert "“Spring round 2”: they have the digest that it names" in said(report, "adopts")
    assert "Its planning period has 2 rounds so far" in said(report, "rounds")


@pytest.mark.parametrize(
    ("scene", "told"),
    [
        (
            "planned-wrong-supply",
            "the supply of bread is 100.000001 loaf, and the proposals come to 100 loaf",
        ),
        ("planned-wrong-value", "the labour value of bread is 0.056001 h, and the proposals come to 0.056 h"),
    ],
)
def test_a_wrong_figure_is_named_with_both(scene: str, told: str) -> None:
    report = of(scene)
    assert [finding.code for finding in report.failures] == ["wrong-figures"]
    assert told in said(report, "wrong-figures")
    assert not rounds_of(report)[0].holds
    assert rounds_of(report)[1].holds, "nothing is known of the next round yet"


def test_figures_that_hide_how_the_round_ends_are_told_with_what_follows_from_the_true_ones() -> None:
    def balance(result: Result) -> Result:
        goods = with_figures(BREAD, supply=micro(90))(result).goods
        return Result("balanced", (0,), result.turnout + 1, goods)

    report = verify(carried(first_round(balance).world).records())
    assert [finding.code for finding in report.failures] == [
        "wrong-figures",
        "wrong-turnout",
        "wrong-outcome",
    ]
    assert "round 1 is taken; by what the proposals come to, another round follows" in said(
        report, "wrong-outcome"
    )


def test_a_page_with_a_wrong_price_may_not_stand_and_the_price_is_named() -> None:
    report = of("planned-wrong-price")
    assert [finding.code for finding in report.failures] == ["invalid-page"]
    sentence = said(report, "invalid-page")
    assert "the price of bread is 700.001, and the rounds before come to 700.000" in sentence
    assert [round_.status for round_ in rounds_of(report)] == ["running"]


def test_a_proposal_that_was_left_out_is_named_and_nothing_is_added_up() -> None:
    report = of("planned-removed-proposal")
    assert "A proposal of Cem" in said(report, "missing-ballot")
    assert "their feed lacks place" in said(report, "missing-ballot")
    assert {"missing-ballot", "sheet-unknown", "count"} <= codes(report)
    assert "wrong-figures" not in codes(report), "nobody is accused of what can't be worked out"
    assert all(good.again is None for good in rounds_of(report)[0].goods)


def test_a_proposal_that_was_altered_is_named_with_what_it_says_now() -> None:
    report = of("planned-forged-proposal")
    assert "says “east wants 41 loaf of bread” under number 1" in said(report, "altered-ballot")
    assert fates(rounds_of(report)[0])["Cem", 1] == "altered"
    assert not report.holds


def test_a_proposal_after_the_end_does_not_count_and_all_holds() -> None:
    report = of("planned-late-proposal")
    assert report.holds
    (late,) = [ballot for ballot in rounds_of(report)[0].ballots if ballot.fate == "late"]
    assert (late.name, late.number, late.seals, late.of_seals) == ("Ben", 2, 0, 3)


def test_a_technique_that_was_left_out_is_named() -> None:
    story = first_round()
    made = carried(story.world)
    made.remove(story.mill)
    report = verify(made.records())
    assert f"A technique ({story.mill.hash.hex()[:8]}) on which the proposal of Ben in round 1" in said(
        report, "missing-technique"
    )
    assert "or what theirs rests on is not in here" in said(report, "differing-sheet")
    assert "wrong-figures" not in codes(report)
    assert not report.holds


def test_a_round_rests_on_those_before_it() -> None:
    story = first_round()
    story.hold_second()
    made = carried(story.world)
    made.remove(story.made["Cem", 1, 1])
    report = verify(made.records())
    assert rounds_of(report)[1].holds, "Cem said it anew, so nothing of what is missing counts in it"
    assert "Something that Cem proposed" in said(report, "not-needed")
    made = carried(story.world)
    made.remove(story.made["Ada", 1, 2])
    report = verify(made.records())
    assert "What stands from the proposal of Ada in round 1" in said(report, "missing-earlier")
    assert {"missing-earlier", "count"} <= codes(report, 2)


def _technique_elsewhere(story: PlanStory) -> FeedEntry:
    """Cem publishes from a second laptop how bread is baked."""
    body = msgspec.msgpack.decode(story.bake.data or b"", type=PublishTechnique)
    return story.world.write("Cem", body, device=1)


def _round_with(story: PlanStory, technique: FeedEntry) -> None:
    story.world.write_page(story.world.page())
    story.propose_first()
    story.made["Ada", 1, 3] = propose(
        story.world, "Ada", story.plan, 1, makes(BAKERY, technique, 100), wants(WEST, 50, 5.6), again=3
    )
    story.world.clock_ms += HOUR_MS
    story.close(story.round(1), {"Ada": 3, "Ben": 1, "Cem": 1})


def test_who_forks_a_feed_after_the_page_makes_no_bundle_fail() -> None:
    story = PlanStory()
    technique = _technique_elsewhere(story)
    _round_with(story, technique)
    made = carried(story.world)
    made.fork(story.world, "Cem", technique, OTHER, device=1)
    report = verify(made.records())
    assert report.holds
    assert "figures" in codes(report)


def test_a_proposal_that_a_page_named_before_its_feed_was_forked_is_added_up() -> None:
    story = first_round()
    world = story.world
    carriers = {world.proposer}
    world.write_page(world.page())  # It carries the certificate of the page that closed the round.
    name = min({"Ben", "Cem"} - carriers - {world.proposer})
    made = carried(world)
    made.fork(world, name, story.made[name, 1, 1], OTHER)
    report = verify(made.records())
    assert report.holds
    assert fates(rounds_of(report)[0])[name, 1] == "counted"
    assert "figures" in codes(report)


def test_tellers_who_knew_of_a_fork_rightly_left_out_what_it_took() -> None:
    story = PlanStory()
    technique = _technique_elsewhere(story)
    _round_with(story, technique)
    world = story.world

    def without(_: Result) -> Result:
        state = world.fold()
        state.void(technique.lane, technique.seq)
        vote = world.chain.votes[story.round(2).hash]
        result = state.agenda.result(vote, world.sheet(story.round(2))[1])
        assert result is not None
        return result

    story.hold_second(without)
    made = carried(world)
    made.fork(world, "Cem", technique, OTHER, device=1)
    report = verify(made.records())
    assert report.holds
    assert "without what Ada proposed" in said(report, "differing-sum")
    made = carried(world)
    assert "wrong-figures" in codes(verify(made.records()), 2), "without a fork there is no excuse"


def test_a_vote_on_other_figures_than_the_page_has_is_told() -> None:
    story = first_round()
    story.hold_second()
    story.adopt(AdoptPlan(story.plan.hash, 1, result_digest(Result("again", (), 3))))
    report = verify(carried(story.world).records())
    assert "if it passes, it adopts nothing" in said(report, "adopts-other")
    story = first_round()
    story.adopt(AdoptPlan(story.plan.hash, 7, bytes(32)))
    assert "names nothing that is known" in said(verify(carried(story.world).records()), "adopts-unknown")


def test_one_proposal_is_walked_from_its_signature_to_the_sum() -> None:
    story = first_round()
    (held,) = Verification(carried(story.world).records()).councils
    steps = explain_ballots(held, ChangeHash(story.round(1).hash), MemberId(story.world.id("Ada")))
    told = "\n".join(step.sentence for step in steps)
    assert "made proposal number 2: “bakery makes 100 loaf of bread by oven; west" in told
    assert story.made["Ada", 1, 2].hash.hex() in told
    assert "Of Ada's proposals the highest one up to 2 counts." in told
    assert "It is counted as “bakery makes 100 loaf" in told


def _with_byte(made: Carried, entry: FeedEntry, at: int, bit: int) -> list[tuple[bytes, bytes]]:
    """The bundle with one bit of an entry's payload, signature or name of its predecessor changed."""
    header, envelopes = made.lanes[entry.lane]
    one = envelopes[entry.seq - 1]
    parts = [bytearray(one.payload), bytearray(one.signature)]
    part, place = (parts[0], at) if at < len(parts[0]) else (parts[1], at - len(parts[0]))
    part[place] ^= 1 << bit
    other = Carried(made.genesis, {**made.lanes, entry.lane: (header, list(envelopes))})
    other.replace(entry, bytes(parts[0]), bytes(parts[1]))
    return other.records()


def test_no_byte_of_a_counted_proposal_can_be_changed_without_its_being_noticed() -> None:
    story = first_round()
    made = carried(story.world)
    entry, chance = story.made["Cem", 1, 1], Random(5)
    one = made.lanes[entry.lane][1][entry.seq - 1]
    assert verify(made.records()).holds
    for at in range(len(one.payload) + len(one.signature)):
        report = verify(_with_byte(made, entry, at, chance.randrange(8)))
        assert not rounds_of(report)[0].holds, at
        assert "wrong-figures" not in codes(report), at
