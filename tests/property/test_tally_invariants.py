"""What must hold for every vote: exactness, symmetry, and one result however it is counted."""

import itertools
import random
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.ids import MemberId
from p2pcouncil.domain.tally.choice import Choice, choice_of_points, points_of, validate_choice
from p2pcouncil.domain.tally.count import Counter, tally
from p2pcouncil.domain.tally.explain import explain
from p2pcouncil.domain.tally.method import Approval, EqualShares, Method, Ranked, Score, Stv, YesNo
from p2pcouncil.domain.tally.outcome import Outcome, Tally

Vote = tuple[Method, tuple[str, ...], list[Choice]]


@st.composite
def ranked_choices(draw: st.DrawFn, size: int) -> Choice:
    ranks = draw(st.lists(st.integers(0, size), min_size=size, max_size=size))
    # Rank `size` means unlisted.
    tiers = [
        tuple(option for option in range(size) if ranks[option] == rank)
        for rank in sorted(set(ranks) - {size})
    ]
    return tuple(tiers)


@st.composite
def votes(draw: st.DrawFn) -> Vote:
    quorum = draw(st.sampled_from([0, 1, 333, 500, 1000]))
    size = draw(st.integers(2, 6))
    options = tuple(f"option {index}" for index in range(size))
    kind = draw(st.sampled_from(["yes-no", "approval", "ranked", "score", "stv", "equal-shares"]))
    if kind == "yes-no":
        sides = st.integers(0, 2).map(lambda side: ((side,),))
        return YesNo(quorum, draw(st.integers(0, 999))), (), draw(st.lists(sides, max_size=12))
    if kind == "score":
        highest = draw(st.integers(1, 10))
        points = st.dictionaries(st.integers(0, size - 1), st.integers(0, highest))
        given = points.map(lambda points: choice_of_points(points, highest))
        winners = draw(st.integers(1, size))
        return Score(quorum, highest, winners), options, draw(st.lists(given, max_size=12))
    if kind == "stv":
        orders = st.permutations(range(size)).map(lambda order: tuple((option,) for option in order))
        cut = st.tuples(orders, st.integers(0, size)).map(lambda cut: cut[0][: cut[1]])
        return Stv(quorum, draw(st.integers(1, size))), options, draw(st.lists(cut, max_size=12))
    sets = st.sets(st.integers(0, size - 1)).map(lambda s: (tuple(sorted(s)),) if s else ())
    if kind == "equal-shares":
        money = st.integers(1, 12)
        costs = tuple(draw(st.lists(money, min_size=size, max_size=size)))
        budget = draw(st.integers(1, 40))
        return EqualShares(quorum, budget, costs), options, draw(st.lists(sets, max_size=12))
    if kind == "approval":
        return Approval(quorum, draw(st.integers(1, size))), options, draw(st.lists(sets, max_size=12))
    return Ranked(quorum), options, draw(st.lists(ranked_choices(size), max_size=12))


def member(number: int) -> MemberId:
    return MemberId(number.to_bytes(32, "big"))


def count(method: Method, options: tuple[str, ...], choices: list[Choice], roll_size: int = 15) -> Tally:
    return tally(
        method, options, roll_size, {member(number): choice for number, choice in enumerate(choices)}
    )


@settings(max_examples=300, deadline=None)
@given(votes(), st.randoms(use_true_random=False))
def test_neither_who_votes_nor_when_matters(vote: Vote, rng: random.Random) -> None:
    method, options, choices = vote
    shuffled = list(choices)
    rng.shuffle(shuffled)
    first, second = count(method, options, choices), count(method, options, shuffled)
    assert first == second
    assert explain(first) == explain(second)


@settings(max_examples=300, deadline=None)
@given(votes(), st.randoms(use_true_random=False))
def test_the_order_of_options_does_not_matter(vote: Vote, rng: random.Random) -> None:
    method, options, choices = vote
    if isinstance(method, YesNo):
        return
    new = list(range(len(options)))
    rng.shuffle(new)
    moved_options = tuple(options[new.index(place)] for place in range(len(options)))
    moved_choices = [tuple(tuple(sorted(new[o] for o in tier)) for tier in choice) for choice in choices]
    moved_method: Method = method
    if isinstance(method, EqualShares):
        moved_costs = tuple(method.costs[new.index(place)] for place in range(len(options)))
        moved_method = EqualShares(method.quorum_permille, method.budget, moved_costs)
    here, there = count(method, options, choices), count(moved_method, moved_options, moved_choices)
    assert here.outcome is there.outcome
    assert tuple(sorted(new[o] for o in here.winners)) == there.winners
    assert tuple(sorted(new[o] for o in here.tied)) == there.tied
    everyone = range(len(options))
    assert [here.counts[o] for o in everyone] == [there.counts[new[o]] for o in everyone]
    assert [tuple(sorted(new[o] for o in tier)) for tier in here.ranking] == list(there.ranking)


@settings(max_examples=200, deadline=None)
@given(votes(), st.data())
def test_the_running_count_equals_the_count_from_scratch(vote: Vote, data: st.DataObject) -> None:
    method, options, choices = vote
    counter = Counter(method, options, 15)
    held: list[Choice] = []
    for choice in choices:
        counter.add(choice)
        held.append(choice)
        if data.draw(st.booleans()):
            counter.remove(held.pop(data.draw(st.integers(0, len(held) - 1))))
        assert counter.result() == count(method, options, held)


