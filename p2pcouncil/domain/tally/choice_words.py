"""What a ballot says, in words."""

from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.tally.choice import Choice, points_of
from p2pcouncil.domain.tally.method import (
    Approval,
    EqualShares,
    Method,
    Ranked,
    Score,
    Stv,
    YesNo,
    options_of,
)


def show_choice(method: Method, options: tuple[str, ...], choice: Choice) -> str:
    """A choice in words: “yes”, “soup, bread”, “soup > bread = cake”, “soup 5, bread 2”."""
    labels = [clean_line(label, 60) for label in options_of(method, options)]
    tiers = [" = ".join(labels[i] for i in tier) for tier in choice]
    if not tiers:
        return "nothing (a blank ballot)"
    match method:
        case Approval() | EqualShares():
            return ", ".join(labels[i] for i in choice[0])
        case Score(highest=highest):
            return ", ".join(f"{labels[i]} {points}" for i, points in points_of(choice, highest).items())
        case YesNo() | Ranked() | Stv():
            return " > ".join(tiers)
