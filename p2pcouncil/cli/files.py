"""Verbs about files: bundles that are carried by hand, the log, and checking it all again."""

from pathlib import Path

from cyclopts import App

from crdt.errors import LocalError
from p2pcouncil.cli.as_json import json_of_done
from p2pcouncil.cli.context import Ctx
from p2pcouncil.cli.councils import In
from p2pcouncil.cli.errors import UsageError, VerificationFailedError
from p2pcouncil.cli.groups import NETWORK, add_verb
from p2pcouncil.cli.refs import find_council, short
from p2pcouncil.cli.show import when, wrap

LOG_MAX = 10_000


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    add_verb(app, export, NETWORK)
    add_verb(app, import_bundle, NETWORK, "import")
    add_verb(app, log, NETWORK)
    add_verb(app, verify, NETWORK)


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
        target = await ctx.arrive(lambda: find_council(session, council))
        entries = await session.log(target.id, limit)
    lines = []
    for entry in entries:
        lines += wrap(f"{short(entry.hash)}  {entry.author}, {when(entry.claimed_at_ms)}: {entry.sentence}")
        if entry.rejected:
            lines += wrap(f"does not count: {entry.rejected}", "          ")
    ctx.say(lines or ["Nothing has been said yet."], {"council": target.id, "entries": entries})


async def verify(bundle: Path | None = None, /, *, ctx: Ctx) -> None:
    """Check everything again from the bytes alone, trusting nobody: what is held here, or a bundle.

    Exit code 4 if anything does not hold.

    Examples:
        p2pcouncil verify

        p2pcouncil verify mill-lane.p2pc

    Args:
        bundle: A file that somebody exported; what is held on this laptop, if left out.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        try:
            report = await session.verify(bundle)
        except LocalError as error:
            if bundle is None or isinstance(error.__cause__, OSError):
                raise
            raise VerificationFailedError(str(error), error.hint, {"holds": False}) from error
    lines = [
        line
        for c in report.checks
        for line in wrap(f"{'holds' if c.holds else 'DOES NOT HOLD'}: {c.sentence}")
    ]
    data = {"holds": report.holds, "checks": report.checks, "state_hashes": dict(report.state_hashes)}
    failed = [check.sentence for check in report.checks if not check.holds]
    if not failed:
        ctx.say([*lines, "Everything holds."], data)
        return
    if not ctx.json:
        ctx.say(lines, data)
    raise VerificationFailedError(
        f"{len(failed)} of {len(report.checks)} checks do not hold: {' '.join(failed)}",
        "Don't rely on it; ask another member for a bundle, and compare."
        if bundle is not None
        else "Run `p2pcouncil doctor`: it says what is damaged here, and with --repair saves what can be saved.",
        data,
    )
