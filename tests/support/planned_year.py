"""A simulated planning year: societies drawn as in Hahnel's simulations, played with the product's board and advice.

Five kinds of goods, as many of each: private, intermediate, nature, labour and public. A workers' council makes one
private, intermediate or public good from one to four intermediate goods, one or two kinds of nature and one or two of
labour; a consumers' council spends its budget on private and public goods; nature and labour are given. All numbers
are drawn from the ranges of the first fifty published experiments, which have 3,000 + 3,000 councils and ten goods
of each kind: `wcs.clj`, `ccs.clj` and `csvgen.clj` of github.com/msszczep/pequod-cljs at commit 0d24482. At other
sizes, nature and labour are given in the same measure per council.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from p2pcouncil.advice.consumption import suggest_consumption
from p2pcouncil.advice.production import CobbDouglas, suggest_by_cost
from p2pcouncil.domain.planning.board import Period, Proposal, Terms, add_up, open_period
from p2pcouncil.domain.planning.verdict import Ending, judge

PRIVATE, INTERMEDIATE, NATURE, LABOUR, PUBLIC = "private", "intermediate", "nature", "labour", "public"
KINDS = (PRIVATE, INTERMEDIATE, NATURE, LABOUR, PUBLIC)
MADE = (PRIVATE, INTERMEDIATE, PUBLIC)
BUDGET = 5_000.0
GIVEN_PER_COUNCIL = 10 / 3
"""Nature of all kinds together per workers' council, and labour likewise: 10 kinds of 1,000 for 3,000 councils."""
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Society:
    """Techniques of workers' councils, preferences of consumers' councils, and what nature and people give."""

    goods: tuple[str, ...]
    techniques: tuple[CobbDouglas, ...]
    preferences: tuple[Mapping[str, float], ...]
    given: Mapping[str, float]

    def proposals(self, prices_milli: Mapping[str, int]) -> Iterable[Proposal]:
        """What everybody proposes who takes the suggestion as it is."""
        yield Proposal(_millionths(self.given), {})
        for technique in self.techniques:
            made = suggest_by_cost(technique, prices_milli)
            yield Proposal(_millionths({technique.good: made.output}), _millionths(made.inputs))
        for exponents in self.preferences:
            yield Proposal({}, _millionths(suggest_consumption(exponents, prices_milli, BUDGET)))


def draw(seed: int, councils_per_good: int, goods_per_kind: int, consumers: int) -> Society:
    """Draw a society.

    Args:
        seed: of all that is drawn.
        councils_per_good: workers' councils that make each private, intermediate and public good.
        goods_per_kind: so many of each of the five kinds.
        consumers: consumers' councils.
    """
    rng = random.Random(seed)
    names = {kind: [f"{kind} {number}" for number in range(1, goods_per_kind + 1)] for kind in KINDS}
    techniques = tuple(
        _technique(rng, good, names)
        for kind in MADE
        for good in names[kind]
        for _ in range(councils_per_good)
    )
    least = 0.25 / goods_per_kind
    preferences = tuple(
        {good: rng.uniform(least, 2 * least) for good in (*names[PRIVATE], *names[PUBLIC])}
        for _ in range(consumers)
    )
    each = GIVEN_PER_COUNCIL * len(techniques) / goods_per_kind
    given = dict.fromkeys((*names[NATURE], *names[LABOUR]), each)
    return Society(tuple(name for kind in KINDS for name in names[kind]), techniques, preferences, given)


def a_year_later(society: Society, seed: int) -> Society:
    """The society with techniques a little better and preferences a little other, as in the published second years."""
    rng = random.Random(seed)
    techniques = tuple(
        CobbDouglas(
            old.good,
            old.scale,
            {
                name: exponent + rng.choice((0, 0.001, 0.002, 0.003, 0.004))
                for name, exponent in old.exponents.items()
            },
            old.effort_exponent,
            old.dislike,
            old.dislike_exponent,
        )
        for old in society.techniques
    )
    preferences = tuple(
        {name: exponent + rng.choice((-0.002, -0.001, 0, 0.001, 0.002)) for name, exponent in old.items()}
        for old in society.preferences
    )
    return Society(society.goods, techniques, preferences, society.given)


def play(society: Society, terms: Terms, last_prices_milli: Mapping[str, int]) -> Period:
    """Propose and step until the verdict ends it."""
    period = open_period(society.goods, terms, last_prices_milli)
    while judge(period).ending is Ending.GOES_ON:
        period = period.after(add_up(society.proposals(period.prices_milli())))
    return period


def worst_by_round(period: Period) -> list[int]:
    """The greatest imbalance of each round, in billionths."""
    return [max(line.imbalance for line in lines) for lines in period.rounds]


def rounds_to(period: Period, basis_points: int) -> int | None:
    """The first round, from 1, in which every good is within a tolerance."""
    within = (
        at for at, worst in enumerate(worst_by_round(period), start=1) if worst <= basis_points * 100_000
    )
    return next(within, None)


def _technique(rng: random.Random, good: str, names: Mapping[str, list[str]]) -> CobbDouglas:
    inputs = [
        *rng.sample(names[INTERMEDIATE], rng.randint(1, min(4, len(names[INTERMEDIATE])))),
        *rng.sample(names[NATURE], rng.randint(1, 2)),
        *rng.sample(names[LABOUR], rng.randint(1, 2)),
    ]
    exponents = {name: rng.uniform(0.75, 0.85) / len(inputs) for name in inputs}
    return CobbDouglas(good, rng.uniform(4, 6), exponents, rng.uniform(0.05, 0.1), 1, rng.uniform(3, 4))


def _millionths(amounts: Mapping[str, Decimal | float]) -> dict[str, int]:
    return {good: round(amount * MILLION) for good, amount in amounts.items()}
