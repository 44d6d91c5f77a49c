"""The door between asyncio and the trio thread: starting, failing, giving up, stopping, leaving nothing."""

import asyncio
import threading
from collections.abc import Callable

import pytest
import trio

from net.bridge import Bridge
from net.transport import TransportError

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


class Service:
    """Does as the command says."""

    def __init__(self, fail_at_start: str = "", slow_to_start: bool = False) -> None:
        self.cancelled = threading.Event()
        self._fail_at_start = fail_at_start
        self._slow_to_start = slow_to_start

    async def run(self, started: Callable[[], None]) -> None:
        if self._fail_at_start:
            raise TransportError(self._fail_at_start)
        if self._slow_to_start:
            await trio.sleep(30)
        self._crash = trio.Event()
        started()
        await self._crash.wait()
        raise ValueError("the net died")

    async def execute(self, command: str) -> str:
        match command:
            case "fail":
                raise TransportError("It can't be done.")
            case "bug":
                raise KeyError("a bug")
            case "hang":
                try:
                    await trio.sleep(60)
                finally:
                    self.cancelled.set()
            case "crash":
                self._crash.set()
                await trio.sleep(60)
        return command.upper()


def no_threads() -> bool:
    return not [thread for thread in threading.enumerate() if thread.name == "p2pcouncil-net"]


async def test_commands_are_answered_and_errors_come_back() -> None:
    bridge = Bridge(Service(), lambda error: None)
    await bridge.start(10)
    assert await asyncio.gather(*(bridge.call(f"c{n}") for n in range(50))) == [f"C{n}" for n in range(50)]
    with pytest.raises(TransportError, match="can't be done"):
        await bridge.call("fail")
    with pytest.raises(TransportError, match="a bug"):
        await bridge.call("bug")
    assert await bridge.call("still here") == "STILL HERE"
    await bridge.stop()
    await bridge.stop()
    assert no_threads()
    with pytest.raises(TransportError, match="not running"):
        await bridge.call("too late")


async def test_before_the_start_nothing_works() -> None:
    bridge = Bridge(Service(), lambda error: None)
    await bridge.stop()
    with pytest.raises(TransportError, match="not running"):
        await bridge.call("too early")


async def test_a_failed_start_says_why() -> None:
    bridge = Bridge(Service(fail_at_start="The port is taken."), lambda error: None)
    with pytest.raises(TransportError, match="The port is taken"):
        await bridge.start(10)
    await bridge.stop()
    assert no_threads()


async def test_a_slow_start_is_given_up() -> None:
    bridge = Bridge(Service(slow_to_start=True), lambda error: None)
    with pytest.raises(TransportError, match="did not start within"):
        await bridge.start(0.2)
    assert no_threads()


async def test_giving_up_a_call_cancels_the_command() -> None:
    service = Service()
    bridge = Bridge(service, lambda error: None)
    await bridge.start(10)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(bridge.call("hang"), 0.1)
    assert await asyncio.to_thread(service.cancelled.wait, 10)
    assert await bridge.call("next") == "NEXT"
    await bridge.stop()


async def test_stopping_fails_what_is_under_way() -> None:
    bridge = Bridge(Service(), lambda error: None)
    await bridge.start(10)
    pending = asyncio.create_task(bridge.call("hang"))
    await asyncio.sleep(0.1)
    await bridge.stop()
    with pytest.raises(TransportError, match="stopped"):
        await pending
    assert no_threads()


async def test_a_crash_is_told_and_fails_what_is_under_way() -> None:
    told: list[TransportError] = []
    bridge = Bridge(Service(), told.append)
    await bridge.start(10)
    with pytest.raises(TransportError):
        await bridge.call("crash")
    await bridge.stop()
    assert [str(error) for error in told] == [
        "The network stopped by itself (ValueError('the net died'))",
    ]
    assert no_threads()
