"""A new proposal: title, summary, text, and how it is to be decided. What was typed survives leaving the form."""

from datetime import UTC, date, datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static, TextArea

from crdt.errors import LocalError, RemoteError
from crdt.ids import CouncilId
from p2pcouncil.domain.effects import validate_effect
from p2pcouncil.domain.plain_text import validate_line
from p2pcouncil.domain.tally.method import (
    PERMILLE,
    Approval,
    EqualShares,
    Method,
    Ranked,
    Score,
    Stv,
    YesNo,
    rule,
    validate_method,
)
from p2pcouncil.peer.commands import MakeProposal
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.proposals import ProposalView
from tui.content import ACCENT, line, muted
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.widgets.effect_fields import EffectFields
from tui.widgets.field import Field, many_lines, one_line
from tui.widgets.method_fields import FIELDS, METHODS, costs_of, number_field
from tui.widgets.picker import Picker

TITLE_CHARS_MAX = 120
SUMMARY_CHARS_MAX = 600
COMMENT_CHARS_MAX = 4_000
_THRESHOLDS = (
    (500, "more than half"),
    (666, "two thirds or more"),
    (750, "more than three quarters"),
    (999, "everybody"),
)


def _method_numbers(method: Method) -> dict[str, str]:
    """What the form's fields hold for a method."""
    match method:
        case YesNo(threshold_permille=threshold):
            thresholds = [permille for permille, _ in _THRESHOLDS]
            return {"threshold": str(thresholds.index(threshold) if threshold in thresholds else 0)}
        case Approval(winners=winners):
            return {"winners": str(winners)}
        case Score(highest=highest, winners=winners):
            return {"highest": str(highest), "winners": str(winners)}
        case Stv(seats=seats):
            return {"winners": str(seats)}
        case EqualShares(budget=budget):
            return {"budget": str(budget)}
        case Ranked():
            return {}


