"""The tables of `docs/sortition.md`, computed: `python -m tests.support.sortition_tables` prints them.

With `--write` it puts them into the document. All are cheap but `played`, which takes minutes and has to be named.
"""

import argparse
import math
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from math import comb
from pathlib import Path

from p2pcouncil.domain.register.quorum import liars_tolerated, quorum_of
from p2pcouncil.domain.sortition.sizes import (
    ACCEPTED,
    DRAWS,
    SMALLEST,
    chance_of_no_quorum,
    chance_of_too_many_bad,
    committee_size,
    seeds_seen,
    smallest_committee,
)
from tests.support.sortition_grinding import AIMS, Gain, Play, longest_share, play, seeds_per_page

DOCUMENT = Path(__file__).parents[2] / "docs" / "sortition.md"
SHARES = (50, 100, 150, 200)
"""Bad ones of a thousand."""
PLAYED_PAGES = 20_000
PLAYED_ON_DUTY = 200
PLAYED_TELLERS = 28


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---", *["---:"] * (len(lines[0]) - 1)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def show_chance(chance: Fraction) -> str:
    """A chance as people read it, to two digits."""
    if chance == 0:
        return "never"
    if chance >= Fraction(1, 100):
        return f"{100 * float(chance):.2g} %"
    once_in = round(1 / chance)
    if once_in >= 10**9:
        return "under 1 in a billion"
    return f"1 in {round(once_in, 2 - len(str(once_in))):,}"


def _percent(permille: int) -> str:
    return f"{permille // 10} %"


def sizes_table() -> str:
    """How large a committee is."""
    rolls = (41, 60, 100, 200, 500, 1_000, 10_000, 1_000_000)
    return _table(
        ["bad", *(f"{roll:,} on duty" for roll in rolls)],
        ([_percent(bad), *(str(committee_size(roll, bad)) for roll in rolls)] for bad in (10, 20, *SHARES)),
    )


def without_influence(on_duty: int, bad_permille: int) -> int:
    """The smallest committee for one draw that nobody can influence; what the design's figures are."""
    bad = on_duty * bad_permille // 1000
    sizes = range(SMALLEST, on_duty, 3)
    return next(size for size in sizes if chance_of_too_many_bad(size, on_duty, bad) < ACCEPTED)


def draws_table() -> str:
    """How the number of draws makes a committee larger; 1,000 on duty."""
    rows = [["one page, drawn by pure chance", *(str(without_influence(1_000, bad)) for bad in SHARES)]]
    for draws in (1, 100, 1_000, DRAWS, 100_000):
        name = "one page" if draws == 1 else f"{draws:,} pages"
        rows.append([name, *(str(smallest_committee(1_000, bad, draws)) for bad in SHARES)])
    return _table(["counted over", *map(_percent, SHARES)], rows)


