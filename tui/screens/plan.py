"""A planning period: goods, prices, councils, rounds, results and techniques, a section each."""

from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import ContentSwitcher, OptionList, Static

from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId
from p2pcouncil.peer.plan_proposals import adoption
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.plans import PlanView
from tui import words
from tui.content import STRONG, line, lines, muted
from tui.drawing import plan as draw
from tui.drawing.plan_units import results_section, techniques_section, units_section
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.screens.begin_plan import BeginPlanScreen
from tui.screens.dialogs import ConfirmDialog
from tui.screens.exporting import TECHNIQUES, Offer, export_table, offers_of
from tui.screens.hours import HoursScreen
from tui.screens.proposal import SIDE_FROM_CELLS, ProposalScreen
from tui.screens.propose_in_round import ProposeInRoundScreen
from tui.screens.publish import PublishScreen
from tui.screens.report_result import ReportResultScreen
from tui.widgets.keyed_list import KeyedList, Row
from tui.widgets.pane import Pane
from tui.widgets.prices import Prices
from tui.widgets.sections import SectionLine

SECTIONS = ("goods", "prices", "units", "rounds", "results", "techniques")
_WITH_SIDE = ("goods", "units")


class GoodsList(KeyedList):
    """The goods; Enter opens the hours in one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Hours in it")]


class PlanScreen(CouncilScreen):
    """One planning period; as a place of its own a list of them, if there are several."""

    place = "plan"
    AUTO_FOCUS = "#goods, #periods"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "section(1)", "Section", key_display="←→"),
        Binding("left", "section(-1)", "Previous section", show=False),
        Binding("e", "propose", "Propose for my councils"),
        Binding("a", "adopt", "Adoption"),
        Binding("r", "report", "Report a result"),
        Binding("p", "begin", "Plan a period"),
        Binding("t", "techniques", "Publish techniques"),
        Binding("c", "export", "Export as CSV"),
    ]
    _view: PlanView | None = None

    def __init__(self, plan: ChangeHash | None = None, place: str = "plan") -> None:
        """Show a period.

        Args:
            plan: which; the only one, or a list, if left out.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._plan = plan
        self._section = "goods"

    def compose_body(self) -> ComposeResult:
        """Lay the list of periods, the sections of one, and the empty state."""
        with Vertical(classes="page"):
            yield Static(id="heading", markup=False)
            yield SectionLine(markup=False)
            with Horizontal(id="period"):
                with ContentSwitcher(initial=self._section, id="sections"):
                    yield GoodsList(id="goods")
                    yield Prices(id="prices")
                    for name in SECTIONS[2:]:
                        yield Pane(id=name)
                yield Pane(id="side")
            yield KeyedList(id="periods")
            yield Static(id="empty", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Put the rounds beside the goods where there is room."""
        self.redraw()

    def refresh_view(self) -> None:
        """Read the periods again."""
        views = self.session.plans()
        self._view = self._chosen(views)
        is_one = self._view is not None
        for selector in ("#heading", "SectionLine", "#period"):
            self.query_one(selector).display = is_one
        self.query_one("#periods").display = not is_one and bool(views)
        self.query_one("#empty").display = not is_one and not views
        if self._view is not None:
            self._show(self._view)
        elif views:
            rows = [Row(view.id.hex(), draw.period_row(view)) for view in views]
            self.query_one("#periods", KeyedList).show(rows)
        else:
            self.query_one("#empty", Static).update(self._nothing_yet())
        if self.focused is None or not self.focused.display:
            self._focus_section()

    def _nothing_yet(self) -> Content:
        """What can be done before there is a period."""
        rows: list[Content | str] = [line("No planning period has begun.", STRONG), ""]
        mine = self._mine()
        if not mine:
            return lines([*rows, "A council plans; press 3 to found one, or to join one."])
        rows.append("Press p to propose one: which goods, who plans, and how long a round takes.")
        rows.append("Press t to publish how you make things, so that others can plan with it.")
        published = sum(len(self.session.techniques(council.id)) for council in mine)
        if published:
            rows.extend(
                ["", muted(f"{words.count(published, 'technique')} published so far; c exports them.")]
            )
        return lines(rows)

    def _mine(self) -> tuple[CouncilView, ...]:
        """The councils that I belong to, that of the period first."""
        first = self._view.council if self._view is not None else None
        mine = [council for council in self.session.councils() if council.is_member]
        return tuple(sorted(mine, key=lambda council: council.id != first))

    def _chosen(self, views: tuple[PlanView, ...]) -> PlanView | None:
        if self._plan is None:
            return views[0] if len(views) == 1 else None
        try:
            return self.session.plan(self._plan)
        except LocalError as error:
            self.app.complain(error)
            return None

    def _show(self, view: PlanView) -> None:
        if self._section not in self._sections(view):
            self._section = "goods"
        beside = self.size.width >= SIDE_FROM_CELLS and self._section in _WITH_SIDE
        self.query_one("#heading", Static).update(draw.plan_head(view, self.app.now_ms()))
        sections = self._sections(view)
        self.query_one(SectionLine).show(
            [_label(name, view) for name in sections], sections.index(self._section)
        )
        self.query_one("#sections", ContentSwitcher).current = self._section
        self._show_section(view)
        side = self.query_one("#side", Pane)
        side.display = beside
        if beside:
            side.show(draw.rounds_section(view))

    def _show_section(self, view: PlanView) -> None:
        """Draw the section that is looked at: large plans have thousands of lines in each."""
        match self._section:
            case "goods":
                rows = [Row(str(good.place), draw.good_row(good)) for good in view.goods]
                rows += [
                    Row(f"given off {at}", row, is_heading=True)
                    for at, row in enumerate(draw.pollutant_rows(view))
                ]
                self.query_one("#goods", GoodsList).show(rows)
            case "prices":
                self.query_one(Prices).show(view)
            case "units":
                self.query_one("#units", Pane).show(units_section(view))
            case "rounds":
                self.query_one("#rounds", Pane).show(draw.rounds_section(view))
            case "results":
                self.query_one("#results", Pane).show(results_section(view))
            case _:
                techniques = self.session.techniques(view.council)
                self.query_one("#techniques", Pane).show(techniques_section(techniques))

    def _sections(self, view: PlanView) -> tuple[str, ...]:
        return tuple(name for name in SECTIONS if name != "results" or view.adopted_page)

    def action_section(self, by: int) -> None:
        """Show the next or the previous section."""
        if self._view is not None:
            sections = self._sections(self._view)
            self._section = sections[(sections.index(self._section) + by) % len(sections)]
            self.redraw()
            self._focus_section()

    def _focus_section(self) -> None:
        if self._view is None:
            self.query_one("#periods").focus()
        elif self._section == "prices":
            self.query_one(Prices).begin()
        else:
            self.query_one(f"#{self._section}", Widget).focus()

    @on(OptionList.OptionSelected, "#periods")
    def _opened(self) -> None:
        key = self.query_one("#periods", KeyedList).highlighted_key
        if key is not None:
            self.app.visit(PlanScreen(ChangeHash(bytes.fromhex(key)), place=self.place))

    @on(OptionList.OptionSelected, "#goods")
    def _explain(self) -> None:
        key = self.query_one("#goods", GoodsList).highlighted_key
        if self._view is None or key is None or not key.isdecimal():
            return
        good = self._view.goods[int(key)]
        if good.value_micro is None:
            self.app.complain(
                LocalError(
                    f"There are no hours to show in {good.name}.",
                    "What is made by the proposals of a round has hours; the section Rounds says why some has none.",
                )
            )
            return
        self.app.visit(HoursScreen(self._view, good.place, place=self.place))

    def action_propose(self) -> None:
        """Say what my councils propose."""
        if self._view is not None:
            self.app.visit(ProposeInRoundScreen(self._view, place=self.place))

    def action_report(self) -> None:
        """Report what was made or used."""
        if self._view is not None:
            self.app.visit(ReportResultScreen(self._view, place=self.place))

    def action_begin(self) -> None:
        """Propose a planning period."""
        self.app.visit(BeginPlanScreen(self._view, place=self.place))

    @work
    async def action_adopt(self) -> None:
        """Propose that the plan becomes the plan of record."""
        view = self._view
        if view is None:
            return
        if view.adoption is not None:
            self.app.visit(ProposalScreen(view.adoption, place=self.place))
            self.app.say(
                f"“{view.adoption_title}” is proposed already.", "Second it, or vote; Esc leads back."
            )
            return
        explained = (
            f"The members vote on whether what round {view.best} of “{view.title}” came to is the plan of record. "
            "Like any proposal it has to be seconded."
        )
        if await self.app.push_screen_wait(ConfirmDialog("Propose adoption?", explained, "Propose it")):
            self.submit("adopt", adoption(view))

    def action_techniques(self) -> None:
        """Publish how things are made."""
        self.app.visit(PublishScreen(self._mine(), place=self.place))

    @work
    async def action_export(self) -> None:
        """Write a table into a file."""
        offers = self._offers()
        if not offers:
            self.app.complain(
                LocalError("There is nothing to export yet.", "Publish how something is made: press t.")
            )
            return
        await export_table(self, offers, TECHNIQUES if self._section == "techniques" else "")

    def _offers(self) -> list[Offer]:
        """What can be exported."""
        techniques = [found for council in self._where() for found in self.session.techniques(council)]
        return list(offers_of(self._view, techniques))

    def _where(self) -> tuple[CouncilId, ...]:
        """The council of the period; without one those that I belong to."""
        if self._view is not None:
            return (self._view.council,)
        return tuple(council.id for council in self._mine())

    @on(Finished)
    def _done(self, message: Finished) -> None:
        self.redraw()
        self.app.say(message.done.message)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        view = self._view
        match action:
            case "back":
                return self._plan is not None
            case "begin":
                return bool(self._mine())
            case "propose":
                return view is not None and view.stage == "rounds" and not view.can_propose
            case "adopt":
                return view is not None and view.stage == "ended"
            case "report":
                return view is not None and view.stage == "adopted" and bool(view.mine)
            case "techniques":
                return bool(self._mine())
            case "export":
                return view is not None or bool(self._mine())
            case "section":
                return view is not None
            case _:
                return True


def _label(section: str, view: PlanView) -> str:
    match section:
        case "goods":
            off = sum(not good.is_within for good in view.goods)
            return f"Goods ({off} off)" if off else "Goods"
        case "units":
            return f"Councils ({len(view.silent)} silent)" if view.silent else "Councils"
        case _:
            return section.capitalize()
