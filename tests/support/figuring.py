"""Figures of planning rounds that come when a test says so."""

from collections.abc import Callable

from p2pcouncil.domain.planning.round_figures import RoundFigures, RoundKey, RoundTask, work_out


class Later:
    """Has nothing worked out until it is told to.

    Attributes:
        asked: what was asked for and is not there yet, by who asked.
        worked: how many were worked out.
    """

    def __init__(self) -> None:
        self.asked: dict[bytes, tuple[RoundKey, RoundTask]] = {}
        self.worked = 0
        self._known: dict[RoundKey, RoundFigures] = {}

    def figures(self, asker: bytes, key: RoundKey, task: Callable[[], RoundTask]) -> RoundFigures | None:
        if key not in self._known:
            self.asked[asker] = (key, task())
        return self._known.get(key)

    def work(self) -> None:
        """Work out all that was asked for."""
        for key, task in self.asked.values():
            self._known[key] = work_out(task)
            self.worked += 1
        self.asked.clear()
