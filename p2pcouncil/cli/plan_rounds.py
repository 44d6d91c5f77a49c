"""Saying something in a planning round: in the one that takes proposals, or the next one that does."""

import time
from collections.abc import Callable

from crdt.errors import LocalError
from p2pcouncil.cli.context import Context, Wait
from p2pcouncil.cli.errors import NotHereError
from p2pcouncil.cli.plan_refs import find_plan
from p2pcouncil.domain.planning.said import UnitPlan
from p2pcouncil.peer.commands import ProposeInRound
from p2pcouncil.peer.plan_lines import beyond_capacity
from p2pcouncil.peer.views.plans import PlanView
from p2pcouncil.runtime.session import PeerSession

LATE_MS = 1_500
"""So near to the end of a round a word may reach too few tellers in time; whoever can wait says it in the next one."""


async def say_in_round(
    ctx: Context,
    session: PeerSession,
    ref: str,
    wait: Wait,
    parts_of: Callable[[PlanView], tuple[UnitPlan, ...]],
) -> None:
    """Propose as soon as a round takes proposals, for as long as ``--within`` allows to wait for one.

    Args:
        ctx: how long to wait, and how to speak.
        session: the peer.
        ref: which planning period.
        wait: whether to wait until others hold it.
        parts_of: what to propose, by the plan as it stands in that round.

    Raises:
        LocalError: there is no such period, no round takes proposals, or the proposal does not fit.
    """

    def look() -> PlanView:
        found = find_plan(session, ref, "rounds")
        if found.can_propose:
            raise NotHereError(found.can_propose, found.line)
        is_late = found.closes_ms is not None and found.closes_ms - time.time() * 1_000 < LATE_MS
        if is_late and ctx.within_seconds:
            raise NotHereError(f"Round {found.round} is as good as over.", found.line)
        return found

    deadline = time.monotonic() + ctx.within_seconds
    while True:
        view = await ctx.arrive(look)
        parts = parts_of(view)
        for part in parts:
            for told in beyond_capacity(part, session.techniques(view.council)):
                ctx.note(f"Mind: {told}.")
        command = ProposeInRound(view.id, parts)
        try:
            await ctx.do(session, command, wait)
        except LocalError:
            # Between the look and the word the round may have ended.
            if time.monotonic() >= deadline or not session.plan(view.id).can_propose:
                raise
        else:
            return
