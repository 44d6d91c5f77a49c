"""A form's field: what is asked, the input, and a line that explains or counts."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from tui.content import BAD, MUTED, join, line

COUNT_FROM_START_UP_TO = 1_000
"""Higher limits are so far away that the counter only shows once something is typed."""


class Field(Vertical):
    """A label above an input; the label lights up while the input has the focus."""

    def __init__(
        self,
        label: str,
        control: Widget,
        *,
        help_text: str = "",
        limit: int = 0,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Wrap an input.

        Args:
            label: what is asked, in a few words; the counter stands behind it.
            control: an input, text area or picker.
            help_text: one line below it.
            limit: characters that it may hold; shows a counter if above 0.
            id: the widget's id.
            classes: its CSS classes.
        """
        super().__init__(id=id, classes=classes)
        self._label = label
        self._help_text = help_text
        self._limit = limit
        self.control = control

    def compose(self) -> ComposeResult:
        """Lay label, input and help."""
        yield Static(classes="label", markup=False)
        yield self.control
        if self._help_text:
            yield Static(line(self._help_text), classes="help", markup=False)

    def on_mount(self) -> None:
        """Show the label, and the counter at nought."""
        self._count("")

    def on_descendant_focus(self) -> None:
        """Scroll label and help into sight together with the input."""
        self.call_after_refresh(self.scroll_visible, animate=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Count along."""
        self._count(event.value)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Count along."""
        self._count(event.text_area.text)

    def _count(self, text: str) -> None:
        parts = [line(self._label)]
        over = len(text) - self._limit
        if self._limit and over > 0:
            parts.append(Content.styled(f"! {over} characters too many (at most {self._limit})", BAD))
        elif self._limit and (text or self._limit <= COUNT_FROM_START_UP_TO):
            parts.append(Content.styled(f"{len(text)} of {self._limit} characters", MUTED))
        self.query_one(".label", Static).update(join(parts, "  "))


def one_line(
    *,
    id: str,  # noqa: A002
    placeholder: str = "",
    value: str = "",
    password: bool = False,
    restrict: str | None = None,
) -> Input:
    """An input of one row."""
    return Input(value, placeholder, id=id, password=password, restrict=restrict, compact=True)


def many_lines(*, id: str, text: str = "", placeholder: str = "", classes: str | None = None) -> TextArea:  # noqa: A002
    """An input of several rows; Tab leaves it."""
    return TextArea(
        text,
        placeholder=placeholder,
        id=id,
        soft_wrap=True,
        compact=True,
        show_line_numbers=False,
        tab_behavior="focus",
        classes=classes,
    )
