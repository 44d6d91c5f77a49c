"""Proposals, comments, seconds and withdrawals."""

from msgspec.structs import replace

from p2pcouncil.domain.entries import Comment, Second, TextVersionRef
from p2pcouncil.domain.outcomes import ProposalStatus
from p2pcouncil.domain.proposals import text_id_of
from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.rejections import ACCEPTED, Rule
from p2pcouncil.domain.tally.method import Approval, YesNo
from tests.support.world import World, digest_of, version_of


def rules(world: World) -> list[Rule]:
    return [entry.rule for entry in world.fold().rejected]


def test_a_proposal_is_named_by_its_entry_and_its_text_by_lane_and_nonce() -> None:
    world = World()
    entry = world.propose("Ada", "Buy bread")
    (proposal,) = world.fold().proposals()
    assert proposal.hash == entry.hash
    assert proposal.title == "Buy bread"
    assert proposal.proposer == world.id("Ada")
    assert proposal.status is ProposalStatus.DISCUSSED
    nonce = digest_of("Ada Buy bread 0")[:16]
    assert proposal.text_id == text_id_of(world.council, entry.lane, nonce)


def test_method_and_options_must_fit() -> None:
    world = World()
    world.propose("Ada", method=YesNo(quorum_permille=0), options=("maybe",))
    world.propose("Ada", method=Approval(quorum_permille=0, winners=3), options=("a", "b"))
    world.propose("Ada", method=YesNo(quorum_permille=1001))
    assert rules(world) == [Rule.METHOD] * 3
    for entry in world.fold().rejected:
        assert entry.reason.endswith(".")


def test_a_lane_makes_at_most_500_proposals() -> None:
    world = World()
    for _ in range(501):
        world.propose("Ada")
    assert rules(world) == [Rule.TOO_MANY_PROPOSALS]
    assert len(world.fold().proposals()) == 500


def test_comments_hang_on_proposals_and_answer_comments_on_the_same_one() -> None:
    world = World()
    proposal, other = world.propose("Ada"), world.propose("Ada")
    first = world.comment("Ben", proposal, "Why?")
    answer = world.comment("Ada", proposal, "Because.", first)
    world.comment("Ada", other, "Wrong place", first)
    world.comment("Ada", first, "No proposal")
    world.comment("Ada", proposal, "No comment", proposal)
    state = world.fold()
    assert {c.hash: c.reply_to for c in state.comments(proposal.hash)} == {
        first.hash: None,
        answer.hash: first.hash,
    }
    assert state.proposal(proposal.hash).comments == 2
    assert rules(world) == [Rule.OTHER_KIND] * 3


def test_a_reply_to_something_that_is_no_hash_is_malformed() -> None:
    world = World()
    proposal = world.propose("Ada")
    world.write("Ben", Comment(1, proposal.hash, b"short", "Hm"))
    assert rules(world) == [Rule.MALFORMED]


def test_what_hangs_on_a_rejected_proposal_is_rejected() -> None:
    world = World()
    proposal = world.propose("Ada", options=("none for yes/no",))
    world.comment("Ben", proposal)
    world.second("Ben", proposal)
    assert sorted(rule.name for rule in rules(world)) == [
        "METHOD",
        "REJECTED_REFERENCE",
        "REJECTED_REFERENCE",
    ]


def test_members_second_a_version_once_each_and_not_their_own() -> None:
    world = World(charter=Charter(seconds_needed=2))
    proposal = world.propose("Ada")
    world.second("Ada", proposal)
    world.second("Ben", proposal)
    world.second("Ben", proposal)
    world.second("Cem", proposal, "Another text")
    state = world.fold()
    assert rules(world) == [Rule.OWN_PROPOSAL]
    versions = state.proposal(proposal.hash).versions
    assert sorted((v.version.digest, v.members, v.is_enough) for v in versions) == sorted(
        [
            (version_of("The text").digest, (world.id("Ben"),), False),
            (version_of("Another text").digest, (world.id("Cem"),), False),
        ]
    )
    world.second("Cem", proposal)
    best = world.fold().proposal(proposal.hash).versions[0]
    assert best.version == version_of("The text")
    assert best.is_enough
    assert len(best.hashes) == len(best.members) == 2


def test_a_version_has_one_spelling() -> None:
    world = World()
    proposal = world.propose("Ada")
    digest = version_of("The text").digest
    for heads in ((b"b" * 32, b"a" * 32), (b"a" * 32, b"a" * 32)):
        world.write("Ben", Second(1, proposal.hash, TextVersionRef(heads, digest)))
    assert rules(world) == [Rule.VERSION] * 2


def test_only_the_proposer_withdraws() -> None:
    world = World()
    proposal = world.propose("Ada")
    world.withdraw("Ben", proposal)
    assert world.fold().proposal(proposal.hash).status is ProposalStatus.DISCUSSED
    world.withdraw("Ada", proposal, "Changed my mind")
    state = world.fold()
    assert state.proposal(proposal.hash).status is ProposalStatus.WITHDRAWN
    assert state.proposal(proposal.hash).withdrawn_because == "Changed my mind"
    assert rules(world) == [Rule.NOT_THE_PROPOSER]


def test_a_withdrawal_counts_until_a_page_enters_the_vote() -> None:
    """What a page does to it is tested with the register's book."""
    world = World()
    proposal = world.propose("Ada")
    withdrawal = world.withdraw("Ada", proposal)
    opening = world.open("Cem", proposal, [world.second("Ben", proposal)])
    state = world.fold()
    assert state.verdict(withdrawal.hash) is ACCEPTED
    assert state.proposal(proposal.hash).status is ProposalStatus.WITHDRAWN
    assert opening.hash not in state.agenda.openings(), "tellers don't put it to the vote"
    state.void(withdrawal.lane, withdrawal.seq)
    assert opening.hash in state.agenda.openings()


def test_authors_clocks_decide_nothing() -> None:
    world, late = World(), World()
    late._clock_ms = 1 << 50
    for each in (world, late):
        proposal = each.propose("Ada")
        each.second("Ben", proposal)
    first, second = world.fold().proposals()[0], late.fold().proposals()[0]
    assert (
        replace(first, hash=second.hash, claimed_at_ms=second.claimed_at_ms, versions=second.versions)
        == second
    )
