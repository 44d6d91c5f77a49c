"""What peers have to agree on of a plan, and what a story expects of it."""

from p2pcouncil.domain.planning.quantities import read_quantity
from p2pcouncil.scenario.plan_steps import ExpectPlan
from p2pcouncil.scenario.processes import Answer

AGREED = (
    "id",
    "title",
    "stage",
    "round",
    "rounds",
    "goods",
    "best",
    "adopted_page",
    "digest",
    "faults",
    "given_off",
)
"""Of a plan as `plan show --json` gives it, what is the same with everybody who holds the same."""
AGREED_OF_UNITS = ("name", "kind", "depth", "figures", "standing", "note")
AGREED_OF_REPORTS = ("unit_name", "good", "unit", "amount_micro", "text")


def agreed_of(plan: Answer) -> Answer:
    """What peers have to show equally of a plan: every figure of it, and nothing of who looks and when."""
    return {
        **{name: plan[name] for name in AGREED},
        "units": [{name: unit[name] for name in AGREED_OF_UNITS} for unit in plan["units"]],
        "reports": [{name: report[name] for name in AGREED_OF_REPORTS} for report in plan["reports"]],
    }


def unmet_of_plan(step: ExpectPlan, plans: dict[str, Answer]) -> list[str]:
    """Compare a plan, as several peers show it, with what a story expects.

    Args:
        step: what is expected.
        plans: what `plan show --json` gives, by whose peer it is.

    Returns:
        A sentence for each thing that is otherwise; empty if all is as expected.
    """
    found = []
    names = list(plans)
    first = agreed_of(plans[names[0]])
    for name in names[1:]:
        other = agreed_of(plans[name])
        differ = sorted(part for part in first if first[part] != other[part])
        if differ:
            found.append(f"{names[0]} and {name} show other {', '.join(differ)}.")
    for name, plan in plans.items():
        if plan["stage"] != step.stage:
            found.append(
                f"with {name} it is at the stage “{plan['stage']}”, not “{step.stage}”: {plan['line']}"
            )
        if step.balanced and not (plan["rounds"] and plan["rounds"][-1]["outcome"] == "balanced"):
            found.append(f"with {name} supply does not meet demand: {plan['line']}")
        made = {good["name"]: good["made"] for good in plan["goods"]}
        for word in step.made:
            good, _, amount = word.rpartition("=")
            if made.get(good) != read_quantity(amount):
                found.append(f"with {name} the reports do not come to {amount} of {good}.")
    return found
