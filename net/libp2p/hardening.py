"""What py-libp2p 0.8.1 needs so that no peer can kill, starve or wedge the node (DESIGN section 11).

Each item reaches into the library, so the version is asserted, and the fuzz test (tests/e2e/test_net_fuzz.py)
holds it:

- an exception in an inbound stream ends that stream, not the node, and malformed input ends the connection;
- a peer has a limited number of inbound streams, and of bytes sent that nobody has read yet (the library's
  yamux counts the receive window, but does not enforce it);
- an inbound connection gives back its slot and its socket when it ends (the library keeps both until it
  stops, so that a node which was visited often enough accepts nobody any more);
- the library's resource manager is off: its circuit breaker lets any stranger shut the door for everyone;
- the library dials nobody by itself;
- background tasks of gossip contain their errors;
- gossip queues hold 4096 messages, not 32;
- a reader gives credit back by halves of its window, and each second to a sender that has none left (the library does
  at each read, and reads the length of a message byte by byte: three encrypted frames for each, a third of what a
  message costs);
- signed peer records are made and checked now and then, not with each message (`net.libp2p.peer_records`).
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from importlib import metadata

import trio
from libp2p.abc import IHost, INetStream
from libp2p.custom_types import StreamHandlerFn
from libp2p.host.exceptions import HostException
from libp2p.io.abc import ReadWriteCloser
from libp2p.io.exceptions import IOException
from libp2p.io.utils import read_exactly
from libp2p.network.config import RetryConfig
from libp2p.network.connection import swarm_connection
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.network.exceptions import SwarmException
from libp2p.network.swarm import Swarm
from libp2p.peer.id import ID
from libp2p.protocol_muxer.exceptions import MultiselectError
from libp2p.pubsub import gossipsub, rpc_queue
from libp2p.pubsub import pubsub as pubsub_module
from libp2p.stream_muxer.exceptions import MuxedConnError, MuxedStreamError
from libp2p.stream_muxer.yamux import yamux
from libp2p.stream_muxer.yamux.yamux import Yamux, YamuxStream
from libp2p.tools.anyio_service import Service
from multiaddr import Multiaddr

from net.libp2p import peer_records
from net.transport import TransportError

LIBP2P_VERSION = "0.8.1"
QUEUE_MESSAGES = 4096
MAX_INBOUND_STREAMS_PER_PEER = 64
FRAME_TIMEOUT_S = 30.0
MAX_WINDOW_BYTES = 1024 * 1024
MAX_UNREAD_BYTES_PER_CONNECTION = 16 * 1024 * 1024
CREDIT_OVERDUE_S = 1.0
"""A sender with no credit left gets some after so long, however little was read: it gives the stream up after 5 s."""

_log = logging.getLogger("p2pcouncil.net")

ORDINARY_FAILURES: tuple[type[BaseException], ...] = (
    IOException,
    MuxedStreamError,
    MuxedConnError,
    SwarmException,
    HostException,
    MultiselectError,
    OSError,
    EOFError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    trio.TooSlowError,
)
"""What a broken connection looks like; anything else in an inbound stream is the peer's misbehaviour."""

OnOffence = Callable[[ID, str], Awaitable[None]]
InboundHandler = Callable[[ReadWriteCloser, Multiaddr, object], Awaitable[None]]


def assert_supported_version() -> None:
    """Refuse to run on a libp2p that these repairs were not made for.

    Raises:
        TransportError: another version is installed.
    """
    found = metadata.version("libp2p")
    if found != LIBP2P_VERSION:
        raise TransportError(f"This program needs libp2p {LIBP2P_VERSION}; {found} is installed.")


def apply_process_wide() -> None:
    """Repair what the library keeps in modules; call before any host is made. Safe to call twice."""
    assert_supported_version()
    pubsub_module.SUBSCRIPTION_CHANNEL_SIZE = QUEUE_MESSAGES
    rpc_queue.RpcQueue.__init__.__defaults__ = (QUEUE_MESSAGES, rpc_queue.DefaultMaxMessageSize)
    _replace(yamux, "MAX_WINDOW_SIZE", MAX_WINDOW_BYTES)
    _replace(Yamux, "_read_data_body", _read_within_bounds)
    _replace(YamuxStream, "_auto_tune_and_send_window_update", _give_credit_by_halves)
    for module in (pubsub_module, gossipsub):
        _replace(module, "env_to_send_in_RPC", peer_records.record_to_send)
        _replace(module, "maybe_consume_signed_record", peer_records.is_sound)
    # This one module logs through the root logger, which would print over the terminal interface.
    _replace(swarm_connection, "logging", logging.getLogger("libp2p.network.connection"))
    library = logging.getLogger("libp2p")
    if not library.handlers:
        library.addHandler(logging.NullHandler())


