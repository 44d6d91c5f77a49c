"""Noticing the silent: every connection is pinged, and closed when it stays silent twice.

TCP takes minutes to notice a line that swallows bytes. libp2p's own monitor pings one connection after the
other and gives up after one missed answer, which a busy laptop misses now and then; so it is done here.
"""

import trio
from libp2p.network.connection.swarm_connection import SwarmConn
from libp2p.network.health.ping_probe import ping_connection

from net.libp2p.connections import Connections

PING_INTERVAL_S = 4.0
PING_TIMEOUT_S = 4.0
PING_STRIKES = 2


async def watch(connections: Connections) -> None:
    """Ping every connection, all at once, and close those that stay silent. Runs until cancelled."""
    strikes: dict[SwarmConn, int] = {}
    while True:
        await trio.sleep(PING_INTERVAL_S)
        open_now = [connection for _, connection in connections.live()]
        strikes = {connection: strikes.get(connection, 0) for connection in open_now}
        async with trio.open_nursery() as nursery:
            for connection in open_now:
                nursery.start_soon(_check, connections, connection, strikes)


async def _check(connections: Connections, connection: SwarmConn, strikes: dict[SwarmConn, int]) -> None:
    result = await ping_connection(
        connection, ping_timeout=PING_TIMEOUT_S, negotiate_timeout=int(PING_TIMEOUT_S)
    )
    strikes[connection] = 0 if result.success else strikes[connection] + 1
    if strikes[connection] >= PING_STRIKES:
        await connections.close_silent(connection)
