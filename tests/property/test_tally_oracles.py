"""What public libraries answered once, replayed: `make oracles` asks them anew, and on more votes."""

import gzip
import json
from collections import Counter as Multiset
from pathlib import Path

import msgspec

from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.method import Method
from tests.oracles.profiles import METHODS, Vote

RECORDED = Path(__file__).parents[1] / "vectors" / "tally_oracles.json.gz"
TIES_MIN = 20
"""Votes with a tie, for each method: without them agreement would say little."""


def test_our_counts_are_theirs_ties_included() -> None:
    seen: Multiset[str] = Multiset()
    ties: Multiset[str] = Multiset()
    for line in gzip.decompress(RECORDED.read_bytes()).splitlines():
        terms, size, ballots, winners, tied = json.loads(line)
        method: Method = msgspec.convert(terms, Method)
        cast = {msgspec.convert(choice, Choice): times for choice, times in ballots}
        vote = Vote(method, size, cast)
        result = vote.count()
        assert (list(result.winners), list(result.tied)) == (winners, tied), vote
        seen[terms["type"]] += 1
        ties[terms["type"]] += bool(tied)
    assert set(seen) == set(METHODS)
    assert min(seen.values()) >= 200
    assert min(ties.values()) >= TIES_MIN
