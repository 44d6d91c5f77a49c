"""What is proposed in a planning round, in a sentence: by whom for which council, and how much of what.

Whatever stands in a feed has to be told, refused or not; so places that no plan has, and techniques that nobody holds,
are told as such.
"""

from collections.abc import Iterator, Sequence

from crdt.ids import ChangeHash
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.planning.quantities import Micro, show_quantity
from p2pcouncil.domain.planning.said import Made, ProposePlan, PublishTechnique, UnitPlan, Wanted
from p2pcouncil.domain.planning.standing import Entries, UnitStanding

NAME_CELLS = 40
UNIT_CELLS = 16
ITEMS_MAX = 6
"""Of what one council proposes, more would hide the sentence."""
UNITS_MAX = 6


def proposal_in_words(body: ProposePlan, terms: OpenPlan, entries: Entries) -> str:
    """What a proposal says: “bakery makes 100 loaf of bread by oven; west wants 50 loaf of bread”.

    Args:
        body: the proposal, refused or not.
        terms: of the planning period.
        entries: has techniques.
    """
    told = [_part_in_words(part, terms, entries) for part in body.units[:UNITS_MAX]]
    rest = len(body.units) - len(told)
    return "; ".join(told) + (f"; and {rest:,} more councils" if rest else "")


def standing_in_words(standing: UnitStanding, terms: OpenPlan, entries: Entries) -> str:
    """What a council stands with in a round: “makes 100 loaf of bread by oven”, or “nothing”."""
    return _items_in_words(
        [Made(name, amount) for name, amount in standing.made.items()],
        [Wanted(good, amount) for good, amount in standing.wanted.items()],
        [Wanted(good, amount) for good, amount in standing.offered.items()],
        terms,
        entries,
    )


def amount_in_words(amount_micro: int, unit: str) -> str:
    """An amount with its unit: “0.5 kg”."""
    return f"{show_quantity(Micro(amount_micro))} {clean_line(unit, UNIT_CELLS)}"


def unit_name(terms: OpenPlan, place: int) -> str:
    """What a council is called in the plan."""
    if place >= len(terms.units):
        return "a council that does not plan"
    return clean_line(terms.units[place].name, NAME_CELLS)


def good_name(terms: OpenPlan, place: int) -> str:
    """What a good is called in the plan."""
    if place >= len(terms.goods):
        return "something that is not planned"
    return clean_line(terms.goods[place].name, NAME_CELLS)


def _part_in_words(part: UnitPlan, terms: OpenPlan, entries: Entries) -> str:
    items = _items_in_words(part.made, part.wanted, part.offered, terms, entries)
    return f"{unit_name(terms, part.unit)} {items}"


def _items_in_words(
    made: Sequence[Made],
    wanted: Sequence[Wanted],
    offered: Sequence[Wanted],
    terms: OpenPlan,
    entries: Entries,
) -> str:
    told = [
        *_listed("makes", [_made_in_words(item, entries) for item in made[:ITEMS_MAX]], len(made)),
        *_listed("wants", [_good_in_words(item, terms) for item in wanted[:ITEMS_MAX]], len(wanted)),
        *_listed("offers", [_good_in_words(item, terms) for item in offered[:ITEMS_MAX]], len(offered)),
    ]
    return ", ".join(told) or "proposes nothing"


def _listed(verb: str, told: Sequence[str], number: int) -> Iterator[str]:
    if told:
        more = f" and {number - len(told):,} more" if number > len(told) else ""
        yield f"{verb} {', '.join(told)}{more}"


def _made_in_words(made: Made, entries: Entries) -> str:
    held = entries.get(ChangeHash(made.technique))
    technique = None if held is None else held.body
    if not isinstance(technique, PublishTechnique):
        return f"{show_quantity(Micro(made.amount))} by a technique {made.technique.hex()[:8]} that is not in here"
    product, name = (clean_line(text, NAME_CELLS) for text in (technique.product, technique.name))
    return f"{amount_in_words(made.amount, technique.unit)} of {product} by {name}"


def _good_in_words(item: Wanted, terms: OpenPlan) -> str:
    unit = terms.goods[item.good].unit if item.good < len(terms.goods) else ""
    return f"{amount_in_words(item.amount, unit).rstrip()} of {good_name(terms, item.good)}"
