"""The hours in a product: a tree to open and close, or the same in lines that can be read aloud."""

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from crdt.errors import LocalError
from p2pcouncil.domain.planning.hour_tree import HourNode
from p2pcouncil.domain.planning.plan_values import DIGITS
from p2pcouncil.peer.views.plans import PlanView
from p2pcouncil.plan_files.hour_lines import (
    hour_lines,
    shown_amount,
    shown_hours,
    shown_product,
    shown_share,
    shown_unit,
)
from tui import words
from tui.content import HEADING, LINK, MUTED, STRONG, join, line, lines, muted, pad
from tui.drawing.tally import bar
from tui.screens.base import CouncilScreen
from tui.widgets.keyed_list import KeyedList, Row
from tui.widgets.pane import Pane

THRESHOLDS = tuple(Fraction(*share) for share in ((1, 5), (1, 10), (1, 20), (1, 100), (1, 1_000), (0, 1)))
_BEGIN = 3
_BAR_CELLS = 10
_PERMYRIAD = 10_000
_NAME_CELLS = 34
_HOURS_CELLS = 14


class NodeList(KeyedList):
    """The nodes of the tree."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "select", "Open or close"),
    ]


class HoursScreen(CouncilScreen):
    """Where the hours of one product come from, by the proposals of a round."""

    AUTO_FOCUS = "#nodes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "threshold(1)", "Show more", key_display="+"),
        Binding("minus", "threshold(-1)", "Show less", key_display="-"),
        Binding("x", "plain", "Tree or plain lines"),
    ]

    def __init__(self, view: PlanView, good: int, place: str = "plan") -> None:
        """Explain a product.

        Args:
            view: a period by which the product has a labour value.
            good: its place among the period's goods.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._plan = view
        self._good = view.goods[good]
        self._threshold = _BEGIN
        self._folded: set[str] = set()
        self._is_plain = False
        self._tree: HourNode | None = None

    def compose_body(self) -> ComposeResult:
        """Lay what it comes to, the tree and the lines."""
        with Vertical(classes="page"):
            yield Static(id="heading", markup=False)
            yield NodeList(id="nodes")
            yield Pane(id="plain")

    def on_mount(self) -> None:
        """Begin with the tree."""
        self._grow()

    @work(exclusive=True)
    async def _grow(self) -> None:
        product = self._plan.terms.goods[self._good.place].name
        try:
            tree = await self.session.hours(self._plan.id, product, THRESHOLDS[self._threshold])
        except LocalError as error:
            self.app.complain(error)
            return
        if tree is None:
            self.app.complain(
                LocalError(f"{self._good.name} has no hours any more.", "Go back and look again.")
            )
            return
        self._tree = tree
        self.redraw()

    def refresh_view(self) -> None:
        """Draw the tree as it is opened."""
        tree = self._tree
        if tree is None:
            self.query_one("#heading", Static).update(
                muted(f"The hours in {self._good.name} are worked out …")
            )
            return
        self.query_one("#heading", Static).update(self._heading(tree))
        self.query_one("#nodes", NodeList).show(list(self._rows(tree)))
        told = [line(f"{shown_product(tree)}: {shown_hours(tree.hours, DIGITS)}, 100 %", STRONG)]
        told += [join(["  " * level, line(text)]) for level, text in hour_lines(tree, DIGITS)]
        self.query_one("#plain", Pane).show(lines(told))
        self.query_one("#nodes").display = not self._is_plain
        self.query_one("#plain").display = self._is_plain

    def _heading(self, tree: HourNode) -> Content:
        direct = sum((hours for _, hours in tree.direct), Fraction())
        title = f"1 {shown_unit(tree)} of {shown_product(tree)} takes {shown_hours(tree.hours, DIGITS)}"
        parts = (
            f"{shown_hours(direct, DIGITS)} of direct work, "
            f"{shown_hours(tree.hours - direct, DIGITS)} in what is used, "
            f"by the proposals of round {self._plan.round}{' (provisional)' if self._plan.is_provisional else ''}"
        )
        least = THRESHOLDS[self._threshold]
        share = shown_share(least, Fraction(1))
        shown = f"Inputs below {share} of it are part of the rest." if least else "All inputs are shown."
        return lines([line(title, HEADING), line(parts), muted(shown)])

    def _rows(self, tree: HourNode) -> Iterator[Row]:
        def of(node: HourNode, path: str, level: int) -> Iterator[Row]:
            is_closed = path in self._folded
            sign = ("▸ " if is_closed else "▾ ") if node.is_open else "· "
            what = shown_product(node) if not level else f"{shown_amount(node)} of {shown_product(node)}"
            yield Row(path, self._row(level, sign, what, node.hours, tree.hours, STRONG))
            if is_closed or not node.is_open:
                return
            for kind, hours in node.direct:
                told = f"work: {kind}"
                yield Row(f"{path}/work {kind}", self._row(level + 1, "  ", told, hours, tree.hours, ""))
            for at, item in enumerate(node.inputs):
                yield from of(item, f"{path}/{at} {item.product}", level + 1)
            if node.rest_inputs:
                rest = f"the rest: {words.count(node.rest_inputs, 'input')}"
                yield Row(f"{path}/rest", self._row(level + 1, "  ", rest, node.rest, tree.hours, MUTED))

        yield from of(tree, "0", 0)

    def _row(self, level: int, sign: str, what: str, hours: Fraction, whole: Fraction, style: str) -> Content:
        indent = "  " * level
        name = pad(what, max(8, _NAME_CELLS - len(indent)), style)
        drawn = bar(int(hours * _PERMYRIAD / whole), _PERMYRIAD, _BAR_CELLS)
        told = pad(shown_hours(hours, DIGITS), _HOURS_CELLS)
        share = line(shown_share(hours, whole))
        return join([indent, Content.styled(sign, LINK), name, drawn, "  ", told, share])

    @on(OptionList.OptionSelected, "#nodes")
    def _toggled(self) -> None:
        key = self.query_one("#nodes", NodeList).highlighted_key
        if key is not None:
            self._folded ^= {key}
            self.redraw()

    def action_threshold(self, by: int) -> None:
        """Show smaller inputs by themselves, or fewer."""
        self._threshold = min(max(self._threshold + by, 0), len(THRESHOLDS) - 1)
        self._grow()

    def action_plain(self) -> None:
        """Show plain lines instead of the tree, or the tree again."""
        self._is_plain = not self._is_plain
        self.redraw()
        self.query_one("#plain" if self._is_plain else "#nodes").focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is an end to more and to less."""
        if action == "threshold":
            return 0 <= self._threshold + int(str(parameters[0])) < len(THRESHOLDS)
        return True