class ProposeScreen(CouncilScreen):
    """The form of a new proposal."""

    AUTO_FOCUS = "#title"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "propose", "Propose it")]

    def __init__(
        self,
        council: CouncilId | None = None,
        place: str = "proposals",
        takes_up: ProposalView | None = None,
    ) -> None:
        """Prepare the form.

        Args:
            council: where to propose; the first one that I belong to if None.
            place: the main place that we come from.
            takes_up: a proposal whose vote is closed, to be proposed again in other words.
        """
        super().__init__()
        self.place = place
        self._council = takes_up.council if takes_up is not None else council
        self._takes_up = takes_up
        self._councils: tuple[CouncilView, ...] = ()

    def compose_body(self) -> ComposeResult:
        """Lay the form: what on the left, how it is decided on the right or below."""
        self._councils = tuple(c for c in self.session.councils() if c.is_member)
        ids = [council.id for council in self._councils]
        first = ids.index(self._council) if self._council in ids else 0
        with VerticalScroll(classes="sheet form two-columns", can_focus=False):
            with Vertical(classes="column"):
                if self._takes_up is not None:
                    told = f"This takes up “{self._takes_up.title}” again, and links to its vote."
                    yield Static(line(told, f"bold {ACCENT}"), id="takes-up", markup=False)
                yield Field("Title", one_line(id="title"), limit=TITLE_CHARS_MAX)
                yield Field(
                    "Summary: one paragraph",
                    many_lines(id="summary", classes="three", placeholder="What changes, and for whom?"),
                    limit=SUMMARY_CHARS_MAX,
                )
                yield Field(
                    "Full text (others may edit it before the vote)", many_lines(id="text", classes="text")
                )
            with Vertical(classes="column"):
                yield Field(
                    "Council", Picker([council.name for council in self._councils], index=first, id="council")
                )
                yield Field(
                    "Tags",
                    one_line(id="tags", placeholder="energy, money"),
                    help_text="Words with commas between.",
                )
                yield Field("How it is decided", Picker([label for _, label in METHODS], id="method"))
                yield Field(
                    "Yes must reach",
                    Picker([label for _, label in _THRESHOLDS], id="threshold"),
                    id="for-threshold",
                )
                yield Static(
                    "End each line with what it costs, like: New windows 4200", id="for-costs", classes="help"
                )
                yield Field(
                    "Options, one on each line", many_lines(id="options", classes="five"), id="for-options"
                )
                yield Field("How many win", number_field("winners", "1"), id="for-winners")
                yield Field(
                    "Most points for an option, up to 10", number_field("highest", "5"), id="for-highest"
                )
                yield Field(
                    "What there is to spend, in whole units", number_field("budget", ""), id="for-budget"
                )
                yield Field("Quorum: per cent of the roll that must vote", number_field("quorum", "50"))
                yield Static(id="rule", classes="help", markup=False)
                yield EffectFields(self._councils[first] if self._councils else None, self.session.councils())

    def on_mount(self) -> None:
        """Bring back what was typed before, or what is taken up again."""
        draft = self.app.drafts.get(self._draft) or self._taken_up()
        if "council" in draft:
            self.query_one(EffectFields).offer(self._councils[int(draft["council"])])
        for name, value in draft.items():
            widget = self.query_one(f"#{name}")
            if isinstance(widget, Input):
                widget.value = value
            elif isinstance(widget, TextArea):
                widget.text = value
            elif isinstance(widget, Picker):
                widget.index = int(value)
        self._method_changed()

    @property
    def _draft(self) -> str:
        return "propose" if self._takes_up is None else f"propose/{self._takes_up.id.hex()}"

    def _taken_up(self) -> dict[str, str]:
        """The form as the earlier proposal would fill it."""
        view = self._takes_up
        if view is None:
            return {}
        costs = view.method.costs if isinstance(view.method, EqualShares) else ()
        projects = [f"{option} {cost}" for option, cost in zip(view.options, costs, strict=False)]
        kinds = [kind for kind, _ in METHODS]
        return {
            "title": view.title,
            "summary": view.summary,
            "text": view.issue.text if view.issue is not None else view.text,
            "tags": ", ".join(view.tags),
            "options": "\n".join(projects or view.options),
            "quorum": str(view.method.quorum_permille // 10),
            "method": str(kinds.index(type(view.method))),
            **_method_numbers(view.method),
        }

    @on(Picker.Changed, "#council")
    def _council_changed(self, event: Picker.Changed) -> None:
        self.query_one(EffectFields).offer(self._councils[event.picker.index])

    @on(Picker.Changed)
    @on(Input.Changed)
    @on(TextArea.Changed)
    def _method_changed(self) -> None:
        kind, _ = METHODS[self.query_one("#method", Picker).index]
        for field, methods in FIELDS.items():
            self.query_one(field).display = kind in methods
        try:
            shown = rule(self._method_and_options()[0])
        except LocalError as error:
            shown = error.hint
        self.query_one("#rule", Static).update(muted(shown))

    @on(Input.Submitted)
    def _next_field(self) -> None:
        self.focus_next()

    def _method_and_options(self) -> tuple[Method, tuple[str, ...]]:
        """What the form says about the vote.

        Raises:
            LocalError: a project doesn't say what it costs.
        """
        quorum = min(self._typed("quorum", 0) * 10, PERMILLE)
        winners = self._typed("winners", 1)
        typed = (option.strip() for option in self.query_one("#options", TextArea).text.splitlines())
        options = tuple(option for option in typed if option)
        kind, _ = METHODS[self.query_one("#method", Picker).index]
        if kind is YesNo:
            return YesNo(quorum, _THRESHOLDS[self.query_one("#threshold", Picker).index][0]), ()
        if kind is Approval:
            return Approval(quorum, winners), options
        if kind is Score:
            return Score(quorum, self._typed("highest", 5), winners), options
        if kind is Stv:
            return Stv(quorum, winners), options
        if kind is EqualShares:
            projects, costs = costs_of(options)
            return EqualShares(quorum, self._typed("budget", 0), costs), projects
        return Ranked(quorum), options

    def _typed(self, name: str, otherwise: int) -> int:
        return int(self.query_one(f"#{name}", Input).value or otherwise)

    def action_propose(self) -> None:
        """Check the form and put the proposal before the council."""
        try:
            command = self._command()
        except LocalError as error:
            self.app.complain(error)
            return
        self.submit("propose", command)

    def _command(self) -> MakeProposal:
        title = validate_line(self._focused_input("#title").value, "The title", TITLE_CHARS_MAX)
        summary = " ".join(self.query_one("#summary", TextArea).text.split())
        if not summary:
            self.query_one("#summary").focus()
            raise LocalError("The summary is empty.", "Say in one paragraph what changes, and for whom.")
        if len(summary) > SUMMARY_CHARS_MAX:
            self.query_one("#summary").focus()
            raise LocalError(
                f"The summary has {len(summary)} characters; the limit is {SUMMARY_CHARS_MAX}.",
                "Move details into the full text.",
            )
        method, options = self._method_and_options()
        try:
            validate_method(method, options)
        except RemoteError as error:
            self.query_one("#method" if isinstance(method, YesNo) else "#options").focus()
            raise LocalError(
                f"The vote can't work like this: {error}.", "Change the options or the method."
            ) from error
        effect = self.query_one(EffectFields).effect(options, self._today())
        try:
            validate_effect(effect, method, options)
        except RemoteError as error:
            self.query_one("#effect").focus()
            raise LocalError(str(error), "Change what it does by itself, or how it is decided.") from error
        tags = self.query_one("#tags", Input).value.split(",")
        return MakeProposal(
            council=self._councils[self.query_one("#council", Picker).index].id,
            title=title,
            summary=summary,
            text=self.query_one("#text", TextArea).text,
            method=method,
            options=options,
            tags=tuple(tag.strip().lower() for tag in tags if tag.strip()),
            effect=effect,
            reopens=self._takes_up.issue.id if self._takes_up and self._takes_up.issue else None,
        )

    def _today(self) -> date:
        return datetime.fromtimestamp(self.app.now_ms() / 1_000, UTC).date()

    def _focused_input(self, selector: str) -> Input:
        field = self.query_one(selector, Input)
        if not field.value.strip():
            field.focus()
        return field

    @on(Finished)
    def _proposed(self, message: Finished) -> None:
        self.app.drafts.pop(self._draft, None)
        self.leave()
        self.app.say(
            message.done.message,
            "Others must second it before a vote may open; until then everybody may edit.",
        )

    def action_back(self) -> None:
        """Leave, and keep what was typed."""
        inputs = {str(field.id): field.value for field in self.query(Input)}
        areas = {str(area.id): area.text for area in self.query(TextArea)}
        pickers = {str(picker.id): str(picker.index) for picker in self.query(Picker)}
        is_begun = bool(inputs["title"] or areas["summary"] or areas["text"])
        if is_begun:
            self.app.drafts[self._draft] = {**inputs, **areas, **pickers}
        super().action_back()
        if is_begun:
            key = "n" if self._takes_up is None else "t"
            self.app.say("Your draft is kept while p2pcouncil runs.", f"Press {key} to go on with it.")
