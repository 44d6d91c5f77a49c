"""A teller whose laptop was suspended seals nothing before it has heard what the others receipted meanwhile."""

import pytest

from crdt.ids import ChangeHash
from net.memory_peers import Delivery
from p2pcouncil.domain.outcomes import Status
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.tally.choice import NO, YES
from p2pcouncil.peer import commands as c
from tests.sim.node import Node
from tests.sim.simulation import proposal_of
from tests.support.village import HOUR_MS, Village


class Suspended:
    """A laptop that stands still with all its connections; what comes meanwhile waits in its network card."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._waiting: list[Delivery] = []
        node.heard = self._waiting.append  # type: ignore[method-assign]
        node.tick = lambda: None  # type: ignore[method-assign]

    def wake(self) -> None:
        """Go on: time goes by before what waits is read."""
        del self._node.heard, self._node.tick
        self._node.tick()
        for delivery in self._waiting:
            self._node.heard(delivery)


def sealed_by_who_stood_still(until_after_end_ms: int) -> tuple[int, int]:
    """What Dua's seal says of Ada's ballot, which she has, and of Ben's, which came while she stood still.

    Args:
        until_after_end_ms: from five seconds before the end until so long after it.
    """
    village = Village()
    simulation, dua = village.simulation, village.dua
    issue = ChangeHash(village.ada.submit(c.OpenVote(proposal_of(village.ada, village.council, "Oven"))).id)

    def vote_of(node: Node) -> OpenVote | None:
        return node.place(village.council).state.register.chain.votes.get(issue)

    def is_told(node: Node) -> bool:
        vote = vote_of(node)
        return vote is not None and vote.closes_ms is not None

    assert simulation.run_until(lambda: all(map(is_told, village.nodes)), HOUR_MS), "no page told the end"
    village.ada.submit(c.CastBallot(issue, YES))
    vote = vote_of(village.ada)
    assert vote is not None
    assert vote.closes_ms is not None
    minutes = dua.place(village.council).state.register.minutes
    simulation.run(vote.closes_ms - 5_000 - simulation.now_ms)
    village.cem.go_offline()  # So that the vote can't be closed without Dua.
    laptop = Suspended(dua)
    village.ben.submit(c.CastBallot(issue, NO))
    simulation.run(vote.closes_ms + until_after_end_ms - simulation.now_ms)
    laptop.wake()
    assert dua.member not in minutes.seals(issue), "sealed before anything was read"
    assert simulation.run_until(lambda: dua.member in minutes.seals(issue), HOUR_MS)
    numbers = dict(zip(vote.roll, minutes.seals(issue)[dua.member][1], strict=True))

    def is_closed() -> bool:
        found = dua.place(village.council).issue(issue)
        return found is not None and found.status is Status.CLOSED

    assert simulation.run_until(is_closed, HOUR_MS)
    return numbers[village.ada.member], numbers[village.ben.member]


@pytest.mark.parametrize("until_after_end_ms", [3_000, 60_000, HOUR_MS // 4])
def test_who_stood_still_over_the_end_of_a_vote_seals_what_others_receipted(until_after_end_ms: int) -> None:
    assert sealed_by_who_stood_still(until_after_end_ms) == (1, 1)
