"""Trio in a thread of its own, behind a door through which only plain values pass.

libp2p needs trio, the rest of the program asyncio. The two meet here: asyncio sends commands (frozen
dataclasses of bytes, text and numbers) and awaits plain replies; the service in the thread sends events
through an `EventQueue`. As nothing but such values crosses, a separate process could take the thread's place.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, Protocol, TypeVar

import trio

from net.transport import TransportError

CommandT = TypeVar("CommandT")
CommandT_contra = TypeVar("CommandT_contra", contravariant=True)
ReplyT = TypeVar("ReplyT")
ReplyT_co = TypeVar("ReplyT_co", covariant=True)


class Service(Protocol[CommandT_contra, ReplyT_co]):
    """What runs in the trio thread."""

    async def run(self, started: Callable[[], None]) -> None:
        """Work until cancelled; call `started` once commands can be executed.

        Raises:
            TransportError: it can't start, with a sentence for the user.
        """
        ...

    async def execute(self, command: CommandT_contra) -> ReplyT_co:
        """Do one command. Several run at the same time; each may be cancelled.

        Raises:
            TransportError: it could not be done.
        """
        ...


def _leaves(error: BaseException) -> list[BaseException]:
    """Return the errors inside nested exception groups, as trio's nurseries raise them."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]


def _as_transport_error(error: BaseException | None, fallback: str) -> TransportError:
    """Return the sentence inside a failure, or the fallback with the failure as its cause."""
    if error is None:
        return TransportError(fallback)
    for leaf in _leaves(error):
        if isinstance(leaf, TransportError):
            return leaf
    wrapped = TransportError(f"{fallback} ({_leaves(error)[0]!r})")
    wrapped.__cause__ = error
    return wrapped


class _Job(Generic[CommandT, ReplyT]):
    """One command on its way through the thread, cancellable from outside."""

    def __init__(self, command: CommandT) -> None:
        self.command = command
        self.reply: Future[ReplyT] = Future()
        self.scope = trio.CancelScope()
        # From here on only the thread decides how the reply ends; a caller that gives up cancels the scope.
        self.reply.set_running_or_notify_cancel()

    async def run(self, service: Service[CommandT, ReplyT]) -> None:
        try:
            with self.scope:
                reply = await service.execute(self.command)
                if not self.reply.done():
                    self.reply.set_result(reply)
        except Exception as error:
            # The failure belongs to whoever gave the command: it is raised there, not in the network.
            self.fail(_as_transport_error(error, "The network could not do this"))
        finally:
            self.fail(TransportError("The network stopped before this was done."))

    def fail(self, error: TransportError) -> None:
        """Give the caller an error, unless it has its reply already."""
        if not self.reply.done():
            self.reply.set_exception(error)


class Bridge(Generic[CommandT, ReplyT]):
    """Runs one `Service` under trio in a thread of its own."""

    def __init__(
        self, service: Service[CommandT, ReplyT], on_crash: Callable[[TransportError], None]
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            service: what to run in the thread.
            on_crash: called from the thread when the service ends without having been asked to.
        """
        self._service = service
        self._on_crash = on_crash
        self._scope = trio.CancelScope()
        self._token: trio.lowlevel.TrioToken | None = None
        self._nursery: trio.Nursery | None = None
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._started: Future[None] = Future()
        self._ended: Future[None] = Future()

    async def start(self, timeout_s: float) -> None:
        """Start the thread and wait until the service is ready.

        Raises:
            TransportError: the service failed to start, or took longer than the time-out; no thread is left.
        """
        self._thread = threading.Thread(target=self._run_thread, name="p2pcouncil-net", daemon=True)
        self._thread.start()
        try:
            await asyncio.wait_for(asyncio.wrap_future(self._started), timeout_s)
        except TimeoutError as error:
            await self.stop()
            raise TransportError(f"The network did not start within {timeout_s:.0f} seconds.") from error
        except asyncio.CancelledError:
            self._cancel()
            raise

    async def call(self, command: CommandT) -> ReplyT:
        """Have a command executed and await the reply; cancelling this cancels the command.

        Raises:
            TransportError: the command failed, or the network is not running.
        """
        job: _Job[CommandT, ReplyT] = _Job(command)
        self._in_thread(lambda: self._spawn(job))
        try:
            return await asyncio.wrap_future(job.reply)
        except asyncio.CancelledError:
            self._cancel_scope(job.scope)
            raise

    async def stop(self, timeout_s: float = 10.0) -> None:
        """Cancel the service and wait until the thread is gone. Safe to call twice.

        Raises:
            TransportError: the thread did not end in time.
        """
        if self._thread is None:
            return
        self._cancel()
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._ended)), timeout_s)
        except TimeoutError as error:
            raise TransportError(f"The network did not stop within {timeout_s:.0f} seconds.") from error
        await asyncio.to_thread(self._thread.join, timeout_s)

    def _cancel(self) -> None:
        self._stopping = True
        self._cancel_scope(self._scope)

    def _cancel_scope(self, scope: trio.CancelScope) -> None:
        if self._token is None:
            scope.cancel()
            return
        try:
            self._token.run_sync_soon(scope.cancel)
        except trio.RunFinishedError:
            # It has ended already, by itself or by a failure that was reported.
            return

    def _in_thread(self, action: Callable[[], object]) -> None:
        if self._token is None:
            raise TransportError("The network is not running.")
        try:
            self._token.run_sync_soon(action)
        except trio.RunFinishedError as error:
            raise TransportError("The network is not running.") from error

    def _spawn(self, job: _Job[CommandT, ReplyT]) -> None:
        if self._nursery is None:
            job.fail(TransportError("The network is not running."))
        else:
            self._nursery.start_soon(job.run, self._service)

    def _run_thread(self) -> None:
        failure: BaseException | None = None
        try:
            trio.run(self._main)
        except BaseException as error:
            # Whatever ends the thread is reported to the asyncio side; there is nobody here to raise it to.
            failure = error
        if not self._started.done():
            self._started.set_exception(_as_transport_error(failure, "The network could not start"))
        elif failure is not None or not self._stopping:
            self._on_crash(_as_transport_error(failure, "The network stopped by itself"))
        self._ended.set_result(None)

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        with self._scope:
            try:
                async with trio.open_nursery() as nursery:
                    self._nursery = nursery
                    await self._service.run(self._mark_started)
                    nursery.cancel_scope.cancel()
            finally:
                self._nursery = None

    def _mark_started(self) -> None:
        if not self._started.done():
            self._started.set_result(None)
