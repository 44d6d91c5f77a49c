"""The rounds of a count told in plain sentences: transferable votes stage by stage, equal shares buy by buy."""

from collections.abc import Iterable, Sequence
from math import gcd

from p2pcouncil.domain.tally.naming import ballots, name, names
from p2pcouncil.domain.tally.outcome import Tally
from p2pcouncil.domain.tally.rounds import VOTE, Lot, Move, Purchase, Stage, Step, Way
from p2pcouncil.domain.tally.stv import quota_of

DIGITS = 5
"""Decimals of a vote that was handed on."""


def explain_stv(tally: Tally, seats: int) -> list[str]:
    """The stages of a transferable vote.

    Args:
        tally: of such a vote.
        seats: seats to fill.

    Returns:
        Sentences in reading order.
    """
    papers = sum(tally.counts)
    if not papers:
        return []
    quota = quota_of(papers, seats)
    lines = [
        f"{ballots(papers)} rank an option; the quota is {papers} ÷ ({seats} + 1), rounded down, + 1 = {quota}."
        if papers != 1
        else f"1 ballot ranks an option; the quota is {quota}."
    ]
    unranked = [option for option in range(len(tally.options)) if _is_unranked(tally, option)]
    if unranked:
        lines.append(f"On no ballot, and so out: {names(tally, unranked)}.")
    return [*lines, *_steps(tally, tally.rounds, VOTE * quota)]


def explain_shares(tally: Tally, budget: int, costs: Sequence[int]) -> list[str]:
    """What was bought by equal shares, and from whose money.

    Args:
        tally: of such a vote.
        budget: what there was to spend.
        costs: of each project.

    Returns:
        Sentences in reading order.
    """
    lines = [
        f"{name(tally, option)} costs {costs[option]:,} and is approved on {ballots(tally.counts[option])}."
        for option in sorted(range(len(costs)), key=lambda option: (-tally.counts[option], option))
    ]
    if not any(tally.counts):
        return lines
    lines.append(f"Each ballot has {budget:,} ÷ {tally.turnout} = {_money(budget, tally.turnout)} to spend.")
    lines += _steps(tally, tally.rounds, 0)
    if not any(isinstance(each, Lot) for each in tally.rounds):
        spent = sum(costs[each.option] for each in tally.rounds if isinstance(each, Purchase))
        lines.append(
            f"No supporters have enough left for another project; {budget - spent:,} of {budget:,} is not spent."
        )
    return lines


def _is_unranked(tally: Tally, option: int) -> bool:
    """Whether an option never took part: it has no vote ever, and was neither excluded nor elected."""
    steps = [each for each in tally.rounds if isinstance(each, Stage)]
    lots = [way for each in tally.rounds if isinstance(each, Lot) for way in each.ways]
    steps += [step for way in lots for step in way.steps if isinstance(step, Stage)]
    return not any(
        step.votes[option] or option in step.whose or option in step.elected for step in steps
    ) and option not in {*tally.winners, *tally.tied}


def _steps(tally: Tally, rounds: Iterable[Step | Lot], quota: int) -> list[str]:
    lines: list[str] = []
    for each in rounds:
        match each:
            case Stage():
                lines += _stage(tally, each, quota)
            case Purchase():
                lines.append(_purchase(tally, each))
            case Lot():
                lines += _lot(tally, each, quota)
    return lines


def _stage(tally: Tally, stage: Stage, quota: int) -> list[str]:
    whose = names(tally, stage.whose) if stage.whose else ""
    back = (
        " (level with others now; the latest stage at which they differed decides)"
        if stage.looked_back
        else ""
    )
    elected: list[str] = []
    if stage.elected:
        verb = "is" if len(stage.elected) == 1 else "are"
        elected.append(f"{names(tally, stage.elected)} {verb} elected, with {_votes(quota)} or more.")
    match stage.move:
        case Move.FIRST:
            told = "First places"
        case Move.SURPLUS:
            told = f"What {whose} has above the quota goes on{back}"
        case Move.EXCLUSION:
            told = f"{whose} has the fewest votes and is excluded{back}; they go on"
        case Move.VOTELESS:
            return [
                f"{whose} {'has' if len(stage.whose) == 1 else 'have'} no vote: excluded{back}.",
                *elected,
            ]
        case Move.LAST:
            fill = "fills" if len(stage.elected) == 1 else "fill"
            return [f"No more are left than seats, so {names(tally, stage.elected)} {fill} the rest."]
        case Move.LEVEL:
            kept = f"Seats go to {names(tally, stage.elected)}. " if stage.elected else ""
            return [f"{kept}{whose} have no vote and are level, and too few seats are left for all."]
    holders = [option for option in range(len(stage.votes)) if stage.votes[option]]
    holders.sort(key=lambda option: (-stage.votes[option], option))
    votes = ", ".join(f"{name(tally, option)} {_votes(stage.votes[option])}" for option in holders)
    lost = f"; to nobody {_votes(stage.lost)}" if stage.lost else ""
    return [f"{told}: {votes}{lost}.", *elected]


def _purchase(tally: Tally, bought: Purchase) -> str:
    numerator, denominator = bought.rho
    who = "1 ballot pays" if bought.payers == 1 else f"{bought.payers} ballots each pay"
    told = (
        f"{name(tally, bought.option)} is bought: {who} {_money(*bought.part)}, "
        f"which is {numerator}/{denominator} of its price"
    )
    if not bought.poorer:
        return f"{told}."
    paid = _money(*bought.paid_by_poorer)
    if bought.poorer == 1:
        return f"{told}, and the 1 that has less pays all it has left, {paid}."
    return f"{told}, and the {bought.poorer} that have less pay all they have left, {paid} together."


def _lot(tally: Tally, lot: Lot, quota: int) -> list[str]:
    options = [way.option for way in lot.ways]
    lines = [
        f"Between {names(tally, options)} a lot would decide whose turn it is. No lot is drawn: each way is counted."
    ]
    for way in lot.ways:
        lines += [f"If {name(tally, way.option)}: {line}" for line in _steps(tally, way.steps, quota)]
        lines.append(f"If {name(tally, way.option)}, this comes of it: {_end(tally, way)}.")
    return lines


def _end(tally: Tally, way: Way) -> str:
    certain = f"{names(tally, way.winners)} for certain" if way.winners else "nobody for certain"
    return f"{certain}; after further ties, perhaps {names(tally, way.tied)}" if way.tied else certain


def _votes(hundred_thousandths: int) -> str:
    """Votes with as many decimals as they need: ``4``, ``2.5``, ``0.33333``."""
    whole, rest = divmod(hundred_thousandths, VOTE)
    return f"{whole}.{rest:0{DIGITS}}".rstrip("0").rstrip(".") if rest else str(whole)


def _money(numerator: int, denominator: int) -> str:
    """Units of money exactly: ``12``, ``30/7 (about 4.29)``."""
    common = gcd(numerator, denominator)
    numerator, denominator = numerator // common, denominator // common
    whole, rest = divmod(numerator, denominator)
    if not rest:
        return f"{whole:,}"
    hundredths = (200 * numerator + denominator) // (2 * denominator)
    return f"{numerator}/{denominator} (about {hundredths // 100:,}.{hundredths % 100:02})"
