"""Verbs about the network: who is there, how far I have got."""

from cyclopts import App

from p2pcouncil.cli.as_json import json_of_done, json_of_network, json_of_status
from p2pcouncil.cli.context import Ctx
from p2pcouncil.cli.groups import NETWORK, add_verb
from p2pcouncil.cli.serve import serve
from p2pcouncil.cli.show import wrap
from p2pcouncil.cli.show_network import show_network, show_status
from p2pcouncil.peer.commands import Dial


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    add_verb(app, serve, NETWORK)
    add_verb(app, peers, NETWORK)
    add_verb(app, status, NETWORK)


async def peers(*, dial: str = "", ctx: Ctx) -> None:
    """Show other peers, what they hold, and whether they can reach you.

    Examples:
        p2pcouncil peers

        p2pcouncil peers --dial /ip4/192.168.1.20/tcp/4001/p2p/12D3Koo…

    Args:
        dial: An address to connect to, and to remember.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        if dial:
            done = await session.submit(Dial(dial))
            ctx.say(wrap(done.message), json_of_done(done))
            return
        view = session.network()
        ctx.say(show_network(view), json_of_network(view))


async def status(*, ctx: Ctx) -> None:
    """Show everything in a glance: who you are, what is held, who is connected. Claims no more than is known.

    Examples:
        p2pcouncil status --json
    """
    async with ctx.session() as session:
        view = session.status()
        ctx.say(show_status(view), json_of_status(view))
