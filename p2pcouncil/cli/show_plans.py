"""Planning periods as text: what a screen reader can follow, in the order in which people ask."""

from collections.abc import Iterable, Sequence

from p2pcouncil.cli.refs import short
from p2pcouncil.cli.show import plural, table, when, wrap
from p2pcouncil.peer.plan_figures import OUTCOMES, amount, hours, percent, price
from p2pcouncil.peer.views.plans import FigureView, PlanGoodView, PlanUnitView, PlanView, TechniqueView


def show_plans(views: Sequence[PlanView]) -> list[str]:
    """Planning periods, a few lines each."""
    if not views:
        return wrap("No planning period has begun. Propose one with `p2pcouncil plan begin`.")
    lines = []
    for view in views:
        lines += [f"{view.title}  [{short(view.id)}]  {view.council_name}", *wrap(view.line, "  ")]
    return lines


def show_plan(view: PlanView, *, rounds: bool) -> list[str]:
    """A planning period: how it stands, goods, councils, and what comes next."""
    lines = [f"{view.title}  [{short(view.id)}]  {view.council_name}", *wrap(view.line)]
    if view.closes_ms is not None:
        lines += wrap(f"Proposals: {when(view.closes_ms)}.")
    what = "Provisional, by what is held here" if view.is_provisional else "By its page"
    lines += ["", *wrap(f"Round {view.round}. {what}; a plan is within {percent(view.tolerance)}:")]
    lines += table(
        [("", "supply", "demand", "gap", "price", "hours"), *(_good(good) for good in view.goods)], "  "
    )
    restless = [good for good in view.goods if good.trend != "calm"]
    for good in restless:
        lines += wrap(f"{good.name} comes to no rest: it is {good.trend}.", "  ")
    for fault in view.faults:
        lines += wrap(f"No labour value: {fault}", "  ")
    for figure, limit in view.given_off:
        told = f"Gives off {amount(figure.amount_micro)} {figure.unit} of {figure.name}"
        if limit is not None:
            is_over = figure.amount_micro > limit
            told += f", {'MORE than' if is_over else 'within'} the limit of {amount(limit)}"
        lines += wrap(f"{told}.", "  ")
    lines += ["", "Councils:"]
    for unit in view.units:
        lines += _unit(unit)
    if view.silent:
        lines += wrap(f"Nothing said in this round: {', '.join(view.silent)}.")
    lines += ["", "Rounds:"]
    lines += table(
        (
            (
                str(found.number),
                OUTCOMES[found.outcome],
                f"at most {percent(found.worst)} apart ({found.worst_good})" if found.worst else "",
                plural(found.proposals, "proposal") if found.proposals else "nobody spoke",
            )
            for found in view.rounds
        ),
        "  ",
    )
    if rounds:
        lines += _history(view)
    if view.adopted_page:
        lines += _results(view)
    if view.mine and view.stage == "rounds":
        names = ", ".join(view.units[at].name for at in view.mine)
        lines += ["", *wrap(view.can_propose or f"You speak for {names}; see `p2pcouncil plan suggest`.")]
    return lines


def show_suggestion(unit: PlanUnitView) -> list[str]:
    """What a unit could propose."""
    return [
        *wrap(f"{unit.name} could propose ({unit.why}):"),
        *table((_figure(figure) for figure in unit.suggested), "  "),
    ]


def show_techniques(techniques: Iterable[TechniqueView]) -> list[str]:
    """How things can be made."""
    lines: list[str] = []
    for found in techniques:
        lines += wrap(f"{found.product}, by “{found.name}”  [{short(found.hash)}]  {found.by.name}")
        rows = [("makes", amount(found.output_micro), found.unit, found.product)]
        rows += [
            (figure.kind, amount(figure.amount_micro), figure.unit, figure.name)
            for figure in (*found.inputs, *found.labour, *found.given_off)
        ]
        if found.capacity_micro:
            rows.append(("at most", amount(found.capacity_micro), found.unit, "in a period"))
        lines += table(rows, "  ")
        if found.note:
            lines += wrap(found.note, "  ")
    return lines or wrap("Nobody has published a technique. Do so with `p2pcouncil technique publish`.")


def _good(good: PlanGoodView) -> tuple[str, ...]:
    gap = f"{'+' if good.gap > 0 else ''}{percent(good.gap)}{'' if good.is_within else ' !'}"
    value = "" if good.value_micro is None else hours(good.value_micro)
    return (
        good.name,
        f"{amount(good.supply)} {good.unit}",
        f"{amount(good.demand)} {good.unit}",
        gap,
        price(good.price_milli),
        value,
    )


def _unit(unit: PlanUnitView) -> list[str]:
    indent = "  " * (unit.depth + 1)
    lines = wrap(f"{unit.name} ({unit.speaker.name} speaks): {unit.standing}.", indent)
    lines += table((_figure(figure) for figure in unit.figures), f"{indent}  ")
    if unit.note:
        lines += wrap(f"“{unit.note}”", f"{indent}  ")
    return lines


def _figure(figure: FigureView) -> tuple[str, ...]:
    return figure.kind, amount(figure.amount_micro), figure.unit, figure.name, figure.how


def _history(view: PlanView) -> list[str]:
    closed = [found.number for found in view.rounds if found.worst is not None]
    lines = ["", "Prices, round by round:"]
    rows = [("", *(str(number) for number in closed), "now" if not view.best else "")]
    for good in view.goods:
        prices = [price(milli) for milli in good.prices_milli]
        rows.append((good.name, *prices, *([""] if view.best else [])))
    return [*lines, *table(rows, "  ")]


def _results(view: PlanView) -> list[str]:
    rows = [("", "planned", "made so far", "used so far")]
    for good in view.goods:
        if good.kind == "product":
            rows.append((good.name, amount(good.supply), amount(good.made), amount(good.used)))
    lines = ["", "Against the plan:", *table(rows, "  ")]
    for found in view.reports:
        told = f"{found.unit_name}, by {found.person.name}: {amount(found.amount_micro)} {found.unit} of {found.good}."
        lines += wrap(f"{told} {found.text}".strip(), "  ")
    return lines
