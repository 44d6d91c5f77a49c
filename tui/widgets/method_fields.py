"""What a form asks about a method: which fields belong to which, and how projects and their costs are typed."""

import re

from textual.widgets import Input

from crdt.errors import LocalError
from p2pcouncil.domain.tally.method import Approval, EqualShares, Method, Ranked, Score, Stv, YesNo
from tui.widgets.field import one_line

METHODS: tuple[tuple[type[Method], str], ...] = (
    (YesNo, "yes or no"),
    (Approval, "approval: any number of options"),
    (Ranked, "ranking: options in order"),
    (Score, "points for each option"),
    (Stv, "seats in proportion (STV)"),
    (EqualShares, "a budget, in equal shares"),
)
FIELDS: dict[str, tuple[type[Method], ...]] = {
    "#for-threshold": (YesNo,),
    "#for-options": (Approval, Ranked, Score, Stv, EqualShares),
    "#for-costs": (EqualShares,),
    "#for-winners": (Approval, Score, Stv),
    "#for-highest": (Score,),
    "#for-budget": (EqualShares,),
}
"""Which methods ask for which field."""
_DIGITS_MAX = 13
"""Of a number typed in the form: one more than the largest that any method takes."""


def number_field(name: str, value: str) -> Input:
    """An input that takes a whole number alone.

    Args:
        name: the widget's id.
        value: what it begins with.
    """
    return one_line(id=name, value=value, restrict=f"[0-9]{{0,{_DIGITS_MAX}}}")


def costs_of(lines: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Projects and costs from lines such as ``New windows 4200``.

    Args:
        lines: what was typed, without empty lines.

    Raises:
        LocalError: a line doesn't end with a number.
    """
    projects, costs = [], []
    for number, text in enumerate(lines, start=1):
        match = re.fullmatch(rf"(.*\S)[\s,:]+([0-9]{{1,{_DIGITS_MAX}}})", text)
        if match is None:
            raise LocalError(
                f"Project {number} doesn't say what it costs.",
                "End each line with what the project costs, as a whole number: New windows 4200.",
            )
        projects.append(match[1].rstrip(",: "))
        costs.append(int(match[2]))
    return tuple(projects), tuple(costs)
