"""Seven real peers decide while they are cut in two, and while one of them sleeps through the whole vote."""

from itertools import product
from pathlib import Path

import pytest

from tests.e2e.seven import NAMES, Table, open_vote, table

pytestmark = pytest.mark.e2e

MOST, REST = NAMES[:4], NAMES[4:]
WINDOW_SECONDS = 20
"""Long enough to vote in on a machine that is busy with other tests: seven peers have to hear of the vote first."""


@pytest.mark.timeout(240)
async def _decide_in_two_halves(seven: Table) -> None:
    issue = await open_vote(seven, "Bread", WINDOW_SECONDS, NAMES)
    await seven.peers["Ada"].do("vote", id=issue, choice=0)
    apart = [*product(MOST, REST), *product(REST, MOST)]
    async with seven.lines.refused(apart):
        # Before the end, and known on one side alone. Three of the seven tellers have what the rest casts, f + 1.
        await seven.peers["Ben"].do("vote", id=issue, choice=0)
        await seven.peers["Emil"].do("vote", id=issue, choice=1)
        await seven.peers["Fay"].do("vote", id=issue, choice=1)
        shown = await seven.until(MOST, lambda told: len(told["sealed"]) == len(MOST), id=issue)
        for told in shown.values():
            assert told["status"] == "running"
            assert "Sealed by 4, 5 needed; it waits for 1 of " in told["line"]
            assert all(name in told["line"] for name in REST), told["line"]
    shown = await seven.until(NAMES, lambda told: told["status"] == "closed", id=issue)
    counts = {tuple(sorted(told["counts"].items())) for told in shown.values()}
    assert counts == {(("abstain", 0), ("no", 2), ("yes", 2))}, "ballots of both sides count"
    shown = await seven.until(NAMES, lambda told: told["pages"] >= 3, id=issue)
    equal = await _equal(seven, issue)
    assert len({told["page"] for told in equal.values()}) == 1


async def _equal(seven: Table, issue: str) -> dict[str, dict[str, object]]:
    """Everybody comes to the same, though pages may still be carried for a moment."""
    for _ in range(240):
        shown = await seven.all_do(NAMES, "show", id=issue)
        if len({told["state"] for told in shown.values()}) == 1:
            return shown
    raise AssertionError("they did not come to the same")


async def _sleep_through_a_vote(seven: Table) -> None:
    """Of seven tellers three are gone when a vote ends; one of them slept all along, and its seal is the fifth."""
    await seven.sleep("Gus")
    awake = [name for name in NAMES if name != "Gus"]
    issue = await open_vote(seven, "Cake", WINDOW_SECONDS, awake)
    await seven.peers["Ada"].do("vote", id=issue, choice=0)
    await seven.until(["Ada"], lambda told: told["mine"] == len(awake), id=issue)
    for name in ("Emil", "Fay"):
        await seven.sleep(name)
    four = ["Ada", "Ben", "Cem", "Dora"]
    shown = await seven.until(four, lambda told: len(told["sealed"]) == len(four), id=issue)
    assert all("5 needed" in told["line"] for told in shown.values())
    await seven.wake("Gus")
    shown = await seven.until([*four, "Gus"], lambda told: told["status"] == "closed", id=issue)
    for told in shown.values():
        assert told["counts"] == {"yes": 1, "no": 0, "abstain": 0}
        assert "Gus" in told["counted"]


@pytest.mark.timeout(300)
@pytest.mark.asyncio
async def test_a_vote_closes_after_a_partition_and_with_a_teller_who_slept_through_it(tmp_path: Path) -> None:
    async with table(tmp_path) as seven:
        await _decide_in_two_halves(seven)
        await _sleep_through_a_vote(seven)
