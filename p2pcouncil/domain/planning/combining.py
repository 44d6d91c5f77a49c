"""Several ways of making one product become one: the average, weighted by the output that is made with each.

If a hundred loaves are made in one bakery and fifty in another, outputs, inputs and hours are added up, and what a loaf
takes is a hundred and fiftieth of that. So its labour value is the average labour required of those who make it, as the
seed text asks, and not that of the best or the worst workplace.
"""

from collections.abc import Sequence

from p2pcouncil.domain.planning.quantities import Micro
from p2pcouncil.domain.planning.technique import Hours, Item, Technique


def combine(techniques: Sequence[Technique]) -> Technique:
    """Add up techniques of one product.

    Args:
        techniques: at least one, all of one product and in one unit; units of equal items are equal.

    Returns:
        The sum, items sorted by name; equal for every order of the techniques.
    """
    inputs: dict[str, Item] = {}
    hours: dict[str, int] = {}
    pollutants: dict[str, Item] = {}
    for technique in techniques:
        for sums, items in ((inputs, technique.inputs), (pollutants, technique.pollutants)):
            for item in items:
                before = sums[item.name].quantity if item.name in sums else 0
                sums[item.name] = Item(item.name, item.unit, Micro(before + item.quantity))
        for work in technique.hours:
            hours[work.kind] = hours.get(work.kind, 0) + work.hours
    first = techniques[0]
    return Technique(
        first.product,
        first.unit,
        Micro(sum(technique.output for technique in techniques)),
        tuple(inputs[name] for name in sorted(inputs)),
        tuple(Hours(kind, Micro(hours[kind])) for kind in sorted(hours)),
        tuple(pollutants[name] for name in sorted(pollutants)),
    )