def is_ordinary(error: BaseException) -> bool:
    """Tell a broken connection from input that no honest peer sends."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_ordinary(inner) for inner in error.exceptions)
    return isinstance(error, ORDINARY_FAILURES)


def swarm_of(host: IHost) -> Swarm:
    """Return a host's network as what it is in this version.

    Raises:
        TransportError: it is something else.
    """
    network = host.get_network()
    if not isinstance(network, Swarm):
        raise TransportError("libp2p made another kind of network than expected.")
    return network


def harden_network(network: Swarm, on_offence: OnOffence) -> None:
    """Guard a host's network; call before it runs.

    Args:
        network: the `Swarm` of the host.
        on_offence: awaited with the peer and a sentence when a peer sent what no honest peer sends.
    """
    network.set_resource_manager(None)
    network.retry_config = RetryConfig(max_retries=0)

    async def dial_nobody() -> None:
        """The connection keeper decides whom to dial."""

    _replace(network.auto_connector, "maybe_connect", dial_nobody)
    network.set_stream_handler(_guarded_stream_handler(network.common_stream_handler, on_offence))
    _replace(network, "_do_handle_inbound_connection", _inbound_handler(network))


def _replace(owner: object, name: str, new: object) -> None:
    """Put our function in the place of one of the library's.

    Raises:
        TransportError: there is none of that name, so the library is not the one that we know.
    """
    if not hasattr(owner, name):
        raise TransportError(f"libp2p has no {name} to repair.")
    setattr(owner, name, new)


class FlowControlViolated(trio.TooSlowError):
    """A peer sent more than anybody allowed it to; the library ends a connection on its base class."""


async def _read_within_bounds(connection: Yamux, length: int) -> bytes:
    """Read the body of a frame, unless the peer has sent too much that nobody has read."""
    unread = sum(len(buffer) for buffer in connection.stream_buffers.values())
    if unread + length > MAX_UNREAD_BYTES_PER_CONNECTION:
        raise FlowControlViolated("The peer ignores flow control.")
    with trio.fail_after(FRAME_TIMEOUT_S):
        return await read_exactly(connection.secured_conn, length)


_give_credit = YamuxStream._auto_tune_and_send_window_update


async def _give_credit_by_halves(stream: YamuxStream, *, bytes_read: int = 0) -> None:
    """Let the sender go on when half of the window was read: the library's own rule, which it breaks at each read.

    A slow reader would take longer for a half than the sender waits, so one that waits is not left without for long.
    """
    is_awaited = stream.recv_window == 0 and trio.current_time() - stream.epoch_start >= CREDIT_OVERDUE_S
    await _give_credit(stream, bytes_read=bytes_read if is_awaited else 0)


def _guarded_stream_handler(inner: StreamHandlerFn, on_offence: OnOffence) -> StreamHandlerFn:
    """Wrap the one door through which every inbound stream comes."""
    open_streams: Counter[ID] = Counter()

    async def guarded(stream: INetStream) -> None:
        peer_id = stream.muxed_conn.peer_id
        if open_streams[peer_id] >= MAX_INBOUND_STREAMS_PER_PEER:
            await _reset(stream)
            return
        open_streams[peer_id] += 1
        try:
            await inner(stream)
        except Exception as error:
            # Contained here, because an error that leaves this function ends the node (59 of 60 random frames
            # did).
            await _reset(stream)
            if not is_ordinary(error):
                _log.warning("dropping %s: malformed input: %r", peer_id, error)
                await on_offence(peer_id, "It sent bytes that no honest peer sends.")
        finally:
            open_streams[peer_id] -= 1
            if open_streams[peer_id] <= 0:
                del open_streams[peer_id]

    return guarded


async def _reset(stream: INetStream) -> None:
    """Reset a stream; that it is gone already is as good."""
    try:
        await stream.reset()
    except Exception as error:
        # A stream that can't even be reset belongs to a dying connection.
        _log.debug("stream would not reset: %r", error)


def _inbound_handler(network: Swarm) -> InboundHandler:
    """Replace the library's handler of an accepted socket, which keeps its slot until the node stops."""

    async def handle(socket: ReadWriteCloser, listen_address: Multiaddr, _metrics: object) -> None:
        connection = RawConnection(socket, False)
        try:
            muxed = await network.upgrade_inbound_raw_conn(connection, listen_address)
            if isinstance(muxed, Yamux):
                await muxed.event_closed.wait()
        except Exception as error:
            # Whatever a stranger does during the handshake ends with its own socket.
            _log.debug("inbound connection ended: %r", error)
        finally:
            with trio.move_on_after(1) as scope:
                scope.shield = True
                try:
                    await connection.close()
                except Exception as error:
                    # The socket is closed by the listener in any case.
                    _log.debug("inbound socket would not close: %r", error)

    return handle


def contain_background_tasks(service: Service) -> None:
    """Let no error of a one-off background task end a running service, as its manager otherwise would.

    Args:
        service: a running `Pubsub` or router. Its permanent loops (heartbeat, queues) are not touched: when
            one of those fails the node is broken and must say so.
    """
    manager = service.manager
    run_task = manager.run_task

    def run_contained(
        task: Callable[..., Awaitable[None]], *args: object, daemon: bool = False, name: str | None = None
    ) -> None:
        async def contained(*inner_args: object) -> None:
            try:
                await task(*inner_args)
            except Exception as error:
                # One message or one peer failed; gossip is best effort and the rest goes on.
                _log.warning("gossip task failed: %r", error)

        run_task(task if daemon else contained, *args, daemon=daemon, name=name)

    _replace(manager, "run_task", run_contained)
