"""The single transferable vote, counted as Scottish law counts it.

The quota is the least number of votes that no more options can reach than there are seats. What an elected option
has above it goes on with all its papers, each at a smaller value (weighted inclusive Gregory); when no surplus is
left, the option with the fewest votes is excluded and its papers go on at their value.

Values are whole hundred-thousandths of a vote, and remainders are ignored, as the law has it. Exact fractions
would not be more just, and a proposer could make them grow without bound: their length doubles with each surplus.

Two things differ from the law. No lot is drawn (see `p2pcouncil.domain.tally.ways`), and an option that no ballot
ranks is never elected.

Source: Scottish Local Government Elections Order 2007 (SSI 2007/42), Schedule 1, rules 45 to 52.
"""

from collections import Counter as Multiset
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.rounds import VOTE, Move, Stage
from p2pcouncil.domain.tally.ways import Result, follow

_Rest = tuple[int, ...]
"""The options that a paper ranks below the one that holds it."""
_Pile = Mapping[tuple[_Rest, int], int]
"""How many papers there are of each rest and value."""


def quota_of(papers: int, seats: int) -> int:
    """The votes that elect: the Droop quota.

    Args:
        papers: ballots that rank an option.
        seats: seats to fill.
    """
    return papers // (seats + 1) + 1


def decide_stv(ballots: Mapping[Choice, int], size: int, seats: int) -> Result:
    """Count a transferable vote.

    Args:
        ballots: how many ballots say what; one of them at least ranks an option.
        size: options.
        seats: seats to fill, 1 to `size`.

    Returns:
        The outcome, and the stages of the count.
    """
    piles: list[Multiset[tuple[_Rest, int]]] = [Multiset() for _ in range(size)]
    papers = 0
    for choice, times in ballots.items():
        if choice:
            (first, *rest) = (option for (option,) in choice)
            piles[first][tuple(rest), VOTE] += times
            papers += times
    votes = tuple(VOTE * pile.total() for pile in piles)
    ranked = frozenset(option for choice in ballots for (option,) in choice)
    count = _Count(
        seats=seats,
        quota=VOTE * quota_of(papers, seats),
        votes=votes,
        order=_order(votes, [0] * size),
        piles=tuple(piles),
        hopeful=ranked,
        won=frozenset(),
        surpluses=frozenset(),
        steps=(),
        is_end=False,
    )
    return follow(count.end_of_stage(Move.FIRST), sum(map(bool, ballots)))


