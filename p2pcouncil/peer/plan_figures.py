"""The figures of a plan as people read them, the same on every interface."""

from p2pcouncil.domain.planning.quantities import DECIMALS_MAX, ONE, Micro, show_quantity, show_scaled

OUTCOMES = {
    "runs": "takes proposals",
    "again": "another round follows",
    "balanced": "supply meets demand",
    "best": "the rounds are used up",
    "lapsed": "too few tellers sealed it",
}
"""How a round stands, or ended, by `PlanRoundView.outcome`."""

SHOWN_DIGITS = 5


def amount(micro: int) -> str:
    """An amount in millionths as people write it: ``0.75``."""
    return show_quantity(Micro(micro))


def rounded(micro: int) -> str:
    """An amount in millionths to be read beside others: ``8861`` of 8860.973913. Whole units are never rounded."""
    whole = len(str(micro // ONE))
    decimals = max(0, min(DECIMALS_MAX, SHOWN_DIGITS - whole))
    step = 10 ** (DECIMALS_MAX - decimals)
    return amount((micro + step // 2) // step * step)


def percent(basis_points: int) -> str:
    """Hundredths of a percent as people read them: ``2.5 %``."""
    return f"{show_scaled(basis_points, 2).rstrip('0').rstrip('.')} %"


def price(milli: int) -> str:
    """An indicative price in thousandths, with all its decimals: ``700.000``."""
    return show_scaled(milli, 3)


def hours(micro: int) -> str:
    """A labour value in millionths of an hour, with all its decimals: ``0.050000``."""
    return show_scaled(micro, 6)
