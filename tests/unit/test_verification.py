"""Verifying bundles: what holds, what does not, and that each defect is named for what it is."""

from random import Random

import msgspec
import pytest

from crdt.ids import ChangeHash, MemberId
from crdt.keys import LaneKind
from p2pcouncil.domain.entries import Ballot, encode_entry
from p2pcouncil.domain.register.pages import Joined, encode_page
from p2pcouncil.domain.state import fold
from p2pcouncil.domain.state_hash import council_hash
from p2pcouncil.domain.tally.choice import NO, YES
from p2pcouncil.verification.explaining import explain_ballots
from p2pcouncil.verification.report import Report, VoteReport
from p2pcouncil.verification.verify import Verification, verify
from tests.support.verify_scenes import SCENES, Scene, story
from tests.support.voted_world import NAMES, VotedWorld, carried


def vote_of(report: Report) -> VoteReport:
    ((vote,),) = (council.votes for council in report.councils)
    return vote


def said(report: Report, code: str) -> str:
    """The one sentence of a kind."""
    (sentence,) = [finding.sentence for finding in report.all_findings if finding.code == code]
    return sentence


def place(name: str, number: int) -> int:
    """Where a ballot of the story stands in its author's feed."""
    return story().cast[name, number].seq


def of(scene: str) -> Report:
    return verify(SCENES[scene]().records())


def test_an_honest_vote_holds_and_every_step_of_it_is_told() -> None:
    report = of("honest")
    vote = vote_of(report)
    assert report.holds
    assert (vote.status, vote.outcome) == ("closed", "passed")
    assert [chapter.title for chapter in vote.chapters] == [
        "What was asked",
        "Who could vote, and when",
        "Who sealed it",
        "Ballots",
        "How it was closed",
        "Who reviews it",
    ]
    assert [(b.name, b.number, b.fate) for b in sorted(vote.ballots, key=lambda b: (b.name, b.number))] == [
        ("Ada", 1, "counted"),
        ("Ben", 1, "replaced"),
        ("Ben", 2, "counted"),
        ("Cem", 1, "counted"),
        ("Dan", 1, "counted"),
    ]
    assert vote.counting[-1] == "It passes."
    assert "seconded by Ben" in said(report, "seconds")
    assert "2027-01-15 08:00:00 UTC (page 2)" in said(report, "window")
    assert "Ada, Ben, Cem, Dan and Eve. 4 of them close it" in said(report, "tellers")
    assert "“bread” becomes “rye”" in said(report, "effect")
    assert [page.number for page in report.councils[0].pages] == [1, 2, 3]


def test_the_state_hash_is_the_one_that_peers_show() -> None:
    scene = story()
    report = verify(carried(scene.world).records())
    world = scene.world
    expected = council_hash(world.council, fold(world.genesis, world.entries).state_hash(), ())
    assert report.councils[0].state_hash == expected
    assert report.councils[0].is_whole


def test_a_late_ballot_does_not_count_and_all_holds() -> None:
    report = of("late-ballot")
    assert report.holds
    (late,) = [ballot for ballot in vote_of(report).ballots if ballot.fate == "late"]
    assert (late.name, late.seals, late.of_seals) == ("Eve", 0, 5)
    assert "0 of 5 seals name it or a later one, and 2 are needed" in late.sentence


def test_an_altered_ballot_is_named_with_its_place_and_hides_nothing_else() -> None:
    report = of("altered-ballot")
    assert not report.holds
    assert f"Cem at place {place('Cem', 1)} of their feed was altered" in said(report, "altered-ballot")
    assert "A ballot of Cem" in said(report, "missing-ballot")
    assert [page.number for page in report.councils[0].pages] == [1, 2, 3]
    fates = {(b.name, b.number): b.fate for b in vote_of(report).ballots if b.number}
    assert fates["Cem", 1] == "altered"
    assert fates["Ada", 1] == fates["Ben", 2] == fates["Dan", 1] == "counted"
    assert not report.councils[0].is_whole


def test_a_ballot_that_was_left_out_is_named() -> None:
    report = of("removed-ballot")
    assert not report.holds
    assert "A ballot of Cem" in said(report, "missing-ballot")
    assert f"their feed lacks place {place('Cem', 1)}" in said(report, "missing-ballot")
    assert f"Cem's feed lacks 1 envelope at place {place('Cem', 1)}" in said(report, "missing-envelope")


def test_a_ballot_that_was_left_out_at_the_end_of_a_feed_is_named() -> None:
    scene = story()
    made = carried(scene.world)
    # Whoever proposed the closing page carries it above their ballot.
    name = next(name for name in ("Cem", "Dan") if name != scene.world.proposer)
    header, envelopes = made.lanes[scene.cast[name, 1].lane]
    del envelopes[scene.cast[name, 1].seq - 1 :]
    report = verify(made.records())
    assert f"A ballot of {name}" in said(report, "missing-ballot")
    assert not any(finding.code == "missing-envelope" for finding in report.all_findings)
    assert header.kind is LaneKind.FEED


