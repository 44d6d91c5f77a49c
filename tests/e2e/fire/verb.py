"""A second process on a home under fire: the command line, as its owner types it while the peer runs, or is down."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE

from p2pcouncil.cli.errors import ExitCode
from tests.e2e.fire.actor import MARK, Actor, FireError

VERB_SECONDS = 120.0
PROPOSAL = "Oven"
"""A title that no other proposal has."""


async def comment(actor: Actor, text: str, kill_after_seconds: float | None) -> str:
    """Run `p2pcouncil comment` on somebody's home; what it acknowledges goes into the journal.

    Args:
        actor: whose home.
        text: the comment.
        kill_after_seconds: when to kill it, unless it has ended by then; None to let it end.

    Returns:
        What became of it: "done", "killed", or the sentence by which it refused.

    Raises:
        FireError: it hangs, or ends in a way that is no answer.
    """
    with actor.log_path.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "p2pcouncil.cli.main", "--json", "comment", PROPOSAL, text),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=log,
            process_group=0,
            env={**os.environ, MARK: str(actor.log_path.parent), "P2PCOUNCIL_HOME": str(actor.home)},
        )
    hearing = asyncio.create_task(process.communicate())
    try:
        await asyncio.wait(
            [hearing], timeout=VERB_SECONDS if kill_after_seconds is None else kill_after_seconds
        )
        is_killed = not hearing.done()
        if is_killed and kill_after_seconds is None:
            raise FireError(f"A verb on {actor.name}'s home did not end within {VERB_SECONDS:g} s.")
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        out, _ = await hearing
    if is_killed and not out.endswith(b"\n"):
        return "killed"
    said = json.loads(out)
    if "error" in said and said["exit_code"] == ExitCode.ERROR:
        return str(said["error"])
    if not said.get("entries"):
        raise FireError(f"A verb on {actor.name}'s home ended with {process.returncode}: {said}")
    actor.journal(actor.name, said["entries"])
    return "done"
