"""A thin asyncio shell: the store's plain functions, run one after the other on a thread of their own."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import aiosqlite

from crdt.store.faults import spoken_faults
from crdt.store.schema import open_store

P = ParamSpec("P")
T = TypeVar("T")

_JOIN_SECONDS = 5
_FETCH_ROWS = 64
"""What aiosqlite's constructor asks for; our functions fetch for themselves."""


class AsyncStore:
    """One connection to the store, usable from an event loop without ever blocking it."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, path: Path | str) -> "AsyncStore":
        """Open the store's file on a new thread; see `open_store` for errors."""
        connection = aiosqlite.Connection(lambda: open_store(path), _FETCH_ROWS)
        try:
            return cls(await connection)
        except BaseException:
            # aiosqlite asks its thread to end, and doesn't wait: the thread would then speak to a closed loop.
            await asyncio.to_thread(connection._thread.join, _JOIN_SECONDS)
            raise

    async def run(
        self, function: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(conn, *args, **kwargs)` on the store's thread; calls run in the order they were made.

        When the waiting task is cancelled, the function runs on to its end: what it commits is committed.

        Raises:
            LocalError: as the function does.
        """

        def call() -> T:
            with spoken_faults():
                return function(self._connection._conn, *args, **kwargs)

        # The one place that leans on aiosqlite's inside (pinned; tested in test_store_shell): its public
        # calls cross the thread once per statement, and a transaction of ours is many.
        result: T = await self._connection._execute(call)  # type: ignore[no-untyped-call]
        return result

    async def close(self) -> None:
        """Finish what was asked for, close the file and end the thread."""
        await self._connection.close()
