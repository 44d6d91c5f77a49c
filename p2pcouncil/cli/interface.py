"""The terminal interface, which is what runs without a verb."""

from p2pcouncil.cli.context import ANYWHERE, Ctx, Network
from p2pcouncil.cli.errors import UsageError


async def interface(*, network: Network = ANYWHERE, ctx: Ctx) -> None:
    """Decide and plan together without a server. Without a verb, the terminal interface opens."""
    if ctx.json or not ctx.is_interactive:
        raise UsageError("The terminal interface needs a terminal.", "Name a verb; see `p2pcouncil --help`.")
    from tui.app import CouncilApp

    async with ctx.session(network) as session:
        await CouncilApp(session).run_async()
