"""A one-line choice among a few: left and right change it. No pop-up, so a form stays readable while it is filled."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.content import LINK, MUTED, join, line


class Picker(Widget, can_focus=True):
    """Shows one of several labels between arrows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,minus", "step(-1)", "Previous", key_display="←"),
        Binding("right,plus,space", "step(1)", "Next", key_display="→"),
    ]
    index: reactive[int] = reactive(0, init=False)

    class Changed(Message):
        """Another label was chosen."""

        def __init__(self, picker: "Picker") -> None:
            """Say which picker it was."""
            super().__init__()
            self.picker = picker

        @property
        def control(self) -> "Picker":
            """The picker, for `on` selectors."""
            return self.picker

    def __init__(
        self,
        labels: Sequence[str],
        *,
        index: int = 0,
        id: str | None = None,  # noqa: A002
        is_counted: bool = True,
    ) -> None:
        """Offer labels.

        Args:
            labels: at least one, anybody's text.
            index: the one to begin with.
            id: the widget's id.
            is_counted: whether to say which of how many it is.
        """
        super().__init__(id=id)
        self._is_counted = is_counted
        self._labels = tuple(labels)
        self.set_reactive(Picker.index, index)

    def offer(self, labels: Sequence[str]) -> None:
        """Offer other labels, from the first on; the same ones change nothing."""
        if tuple(labels) == self._labels:
            return
        self._labels = tuple(labels)
        self.index = 0
        self.refresh()

    def action_step(self, by: int) -> None:
        """Move to the next or the previous label, round the end."""
        self.index = (self.index + by) % len(self._labels)

    def watch_index(self) -> None:
        """Tell the form."""
        self.post_message(self.Changed(self))

    def render(self) -> Content:
        """The label between its arrows, and which of how many it is."""
        many = len(self._labels) > 1
        counted = self._is_counted and many and not self._labels[self.index].isdecimal()
        place = Content.styled(f"  {self.index + 1} of {len(self._labels)}", MUTED) if counted else Content()
        arrows = (Content.styled("◂ ", LINK), Content.styled(" ▸", LINK)) if many else (Content(), Content())
        return join([arrows[0], line(self._labels[self.index], cells=60), arrows[1], place])
