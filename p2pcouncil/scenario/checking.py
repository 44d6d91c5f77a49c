"""What a story expects of a proposal, held against what a peer shows."""

from p2pcouncil.scenario.processes import Answer
from p2pcouncil.scenario.steps import Expect


def unmet(step: Expect, proposal: Answer) -> list[str]:
    """Compare a proposal, as `show --json` gives it, with what a story expects.

    Returns:
        A sentence for each thing that is otherwise; empty if all is as expected.
    """
    failures = [f"the text lacks “{piece}”." for piece in step.contains if piece not in proposal["text"]]
    failures += [f"the text holds “{piece}”." for piece in step.lacks if piece in proposal["text"]]
    asks = (step.counts, step.outcome, step.winners, step.turnout >= 0, step.status, step.reviews, step.done)
    if not any(asks):
        return failures
    if proposal["issue"] is None:
        return [*failures, "its vote is not open."]
    tally = tally_of(proposal)
    if step.outcome and tally["outcome"] != step.outcome:
        failures.append(f"the outcome is {tally['outcome']}, not {step.outcome}.")
    if step.winners and tuple(tally["winners"]) != step.winners:
        failures.append(
            f"ahead is {' and '.join(tally['winners']) or 'nobody'}, not {' and '.join(step.winners)}."
        )
    if step.turnout >= 0 and tally["turnout"] != step.turnout:
        failures.append(f"{tally['turnout']} ballots are counted, not {step.turnout}.")
    life, status = proposal["issue"]["life"], proposal["issue"]["status"]
    if step.status and status != step.status:
        failures.append(f"the vote is {status}, not {step.status}: {proposal['issue']['status_line']}")
    if len(life["reviews"]) < step.reviews:
        failures.append(f"{len(life['reviews'])} overseers' verdicts are shown, not {step.reviews}.")
    if step.done and step.done not in life["done"]:
        failures.append(f"what it did is “{life['done']}”, not “{step.done}”.")
    for option, count in step.counts.items():
        if tally["counts"].get(option) != count:
            failures.append(f"{option} has {tally['counts'].get(option, 'no such option')}, not {count}.")
    return failures


def tally_of(proposal: Answer) -> Answer:
    """A proposal's vote, as `show --json` gives it, in the shape of the report."""
    issue = proposal["issue"]
    return {
        "title": proposal["title"],
        "method": issue["method"]["type"],
        "counts": {option["label"]: option["count"] for option in issue["tally"]["counts"]},
        "outcome": issue["tally"]["outcome"],
        "winners": [option["label"] for option in issue["tally"]["counts"] if option["is_winner"]],
        "status": issue["status"],
        "turnout": issue["tally"]["turnout"],
    }


def findings_of(report: Answer) -> list[Answer]:
    """Every finding of a verification's report, wherever it stands in it."""
    found: list[Answer] = []
    for part in _parts(report):
        if {"code", "sentence", "grade"} <= part.keys():
            found.append(part)
    return found


def ballots_of(report: Answer) -> list[Answer]:
    """Every ballot of a verification's report."""
    return [part for part in _parts(report) if {"fate", "sentence"} <= part.keys()]


def _parts(value: object) -> list[Answer]:
    """All objects in a report, the report itself first."""
    if isinstance(value, list):
        return [part for item in value for part in _parts(item)]
    if isinstance(value, dict):
        return [value, *(part for item in value.values() for part in _parts(item))]
    return []
