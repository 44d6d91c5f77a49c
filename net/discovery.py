"""Finding peers on the local network by multicast DNS, where the network lets it through.

Each peer announces a service named after its peer id, with its addresses in the text record. What is found is
only a place to dial: whoever answers there must still hold the key that the address names. Nothing depends on
this working.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from zeroconf import Error as ZeroconfError
from zeroconf import InterfaceChoice, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from net.peer_id import format_peer_id, split_address
from net.transport import PeerKey, TransportError

SERVICE_TYPE = "_p2pcouncil._tcp.local."
EVERYWHERE = ("0.0.0.0", "::")
MAX_ANNOUNCED = 8
MAX_FOUND = 1024
MAX_LOOKUPS = 32
LOOKUP_TIMEOUT_MS = 3000
STOP_TIMEOUT_S = 3.0

_log = logging.getLogger("p2pcouncil.net")


class LocalDiscovery:
    """Announces our addresses on the local network and reports those of others.

    Attributes:
        problem: why it does not work here, as a sentence; empty while it does.
    """

    def __init__(self, key: PeerKey, on_found: Callable[[str], None], listen_host: str = "0.0.0.0") -> None:
        """Prepare; nothing is sent before `start`.

        Args:
            key: our own public key.
            on_found: called on the asyncio loop with each new address of another peer.
            listen_host: where we listen; unless that is everywhere, only its interface is used.
        """
        self._interfaces = InterfaceChoice.All if listen_host in EVERYWHERE else [listen_host]
        self.problem = ""
        self._name = f"{format_peer_id(key)}.{SERVICE_TYPE}"
        self._on_found = on_found
        self._found: dict[str, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._info: AsyncServiceInfo | None = None

    def start(self, addresses: Sequence[str]) -> None:
        """Begin to announce and to listen, in the background; call on the asyncio loop."""
        self._spawn(self._open(addresses))

    def announce(self, addresses: Sequence[str]) -> None:
        """Announce other addresses from now on; call on the asyncio loop."""
        if self._zeroconf is not None:
            self._spawn(self._update(addresses))

    async def stop(self) -> None:
        """Take the announcement back and close. Safe to call twice."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is None:
            return
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                if self._browser is not None:
                    await self._browser.async_cancel()
                await zeroconf.async_close()
        except (TimeoutError, OSError, ZeroconfError) as error:
            _log.info("local discovery did not close cleanly: %r", error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        async def contained() -> None:
            try:
                await work
            except (OSError, ZeroconfError) as error:
                # Discovery is a convenience: without multicast, people exchange addresses by invitation.
                if not self.problem:
                    self.problem = f"Peers on the local network can't be found by themselves here ({error})."
                    _log.warning("%s", self.problem)

        task = asyncio.get_running_loop().create_task(contained())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self, addresses: Sequence[str]) -> None:
        self._zeroconf = AsyncZeroconf(interfaces=self._interfaces)
        self._browser = AsyncServiceBrowser(
            self._zeroconf.zeroconf, SERVICE_TYPE, handlers=[self._on_service]
        )
        self._info = self._describe(addresses)
        await self._zeroconf.async_register_service(self._info)

    async def _update(self, addresses: Sequence[str]) -> None:
        if self._zeroconf is not None and self._info is not None:
            self._info = self._describe(addresses)
            await self._zeroconf.async_update_service(self._info)

    def _describe(self, addresses: Sequence[str]) -> AsyncServiceInfo:
        texts = {f"a{number}": text for number, text in enumerate(addresses[:MAX_ANNOUNCED])}
        places = [text.split("/") for text in addresses if text.startswith(("/ip4/", "/ip6/"))]
        return AsyncServiceInfo(
            SERVICE_TYPE,
            self._name,
            port=int(places[0][4]) if places else 0,
            properties=texts,
            server=f"{self._name.partition('.')[0]}.local.",
            # Without a host address other peers would wait for one and never read the text.
            parsed_addresses=sorted({place[2] for place in places}) or ["127.0.0.1"],
        )

    def _on_service(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if state_change is ServiceStateChange.Removed or name == self._name:
            return
        if len(self._tasks) < MAX_LOOKUPS:
            self._spawn(self._look_up(zeroconf, name))

    async def _look_up(self, zeroconf: Zeroconf, name: str) -> None:
        try:
            info = AsyncServiceInfo(SERVICE_TYPE, name)
        except ZeroconfError as error:
            # Whoever announces chooses the name, and may choose one that can't be.
            _log.info("ignored an announcement of %s: %s", name[:80], error)
            return
        if not await info.async_request(zeroconf, LOOKUP_TIMEOUT_MS):
            return
        for key, text in sorted(info.decoded_properties.items()):
            if not key.startswith("a") or text is None or len(text) > 255:
                continue
            try:
                _, peer = split_address(text)
            except TransportError as error:
                _log.info("ignored what %s announces: %s", name[:80], error)
                continue
            if name == f"{format_peer_id(peer)}.{SERVICE_TYPE}":
                self._report(text)

    def _report(self, address: str) -> None:
        if address in self._found:
            return
        if len(self._found) >= MAX_FOUND:
            del self._found[next(iter(self._found))]
        self._found[address] = None
        self._on_found(address)
