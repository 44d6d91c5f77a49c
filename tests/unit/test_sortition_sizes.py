"""Sizes of committees: exact, the smallest that are safe, and the same in the document as in the code."""

import itertools
import re
from fractions import Fraction
from pathlib import Path

import pytest

from p2pcouncil.domain.register.quorum import liars_tolerated, quorum_of
from p2pcouncil.domain.sortition.lot import MAX_UNDRAWN
from p2pcouncil.domain.sortition.sizes import (
    ACCEPTED,
    chance_of_no_quorum,
    chance_of_too_many_bad,
    committee_size,
    seeds_seen,
    smallest_committee,
)
from tests.support.sortition_grinding import AIMS, Play, longest_share, play, seeds_per_page
from tests.support.sortition_tables import CHEAP, TABLES, marked, without_influence

DOCUMENT = (Path(__file__).parents[2] / "docs" / "sortition.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("tellers", range(1, 9))
@pytest.mark.parametrize("bad", range(9))
def test_the_chance_of_too_many_bad_ones_counts_every_committee_that_can_be_drawn(
    tellers: int, bad: int
) -> None:
    drawn = list(itertools.combinations(range(8), tellers))
    too_many = [one for one in drawn if sum(member < bad for member in one) > liars_tolerated(tellers)]
    assert chance_of_too_many_bad(tellers, 8, bad) == Fraction(len(too_many), len(drawn))


@pytest.mark.parametrize("tellers", range(1, 9))
def test_the_chance_of_no_quorum_counts_everybody_who_may_be_away(tellers: int) -> None:
    absent = Fraction(1, 5)
    chance = Fraction(0)
    for away in itertools.product((True, False), repeat=tellers):
        if away.count(False) < quorum_of(tellers):
            chance += absent ** away.count(True) * (1 - absent) ** away.count(False)
    assert chance_of_no_quorum(tellers, absent) == chance


@pytest.mark.parametrize("on_duty", [41, 100, 173, 1_000])
@pytest.mark.parametrize("bad_permille", [1, 50, 100, 200])
@pytest.mark.parametrize("draws", [1, 10_000])
def test_no_smaller_committee_is_safe(on_duty: int, bad_permille: int, draws: int) -> None:
    bad = -(-on_duty * bad_permille // 1000)
    accepted = Fraction(1, 10**6) / draws / seeds_seen(Fraction(bad, on_duty))
    size = smallest_committee(on_duty, bad_permille, draws)
    assert chance_of_too_many_bad(size, on_duty, bad) < accepted
    smaller = (number for number in range(4, size) if number % 3 == 1 or size < 60)
    assert [n for n in smaller if chance_of_too_many_bad(n, on_duty, bad) < accepted] == []


def test_the_sizes_of_the_design_are_for_one_draw_from_a_thousand() -> None:
    assert [without_influence(1_000, bad) for bad in (50, 100, 150)] == [28, 52, 94]
    assert chance_of_too_many_bad(52, 10_000, 1_000) > ACCEPTED
    assert [committee_size(1_000, bad) for bad in (50, 100, 150)] == [46, 88, 157]


def test_no_draw_makes_a_committee_smaller_than_none() -> None:
    assert [committee_size(on_duty) for on_duty in (1, 2, 39, 40, 41, 60, 100)] == [1, 2, 39, 40, 40, 40, 40]
    assert committee_size(41) == MAX_UNDRAWN


def test_more_pages_and_more_bad_ones_need_no_fewer_tellers() -> None:
    by_draws = [smallest_committee(1_000, 100, 10**power) for power in range(6)]
    by_bad = [smallest_committee(1_000, bad, 10_000) for bad in range(10, 201, 10)]
    assert by_draws == sorted(by_draws)
    assert by_bad == sorted(by_bad)


def test_everybody_tells_where_no_fewer_will_do() -> None:
    assert smallest_committee(7, 200, 10_000) == 7
    assert smallest_committee(5, 200, 10_000) == 4, "one bad one of five, and four bear one"
    assert smallest_committee(3, 1, 10_000) == 3


@pytest.mark.parametrize("bad_permille", [0, 201, 1_000])
def test_what_no_committee_can_bear_is_our_mistake_to_ask(bad_permille: int) -> None:
    with pytest.raises(ValueError, match="safe against 1 to 200"):
        smallest_committee(1_000, bad_permille, 1)


def test_against_a_quarter_of_ten_thousand_more_than_a_thousand_have_to_tell() -> None:
    """Why more than a fifth can't be assumed."""
    accepted = ACCEPTED / 10_000 / seeds_seen(Fraction(1, 4))
    assert chance_of_too_many_bad(1_000, 10_000, 2_500) > accepted


def test_the_choice_that_is_counted_covers_the_choice_that_there_is() -> None:
    for bad in range(1, 334):
        share = Fraction(bad, 1_000)
        assert 1 < seeds_per_page(share) < seeds_seen(share) < 1.05 * seeds_per_page(share)


def test_a_coalition_gains_what_was_worked_out_and_no_more() -> None:
    """Played with a fixed seed of chance; bounds are some three standard deviations."""
    share, pages = Fraction(1, 5), 1_500
    gains = {name: play(Play(5, 50, 10, 13), aim, pages) for name, aim in AIMS.items()}
    first = {name: gain.first / pages for name, gain in gains.items()}
    assert abs(first["honest"] - 0.2) < 0.03
    assert abs(first["longest"] - longest_share(share)) < 0.03
    assert first["longest"] == max(first.values())
    seats = {name: gain.seats / pages / 13 for name, gain in gains.items()}
    assert abs(seats["honest"] - 0.2) < 0.01
    assert seats["seats"] == max(seats.values()) < 0.23
    assert all(gain.seeds / pages < float(seeds_seen(share)) + 0.04 for gain in gains.values())
    assert gains["capture"].captured > gains["honest"].captured


@pytest.mark.parametrize("name", CHEAP)
def test_a_table_of_the_document_is_what_the_code_makes(name: str) -> None:
    assert marked(name, CHEAP[name]()) in DOCUMENT


def test_every_table_is_in_the_document() -> None:
    assert sorted(re.findall(r"<!-- table: (\w+) -->", DOCUMENT)) == sorted(TABLES)
