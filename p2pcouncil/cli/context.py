"""What every verb is given: whose home it works on, how it speaks, and how long it is patient.

With ``--json`` a verb writes exactly one object to standard output (`serve`: one per line), errors included; what
only a person needs goes to standard error.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import Parameter

from p2pcouncil.cli.as_json import dump, json_of_done, plain
from p2pcouncil.cli.errors import NotHereError, NotInTimeError, UsageError
from p2pcouncil.cli.show import plural, wrap
from p2pcouncil.peer.commands import Command, Done
from p2pcouncil.runtime.home import Home

if TYPE_CHECKING:
    from p2pcouncil.runtime.session import PeerSession
    from p2pcouncil.runtime.transports import NetworkOptions

T = TypeVar("T")

LOOK_AGAIN_SECONDS = 0.1
TIMEOUT_SECONDS_MAX = 86_400


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Wait:
    """Waiting until others hold what was written.

    Attributes:
        wait: Return only when other peers hold what this wrote. Brings up the network itself if no other p2pcouncil
            of this home runs it.
        holders: How many other peers have to hold it.
        timeout: Give up after so many seconds; what was written stays, and spreads later.
    """

    wait: Annotated[bool, Parameter(negative="")] = False
    holders: int = 1
    timeout: float = 30.0


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Network:
    """How to be on the network.

    Attributes:
        listen: IP address to listen on; 127.0.0.1 keeps it on this laptop.
        port: TCP port to listen on; 0 takes any free one.
        dial: An address to connect to at the start; may be given several times.
        mdns: Whether to find peers on the local network, and be found.
    """

    listen: str = "0.0.0.0"
    port: int = 0
    dial: Annotated[tuple[str, ...], Parameter(negative="")] = ()
    mdns: bool = True

    def options(self) -> "NetworkOptions":
        """As the runtime takes them."""
        from p2pcouncil.runtime.transports import NetworkOptions

        return NetworkOptions(listen_host=self.listen, port=self.port, mdns=self.mdns, dial=self.dial)


NO_WAIT = Wait()
ANYWHERE = Network()


@dataclass(frozen=True, slots=True)
class Context:
    """Passed to every verb.

    Attributes:
        home: whose peer.
        json: whether to speak JSON.
        within_seconds: how long to wait for what is named to arrive.
    """

    home: Home
    json: bool = False
    within_seconds: float = 0.0

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked something."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not self.json

    def say(self, lines: Iterable[str], data: object) -> None:
        """Write the verb's result: the lines for a person, or the data for a script."""
        if self.json:
            print(dump(data), flush=True)
        else:
            for line in lines:
                print(line)
            sys.stdout.flush()

    def note(self, text: str) -> None:
        """Tell a person what is going on meanwhile."""
        if not self.json:
            print(text, file=sys.stderr, flush=True)

    def complain(self, message: str, hint: str, code: int, found: object = None) -> None:
        """Say what went wrong and what to do next: in two lines, or in one object together with what was found."""
        if self.json:
            print(
                dump({**(plain(found) or {}), "error": message, "hint": hint, "exit_code": code}), flush=True
            )
            return
        print(f"error: {message}", file=sys.stderr)
        if hint:
            print(f"try: {hint}", file=sys.stderr)

    @asynccontextmanager
    async def session(self, network: Network | None = None) -> "AsyncIterator[PeerSession]":
        """Open the peer of this home for the length of a verb.

        Args:
            network: bring up the network, unless another process of this home runs it already; then, and with None,
                the session works on the store, and that process spreads what it writes.

        Raises:
            LocalError: the home or its store can't be used.
            TransportError: the network can't start.
        """
        from p2pcouncil.runtime.session import open_session

        ours = network is not None and not self.home.network_runs()
        options = network.options() if network is not None and ours else None
        async with open_session(self.home, options) as session:
            if network is not None:
                session.engine.figures.begin()  # It stays for a while, and should not stand still meanwhile.
            yield session

    @asynccontextmanager
    async def writing(self, wait: Wait) -> "AsyncIterator[PeerSession]":
        """Open the peer for a verb that writes; with the network if it waits for others and nobody else runs it."""
        if wait.wait and not 0 < wait.timeout <= TIMEOUT_SECONDS_MAX:
            raise UsageError("The time-out must be between nothing and a day.", "Give seconds: --timeout 30.")
        async with self.session(ANYWHERE if wait.wait else None) as session:
            yield session

    async def arrive(self, look: Callable[[], T]) -> T:
        """Look for something, again and again if the user gave us time with ``--within``.

        Raises:
            LocalError: what `look` raises, when the time is over.
        """
        deadline = time.monotonic() + self.within_seconds
        while True:
            try:
                return look()
            except NotHereError:
                if time.monotonic() >= deadline:
                    raise
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def do(self, session: "PeerSession", command: Command, wait: Wait = NO_WAIT) -> Done:
        """Submit a command, wait for others if asked to, and say what happened.

        Raises:
            LocalError: it can't be done.
            NotInTimeError: it is done, but others did not come to hold it in time.
        """
        done = await session.submit(command)
        await self.finish(session, done, wait)
        return done

    async def finish(self, session: "PeerSession", done: Done, wait: Wait = NO_WAIT) -> None:
        """Say what a command did, after others hold it if that was asked for.

        Raises:
            NotInTimeError: others did not come to hold it in time.
        """
        if not wait.wait or not done.entries:
            self.say([*wrap(done.message), *done.lines], json_of_done(done))
            return
        hold = f"{plural(wait.holders, 'other peer')} {'holds' if wait.holders == 1 else 'hold'} it"
        self.note(f"{done.message} Waiting until {hold} …")
        if not await session.wait_held(done.entries, wait.holders, int(wait.timeout * 1_000)):
            raise NotInTimeError(
                f"{done.message} But {plural(wait.holders, 'other peer')} did not confirm it in {wait.timeout:g} s.",
                "It is saved here and spreads as soon as others are reachable; see `p2pcouncil peers`.",
            )
        held = f"At least {hold}."
        self.say(
            [*wrap(f"{done.message} {held}"), *done.lines], json_of_done(done, held_by_at_least=wait.holders)
        )


Words = Annotated[str, Parameter(allow_leading_hyphen=True)]
"""Free text: it may begin with a hyphen, as a list does."""
File = Annotated[Path, Parameter(allow_leading_hyphen=True)]
"""A file to read, or - for standard input."""

Ctx = Annotated[Context, Parameter(parse=False)]
"""A verb's context; the launcher passes it, the command line can't."""
