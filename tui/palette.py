"""The command palette: everything that can be done, found by typing a few letters of its name."""

from collections.abc import Iterator

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.types import IgnoreReturnCallbackType

from tui.shell import Shell
from tui.widgets.lines import PLACES


class Commands(Provider):
    """What the program and the present screen offer."""

    def _offers(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        app = self.app
        if not isinstance(app, Shell):
            return
        seen: set[str] = set()
        for node, binding, enabled, _ in self.screen.active_bindings.values():
            is_ours = node is self.screen and binding.show and binding.action != "back"
            if is_ours and enabled and binding.action not in seen:
                seen.add(binding.action)
                yield binding.description, "on this screen", self._runner(binding.action)
        if app.session.identity() is not None:
            for place, label in PLACES:
                yield f"Go to {label}", "another place", self._goer(app, place)
        yield "Help", "how deciding works, and the keys", self._app_runner("help")
        yield "Light or dark", "change the theme", app.toggle_theme
        yield "Quit", "asks first if something is only here", self._app_runner("quit")

    def _runner(self, action: str) -> IgnoreReturnCallbackType:
        async def run() -> None:
            await self.screen.run_action(action)

        return run

    def _app_runner(self, action: str) -> IgnoreReturnCallbackType:
        async def run() -> None:
            await self.app.run_action(action)

        return run

    def _goer(self, app: Shell, place: str) -> IgnoreReturnCallbackType:
        return lambda: app.go(place)

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for name, explained, run in self._offers():
            yield DiscoveryHit(Content(name), run, text=name, help=explained)

    async def search(self, query: str) -> Hits:
        """What fits the letters typed."""
        matcher = self.matcher(query)
        for name, explained, run in self._offers():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, text=name, help=explained)
