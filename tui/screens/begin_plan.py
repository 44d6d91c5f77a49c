"""Propose a planning period: its terms from a file, or those of an earlier period once more."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from crdt.errors import LocalError
from p2pcouncil.domain.effects import OpenPlan
from p2pcouncil.domain.plain_text import validate_line
from p2pcouncil.peer.commands import MakeProposal
from p2pcouncil.peer.plan_figures import percent
from p2pcouncil.peer.plan_proposals import TITLE_CHARS_MAX, beginning, beginning_like, speaker_in
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.plans import PlanView
from p2pcouncil.plan_files.terms_file import BOUNDS, TEMPLATE, read_terms
from p2pcouncil.text_files.errors import TextFileError
from tui import words
from tui.content import heading, join, lines, muted
from tui.messages import Finished
from tui.screens.base import CouncilScreen
from tui.screens.dialogs import ConfirmDialog
from tui.screens.propose import SUMMARY_CHARS_MAX
from tui.widgets.field import Field, one_line
from tui.widgets.picker import Picker

_SECOND_MS = 1_000


class BeginPlanScreen(CouncilScreen):
    """The form of a new planning period."""

    AUTO_FOCUS = "#from"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "propose", "Propose it", priority=True)]

    def __init__(self, like: PlanView | None = None, place: str = "plan") -> None:
        """Prepare the form.

        Args:
            like: the period that was shown; its terms are offered first.
            place: the main place that we come from.
        """
        super().__init__()
        self.place = place
        self._like = like
        self._councils: tuple[CouncilView, ...] = ()
        self._earlier: tuple[PlanView, ...] = ()

    def compose_body(self) -> ComposeResult:
        """Lay the form, and an example of a file below it."""
        self._councils = tuple(council for council in self.session.councils() if council.is_member)
        plans = self.session.plans()
        self._earlier = tuple(sorted(plans, key=lambda view: self._like is None or view.id != self._like.id))
        names = [council.name for council in self._councils]
        typed = {"path": "", "title": "", "summary": "", **self.app.drafts.get(_DRAFT, {})}
        with VerticalScroll(classes="sheet form"):
            yield Field("Council", Picker(names, index=self._first_council(), id="council"))
            yield Field(
                "Goods, councils and rounds",
                Picker(["from a file", *(f"as in “{view.title}”" for view in self._earlier)], id="from"),
            )
            yield Field(
                "Where the file is",
                one_line(id="path", placeholder="~/spring.toml", value=typed["path"]),
                help_text="Title and summary stand in it too.",
                id="for-path",
            )
            yield Field(
                "Title",
                one_line(id="title", value=typed["title"]),
                limit=TITLE_CHARS_MAX,
                id="for-title",
            )
            yield Field(
                "Summary",
                one_line(id="summary", value=typed["summary"]),
                limit=SUMMARY_CHARS_MAX,
                id="for-summary",
            )
            yield Static(id="example", markup=False)

    def _first_council(self) -> int:
        ids = [council.id for council in self._councils]
        return ids.index(self._like.council) if self._like and self._like.council in ids else 0

    @on(Picker.Changed, "#from")
    def _source_changed(self) -> None:
        self.refresh_view()

    def refresh_view(self) -> None:
        """Ask what the chosen source leaves open."""
        view = self._copied()
        self.query_one("#for-path").display = view is None
        for name in ("title", "summary"):
            self.query_one(f"#for-{name}").display = view is not None
        example = lines(
            [heading("Such a file looks like this"), *(muted(row) for row in TEMPLATE.splitlines())]
        )
        self.query_one("#example", Static).update(example if view is None else lines(_told(view.terms)))

    def _copied(self) -> PlanView | None:
        """The period whose terms are taken; None for a file."""
        index = self.query_one("#from", Picker).index
        return self._earlier[index - 1] if index else None

    @on(Input.Submitted)
    def _next_field(self) -> None:
        self.focus_next()

    @work
    async def action_propose(self) -> None:
        """Check the terms, ask once, and put the proposal before the council."""
        self.app.hush()
        try:
            command = await self._command()
        except LocalError as error:
            self.app.complain(error)
            return
        assert isinstance(command.effect, OpenPlan)
        told = lines(_told(command.effect)).plain
        dialog = ConfirmDialog(f"Propose “{command.title}”?", told, "Propose it", "Go on here")
        if await self.app.push_screen_wait(dialog):
            self.submit("begin", command)

    async def _command(self) -> MakeProposal:
        council = self._councils[self.query_one("#council", Picker).index]
        view = self._copied()
        if view is not None:
            return self._like_before(council, view)
        field = self.query_one("#path", Input)
        if not field.value.strip():
            field.focus()
            raise LocalError("Where is the file?", "Write its path, like ~/spring.toml.")
        path = Path(field.value.strip())
        data = await self.session.read_file(path, BOUNDS.file_bytes)
        try:
            found = read_terms(data, speaker_in(council))
        except TextFileError as error:
            field.focus()
            raise LocalError(f"{path.name}: {error}", error.hint) from error
        text = f"```toml\n{data.decode('utf-8-sig').strip()}\n```\n"
        return beginning(council.id, found.title, found.summary, text, found.terms)

    def _like_before(self, council: CouncilView, view: PlanView) -> MakeProposal:
        for name in ("title", "summary"):
            if not self.query_one(f"#{name}", Input).value.strip():
                self.query_one(f"#{name}").focus()
                break
        title = validate_line(self.query_one("#title", Input).value, "The title", TITLE_CHARS_MAX)
        summary = validate_line(self.query_one("#summary", Input).value, "The summary", SUMMARY_CHARS_MAX)
        return beginning_like(council.id, title, summary, view)

    @on(Finished)
    def _proposed(self, message: Finished) -> None:
        self.app.drafts.pop(_DRAFT, None)
        self.leave()
        self.app.say(
            message.done.message,
            "Others must second it before a vote may open; the page that closes it begins it.",
        )

    def action_back(self) -> None:
        """Leave, and keep what was typed."""
        typed = {str(field.id): field.value for field in self.query(Input) if field.value}
        if typed:
            self.app.drafts[_DRAFT] = typed
        super().action_back()
        if typed:
            self.app.say("Your draft is kept while p2pcouncil runs.", "Press p to go on with it.")


_DRAFT = "begin-plan"


def _told(terms: OpenPlan) -> Iterator[Content]:
    """What a period is about, so that whoever signs it sees what was read."""
    units = words.count(len(terms.units), "council")
    yield join([f"{words.count(len(terms.goods), 'good')}, {units}."])
    round_ = words.span(terms.round_seconds * _SECOND_MS)
    tolerance = percent(terms.tolerance_basis_points)
    yield join([f"Rounds of {round_}, at most {terms.rounds_most}; a plan is within {tolerance}."])
