"""Figures of planning rounds for a peer that must not stand still: worked out beside, by `figures_process`.

It is the port `Figuring` of a running peer. It answers from what it remembers, or "not yet"; then whoever asked is
woken. One round after the other is worked out, in turn for all who ask; of what one asks, only the last counts. A
session that looks once and ends works everything out on the spot.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from typing import TypeVar

from p2pcouncil.domain.planning.hour_tree import HourNode
from p2pcouncil.domain.planning.round_figures import (
    REMEMBERED_MAX,
    FiguresHere,
    RoundFigures,
    RoundKey,
    RoundTask,
)
from p2pcouncil.peer.events import FiguresCame
from p2pcouncil.runtime.figures_process import EndedError, FiguresProcess
from p2pcouncil.runtime.host import Host

T = TypeVar("T")


class FiguresBeside:
    """Works figures out beside the loop, once `begin` was called."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._here = FiguresHere()
        self._process = FiguresProcess()
        self._is_beside = False
        self._known: OrderedDict[RoundKey, RoundFigures] = OrderedDict()
        self._wanted: dict[bytes, tuple[RoundKey, RoundTask]] = {}
        self._under_way: RoundKey | None = None
        self._thread = ThreadPoolExecutor(1, "figures")

    def begin(self) -> None:
        """From now on nothing is worked out on the loop; the process is started when it is first needed."""
        self._is_beside = True

    def end(self) -> None:
        """End the process."""
        self._process.end()

    def figures(self, asker: bytes, key: RoundKey, task: Callable[[], RoundTask]) -> RoundFigures | None:
        """The figures of a round, if they are here; see the port."""
        if not self._is_beside:
            return self._here.figures(asker, key, task)
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
            self._wanted.pop(asker, None)
            return found
        is_asked = asker in self._wanted and self._wanted[asker][0] == key
        if key != self._under_way and not is_asked:
            is_idle = not self._wanted and self._under_way is None
            self._wanted[asker] = (key, task())
            if is_idle:
                self._host.spawn(self._work_out())
        return None

    async def hours(self, task: RoundTask, product: str, threshold: Fraction) -> HourNode | None:
        """The tree of hours behind a product by a round; None if it has no value."""
        return await self._ask(partial(self._process.hours, task, product, threshold))

    async def _work_out(self) -> None:
        while self._wanted:
            asker = next(iter(self._wanted))
            self._under_way, task = self._wanted.pop(asker)
            try:
                found = await self._ask(partial(self._process.figures, task))
            except EndedError:
                return
            self._known[self._under_way] = found
            if len(self._known) > REMEMBERED_MAX:
                self._known.popitem(last=False)
            self._under_way = None
            await self._host.handle(FiguresCame())

    async def _ask(self, question: Callable[[], T]) -> T:
        """Ask the process on a thread of ours, one thing after the other; not what nobody waits for any more."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question)
