"""Planning rounds in the register: each is entered, sealed and closed as a vote is, and nobody has to ask for it.

The page that decides on a planning period begins its first round. The page that closes a round says what the board made
of the proposals, and begins the next round, unless supply and demand are close enough, or the rounds are used up. A
round that too few tellers sealed came to nothing, and the next one takes its place.

Source: DESIGN section 8; docs/planning.md.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum, unique

from crdt.errors import RemoteError
from crdt.ids import domain_hash
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.planning.so_far import period_so_far, prices_now
from p2pcouncil.domain.planning.terms import Figures
from p2pcouncil.domain.planning.verdict import Ending, judge
from p2pcouncil.domain.records import encode_record
from p2pcouncil.domain.register.chain import Chain, OpenVote, PlanPeriod
from p2pcouncil.domain.register.committees import Committee
from p2pcouncil.domain.register.pages import Result

ROUND_DOMAIN = "p2pcouncil/round/1"
RESULT_DOMAIN = "p2pcouncil/planned/1"


@unique
class RoundOutcome(StrEnum):
    """What follows on a round."""

    AGAIN = "again"
    """Another round."""
    BALANCED = "balanced"
    """Supply and demand of every good are close enough: this round is taken."""
    BEST = "best"
    """The rounds are used up: the best one is taken."""


def round_id(plan: bytes, number: int) -> bytes:
    """The name of a round, 32 bytes: what a vote's opening is to a vote."""
    return domain_hash(ROUND_DOMAIN, plan, number.to_bytes(2, "big"))


def begin_rounds(chain: Chain, committee: Committee) -> Chain:
    """Begin the rounds that are due on a page, after everything else that it does.

    Args:
        chain: with the page's own number, roll and charter.
        committee: who tells the page; they seal the rounds.
    """
    plans, votes = dict(chain.plans), dict(chain.votes)
    for issue, period in chain.plans.items():
        if period.best or (period.rounds and period.rounds[-1] in votes):
            continue
        number = len(period.rounds) + 1
        name = round_id(issue, number)
        votes[name] = OpenVote(
            issue=name,
            proposal=issue,
            page=chain.number,
            window_seconds=period.terms.round_seconds,
            closes_ms=None,
            roll=tuple(chain.roll),
            committee=committee,
            grace_seconds=chain.charter.grace_seconds,
            round=number,
        )
        plans[issue] = replace(period, rounds=(*period.rounds, name))
    return chain if plans == chain.plans else replace(chain, plans=plans, votes=votes)


def held_rounds(chain: Chain, plan: bytes) -> dict[int, tuple[Figures, ...]]:
    """What the rounds of a period came to that pages closed, by number."""
    period = chain.plans[plan]
    return {
        number: chain.decided[name][1].goods
        for number, name in enumerate(period.rounds, start=1)
        if name in chain.decided
    }


def outcome_of(
    chain: Chain, vote: OpenVote, goods: tuple[Figures, ...]
) -> tuple[RoundOutcome, tuple[int, ...]]:
    """What follows on a round, and the round that is taken, counted from 0.

    Args:
        chain: before the page that closes it.
        vote: the round.
        goods: what it came to.
    """
    terms = chain.plans[vote.proposal].terms
    rounds = {**held_rounds(chain, vote.proposal), vote.round: goods}
    verdict = judge(period_so_far(terms, list(rounds.values())))
    # Nothing is no plan, though the supply of nothing meets the demand for nothing.
    if verdict.ending is Ending.CONVERGED and any(figures.demand for figures in goods):
        return RoundOutcome.BALANCED, (vote.round - 1,)
    if vote.round < terms.rounds_most:
        return RoundOutcome.AGAIN, ()
    return RoundOutcome.BEST, (_best(terms, rounds) - 1,)


def validate_round_result(chain: Chain, vote: OpenVote, result: Result) -> None:
    """Refuse what does not follow from the supply and demand that a page names for a round.

    Raises:
        RemoteError: other goods than the plan's, other prices than the rounds before come to, or another end.
    """
    terms = chain.plans[vote.proposal].terms
    if len(result.goods) != len(terms.goods):
        raise RemoteError("A page closes a planning round with figures for other goods than are planned.")
    before = list(held_rounds(chain, vote.proposal).values())
    if tuple(figures.price_milli for figures in result.goods) != prices_now(terms, before):
        raise RemoteError("A page names other prices than the rounds before come to.")
    if (result.outcome, result.winners) != outcome_of(chain, vote, result.goods):
        raise RemoteError("A page ends planning rounds, or goes on, against what its own figures come to.")


def result_digest(result: Result) -> bytes:
    """The name of what a round came to, 32 bytes: whoever adopts a plan adopts these figures."""
    return domain_hash(RESULT_DOMAIN, encode_record(result))


def end_round(chain: Chain, vote: OpenVote, result: Result) -> Chain:
    """Note that a round is over, with the round that is taken if it was the last one."""
    if result.outcome == RoundOutcome.AGAIN:
        return chain
    return _with_period(chain, vote, replace(chain.plans[vote.proposal], best=result.winners[0] + 1))


def lapse_round(chain: Chain, vote: OpenVote) -> Chain:
    """Note that a round came to nothing. If it was the last one, the best of those that came to something is taken."""
    if not vote.round:
        return chain
    period = chain.plans[vote.proposal]
    if vote.round < period.terms.rounds_most:
        return chain
    rounds = held_rounds(chain, vote.proposal)
    if not rounds:
        # Nothing was planned at all. Whoever still wants to plan proposes it anew.
        plans = {issue: other for issue, other in chain.plans.items() if issue != vote.proposal}
        return replace(chain, plans=plans)
    return _with_period(chain, vote, replace(period, best=_best(period.terms, rounds)))


def _best(terms: OpenPlan, rounds: Mapping[int, tuple[Figures, ...]]) -> int:
    """The number of the best round, among those in which something is asked for if there are any."""
    # Where nobody has spoken yet everything is balanced, and no round that came later would be as good.
    asked = {number: goods for number, goods in rounds.items() if any(figures.demand for figures in goods)}
    among = asked or rounds
    return list(among)[judge(period_so_far(terms, list(among.values()))).best - 1]


def _with_period(chain: Chain, vote: OpenVote, period: PlanPeriod) -> Chain:
    return replace(chain, plans={**chain.plans, vote.proposal: period})
