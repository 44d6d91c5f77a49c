"""A tally told in plain sentences, so that anyone can do the sum again by hand.

The sentences are made from a `Tally` when somebody reads them. They are no part of it: better wording must
never look like another result.
"""

from typing import assert_never

from p2pcouncil.domain.tally.explain_rounds import explain_shares, explain_stv
from p2pcouncil.domain.tally.method import (
    PERMILLE,
    Approval,
    EqualShares,
    Ranked,
    Score,
    Stv,
    YesNo,
    percent,
    tie_rule,
)
from p2pcouncil.domain.tally.naming import ballots, name, names
from p2pcouncil.domain.tally.outcome import Outcome, Tally, ballots_needed


def explain(tally: Tally) -> tuple[str, ...]:
    """Tell how a tally came about, step by step.

    Args:
        tally: from `p2pcouncil.domain.tally.count`.

    Returns:
        Sentences in reading order, one line each, safe for a terminal: turnout, numbers, steps, outcome.
    """
    match tally.method:
        case YesNo(threshold_permille=threshold):
            steps = _yes_no(tally, threshold)
        case Approval():
            steps = _approval(tally)
        case Ranked():
            steps = _ranked(tally)
        case Score(highest=highest):
            steps = _score(tally, highest)
        case Stv(seats=seats):
            steps = explain_stv(tally, seats)
        case EqualShares(budget=budget, costs=costs):
            steps = explain_shares(tally, budget, costs)
        case _:
            assert_never(tally.method)
    return (_turnout(tally), *steps, _outcome(tally))


def _turnout(tally: Tally) -> str:
    cast = f"{ballots(tally.turnout)} from a roll of {tally.roll_size}"
    quorum = tally.method.quorum_permille
    if quorum == 0:
        return f"{cast}; no quorum is asked for."
    needed = ballots_needed(quorum, tally.roll_size)
    reached = "reached" if tally.quorum_reached else "not reached"
    return f"{cast}; the quorum of {percent(quorum)} needs {needed}: {reached}."


def _yes_no(tally: Tally, threshold: int) -> list[str]:
    yes, no, abstain = tally.counts
    sign = ">" if yes * PERMILLE > threshold * (yes + no) else "≤"
    return [
        f"Yes {yes}, no {no}, abstain {abstain}.",
        f"Yes has to exceed {percent(threshold)} of yes and no: "
        f"{yes} × {PERMILLE} = {yes * PERMILLE} {sign} {threshold} × {yes + no} = {threshold * (yes + no)}.",
    ]


def _by_count(tally: Tally) -> list[int]:
    return sorted(range(len(tally.options)), key=lambda option: (-tally.counts[option], option))


def _approval(tally: Tally) -> list[str]:
    return [
        f"{name(tally, option)} is approved on {ballots(tally.counts[option])}."
        for option in _by_count(tally)
    ]


def _score(tally: Tally, highest: int) -> list[str]:
    most = (
        f"At most {tally.turnout} × {highest} = {tally.turnout * highest} points could be given to an option."
    )
    points = [f"{name(tally, option)} has {tally.counts[option]}." for option in _by_count(tally)]
    return [most, *points]


def _ranked(tally: Tally) -> list[str]:
    everyone = range(len(tally.options))
    steps = []
    for option in everyone:
        rivals = [rival for rival in everyone if rival != option]
        over = ", ".join(f"{name(tally, rival)} {tally.pairwise[option][rival]}" for rival in rivals)
        steps.append(f"Ballots that rank {name(tally, option)} above: {over}.")
    for option in everyone:
        rivals = [rival for rival in everyone if rival != option]
        paths = ", ".join(f"{name(tally, rival)} {tally.paths[option][rival]}" for rival in rivals)
        steps.append(f"Strongest path from {name(tally, option)} to: {paths}.")
    for option in tally.ranking[0]:
        rivals = [rival for rival in everyone if rival != option]
        duels = ", ".join(
            f"{name(tally, rival)} {tally.paths[option][rival]} to {tally.paths[rival][option]}"
            for rival in rivals
        )
        steps.append(f"No option has a stronger path to {name(tally, option)} than it has back: {duels}.")
    tiers = " > ".join(" = ".join(name(tally, option) for option in tier) for tier in tally.ranking)
    steps.append(f"Order: {tiers}.")
    return steps


def _outcome(tally: Tally) -> str:
    match tally.outcome:
        case Outcome.PASSED:
            return "It passes."
        case Outcome.REJECTED:
            return "It is rejected."
        case Outcome.NO_QUORUM:
            return "Too few ballots were cast, so nothing is decided."
        case Outcome.NOBODY:
            if any(tally.counts):
                return "Nothing that was approved can be paid for, so nothing is decided."
            return "No ballot expressed a preference, so nothing is decided."
        case Outcome.ELECTED if isinstance(tally.method, EqualShares):
            return f"{names(tally, tally.winners)} {'is' if len(tally.winners) == 1 else 'are'} funded."
        case Outcome.ELECTED:
            return f"{names(tally, tally.winners)} {'wins' if len(tally.winners) == 1 else 'win'}."
        case Outcome.TIED:
            clear = "funded in any case" if isinstance(tally.method, EqualShares) else "clearly ahead"
            ahead = f"{names(tally, tally.winners)} {clear}. " if tally.winners else ""
            return f"{ahead}Tied: {names(tally, tally.tied)}. {tie_rule(tally.method)}"
        case _:
            assert_never(tally.outcome)