def test_a_ballot_whose_tag_is_spelled_in_another_way_is_seen_as_peers_see_it() -> None:
    def again(scene: Scene) -> None:
        data = encode_entry(Ballot(1, scene.issue.hash, 2, NO))
        longer = data.replace(b"\xa8ballot.1", b"\xd9\x08ballot.1", 1)
        assert longer != data
        scene.world.lane("Cem").write_bytes(longer)

    report = verify(carried(story(before_seals=again).world).records())
    assert report.holds
    assert ("Cem", 2, "late") in [(b.name, b.number, b.fate) for b in vote_of(report).ballots]


def test_a_fork_after_the_page_changes_no_result() -> None:
    report = of("forked-feed")
    assert report.holds
    who, _, told = said(report, "fork").partition("'s feed is forked at place ")
    assert told.startswith(f"{place(who, 1)}:")
    theirs = {b.choice: b.fate for b in vote_of(report).ballots if b.name == who}
    assert theirs == {"yes": "counted", "no": "forked"}
    assert "passed, 4 ballots" in said(report, "result")


def test_a_forged_seal_is_named_with_whose_name_was_used_and_who_carries_it() -> None:
    report = of("forged-seal")
    assert report.holds, "anybody can write nonsense into their own feed"
    sentence = said(report, "forged-seal")
    assert "In the name of Eve" in sentence
    assert "Dan carries it" in sentence
    assert "passed, 4 ballots" in said(report, "result")


def test_a_teller_who_seals_twice_is_named_and_a_page_may_convict_them() -> None:
    report = of("sealed-twice")
    assert report.holds
    assert "Cem said two things" in said(report, "contradiction")
    assert "No page convicts them yet" in said(report, "contradiction")
    assert "Page 4 convicts them" in said(of("convicted"), "contradiction")


def test_a_forged_page_vote_is_named() -> None:
    report = of("forged-vote")
    assert report.holds
    sentence = said(report, "forged-prevote")
    assert "In the name of Ben somebody prevoted for page 4 in round 0" in sentence
    assert "Dan carries it" in sentence


def test_a_forged_signature_in_a_certificate_is_named() -> None:
    report = of("forged-certificate")
    assert "In the name of Cem somebody precommitted to page 3" in said(report, "forged-precommit")
    assert "A signature in a certificate does not hold" in said(report, "invalid-page")
    assert vote_of(report).holds, "the pages before it stand"


def test_a_page_that_only_looks_as_if_a_quorum_had_signed_it_does_not_stand() -> None:
    report = of("forged-precommit")
    assert "In the name of Eve somebody precommitted to page 4" in said(report, "forged-precommit")
    assert "3 of 5 tellers signed it, and 4 are needed" in said(report, "undecided")
    assert [page.number for page in report.councils[0].pages] == [1, 2, 3]


def test_two_certified_pages_of_one_number_are_named_with_who_signed_both() -> None:
    sentence = said(of("two-pages"), "two-pages")
    assert "two different pages of number 4" in sentence
    assert "Ada, Ben, Cem, Dan and Eve signed both" in sentence


def test_an_altered_page_is_named_with_who_carries_it() -> None:
    report = of("altered-page")
    assert "A quorum signed page 3" in said(report, "altered-page")
    assert any(f"carried by {name}." in said(report, "altered-page") for name in NAMES)
    assert vote_of(report).status == "running"


@pytest.mark.parametrize("names", [("Dan",), ("Dan", "Eve")])
def test_a_page_that_is_far_ahead_fails_if_more_carry_it_than_may_lie(names: tuple[str, ...]) -> None:
    def make_up(scene: Scene) -> None:
        world = scene.world
        page = msgspec.structs.replace(world.page(), number=50, certificate=world.certificate)
        for name in names:
            world.tell(name, pages=[encode_page(page)])

    report = verify(carried(story(after=make_up).world).records())
    assert report.holds == (len(names) == 1)
    assert "Page 50 is here, and no certified page 4 leads to it" in said(report, "unreachable-pages")


@pytest.mark.parametrize("names", [("Cem",), ("Cem", "Dan")])
def test_a_vote_fails_if_more_sealed_twice_than_may_lie(names: tuple[str, ...]) -> None:
    def seal_twice(scene: Scene) -> None:
        world = scene.world
        for name in names:
            world.tell("Ben", world.seal(name, scene.issue, {"Cem": 1}))
        world.sealed.clear()

    report = verify(carried(story(before_seals=seal_twice).world).records())
    assert vote_of(report).holds == report.holds == (len(names) == 1)
    if not report.holds:
        assert "Cem and Dan contradicted themselves about the vote on “Rye on Fridays”" in said(
            report, "too-many-liars"
        )


