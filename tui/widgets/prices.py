"""Prices over the rounds: the goods to pick from, and beside them a chart, or the same numbers as text."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import OptionList

from p2pcouncil.peer.plan_figures import price
from p2pcouncil.peer.views.plans import PlanView
from tui import words
from tui.content import ACCENT, MUTED, STRONG, join, line, lines, muted
from tui.drawing.plan_units import price_table
from tui.widgets.keyed_list import KeyedList, Row
from tui.widgets.pane import Pane
from tui.widgets.price_chart import SIGNS, PriceChart, PriceLine

CHART_CELLS_MIN, CHART_ROWS_MIN = 36, 8
LIST_CELLS = 30
_FIRST_PICKED = 3


class PickList(KeyedList):
    """Goods to pick."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "select", "Pick or not")]


class Prices(Horizontal):
    """The section of prices."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "numbers", "Chart or numbers")]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        """Begin with the first goods picked, and a chart.

        Args:
            id: the widget's id.
        """
        super().__init__(id=id)
        self._view: PlanView | None = None
        self._picked: set[int] | None = None
        self._as_numbers = False

    def compose(self) -> ComposeResult:
        """Lay the goods, the chart and the numbers."""
        yield PickList(id="picked")
        yield PriceChart(id="chart")
        yield Pane(id="numbers")

    def show(self, view: PlanView) -> None:
        """Draw the prices of a period."""
        self._view = view
        if self._picked is None:
            self._picked = {good.place for good in view.goods[:_FIRST_PICKED]}
        self._draw()

    def begin(self) -> None:
        """Take the focus."""
        self.query_one(PickList).focus()

    def on_resize(self) -> None:
        """A chart needs room; the numbers don't."""
        self._draw()

    def action_numbers(self) -> None:
        """Show the numbers instead of the chart, or the chart again."""
        self._as_numbers = not self._as_numbers
        self._draw()

    @on(OptionList.OptionSelected, "#picked")
    def _toggled(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        key = self.query_one(PickList).highlighted_key
        if key is not None and self._picked is not None:
            self._picked ^= {int(key)}
            self._draw()

    def _draw(self) -> None:
        view, picked = self._view, self._picked
        if view is None or picked is None:
            return
        places = tuple(sorted(picked))
        rows = []
        for good in view.goods:
            is_picked = good.place in picked
            sign = SIGNS[places.index(good.place) % len(SIGNS)] if is_picked else " "
            mark = join([f"[{sign}] "]).stylize(f"bold {ACCENT}" if is_picked else MUTED)
            first, last = price(good.prices_milli[0]), price(good.prices_milli[-1])
            told = muted(f"{first} → {last}" if len(good.prices_milli) > 1 else last)
            rows.append(
                Row(
                    str(good.place),
                    lines([join([mark, line(good.name, STRONG if is_picked else "")]), join(["    ", told])]),
                )
            )
        self.query_one(PickList).show(rows)
        has_room = (
            self.size.width - LIST_CELLS >= CHART_CELLS_MIN and self.size.height >= CHART_ROWS_MIN
        ) or not self.size.width
        with_chart = has_room and not self._as_numbers
        chart, numbers = self.query_one(PriceChart), self.query_one("#numbers", Pane)
        chart.display, numbers.display = with_chart, not with_chart
        numbers.show(price_table(view, places))
        rounds = max((len(view.goods[at].prices_milli) for at in places), default=0)
        names = [words.round_of(view, number).removeprefix("round ") for number in range(1, rounds + 1)]
        chart.show([PriceLine(sign, view.goods[at].prices_milli) for sign, at in enumerate(places)], names)
