"""Folding: what the store holds and the core has not seen yet is read, and handed to it in slices."""

import asyncio
import gc
import time

from crdt.store.rows import Cursor, NewRows, read_new
from p2pcouncil.peer.events import ReadAgain, Row, RowsRead
from p2pcouncil.runtime.clock import now_ms
from p2pcouncil.runtime.host import Host

READ_ROWS = 5_000
SLICE_SECONDS = 0.012
"""Processor time of one slice of folding, at most about so much, so that the interface stays alive meanwhile."""
MIN_FOLD_ROWS = 32
MAX_FOLD_ROWS = 512
HASH_LEAVES = 1_000
"""Leaves of the state hash that are made ahead in one go: some two milliseconds."""


class Folding:
    """How far the core has read the store."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._cursor = Cursor()
        self._folded_rows = 0
        self._slice_rows = MAX_FOLD_ROWS // 4

    async def catch_up(self) -> None:
        """Fold all that is new, whoever wrote it; the caller sees to it that this runs once at a time."""
        while await self._fold(await self._host.reader.run(read_new, self._cursor, READ_ROWS)):
            pass

    async def hash_ahead(self) -> None:
        """Do in slices what the first look at a large council would wait for."""
        for place in list(self._host.peer.world.places.values()):
            more = True
            while more:
                more = place.state.settle_hash(HASH_LEAVES)
                await asyncio.sleep(0)

    async def _fold(self, new: NewRows) -> bool:
        """Fold rows in slices, so that a long catch-up leaves the interface its turns.

        The cursor follows each slice: whoever waits for this may be cancelled, and what was read and not folded must
        then be read again. It would be missing until the next start, and fetched from others in vain.

        Returns:
            Whether there is more to read.
        """
        rows = new.envelopes
        forks = tuple(new.forks)
        at = 0
        while at < len(rows) or forks:
            some = rows[at : at + self._slice_rows]
            at += len(some)
            handed = tuple(Row(e.header, e.envelope, e.first_seen_ms) for e in some)
            begun = time.thread_time()
            effects = self._host.peer.handle(RowsRead(handed, forks, new.more or at < len(rows)), now_ms())
            self._fit_slices(len(some), time.thread_time() - begun)
            begins_again = ReadAgain() in effects
            position = some[-1].position if some else self._cursor.envelope_position
            self._cursor = Cursor() if begins_again else Cursor(position, new.cursor.fork_position)
            with self._host.troubles():
                await self._host.carry_out([effect for effect in effects if effect != ReadAgain()])
            if begins_again:
                return True
            forks = ()
            self._spare_the_collector(len(some))
            await asyncio.sleep(0)
        return new.more

    def _fit_slices(self, rows: int, took_seconds: float) -> None:
        """Make slices shorter on a slow laptop, or where entries cost much, and longer where they cost little."""
        if took_seconds > SLICE_SECONDS:
            self._slice_rows = max(MIN_FOLD_ROWS, rows // 2)
        elif rows == self._slice_rows and took_seconds < SLICE_SECONDS / 4:
            self._slice_rows = min(MAX_FOLD_ROWS, self._slice_rows * 2)

    def _spare_the_collector(self, folded_rows: int) -> None:
        """Have the garbage collector pass over what was folded: it stays for as long as the peer runs.

        To look through 100,000 entries again and again takes a third of a start, and a tenth of a second each time.
        """
        self._folded_rows += folded_rows
        if self._folded_rows >= READ_ROWS:
            self._folded_rows = 0
            gc.freeze()
