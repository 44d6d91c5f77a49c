"""A tally told in plain sentences, so that anyone can do the sum again by hand.

The sentences are made from a `Tally` when somebody reads them. They are no part of it: better wording must
never look like another result.
"""

from collections.abc import Iterable
from typing import assert_never

from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.tally.method import PERMILLE, Approval, Ranked, YesNo, percent, tie_rule
from p2pcouncil.domain.tally.outcome import Outcome, Tally, ballots_needed

OPTION_CELLS_MAX = 40
"""Terminal cells that an option's text may take inside a sentence."""


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
        case _:
            assert_never(tally.method)
    return (_turnout(tally), *steps, _outcome(tally))


def _name(tally: Tally, option: int) -> str:
    return f"“{clean_line(tally.options[option], OPTION_CELLS_MAX)}”"


def _names(tally: Tally, options: Iterable[int]) -> str:
    names = [_name(tally, option) for option in options]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _ballots(count: int) -> str:
    return f"{count} ballot" if count == 1 else f"{count} ballots"


def _turnout(tally: Tally) -> str:
    cast = f"{_ballots(tally.turnout)} from a roll of {tally.roll_size}"
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


def _approval(tally: Tally) -> list[str]:
    ordered = sorted(range(len(tally.options)), key=lambda option: (-tally.counts[option], option))
    return [f"{_name(tally, option)} is approved on {_ballots(tally.counts[option])}." for option in ordered]


def _ranked(tally: Tally) -> list[str]:
    everyone = range(len(tally.options))
    steps = []
    for option in everyone:
        rivals = [rival for rival in everyone if rival != option]
        over = ", ".join(f"{_name(tally, rival)} {tally.pairwise[option][rival]}" for rival in rivals)
        steps.append(f"Ballots that rank {_name(tally, option)} above: {over}.")
    for option in everyone:
        rivals = [rival for rival in everyone if rival != option]
        paths = ", ".join(f"{_name(tally, rival)} {tally.paths[option][rival]}" for rival in rivals)
        steps.append(f"Strongest path from {_name(tally, option)} to: {paths}.")
    for option in tally.ranking[0]:
        rivals = [rival for rival in everyone if rival != option]
        duels = ", ".join(
            f"{_name(tally, rival)} {tally.paths[option][rival]} to {tally.paths[rival][option]}"
            for rival in rivals
        )
        steps.append(f"No option has a stronger path to {_name(tally, option)} than it has back: {duels}.")
    tiers = " > ".join(" = ".join(_name(tally, option) for option in tier) for tier in tally.ranking)
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
            return "No ballot expressed a preference, so nothing is decided."
        case Outcome.ELECTED:
            return f"{_names(tally, tally.winners)} {'wins' if len(tally.winners) == 1 else 'win'}."
        case Outcome.TIED:
            ahead = f"{_names(tally, tally.winners)} clearly ahead. " if tally.winners else ""
            return f"{ahead}Tied: {_names(tally, tally.tied)}. {tie_rule(tally.method)}"
        case _:
            assert_never(tally.outcome)
