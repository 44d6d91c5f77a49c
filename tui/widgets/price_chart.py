"""Prices over the rounds as lines; each good has a sign of its own, so that lines can be told apart without colour.

They are drawn as shares of the first price, so that what goes up most stands highest, whether it is bread or an oven.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.color import Color
from textual_plotext import PlotextPlot

SIGNS = ("•", "x", "+", "o", "*", "#", "%", "@")
_COLOURS = ("primary", "accent", "success", "error", "secondary", "foreground", "primary", "accent")
_TICKS_MAX = 8
_LEVELS = 6


@dataclass(frozen=True, slots=True)
class PriceLine:
    """The prices of one good; `sign` is the place of its sign in `SIGNS`."""

    sign: int
    prices_milli: tuple[int, ...]


class PriceChart(PlotextPlot):
    """A picture of what stands beside it in numbers; floats only ever become pixels here."""

    def show(self, lines: Sequence[PriceLine], names: Sequence[str]) -> None:
        """Draw.

        Args:
            lines: the goods that are picked.
            names: what the rounds are called, one for each price.
        """
        plot = self.plt
        plot.clear_data()
        theme = self.app.current_theme
        for found in lines:
            colour = getattr(theme, _COLOURS[found.sign % len(SIGNS)]) or theme.primary
            plot.plot(
                list(range(1, len(found.prices_milli) + 1)),
                [100 * milli / found.prices_milli[0] for milli in found.prices_milli],
                marker=SIGNS[found.sign % len(SIGNS)],
                color=Color.parse(colour).rgb,
            )
        step = max(1, -(-len(names) // _TICKS_MAX))
        ticks = sorted({*range(1, len(names) + 1, step), len(names)}) if names else []
        plot.xticks(ticks, [names[at - 1] for at in ticks])
        shares = [100 * milli // found.prices_milli[0] for found in lines for milli in found.prices_milli]
        levels = _levels(min(shares, default=100), max(shares, default=100) + 1)
        plot.yticks(levels, [f"{level:.0f} %" for level in levels])
        plot.ylim(levels[0], levels[-1])
        plot.title("each price as a share of its first")
        self.refresh()


def _levels(low: int, high: int) -> list[float]:
    """Round numbers from below the lowest share to above the highest, about `_LEVELS` of them."""
    sizes = (size * 10**power for power in range(18) for size in (1, 2, 5))
    step = next(size for size in sizes if size * _LEVELS >= high - low)
    return [float(level) for level in range(low // step * step, high + step, step)]
