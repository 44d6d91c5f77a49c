"""Text that wraps like a page: when a line starts with a mark or a column, its further rows stand below its words."""

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.content import hang


class Prose(Widget):
    """A text of any length; as high as it needs to be."""

    def __init__(
        self,
        content: Content | None = None,
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Show a text.

        Args:
            content: what to show first.
            id: the widget's id.
            classes: its CSS classes.
        """
        super().__init__(id=id, classes=classes)
        self._text = content or Content()

    def show(self, content: Content) -> None:
        """Show another text."""
        if content != self._text or content.spans != self._text.spans:
            self._text = content
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as the text takes at this width."""
        return len(hang(self._text, width).plain.split("\n"))

    def render(self) -> Content:
        """The wrapped text."""
        return hang(self._text, self.size.width)
