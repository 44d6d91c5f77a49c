"""A report on the plan of record: what one of my councils made or used up since its last report."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from crdt.errors import LocalError
from p2pcouncil.domain.planning.quantities import QuantityError, read_quantity
from p2pcouncil.peer.commands import ReportOnPlan
from p2pcouncil.peer.plan_figures import amount
from p2pcouncil.peer.views.plans import PlanGoodView, PlanUnitView, PlanView
from tui.content import BAD, line, muted
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.widgets.field import Field, one_line
from tui.widgets.picker import Picker

TEXT_CHARS_MAX = 2_000


class ReportResultScreen(CouncilScreen):
    """Which council, which good, how much."""

    AUTO_FOCUS = "#unit"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "report", "Report it", priority=True)]

    def __init__(self, view: PlanView, place: str = "plan") -> None:
        """Prepare the form.

        Args:
            view: a plan of record with councils that I speak for.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._plan = view
        self._units: tuple[PlanUnitView, ...] = tuple(view.units[at] for at in view.mine)

    def compose_body(self) -> ComposeResult:
        """Lay the form, with what was typed before."""
        typed = {"unit": "0", "good": "0", "amount": "", "text": "", **self.app.drafts.get(self._draft, {})}
        goods = [good.name for good in self._plan.goods]
        with VerticalScroll(classes="sheet form", can_focus=False):
            yield Static(line(f"Report on “{self._plan.title}”", "bold $primary"), id="heading", markup=False)
            yield Field(
                "Council", Picker([unit.name for unit in self._units], index=int(typed["unit"]), id="unit")
            )
            yield Field("What", Picker(goods, index=int(typed["good"]), id="good"))
            yield Field("How much since the last report", one_line(id="amount", value=typed["amount"]))
            yield Static(id="wrong", classes="error", markup=False)
            yield Static(id="planned", classes="help", markup=False)
            said = one_line(id="text", value=typed["text"])
            yield Field("What else there is to say", said, limit=TEXT_CHARS_MAX)

    @property
    def _draft(self) -> str:
        return f"report/{self._plan.id.hex()}"

    @property
    def _unit(self) -> PlanUnitView:
        return self._units[self.query_one("#unit", Picker).index]

    @property
    def _good(self) -> PlanGoodView:
        return self._plan.goods[self.query_one("#good", Picker).index]

    @on(Picker.Changed)
    def _chosen(self) -> None:
        self.refresh_view()

    def refresh_view(self) -> None:
        """Say what was planned."""
        good, is_making = self._good, self._unit.kind == "workers"
        planned, so_far = (good.supply, good.made) if is_making else (good.demand, good.used)
        verb = "made" if is_making else "used"
        told = f"In {good.unit}. {verb.capitalize()} so far by all: {amount(so_far)} of {amount(planned)} planned."
        self.query_one("#planned", Static).update(muted(told))

    @on(Input.Submitted)
    def _next_field(self) -> None:
        self.focus_next()

    def action_report(self) -> None:
        """Check the amount and sign the report."""
        field, wrong = self.query_one("#amount", Input), self.query_one("#wrong", Static)
        wrong.display = False
        try:
            made = read_quantity(field.value.strip())
        except QuantityError as error:
            wrong.update(line(f"✗ This is no amount: {error}. {error.hint}", BAD))
            wrong.display = True
            field.focus()
            self.app.complain(LocalError(f"The amount can't be read: {error}.", error.hint))
            return
        text = self.query_one("#text", Input).value.strip()
        self.submit("report", ReportOnPlan(self._plan.id, self._unit.place, self._good.place, made, text))

    def action_back(self) -> None:
        """Leave, and keep what was typed."""
        typed = {str(field.id): field.value for field in self.query(Input) if field.value}
        if typed:
            places = {str(picker.id): str(picker.index) for picker in self.query(Picker)}
            self.app.drafts[self._draft] = typed | places
        super().action_back()
        if typed:
            self.app.say("Your draft is kept while p2pcouncil runs.", "Press r to go on with it.")

    @on(Finished)
    def _reported(self, message: Finished) -> None:
        self.app.drafts.pop(self._draft, None)
        self.leave()
        self.app.say(message.done.message)
