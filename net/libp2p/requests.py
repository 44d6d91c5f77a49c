"""Requests and answers over streams, on libp2p's `RequestResponse`, which contains errors and bounds sizes.

What it lacks is added here: requests above a limit wait instead of being reset; each peer has a limit of its
own, so that a stranger can't take all places; a request says how long its caller waits, so that nobody holds
a place for longer; a broken exchange is tried again with jitter; and a caller that gives up leaves no stream
behind, because the exchange runs to its own end in the background.
"""

import itertools
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import trio
from libp2p.abc import IHost, INetStream
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from libp2p.request_response import (
    BytesCodec,
    MessageTooLargeError,
    ProtocolNotSupportedError,
    RequestContext,
    RequestResponse,
    RequestResponseConfig,
    RequestResponseError,
    RequestTimeoutError,
)

from net.transport import MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, TransportError

PROTOCOL = TProtocol("/p2pcouncil/req/1")
ANSWER_TIMEOUT_S = 60.0
HEADER = struct.Struct(">I")
"""The first bytes of each request: for how many milliseconds its caller waits."""
ANSWER_MARK = b"\x00"
"""The first byte of each answer, because the library takes an empty message for a broken stream."""
MAX_INBOUND = 256
MAX_INBOUND_PER_PEER = 8
MAX_OUTBOUND_PER_PEER = 16
MAX_ATTEMPTS = 4
RETRY_PAUSE_S = 0.2


@dataclass(slots=True)
class _Waiting:
    """A request of a peer that the program has not answered yet."""

    answered: trio.Event = field(default_factory=trio.Event)
    data: bytes = b""


@dataclass(slots=True)
class _Outcome:
    """How an exchange that we began went."""

    done: trio.Event = field(default_factory=trio.Event)
    data: bytes = b""
    error: TransportError | None = None


class _PerPeer:
    """A semaphore for each peer, made when needed and dropped when nobody holds it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._semaphores: dict[ID, tuple[trio.Semaphore, int]] = {}

    def enter(self, peer_id: ID) -> trio.Semaphore:
        """Return the peer's semaphore; call `leave` when done with it."""
        semaphore, users = self._semaphores.get(peer_id, (trio.Semaphore(self._limit), 0))
        self._semaphores[peer_id] = (semaphore, users + 1)
        return semaphore

    def leave(self, peer_id: ID) -> None:
        """Forget the semaphore when this was its last user."""
        semaphore, users = self._semaphores.pop(peer_id)
        if users > 1:
            self._semaphores[peer_id] = (semaphore, users - 1)


class Requests:
    """Both sides of the request protocol on one host."""

    def __init__(
        self,
        host: IHost,
        nursery: trio.Nursery,
        rng: Random,
        is_connected: Callable[[ID], bool],
        on_request: Callable[[ID, int, bytes], None],
    ) -> None:
        """Begin to serve.

        Args:
            host: the libp2p host.
            nursery: where exchanges run; ends with the node.
            rng: for the jitter of retries.
            is_connected: asked before each attempt, because the library would dial by itself.
            on_request: called with the peer, a number for `answer`, and the request.
        """
        self._library = RequestResponse(host)
        self._nursery = nursery
        self._rng = rng
        self._is_connected = is_connected
        self._on_request = on_request
        self._numbers = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._inbound = _PerPeer(MAX_INBOUND_PER_PEER)
        self._outbound = _PerPeer(MAX_OUTBOUND_PER_PEER)
        config = RequestResponseConfig(
            timeout=ANSWER_TIMEOUT_S,
            max_request_size=HEADER.size + MAX_REQUEST_BYTES,
            max_response_size=len(ANSWER_MARK) + MAX_RESPONSE_BYTES,
            max_concurrent_inbound=MAX_INBOUND,
        )
        self._library.set_handler(PROTOCOL, self._handle, BytesCodec(), config)
        self._serve_stream = self._library._build_stream_handler(PROTOCOL)
        host.set_stream_handler(PROTOCOL, self._serve_in_turn)

    async def ask(self, peer_id: ID, data: bytes, timeout_ms: int) -> bytes:
        """Send a request and await the answer.

        Raises:
            TransportError: no answer; the message says why.
        """
        outcome = _Outcome()
        self._nursery.start_soon(self._run_exchange, peer_id, data, timeout_ms / 1000, outcome)
        await outcome.done.wait()
        if outcome.error is not None:
            raise outcome.error
        return outcome.data

    def answer(self, request_id: int, data: bytes) -> None:
        """Answer a request; in silence when nobody waits for it any more."""
        waiting = self._waiting.pop(request_id, None)
        if waiting is not None:
            waiting.data = data
            waiting.answered.set()

    async def _serve_in_turn(self, stream: INetStream) -> None:
        """Let a peer's requests above its limit wait for their turn."""
        peer_id = stream.muxed_conn.peer_id
        semaphore = self._inbound.enter(peer_id)
        try:
            async with semaphore:
                await self._serve_stream(stream)
        finally:
            self._inbound.leave(peer_id)

    async def _handle(self, data: bytes, context: RequestContext) -> bytes:
        if len(data) < HEADER.size:
            raise TransportError("A request without a header.")
        (timeout_ms,) = HEADER.unpack_from(data)
        request_id, waiting = next(self._numbers), _Waiting()
        self._waiting[request_id] = waiting
        try:
            self._on_request(context.peer_id, request_id, data[HEADER.size :])
            with trio.fail_after(min(timeout_ms / 1000, ANSWER_TIMEOUT_S)):
                await waiting.answered.wait()
            return ANSWER_MARK + waiting.data
        finally:
            self._waiting.pop(request_id, None)

    async def _run_exchange(self, peer_id: ID, data: bytes, timeout_s: float, outcome: _Outcome) -> None:
        semaphore = self._outbound.enter(peer_id)
        outcome.error = TransportError(f"The peer did not answer within {timeout_s:g} seconds.")
        try:
            with trio.move_on_after(timeout_s):
                async with semaphore:
                    outcome.data = await self._exchange(peer_id, data, trio.current_effective_deadline())
                    outcome.error = None
        except TransportError as error:
            outcome.error = error
        finally:
            self._outbound.leave(peer_id)
            outcome.done.set()

    async def _exchange(self, peer_id: ID, data: bytes, deadline_s: float) -> bytes:
        """Try until there is an answer, the deadline, or no sense in trying again."""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            if not self._is_connected(peer_id):
                raise TransportError("The peer is not connected.")
            config = RequestResponseConfig(
                timeout=max(0.001, deadline_s - trio.current_time()),
                max_request_size=HEADER.size + MAX_REQUEST_BYTES,
                max_response_size=len(ANSWER_MARK) + MAX_RESPONSE_BYTES,
            )
            try:
                request = HEADER.pack(int(config.timeout * 1000)) + data
                answer = await self._library.send_request(peer_id, [PROTOCOL], request, BytesCodec(), config)
                return answer[len(ANSWER_MARK) :]
            except RequestTimeoutError:
                await trio.sleep_until(deadline_s)
            except MessageTooLargeError as error:
                raise TransportError("The peer's answer is above the size limit.") from error
            except ProtocolNotSupportedError as error:
                raise TransportError("The peer speaks no request protocol that we know.") from error
            except RequestResponseError as error:
                if attempt == MAX_ATTEMPTS:
                    raise TransportError("The peer broke off the exchange.") from error
                await trio.sleep(RETRY_PAUSE_S * attempt * (0.5 + self._rng.random()))
        raise TransportError("The peer broke off the exchange.")