@dataclass(frozen=True, slots=True)
class _Count:
    """How a count stands at the end of a stage.

    Attributes:
        order: per option a rank that compares what they have now and, where that is equal, what they had at
            the latest earlier stage at which they differed; more is higher.
        surpluses: elected options whose surplus has not been moved.
    """

    seats: int
    quota: int
    votes: tuple[int, ...]
    order: tuple[int, ...]
    piles: tuple[_Pile, ...]
    hopeful: frozenset[int]
    won: frozenset[int]
    surpluses: frozenset[int]
    steps: tuple[Stage, ...]
    is_end: bool

    def key(self) -> Hashable:
        """What is ahead depends on papers and order; of the order, on that of options that still have a turn."""
        turns = sorted(self.hopeful | self.surpluses)
        piles = tuple(frozenset(self._still_told_apart(self.piles[option]).items()) for option in turns)
        return (
            self.hopeful,
            self.won,
            self.surpluses,
            tuple(self.votes[option] for option in turns),
            _order([self.order[option] for option in turns], [0] * len(turns)),
            piles,
        )

    def _still_told_apart(self, pile: _Pile) -> _Pile:
        """Papers as far as they can still move: without options that are out or elected."""
        papers: Multiset[tuple[_Rest, int]] = Multiset()
        for (rest, value), times in pile.items():
            papers[tuple(option for option in rest if option in self.hopeful), value] += times
        return papers

    def advance(self) -> tuple[tuple[int, Self], ...]:
        """The next stage."""
        if self.surpluses:
            highest = max(self.votes[option] for option in self.surpluses)
            level = [option for option in self.surpluses if self.votes[option] == highest]
            return self._each(level, max, self._move_surplus)
        lowest = min(self.votes[option] for option in self.hopeful)
        level = [option for option in self.hopeful if self.votes[option] == lowest]
        if lowest == 0:
            return ((level[0], self._exclude_voteless(level)),)
        return self._each(level, min, self._exclude)

    def _each(
        self, level: list[int], whose: Callable[[Iterable[int]], int], move: Callable[[int, bool], Self]
    ) -> tuple[tuple[int, Self], ...]:
        """Whose turn it is, of those who have the same: as an earlier stage decides, else each of them."""
        turn = whose(self.order[option] for option in level)
        those = sorted(option for option in level if self.order[option] == turn)
        return tuple((option, move(option, len(those) < len(level))) for option in those)

    def _move_surplus(self, option: int, looked_back: bool) -> Self:
        total = self.votes[option]
        surplus = total - self.quota
        moved: Multiset[tuple[_Rest, int]] = Multiset()
        for (rest, value), papers in self.piles[option].items():
            moved[rest, surplus * value // total] += papers
        # The papers stay in no pile: what an elected option keeps is a number of votes that never moves again.
        left = replace(self, surpluses=self.surpluses - {option})
        return left._hand_on([option], moved, self.quota).end_of_stage(Move.SURPLUS, [option], looked_back)

    def _exclude(self, option: int, looked_back: bool) -> Self:
        left = replace(self, hopeful=self.hopeful - {option})
        after = left._hand_on([option], self.piles[option], 0)
        return after.end_of_stage(Move.EXCLUSION, [option], looked_back)

    def _exclude_voteless(self, voteless: list[int]) -> Self:
        """Exclude at once who has no vote: nothing moves, so one by one would come to the same.

        If that left seats empty, earlier stages decide who stays; those whom they leave level are tied.
        """
        others = self.hopeful - frozenset(voteless)
        stay = max(0, self.seats - len(self.won) - len(others))
        ranked = sorted(voteless, key=lambda option: -self.order[option])
        if stay in (0, len(ranked)) or self.order[ranked[stay - 1]] != self.order[ranked[stay]]:
            out = ranked[stay:]
            left = replace(self, hopeful=self.hopeful - frozenset(out))
            return left.end_of_stage(Move.VOTELESS, sorted(out), stay > 0)
        edge = self.order[ranked[stay]]
        level = frozenset(option for option in voteless if self.order[option] == edge)
        above = frozenset(option for option in ranked[:stay] if self.order[option] > edge)
        stage = Stage(
            Move.LEVEL, tuple(sorted(level)), bool(above), self.votes, 0, tuple(sorted(above | others))
        )
        won = self.won | above | others
        return replace(self, won=won, hopeful=level, steps=(*self.steps, stage), is_end=True)

    def _hand_on(self, donors: list[int], papers: _Pile, kept: int) -> Self:
        """Give papers to the next option that each ranks and that is still in the running."""
        piles: dict[int, Multiset[tuple[_Rest, int]]] = {}
        votes = list(self.votes)
        for option in donors:
            votes[option] = kept
            piles[option] = Multiset()
        for (rest, value), times in papers.items():
            for at, option in enumerate(rest):
                if option in self.hopeful:
                    pile = piles.get(option)
                    if pile is None:
                        pile = piles[option] = Multiset(self.piles[option])
                    pile[rest[at + 1 :], value] += times
                    votes[option] += value * times
                    break
        everyone = range(len(votes))
        return replace(
            self,
            votes=tuple(votes),
            order=_order(votes, self.order),
            piles=tuple(piles.get(option, self.piles[option]) for option in everyone),
        )

    def end_of_stage(self, move: Move, whose: Iterable[int] = (), looked_back: bool = False) -> Self:
        """Elect who has reached the quota, or all if no more are left than seats."""
        before = sum(self.steps[-1].votes) if self.steps else sum(self.votes)
        lost = before - sum(self.votes)
        elected = frozenset(option for option in self.hopeful if self.votes[option] >= self.quota)
        hopeful = self.hopeful - elected
        above = frozenset(option for option in elected if self.votes[option] > self.quota)
        steps = (
            *self.steps,
            Stage(move, tuple(whose), looked_back, self.votes, lost, tuple(sorted(elected))),
        )
        won = self.won | elected
        if hopeful and len(hopeful) <= self.seats - len(won):
            steps = (*steps, Stage(Move.LAST, (), False, self.votes, 0, tuple(sorted(hopeful))))
            won, hopeful = won | hopeful, frozenset()
        is_end = not hopeful or len(won) == self.seats
        return replace(
            self,
            hopeful=frozenset() if is_end else hopeful,
            won=won,
            surpluses=self.surpluses | above,
            steps=steps,
            is_end=is_end,
        )


def _order(votes: Iterable[int], before: Iterable[int]) -> tuple[int, ...]:
    """Ranks that compare votes first and an earlier order where they are equal."""
    pairs = list(zip(votes, before, strict=True))
    places = {pair: place for place, pair in enumerate(sorted(set(pairs)))}
    return tuple(places[pair] for pair in pairs)
