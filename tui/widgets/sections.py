"""One line that names the sections of a screen and marks the present one."""

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from tui.content import HEADING, MUTED, join


class SectionLine(Static):
    """Tabs without the height of tabs; the screen moves between them with left and right."""

    def show(self, labels: Sequence[str], present: int) -> None:
        """Draw the line.

        Args:
            labels: our own words.
            present: index of the section shown.
        """
        parts = [
            Content.styled(f"[{label}]", f"{HEADING}")
            if index == present
            else Content.styled(f" {label} ", MUTED)
            for index, label in enumerate(labels)
        ]
        self.update(join(parts, " "))
