"""Whatever a society writes, verifying its bundle comes to the state of the fold, and nothing fails.

Random worlds carry sayings that were spoilt on the way: those are noted, for whoever wrote them signed them.
"""

import random

import pytest

from p2pcouncil.domain.state import fold
from p2pcouncil.domain.state_hash import council_hash
from p2pcouncil.verification.verify import Verification
from tests.support.random_world import RandomWorld
from tests.support.voted_world import carried


@pytest.mark.parametrize("seed", range(12))
def test_a_bundle_comes_to_the_state_of_the_fold(seed: int) -> None:
    world = RandomWorld(seed, 120).world
    records = carried(world).records()
    random.Random(seed).shuffle(records)
    verification = Verification(records)
    (held,), (council,) = verification.councils, verification.report.councils
    kept = [entry for entry in world.entries if held.state.is_admitted(entry.member)]
    assert council.state_hash == council_hash(world.council, fold(world.genesis, kept).state_hash(), ())
    assert not verification.report.failures
