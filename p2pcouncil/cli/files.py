"""Verbs about files: bundles that are carried by hand, and the log."""

from pathlib import Path

from cyclopts import App

from p2pcouncil.cli.as_json import json_of_done
from p2pcouncil.cli.context import Ctx
from p2pcouncil.cli.councils import In
from p2pcouncil.cli.errors import UsageError
from p2pcouncil.cli.groups import NETWORK, add_verb
from p2pcouncil.cli.refs import AS_A_WORD, find_council, short
from p2pcouncil.cli.show import when, wrap

LOG_MAX = 10_000


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    add_verb(app, export, NETWORK)
    add_verb(app, import_bundle, NETWORK, "import")
    add_verb(app, log, NETWORK)


async def export(file: Path, /, *, council: In = "", ctx: Ctx) -> None:
    """Write what is held into a bundle: a file to be carried by hand, where there is no network.

    Examples:
        p2pcouncil export /media/stick/mill-lane.p2pc

        p2pcouncil export bread.p2pc --in "Morning Bread"

    Args:
        file: The file to make or replace.
        council: One council only.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        chosen = find_council(session, council).id if council else None
        done = await session.export_bundle(file, chosen)
        ctx.say([*wrap(done.message), *done.lines], json_of_done(done, file=file))


async def import_bundle(file: Path, /, *, ctx: Ctx) -> None:
    """Take in a bundle. Each entry is checked as if a peer had sent it; what does not verify is refused and named.

    Examples:
        p2pcouncil import /media/stick/mill-lane.p2pc

    Args:
        file: What somebody exported.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        done = await session.import_bundle(file)
        ctx.say([*wrap(done.message), *done.lines], json_of_done(done))


async def log(council: str = "", /, *, limit: int = 50, ctx: Ctx) -> None:
    """Show what was said in a council, entry by entry, with what the rules refused.

    The order is by what authors' clocks claimed; no rule reads those.

    Examples:
        p2pcouncil log

        p2pcouncil log "Mill Lane" --limit 200

    Args:
        council: Which council; the only one of yours, if left out.
        limit: How many of the last entries.
        ctx: Whose peer, and how to speak.
    """
    if not 1 <= limit <= LOG_MAX:
        raise UsageError(f"The limit must be 1 to {LOG_MAX:,}.", "Give --limit 50.")
    async with ctx.session() as session:
        target = await ctx.arrive(lambda: find_council(session, council, how=AS_A_WORD))
        entries = await session.log(target.id, limit)
    lines = []
    for entry in entries:
        lines += wrap(f"{short(entry.hash)}  {entry.author}, {when(entry.claimed_at_ms)}: {entry.sentence}")
        if entry.rejected:
            lines += wrap(f"does not count: {entry.rejected}", "          ")
    ctx.say(lines or ["Nothing has been said yet."], {"council": target.id, "entries": entries})
