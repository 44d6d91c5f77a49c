"""A ballot that its author takes back after the page can be shown by whoever held it before."""

from crdt.envelope import EnvelopeGroup, encode_groups, make_envelope, signed_message
from crdt.ids import ChangeHash
from p2pcouncil.domain.outcomes import Status
from p2pcouncil.domain.tally.choice import NO, YES
from p2pcouncil.peer import commands as c
from p2pcouncil.runtime.bundle import ENVELOPES, GENESIS
from p2pcouncil.runtime.sneakernet import all_groups
from p2pcouncil.verification.report import Report
from p2pcouncil.verification.verify import verify
from tests.sim.node import Node
from tests.sim.simulation import proposal_of
from tests.support.village import HOUR_MS, Village


def verified(village: Village, node: Node) -> Report:
    """What a bundle of a node's comes to."""
    place = node.place(village.council)
    chunks = all_groups(node.conn, village.council, place.state.named_ballots())
    return verify([(GENESIS, place.genesis_bytes), *((ENVELOPES, encode_groups(chunk)) for chunk in chunks)])


def fork_below(village: Village, voter: Node, ballot: ChangeHash) -> EnvelopeGroup:
    """Another envelope in the place before a ballot, by its author."""
    place = voter.place(village.council)
    found = place.stands[ballot]
    held = place.index.lane(found.lane)
    assert held is not None
    seq = found.seq - 1
    before = ChangeHash(held.hash_at(seq - 1)) if seq > 1 else None
    unsigned = make_envelope(held.header, seq, before, b"\0taken back", bytes(64))
    signature = voter.signer.sign(signed_message(unsigned.lane, unsigned.hash))
    return EnvelopeGroup(held.header, (make_envelope(held.header, seq, before, b"\0taken back", signature),))


def test_a_ballot_that_was_taken_back_after_the_page_is_in_bundles_and_counted_again() -> None:
    village = Village()
    simulation, ada, ben = village.simulation, village.ada, village.ben
    issue = ChangeHash(ada.submit(c.OpenVote(proposal_of(ada, village.council, "Oven"))).id)
    assert simulation.run_until(lambda: ben.place(village.council).issue(issue) is not None)
    ada.submit(c.CastBallot(issue, YES))
    ballot = ben.submit(c.CastBallot(issue, NO)).id

    def is_closed() -> bool:
        issues = [node.place(village.council).issue(issue) for node in village.nodes]
        return all(found is not None and found.status is Status.CLOSED for found in issues)

    assert simulation.run_until(is_closed, HOUR_MS)
    simulation.converge(village.council)
    assert verified(village, ada).holds
    village.cem.go_offline()
    fork = fork_below(village, ben, ChangeHash(ballot))
    ada.take_in([fork])
    assert ada.place(village.council).index.find(ChangeHash(ballot)) is None
    report = verified(village, ada)
    assert report.holds
    (vote,) = report.councils[0].votes
    assert {(b.name, b.choice, b.fate) for b in vote.ballots} == {
        ("Ada", "yes", "counted"),
        ("Ben", "no", "counted"),
    }
    # Who hears of the fork first never has what stands above it.
    late = simulation.node("Eve")
    simulation.let_in(village.council, ada, late)
    simulation.converge(village.council, [ada, late])
    assert "missing-ballot" in {finding.code for finding in verified(village, late).failures}
