"""From the end of a vote to the page that closes it, on every peer: real processes over libp2p on loopback.

It is told beside what the rules make it wait for: tellers seal two seconds after the end, so that receipts have spread,
and a page takes a proposal, prevotes and precommits, each written to disk and spread before the next.
"""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from p2pcouncil.peer.register.receiving import SEAL_PAUSE_MS
from tests.e2e.seven import NAMES, open_vote, table

WINDOW_SECONDS = 6
LOOK_SECONDS = 0.02


async def _run(peers: int) -> dict[str, object]:
    names = NAMES[:peers]
    with TemporaryDirectory() as folder:
        async with table(Path(folder), names) as made:
            asked = time.monotonic()
            issue = await open_vote(made, "Bread", WINDOW_SECONDS, names)
            running = time.monotonic()
            for name in names[:3]:
                await made.peers[name].do("vote", id=issue, choice=0)
            shown = await made.peers[names[0]].do("show", id=issue)
            closes_ms = int(shown["closes_ms"])
            await asyncio.sleep(max(0.0, closes_ms / 1_000 - time.time()))
            waiting = set(names)
            while waiting:
                answers = await made.all_do(sorted(waiting), "show", id=issue)
                waiting = {name for name, told in answers.items() if told["status"] != "closed"}
                await asyncio.sleep(LOOK_SECONDS)
            closed_ms = time.time() * 1_000 - closes_ms
    return {
        f"{peers} peers: end of the vote to the certified page on all, s": round(closed_ms / 1_000, 2),
        f"{peers} peers: of it, the pause before sealing, s": SEAL_PAUSE_MS / 1_000,
        f"{peers} peers: proposed, seconded, opened, entered and its end told, s": round(running - asked, 2),
    }


def measure() -> dict[str, object]:
    """Run."""
    figures: dict[str, object] = {}
    for peers in (5, 7):
        figures |= asyncio.run(_run(peers))
    return figures
