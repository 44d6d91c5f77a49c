"""The Schulze method on published examples."""

import pytest

from crdt.ids import MemberId
from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.count import tally
from p2pcouncil.domain.tally.method import Ranked
from p2pcouncil.domain.tally.outcome import Outcome, Tally


def vote(*groups: tuple[int, str]) -> Tally:
    """Count groups of ballots such as ``(5, "AC=BED")``, where "=" makes the letters beside it equal."""
    ballots: dict[MemberId, Choice] = {}
    letters = sorted({letter for _, order in groups for letter in order} - {"="})
    for size, order in groups:
        tiers: list[set[int]] = []
        joins = False
        for letter in order:
            if letter == "=":
                joins = True
                continue
            if joins:
                tiers[-1].add(letters.index(letter))
            else:
                tiers.append({letters.index(letter)})
            joins = False
        for _ in range(size):
            ballots[MemberId(len(ballots).to_bytes(32, "big"))] = tuple(tuple(sorted(tier)) for tier in tiers)
    return tally(Ranked(0), tuple(letters), len(ballots), ballots)


def order_of(result: Tally) -> str:
    return ">".join("=".join(result.options[option] for option in tier) for tier in result.ranking)


def test_wikipedia_45_voters() -> None:
    """Https://en.wikipedia.org/wiki/Schulze_method, after Schulze's example 1."""
    result = vote(
        (5, "ACBED"),
        (5, "ADECB"),
        (8, "BEDAC"),
        (3, "CABED"),
        (7, "CAEBD"),
        (2, "CBADE"),
        (7, "DCEBA"),
        (8, "EBADC"),
    )
    assert result.pairwise == (
        (0, 20, 26, 30, 22),
        (25, 0, 16, 33, 18),
        (19, 29, 0, 17, 24),
        (15, 12, 28, 0, 14),
        (23, 27, 21, 31, 0),
    )
    assert result.paths == (
        (0, 28, 28, 30, 24),
        (25, 0, 28, 33, 24),
        (25, 29, 0, 29, 24),
        (25, 28, 28, 0, 24),
        (25, 28, 28, 31, 0),
    )
    assert order_of(result) == "E>A>C>B>D"
    assert (result.outcome, result.winners) == (Outcome.ELECTED, (4,))


def test_tennessee_capital_has_a_condorcet_winner() -> None:
    """Https://en.wikipedia.org/wiki/Condorcet_method: Memphis, Nashville, Chattanooga (C), Knoxville."""
    result = vote((42, "MNCK"), (26, "NCKM"), (15, "CKNM"), (17, "KCNM"))
    assert order_of(result) == "N>C>K>M"


def test_a_cycle_is_cut_at_its_weakest_link() -> None:
    """Condorcet's own kind of example: A beats B 7:2... and the weakest defeat, C over A, gives way."""
    result = vote((4, "ABC"), (3, "BCA"), (2, "CAB"))
    assert result.pairwise == ((0, 6, 4), (3, 0, 7), (5, 2, 0))
    assert order_of(result) == "A>B>C"


def test_schulze_example_2_with_30_voters() -> None:
    """Schulze 2011, section 3.2 (example 2): D wins."""
    result = vote(
        (5, "ACBD"),
        (2, "ACDB"),
        (3, "ADCB"),
        (4, "BACD"),
        (3, "CBDA"),
        (3, "CDBA"),
        (1, "DACB"),
        (5, "DBAC"),
        (4, "DCBA"),
    )
    assert result.pairwise == ((0, 11, 20, 14), (19, 0, 9, 12), (10, 21, 0, 17), (16, 18, 13, 0))
    assert result.options[result.winners[0]] == "D"
    assert order_of(result) == "D>A>C>B"


def test_two_unbeaten_options_tie() -> None:
    """Schulze 2011, section 3.4 (example 4): B and D are both unbeaten."""
    result = vote((3, "ABCD"), (2, "CBDA"), (2, "DABC"), (2, "DBCA"))
    assert (result.outcome, result.winners) == (Outcome.TIED, ())
    assert {result.options[option] for option in result.tied} == {"B", "D"}


def test_equal_ranks_count_for_neither_side() -> None:
    result = vote((2, "A=BC"), (1, "BAC"))
    assert result.pairwise == ((0, 0, 3), (1, 0, 3), (0, 0, 0))
    assert result.counts == (2, 3, 0)
    assert order_of(result) == "B>A>C"


@pytest.mark.parametrize("size", [2, 64])
def test_the_smallest_and_the_largest_vote(size: int) -> None:
    options = tuple(f"option {index}" for index in range(size))
    backwards = tuple((index,) for index in reversed(range(size)))
    result = tally(Ranked(0), options, 300, {MemberId(bytes([n]) * 32): backwards for n in range(200)})
    assert result.ranking == backwards
    assert result.pairwise[1][0] == 200
