"""What public libraries make of the same votes.

========  ====================================================================================================
ranked    `pref_voting`, Beat Path with the support of the majority as strength ("winning votes")
approval  `abcvoting`, multi-winner approval, all committees
score     `pref_voting`, score voting, seat by seat
stv       `pref_voting`, Scottish STV; it draws lots, so we hand it each lot in turn
shares    `pabutools`, the method of equal shares with cost satisfaction, all allocations
========  ====================================================================================================

An oracle answers with the sets of winners that are possible; what is in all of them wins, what is in some is tied.
Where our rule says more than theirs, the question is asked accordingly: options that no ballot names are left out,
and blank ballots of a transferable vote too.

In one place the STV of `pref_voting` does not do what it says: of several options that are level, it looks for those
who were lowest at the latest stage that tells them apart, and if these are still several it forgets what it found and
draws among all. We change that line, so that it draws among those it found; 2 of 5,000 votes of seed 1 tell.
"""

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from abcvoting import abcrules
from abcvoting.preferences import Profile as Approvals
from pabutools.election import ApprovalBallot, ApprovalProfile, Cost_Sat, Instance, Project
from pabutools.rules import method_of_equal_shares
from pref_voting import proportional_methods
from pref_voting.grade_methods import score_voting
from pref_voting.grade_profiles import GradeProfile
from pref_voting.margin_based_methods import beat_path
from pref_voting.profiles_with_ties import ProfileWithTies

from p2pcouncil.domain.tally.method import Approval, EqualShares, Ranked, Score, Stv
from tests.oracles.profiles import Vote

MAX_LOTS = 600
"""Runs of a rule that draws lots; a vote that takes more is left out and counted as such."""

Answer = tuple[tuple[int, ...], tuple[int, ...]]
"""Winners and tied, ascending."""


class TooManyLots(Exception):
    """The lots of a vote are more than we hand out."""


def ask(vote: Vote) -> Answer:
    """Who wins and who is tied, as a library has it.

    Raises:
        TooManyLots: the vote is not compared.
    """
    named = sorted({option for choice in vote.ballots for tier in choice for option in tier})
    if not named:
        return (), ()
    match vote.method:
        case Ranked():
            return _ranked(vote)
        case Approval(winners=seats):
            return _approval(vote, named, seats)
        case Score(highest=highest, winners=seats):
            return _score(vote, named, highest, seats)
        case Stv(seats=seats):
            return _stv(vote, named, seats)
        case EqualShares(budget=budget, costs=costs):
            return _equal_shares(vote, budget, costs)
        case _:
            raise ValueError(f"no library is asked about {vote.method}")


def _summed_up(outcomes: list[set[int]]) -> Answer:
    always, ever = set.intersection(*outcomes), set.union(*outcomes)
    return tuple(sorted(always)), tuple(sorted(ever - always))


def _ranked(vote: Vote) -> Answer:
    rankings = []
    for choice in vote.ballots:
        ranks = dict.fromkeys(range(vote.size), len(choice) + 1)
        ranks |= {option: rank for rank, tier in enumerate(choice, start=1) for option in tier}
        rankings.append(ranks)
    profile = ProfileWithTies(rankings, rcounts=list(vote.ballots.values()), candidates=range(vote.size))
    winners = [int(option) for option in beat_path(profile, strength_function=profile.support)]
    if all(profile.support(a, b) == 0 for a in range(vote.size) for b in range(vote.size) if a != b):
        return (), ()
    return (tuple(winners), ()) if len(winners) == 1 else ((), tuple(winners))


def _approval(vote: Vote, named: list[int], seats: int) -> Answer:
    if len(named) <= seats:
        return tuple(named), ()
    profile = Approvals(vote.size)
    for choice, times in vote.ballots.items():
        profile.add_voters([set(choice[0]) if choice else set()] * times)
    committees = abcrules.compute("av", profile, seats, resolute=False)
    return _summed_up([set(committee) for committee in committees])


def _score(vote: Vote, named: list[int], highest: int, seats: int) -> Answer:
    maps = []
    for choice in vote.ballots:
        points = dict.fromkeys(range(vote.size), 0)
        points |= {option: highest - place for place, tier in enumerate(choice) for option in tier}
        maps.append(points)
    profile = GradeProfile(maps, list(range(highest + 1)), gcounts=list(vote.ballots.values()))
    won: list[int] = []
    while len(won) < seats and (left := [option for option in named if option not in won]):
        first = [int(option) for option in score_voting(profile, curr_cands=left)]
        if len(won) + len(first) > seats:
            return tuple(sorted(won)), tuple(sorted(first))
        won += first
    return tuple(sorted(won)), ()


class _Lots:
    """Stands in for the random source: follows one way through the lots and remembers where others branch off."""

    def __init__(self, way: list[int]) -> None:
        self.way = way
        self.sizes: list[int] = []

    def choice(self, options: list[int]) -> int:
        at = len(self.sizes)
        self.sizes.append(len(options))
        return options[self.way[at] if at < len(self.way) else 0]


def _ways() -> Iterator[_Lots]:
    way: list[int] = []
    for _ in range(MAX_LOTS):
        lots = _Lots(way)
        yield lots
        way = [*way, *[0] * (len(lots.sizes) - len(way))]
        while way and way[-1] + 1 == lots.sizes[len(way) - 1]:
            way.pop()
        if not way:
            return
        way = [*way[:-1], way[-1] + 1]
    raise TooManyLots


def _remembering() -> ModuleType:
    """The library's module with that one line changed."""
    source = inspect.getsource(proportional_methods)
    forgets = "return None  # equal at all earlier stages"
    assert source.count(forgets) == 1, "the pinned version of pref_voting has this line once"
    module = ModuleType("remembering")
    exec(source.replace(forgets, "return rand.choice(sorted(tied))"), module.__dict__)
    return module


_STV = _remembering()


def _stv(vote: Vote, named: list[int], seats: int) -> Answer:
    # Options are numbered from 1: the library's search among equals takes option 0 for "none".
    ballots = {choice: times for choice, times in vote.ballots.items() if choice}
    rankings = [{tier[0] + 1: rank for rank, tier in enumerate(choice, start=1)} for choice in ballots]
    profile: Any = ProfileWithTies(
        rankings, rcounts=list(ballots.values()), candidates=[option + 1 for option in named]
    )
    outcomes = [
        {int(option) - 1 for option in _STV.stv_scottish(profile, num_seats=seats, rng=lots)}
        for lots in _ways()
    ]
    return _summed_up(outcomes)


def _equal_shares(vote: Vote, budget: int, costs: tuple[int, ...]) -> Answer:
    projects = [Project(f"{option:02}", cost) for option, cost in enumerate(costs)]
    instance = Instance(projects, budget_limit=budget)
    ballots = [
        ApprovalBallot([projects[option] for option in (choice[0] if choice else ())])
        for choice, times in vote.ballots.items()
        for _ in range(times)
    ]
    profile = ApprovalProfile(ballots, instance=instance)
    allocations = method_of_equal_shares(instance, profile, sat_class=Cost_Sat, resoluteness=False)
    return _summed_up([{int(project.name) for project in allocation} for allocation in allocations])
