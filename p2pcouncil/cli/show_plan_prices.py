"""Prices of plans as text that can be read aloud, and as JSON: what goods cost now, and how they came to it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from p2pcouncil.cli.as_json import Json
from p2pcouncil.cli.refs import short
from p2pcouncil.cli.show import table, wrap
from p2pcouncil.cli.show_prices import json_of_plan
from p2pcouncil.domain.planning.quantities import show_scaled
from p2pcouncil.peer.plan_figures import percent
from p2pcouncil.peer.views.plans import PlanGoodView, PlanView

NO_VALUE = "none"


def show_plan_line(view: PlanView) -> list[str]:
    """Which plan prices are of, and how much they can be relied on."""
    provisional = " Provisional, by what is held here." if view.is_provisional else ""
    return wrap(f"{view.title}  [{short(view.id)}]: round {view.round}. {view.line}{provisional}")


def show_list(view: PlanView) -> list[str]:
    """The prices of a plan, a line for each good."""
    rows = [("", "labour value", "indicative price", "")]
    for good in view.goods:
        rows.append((good.name, _hours(good.value_micro), show_scaled(good.price_milli, 3), _per(good)))
    lines = [*show_plan_line(view), "", *table(rows, "  "), ""]
    for fault in view.faults:
        lines += wrap(f"No labour value: {fault}")
    return [
        *lines,
        *wrap(
            "Goods cost their labour value, the hours in them. Indicative prices tell in planning what is short and "
            "what is plenty, and nobody pays them."
        ),
        *wrap(
            "Why a good costs that: `p2pcouncil price explain`; how it came to it: `p2pcouncil price history`."
        ),
    ]


def json_of_list(view: PlanView) -> Json:
    """The same for a script."""
    return {**json_of_plan(view), "prices": [_json_of_good(good) for good in view.goods]}


def show_history(views: Sequence[PlanView], name: str) -> list[str]:
    """How prices changed.

    Args:
        views: of plans, the first one first.
        name: of a good; all, if empty.
    """
    lines: list[str] = []
    for view in views:
        lines += ["", *show_plan_line(view)]
        for good in _goods(view, name):
            rows = [("round", "page", "labour value", "price", "supply to demand", "")]
            for number, page, value, price, gap, why in _rounds(view, good):
                rows.append((str(number), str(page), _hours(value), show_scaled(price, 3), _gap(gap), why))
            if view.stage == "rounds":
                rows.append(
                    (str(view.round), "", _hours(good.value_micro), show_scaled(good.price_milli, 3), "", "")
                )
            lines += [f"  {good.name}, per {good.unit}:", *table(rows, "    ")]
    return lines[1:]


def json_of_history(views: Sequence[PlanView], name: str) -> Json:
    """The same for a script."""
    return {
        "plans": [
            {
                **json_of_plan(view),
                "goods": [
                    {
                        **_json_of_good(good),
                        "rounds": [
                            {
                                "round": number,
                                "page": page,
                                "hours": None if value is None else show_scaled(value, 6),
                                "price": show_scaled(price, 3),
                                "gap_basis_points": gap,
                                "why": why,
                            }
                            for number, page, value, price, gap, why in _rounds(view, good)
                        ],
                    }
                    for good in _goods(view, name)
                ],
            }
            for view in views
        ]
    }


def _goods(view: PlanView, name: str) -> list[PlanGoodView]:
    return [good for good in view.goods if name in ("", good.name)]


def _rounds(view: PlanView, good: PlanGoodView) -> Iterator[tuple[int, int, int | None, int, int, str]]:
    """Per round that was closed: its number, the page that closed it, value, price, gap, and what changed and why."""
    closed = [found for found in view.rounds if found.worst is not None]
    seen: list[tuple[int | None, int, int]] = list(
        zip(good.values_micro, good.prices_milli, good.gaps, strict=False)
    )
    changes = ["", *(_why(before, after) for before, after in pairwise(seen))]
    for found, (value, price, gap), why in zip(closed, seen, changes, strict=True):
        yield found.number, found.page, value, price, gap, why


def _why(before: tuple[int | None, int, int], after: tuple[int | None, int, int]) -> str:
    """What changed from a round to the next, and why."""
    (value_before, price_before, gap), (value, price, _) = before, after
    said = []
    if price != price_before:
        said.append(f"price {'rose' if price > price_before else 'fell'}: {_gap(gap)} the round before")
    if value != value_before:
        if value_before is None or value is None:
            said.append("it is made now" if value_before is None else "it is not made any more")
        else:
            moved = "more" if value > value_before else "fewer"
            said.append(f"{moved} hours: other techniques, or other shares of them")
    return "; ".join(said)


def _gap(basis_points: int) -> str:
    """How far supply and demand were apart."""
    if not basis_points:
        return "balanced"
    return f"{percent(abs(basis_points))} {'short' if basis_points < 0 else 'too much'}"


def _hours(value_micro: int | None) -> str:
    return NO_VALUE if value_micro is None else f"{show_scaled(value_micro, 6)} h"


def _per(good: PlanGoodView) -> str:
    return f"per {good.unit}"


def _json_of_good(good: PlanGoodView) -> Json:
    return {
        "good": good.name,
        "unit": good.unit,
        "kind": good.kind,
        "hours": None if good.value_micro is None else show_scaled(good.value_micro, 6),
        "price": show_scaled(good.price_milli, 3),
    }