@settings(max_examples=200, deadline=None)
@given(votes())
def test_a_result_hangs_together(vote: Vote) -> None:
    method, options, choices = vote
    for choice in choices:
        validate_choice(method, options, choice)
    result = count(method, options, choices)
    assert result.turnout == len(choices)
    assert result.quorum_reached == (Fraction(len(choices), 15) >= Fraction(method.quorum_permille, 1000))
    assert (result.outcome is Outcome.NO_QUORUM) == (not result.quorum_reached)
    assert bool(result.tied) == (result.outcome is Outcome.TIED)
    assert not set(result.winners) & set(result.tied)
    if isinstance(method, YesNo) and result.quorum_reached and any(result.counts[:2]):
        share = Fraction(result.counts[0], sum(result.counts[:2]))
        passes = share > Fraction(method.threshold_permille, 1000)
        assert (result.outcome is Outcome.PASSED) == passes
    if isinstance(method, Approval):
        seats_taken = len(result.winners) + (len(result.tied) > 0)
        assert seats_taken <= method.winners or not result.winners
        out = set(range(len(options))) - set(result.winners) - set(result.tied)
        if result.outcome is Outcome.ELECTED:
            assert all(result.counts[w] > result.counts[o] for w in result.winners for o in out)
    if isinstance(method, Stv):
        seats_taken = len(result.winners) + (len(result.tied) > 0)
        assert seats_taken <= method.seats
        assert len(result.winners) + len(result.tied) > method.seats or not result.tied
        ranked = {option for choice in choices for (option,) in choice}
        assert {*result.winners, *result.tied} <= ranked
        if result.outcome is Outcome.ELECTED:
            assert len(result.winners) == min(method.seats, len(ranked))
    if isinstance(method, EqualShares):
        assert sum(method.costs[winner] for winner in result.winners) <= method.budget
        assert all(result.counts[option] for option in (*result.winners, *result.tied))
    assert all(line.isprintable() for line in explain(result))


@given(st.integers(1, 10), st.dictionaries(st.integers(0, 9), st.integers(0, 10)))
def test_a_score_ballot_gives_the_points_that_it_was_made_from(highest: int, points: dict[int, int]) -> None:
    points = {option: min(given, highest) for option, given in points.items()}
    choice = choice_of_points(points, highest)
    validate_choice(Score(0, highest), tuple(map(str, range(10))), choice)
    assert points_of(choice, highest) == {option: given for option, given in points.items() if given}


def profiles(size_min: int, size_max: int) -> st.SearchStrategy[tuple[int, list[Choice]]]:
    return st.integers(size_min, size_max).flatmap(
        lambda size: st.tuples(st.just(size), st.lists(ranked_choices(size), max_size=9))
    )


def naive_pairwise(size: int, choices: list[Choice]) -> list[list[int]]:
    """How many ballots prefer one to another, asked pair by pair."""

    def rank(choice: Choice, option: int) -> int:
        return next((place for place, tier in enumerate(choice) if option in tier), len(choice))

    return [[sum(rank(c, a) < rank(c, b) for c in choices) for b in range(size)] for a in range(size)]


def naive_strength(pairwise: list[list[int]], start: int, end: int) -> int:
    """The strongest path, by walking every simple path there is."""
    best = 0
    between = [option for option in range(len(pairwise)) if option not in (start, end)]
    for length in range(len(between) + 1):
        for stops in itertools.permutations(between, length):
            path = (start, *stops, end)
            links = [
                pairwise[a][b] if pairwise[a][b] > pairwise[b][a] else 0 for a, b in itertools.pairwise(path)
            ]
            best = max(best, min(links))
    return best


@settings(max_examples=200, deadline=None)
@given(profiles(2, 5))
def test_schulze_equals_its_definition(profile: tuple[int, list[Choice]]) -> None:
    size, choices = profile
    result = count(Ranked(0), tuple(f"option {index}" for index in range(size)), choices)
    pairwise = naive_pairwise(size, choices)
    assert [list(row) for row in result.pairwise] == pairwise
    paths = [[naive_strength(pairwise, a, b) if a != b else 0 for b in range(size)] for a in range(size)]
    assert [list(row) for row in result.paths] == paths
    unbeaten = tuple(a for a in range(size) if all(paths[a][b] >= paths[b][a] for b in range(size)))
    assert result.ranking[0] == unbeaten
    condorcet = [
        a for a in range(size) if all(pairwise[a][b] > pairwise[b][a] for b in range(size) if a != b)
    ]
    if condorcet:
        assert result.winners == tuple(condorcet)


@settings(max_examples=30, deadline=None)
@given(profiles(7, 20))
def test_strongest_paths_of_larger_votes_match_the_textbook_loop(profile: tuple[int, list[Choice]]) -> None:
    size, choices = profile
    result = count(Ranked(0), tuple(f"option {index}" for index in range(size)), choices)
    d = result.pairwise
    p = [[d[a][b] if d[a][b] > d[b][a] else 0 for b in range(size)] for a in range(size)]
    for via, a, b in itertools.product(range(size), repeat=3):
        if len({via, a, b}) == 3:
            p[a][b] = max(p[a][b], min(p[a][via], p[via][b]))
    assert [list(row) for row in result.paths] == p
