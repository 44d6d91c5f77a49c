"""A planning round in lines: which goods are short and which are too many, as bars, with the prices that follow."""

from p2pcouncil.domain.planning.quantities import show_scaled
from p2pcouncil.scenario.processes import Answer

BAR_CELLS = 8
LISTED_MAX = 8


def told_round(plan: Answer, number: int) -> list[str]:
    """Tell what a round came to.

    Args:
        plan: as `plan show --json` gives it.
        number: of the round.
    """
    found = next((line for line in plan["rounds"] if line["number"] == number), None)
    if found is None or found["worst"] is None:
        return [f"Round {number} came to nothing: too few tellers sealed it."]
    at = sum(line["worst"] is not None for line in plan["rounds"] if line["number"] < number)
    tolerance, goods = plan["tolerance"], plan["goods"]
    gaps = [(_counts(good, good["gaps"][at]), good) for good in goods]
    beyond = sorted((gap for gap in gaps if gap[0] > tolerance), key=lambda pair: (-pair[0], pair[1]["name"]))
    said = "1 proposal" if found["proposals"] == 1 else f"{found['proposals']} proposals"
    told = f"Round {number}, closed on page {found['page']}, {said}: "
    told += f"{len(gaps) - len(beyond)} of {len(gaps)} goods within {_percent(tolerance)}"
    told += f"; the worst is {found['worst_good']}, {_percent(found['worst'])} apart." if beyond else "."
    width = max((len(good["name"]) for _, good in beyond[:LISTED_MAX]), default=0)
    lines = [told]
    for gap, good in beyond[:LISTED_MAX]:
        is_short = good["gaps"][at] < 0
        bar = "#" * max(1, gap * BAR_CELLS // max(1, beyond[0][0]))
        sides = f"{bar if is_short else '':>{BAR_CELLS}}|{'' if is_short else bar:<{BAR_CELLS}}"
        what = f"{_percent(gap)} {'short' if is_short else 'too much'}"
        lines.append(f"  {good['name']:<{width}}  {sides}  {what:<16}  {_prices(good, at)}")
    if len(beyond) > LISTED_MAX:
        lines.append(f"  … and {len(beyond) - LISTED_MAX} more.")
    return lines


def _counts(good: Answer, gap: int) -> int:
    """How far a good keeps a round from being a plan; a resource that is left over does not."""
    return 0 if good["kind"] == "resource" and gap > 0 else abs(gap)


def _prices(good: Answer, at: int) -> str:
    """The price in a round, and the one after it, if there is one."""
    prices = [show_scaled(price, 3) for price in good["prices_milli"][at : at + 2]]
    return f"price {' → '.join(prices)}"


def _percent(basis_points: int) -> str:
    return f"{show_scaled(basis_points, 2).removesuffix('0').removesuffix('.0')} %"