def design_table() -> str:
    """What the design's sizes are worth, by the number on duty."""
    rolls = (500, 1_000, 2_000, 10_000, 1_000_000)
    return _table(
        ["size", "bad", "bears", *(f"{roll:,} on duty" for roll in rolls)],
        (
            [
                str(size),
                _percent(bad),
                str(liars_tolerated(size)),
                *(show_chance(chance_of_too_many_bad(size, roll, roll * bad // 1000)) for roll in rolls),
            ]
            for size, bad in ((28, 50), (52, 100), (94, 150))
        ),
    )


def wrong_table() -> str:
    """What happens if more are bad than was assumed: 1,000 on duty, a committee for a tenth."""
    size = committee_size(1_000, 100)
    shares = (100, 120, 150, 180, 200, 250, 300)
    return _table(
        ["bad in truth", *map(_percent, shares)],
        [
            [
                "chance per page",
                *(show_chance(chance_of_too_many_bad(size, 1_000, share)) for share in shares),
            ]
        ],
    )


def absent_table() -> str:
    """The chance that a quorum is not there."""
    absent = (50, 100, 150, 200, 250, 300)
    return _table(
        ["tellers", "bears", "quorum", *(f"{_percent(share)} absent" for share in absent)],
        (
            [
                str(tellers),
                str(liars_tolerated(tellers)),
                str(quorum_of(tellers)),
                *(show_chance(chance_of_no_quorum(tellers, Fraction(share, 1000))) for share in absent),
            ]
            for tellers in (3, 4, 5, 7, 10, 13, 20, 28, 40, 52, 88, 100, 157, 283)
        ),
    )


def influence_table() -> str:
    """What a coalition gains by silence, worked out."""
    rows = []
    for bad in (50, 100, 200, 300):
        share = Fraction(bad, 1000)
        rows.append(
            [
                _percent(bad),
                f"{100 * longest_share(share):.2f} %",
                f"{seeds_per_page(share):.3f}",
                f"{float(seeds_seen(share)):.3f}",
            ]
        )
    return _table(["lots", "first proposer", "seeds a page", "counted as"], rows)


def foresight_table() -> str:
    """How likely it is at most that a coalition with a tenth of the lots sees a seed so many pages ahead.

    Per page, two branches go on if the first proposer is its own, and one if an honest one is known to be asleep.
    """
    ahead = (1, 2, 5, 10, 20, 50)
    rows = []
    for asleep in (0, 200, 500, 800):
        paths = 2 * Fraction(1, 10) + (1 - Fraction(1, 10)) * Fraction(asleep, 1000)
        rows.append([_percent(asleep), *(show_chance(paths**pages) for pages in ahead)])
    return _table(["honest asleep", *(f"{pages} ahead" for pages in ahead)], rows)


def fresh_table() -> str:
    """How many seats a coalition gets if it may choose the seed among many: the most that turns up so often."""
    tellers, on_duty, bad = committee_size(1_000, 100), 1_000, 100
    tries = (2, 1_000, 1_000_000, 1_000_000_000)
    ways = [comb(bad, seats) * comb(on_duty - bad, tellers - seats) for seats in range(tellers + 1)]
    reached = [max(n for n in range(tellers + 1) if sum(ways[n:]) * count >= sum(ways)) for count in tries]
    return _table(
        ["seeds to choose from", *(f"{count:,}" for count in tries)],
        [[f"seats of {tellers}, which bear {liars_tolerated(tellers)}", *map(str, reached)]],
    )


def played(pages: int = PLAYED_PAGES) -> list[tuple[int, str, Gain]]:
    """Each aim against each share, 200 on duty, 28 tellers."""
    return [
        (bad, name, play(Play(bad, PLAYED_ON_DUTY, PLAYED_ON_DUTY * bad // 1000, PLAYED_TELLERS), aim, pages))
        for bad in (50, 100, 200)
        for name, aim in AIMS.items()
    ]


WORDS = {
    "honest": "none, it proves as it should",
    "seats": "seats in the next committee",
    "longest": "to propose first",
    "capture": "a committee with more than f",
}


def played_table() -> str:
    """The same, played with the real lot; takes minutes."""
    rows = (
        [
            _percent(bad),
            WORDS[name],
            f"{gain.first / gain.pages:.2%}".replace("%", " %"),
            f"{gain.seats / gain.pages / PLAYED_TELLERS:.2%}".replace("%", " %"),
            f"{gain.captured:,}",
            f"{gain.seeds / gain.pages:.3f}",
        ]
        for bad, name, gain in played()
    )
    return _table(["lots", "aim", "first proposer", "seats", "captured", "seeds a page"], rows)


def luck_table() -> str:
    """What an honest run of the same length comes to by chance alone, within two standard deviations."""
    rows = []
    for bad in (50, 100, 200):
        ours = PLAYED_ON_DUTY * bad // 1000
        share = ours / PLAYED_ON_DUTY
        captured = float(chance_of_too_many_bad(PLAYED_TELLERS, PLAYED_ON_DUTY, ours))
        without_return = (PLAYED_ON_DUTY - PLAYED_TELLERS) / (PLAYED_ON_DUTY - 1)
        first = 2 * math.sqrt(share * (1 - share) / PLAYED_PAGES)
        seats = first * math.sqrt(without_return / PLAYED_TELLERS)
        captures = 2 * math.sqrt(PLAYED_PAGES * captured * (1 - captured))
        rows.append(
            [
                _percent(bad),
                f"{share:.0%} ± {100 * first:.2f} %".replace("% ±", " % ±"),
                f"{share:.0%} ± {100 * seats:.2f} %".replace("% ±", " % ±"),
                f"{PLAYED_PAGES * captured:.0f} ± {captures:.0f}",
            ]
        )
    return _table(["lots", "first proposer", "seats", "captured"], rows)


CHEAP: dict[str, Callable[[], str]] = {
    "sizes": sizes_table,
    "draws": draws_table,
    "design": design_table,
    "wrong": wrong_table,
    "absent": absent_table,
    "influence": influence_table,
    "luck": luck_table,
    "foresight": foresight_table,
    "fresh": fresh_table,
}
TABLES = CHEAP | {"played": played_table}


def marked(name: str, table: str) -> str:
    """A table as it stands in the document."""
    return f"<!-- table: {name} -->\n\n{table}\n\n<!-- end -->"


def main() -> None:
    """Print tables, or write them into the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *TABLES], help="which; all cheap ones unless named")
    parser.add_argument("--write", action="store_true", help="into docs/sortition.md")
    asked = parser.parse_args()
    for name in asked.names or CHEAP:
        table = TABLES[name]()
        print(f"{name}\n\n{table}\n")
        if asked.write:
            text = DOCUMENT.read_text(encoding="utf-8")
            pattern = rf"<!-- table: {name} -->.*?<!-- end -->"
            DOCUMENT.write_text(re.sub(pattern, marked(name, table), text, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
