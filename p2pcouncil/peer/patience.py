"""Asking again when a device says that it is busy: the other half of `courtesy`.

Whoever asks too often is told how long to wait. That is no failure and nobody's fault, so the parts that ask never see
it: the same question goes out again when the time has come, a few times, and only then counts as unanswered.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crdt.ids import DeviceId
from p2pcouncil.peer.events import AnswerHeard, Ask, Effect
from p2pcouncil.peer.wire import BusyAnswer, Kind, read_body

MAX_TIMES = 6
"""How often a question is asked again before it counts as unanswered."""
LEAST_WAIT_MS = 500
"""At first; twice as long each time, so that many questions at once don't all come again at once."""


@dataclass(slots=True)
class _Asked:
    ask: Ask
    times: int = 0
    due_ms: int | None = None


class Patience:
    """The questions under way, of which some wait to be asked again."""

    def __init__(self) -> None:
        self._asked: dict[int, _Asked] = {}

    def note(self, effects: Iterable[Effect]) -> None:
        """Remember what goes out."""
        for effect in effects:
            if isinstance(effect, Ask) and effect.ask not in self._asked:
                self._asked[effect.ask] = _Asked(effect)

    def answered(self, event: AnswerHeard, now_ms: int) -> AnswerHeard | None:
        """Take an answer.

        Returns:
            The answer for whoever asked; None when the question is to be asked again later.

        Raises:
            RemoteError: it is malformed.
        """
        asked = self._asked.get(event.ask)
        if asked is None or not event.data or event.data[0] != Kind.BUSY:
            self._asked.pop(event.ask, None)
            return event
        wait_ms = read_body(event.data[1:], BusyAnswer).wait_ms
        asked.times += 1
        if asked.times > MAX_TIMES:
            del self._asked[event.ask]
            return AnswerHeard(event.ask, None, "The peer is busy.")
        asked.due_ms = now_ms + max(LEAST_WAIT_MS << asked.times - 1, wait_ms)
        return None

    def tick(self, now_ms: int) -> list[Effect]:
        """Ask again what is due."""
        due = [asked for asked in self._asked.values() if asked.due_ms is not None and now_ms >= asked.due_ms]
        for asked in due:
            asked.due_ms = None
        return [asked.ask for asked in due]

    def gone(self, device: DeviceId) -> None:
        """A device went away: what it was asked will not be answered."""
        self._asked = {n: asked for n, asked in self._asked.items() if asked.ask.device != device}
