"""Asking no more than others answer: the other half of `courtesy`.

What we ask a device is held to a little less than the rates at which it answers; what is more waits here. Should it say
that it is busy all the same, that is no failure and nobody's fault: the question goes out again when the time has come,
a few times, and only then counts as unanswered. The parts that ask never see any of this.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crdt.ids import DeviceId
from p2pcouncil.peer.events import AnswerHeard, Ask, Effect
from p2pcouncil.peer.rates import RATES, Bucket, What
from p2pcouncil.peer.wire import BusyAnswer, Kind, read_body

MAX_TIMES = 6
"""How often a question is asked again before it counts as unanswered."""
LEAST_WAIT_MS = 500
"""At first; twice as long each time, so that many questions at once don't all come again at once."""


@dataclass(slots=True)
class _Asked:
    """A question that is under way, or waits until it is due."""

    ask: Ask
    times: int = 0
    due_ms: int | None = None


class Patience:
    """The questions under way, and those that wait."""

    def __init__(self) -> None:
        self._asked: dict[int, _Asked] = {}
        self._ours: dict[DeviceId, dict[What, Bucket]] = {}

    def pace(self, effects: Iterable[Effect], now_ms: int) -> list[Effect]:
        """Return what may be done now; questions that come too early wait for a later `tick`."""
        return [effect for effect in effects if not isinstance(effect, Ask) or self._may_go(effect, now_ms)]

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
        """What is due to be asked; give it to `pace` like everything else."""
        return [a.ask for a in self._asked.values() if a.due_ms is not None and now_ms >= a.due_ms]

    def forget(self, ask: int) -> None:
        """Nobody waits for this any more."""
        self._asked.pop(ask, None)

    def gone(self, device: DeviceId) -> list[AnswerHeard]:
        """A device went away; returns that there is no answer to what waited here."""
        its = [asked for asked in self._asked.values() if asked.ask.device == device]
        for asked in its:
            del self._asked[asked.ask.ask]
        self._ours.pop(device, None)
        return [
            AnswerHeard(asked.ask.ask, None, "The peer has gone.")
            for asked in its
            if asked.due_ms is not None
        ]

    def _may_go(self, ask: Ask, now_ms: int) -> bool:
        asked = self._asked.setdefault(ask.ask, _Asked(ask))
        ours = self._ours.setdefault(ask.device, {})
        wait_ms = 0
        for what in (What[Kind(ask.data[0]).name], What.QUESTIONS):
            if what not in ours:
                ours[what] = RATES[what].of_our_own()
            wait_ms = wait_ms or ours[what].take(1, now_ms)
        asked.due_ms = now_ms + wait_ms if wait_ms else None
        return not wait_ms
