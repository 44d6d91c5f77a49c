"""Drives the program as a person would: keys in, text out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual import events
from textual.pilot import Pilot

from tests.screens import people
from tests.screens.staged import StagedSession
from tui.app import CouncilApp

SMALL = (80, 24)
LARGE = (120, 40)


def app_of(session: StagedSession) -> CouncilApp:
    return CouncilApp(session, lambda: people.NOW_MS)


class Driver:
    """A running program and its session."""

    def __init__(self, app: CouncilApp, session: StagedSession, pilot: Pilot[None]) -> None:
        self.app = app
        self.session = session
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type into what has the focus, at one go, as a terminal hands over what is pasted."""
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    @property
    def rows(self) -> list[str]:
        """The rows of the terminal, as they would be read out."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    @property
    def text(self) -> str:
        """Everything on the terminal, with single spaces."""
        return " ".join(" ".join(self.rows).split())

    @property
    def place(self) -> str:
        """The name of the screen on top."""
        return type(self.app.screen).__name__


@asynccontextmanager
async def driven(
    session: StagedSession | None = None, size: tuple[int, int] = SMALL
) -> AsyncIterator[Driver]:
    """Start the program; it ends with the block."""
    staged = session or StagedSession()
    app = app_of(staged)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield Driver(app, staged, pilot)