def test_a_sheet_that_does_not_follow_is_named() -> None:
    report = of("wrong-sheet")
    assert "of Cem than the seals come to" in said(report, "wrong-sheet")
    (cem,) = [ballot for ballot in vote_of(report).ballots if ballot.name == "Cem"]
    assert cem.fate == "left-out"


def test_who_votes_again_under_a_number_that_was_counted_blames_no_teller() -> None:
    def again(scene: Scene) -> None:
        for claimed in range(8):  # One of them has a lower hash than the ballot that counts.
            scene.world.write("Cem", Ballot(claimed, scene.issue.hash, 1, YES))

    report = verify(carried(story(after=again).world).records())
    assert report.holds
    assert "of Cem than would count now" in said(report, "differing-sheet")
    assert "passed, 4 ballots" in said(report, "result")


def test_who_moves_to_another_device_after_the_page_undoes_nothing() -> None:
    def move(scene: Scene) -> None:
        scene.world.state_duty("Cem", 1, 1)

    report = verify(carried(story(after=move).world).records())
    assert report.holds
    assert "of Cem than would count now" in said(report, "differing-sheet")
    assert "passed, 4 ballots" in said(report, "result")


def test_a_result_that_the_ballots_do_not_come_to_is_named() -> None:
    report = of("wrong-result")
    assert said(report, "wrong-result") == (
        "The page says rejected, 4 ballots counted, and the ballots come to passed, 4 ballots counted."
    )


def test_a_vote_on_a_text_that_nobody_seconded_is_named() -> None:
    report = of("unseconded-text")
    assert not report.holds
    assert "another text" in said(report, "seconds")


@pytest.mark.parametrize("scene", SCENES)
def test_whatever_is_wrong_is_in_the_report_and_nothing_else(scene: str) -> None:
    dealt_with = {"late-ballot", "forked-feed", "sealed-twice", "convicted", "planned-late-proposal"}
    counts_for_nothing = {"forged-seal", "forged-vote", "forged-precommit"}
    holding = {"honest", "planned", *dealt_with, *counts_for_nothing}
    assert of(scene).holds == (scene in holding)


@pytest.mark.parametrize("lie", ["", "missing", "wrong"])
def test_a_page_may_claim_no_vouch_that_nobody_gave(lie: str) -> None:
    world = VotedWorld()
    vouch = world.vouch("Ada", "Fay")
    other = world.vouch("Ben", "Gil")
    world.write_page(world.page())
    name = {"": vouch.hash, "missing": bytes(32), "wrong": other.hash}[lie]
    world.write_page(world.page(joined=(Joined(world.join("Fay"), (world.id("Ada"),), (name,)),)))
    report = verify(carried(world).records())
    assert report.holds == (not lie)
    assert "page 2" in said(report, f"{lie}-claim" if lie else "claims").lower()


def _explained(scene: Scene, name: str) -> str:
    verification = Verification(carried(scene.world).records())
    (held,) = verification.councils
    issue, member = ChangeHash(scene.issue.hash), MemberId(scene.world.id(name))
    return "\n".join(step.sentence for step in explain_ballots(held, issue, member))


def test_one_ballot_is_walked_from_its_signature_to_the_count() -> None:
    scene = story()
    ben = _explained(scene, "Ben")
    assert scene.cast["Ben", 2].hash.hex() in ben
    assert "cast ballot number 1: “no”" in ben
    assert "at place 2 of 2, 2, 2, 2, 2: 2" in ben
    assert "It is counted as “yes”." in ben
    assert "at place 2 of 0, 0, 0, 0, 0: 0" in _explained(scene, "Eve")
    assert "So the page counts no ballot of Eve." in _explained(scene, "Eve")


@pytest.mark.parametrize("seed", range(4))
def test_no_byte_of_a_bundle_can_be_changed_without_its_being_found(seed: int) -> None:
    chance = Random(seed)
    kind, body = SCENES["late-ballot"]().records()[1]
    founding = SCENES["late-ballot"]().records()[0]
    for _ in range(25):
        damaged = bytearray(body)
        damaged[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        report = verify([founding, (kind, bytes(damaged))])
        assert not report.holds
        assert all(finding.sentence for finding in report.all_findings)


def test_a_bundle_without_a_part_says_so() -> None:
    founding, envelopes = SCENES["honest"]().records()
    assert [finding.code for finding in verify([]).failures] == ["empty"]
    assert [finding.code for finding in verify([envelopes]).failures] == ["no-founding", "empty"]
    assert verify([founding]).holds, "a council that just began"
    assert [finding.code for finding in verify([(b"G", b"nothing")]).failures] == ["record", "empty"]
