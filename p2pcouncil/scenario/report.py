"""What came of a story: what each peer holds and counts, and whether they agree.

Peers are compared council by council, among those who belong to it: equal sets must give equal state hashes, and equal
ballots equal counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.cells import cell_len

from p2pcouncil.domain.planning.quantities import show_scaled

NO_MEMBER = ("not a member", "waiting for a vouch", "left")


@dataclass(frozen=True, slots=True)
class Holding:
    """What one peer holds of one council."""

    council: str
    name: str
    entries: int
    state_hash: str


@dataclass(frozen=True, slots=True)
class PeerReport:
    """One peer at the end.

    Attributes:
        name: whose.
        pid: of its process.
        holdings: by council id, of the councils that they belong to.
        tallies: by issue id: title, method, counts, outcome, status, as this peer counts.
        plans: by id, what this peer makes of planning periods: every figure that peers have to agree on.
    """

    name: str
    pid: int
    holdings: dict[str, Holding]
    tallies: dict[str, dict[str, Any]]
    plans: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a story.

    Attributes:
        society: the council that everybody belongs to.
        peers: in the order of introduction.
        failures: expectations that did not come true, as sentences.
        seconds: how long it took.
    """

    society: str
    peers: tuple[PeerReport, ...]
    seconds: float
    failures: tuple[str, ...] = field(default=())

    @property
    def agree(self) -> bool:
        """Whether all peers hold and count the same, and everything expected came true."""
        return not differences(self.peers) and not self.failures


def holdings_of(status: dict[str, Any]) -> dict[str, Holding]:
    """Read what `status --json` says about the councils that somebody belongs to."""
    return {
        council["id"]: Holding(council["id"], council["name"], council["entries"], council["state_hash"])
        for council in status["councils"]
        if council["my_standing"] not in NO_MEMBER
    }


def differences(peers: Sequence[PeerReport]) -> tuple[str, ...]:
    """Say in which councils, votes and plans peers differ; nothing when they agree."""
    found = []
    for council in sorted({council for peer in peers for council in peer.holdings}):
        held = {peer.name: peer.holdings[council] for peer in peers if council in peer.holdings}
        if len({(h.entries, h.state_hash) for h in held.values()}) > 1:
            each = ", ".join(f"{name} {h.entries} ({h.state_hash[:8]})" for name, h in held.items())
            found.append(f"In “{next(iter(held.values())).name}” peers hold different entries: {each}.")
    for issue in sorted({issue for peer in peers for issue in peer.tallies}):
        counted = {peer.name: peer.tallies[issue] for peer in peers if issue in peer.tallies}
        if len({str(tally) for tally in counted.values()}) > 1:
            found.append(f"The vote on “{next(iter(counted.values()))['title']}” is counted differently.")
    for plan in sorted({plan for peer in peers for plan in peer.plans}):
        shown = [peer.plans[plan] for peer in peers if plan in peer.plans]
        if any(other != shown[0] for other in shown):
            found.append(f"The plan “{shown[0]['title']}” has other figures with different peers.")
    return tuple(found)


def to_json(report: Report) -> dict[str, Any]:
    """The one object that `demo --json` ends with."""
    peers = []
    for peer in report.peers:
        society = peer.holdings.get(report.society)
        peers.append(
            {
                "name": peer.name,
                "pid": peer.pid,
                "entries": society.entries if society else 0,
                "state_hash": society.state_hash if society else "",
                "councils": [
                    {"name": h.name, "entries": h.entries, "state_hash": h.state_hash}
                    for h in peer.holdings.values()
                ],
            }
        )
    return {
        "agree": report.agree,
        "seconds": round(report.seconds, 1),
        "peers": peers,
        "issues": [dict(tally) for tally in _once([peer.tallies for peer in report.peers])],
        "plans": [_json_of_plan(plan, report.peers) for plan in _once([peer.plans for peer in report.peers])],
        "differences": list(differences(report.peers)),
        "failures": list(report.failures),
    }


def _once(held: Sequence[dict[str, dict[str, Any]]]) -> tuple[dict[str, Any], ...]:
    """Each vote or plan once, as the first peer shows it that holds it."""
    seen: dict[str, dict[str, Any]] = {}
    for shown in held:
        for name, found in shown.items():
            seen.setdefault(name, found)
    return tuple(seen.values())


def _json_of_plan(plan: dict[str, Any], peers: Sequence[PeerReport]) -> dict[str, Any]:
    """A plan, and the prices that each peer has for it."""
    said = ("name", "unit", "kind", "supply", "demand", "gap", "price_milli", "value_micro", "made", "used")
    return {
        **{name: plan[name] for name in ("id", "title", "stage", "best", "adopted_page", "rounds")},
        "goods": [{name: good[name] for name in said} for good in plan["goods"]],
        "prices": {
            peer.name: [
                [good["price_milli"], good["value_micro"]] for good in peer.plans[plan["id"]]["goods"]
            ]
            for peer in peers
            if plan["id"] in peer.plans
        },
    }


def to_lines(report: Report) -> list[str]:
    """The report for a person."""
    lines = ["", "What each peer holds:"]
    rows = []
    for peer in report.peers:
        for holding in peer.holdings.values():
            pid = str(peer.pid)
            held = "1 entry" if holding.entries == 1 else f"{holding.entries} entries"
            rows.append((peer.name, pid, holding.name, held, holding.state_hash[:16]))
    lines += _table(("peer", "process", "council", "held", "state hash"), rows)
    for issue in dict.fromkeys(issue for peer in report.peers for issue in peer.tallies):
        lines += ["", *_counts(report.peers, issue)]
    for plan in _once([peer.plans for peer in report.peers]):
        lines += ["", *_plan(report.peers, plan)]
    lines.append("")
    lines += differences(report.peers)
    lines += report.failures
    count = len(report.peers)
    if report.agree:
        same = "the same entries, the same state hash, the same counts"
        same += ", the same prices" if any(peer.plans for peer in report.peers) else ""
        lines.append(f"All {count} peers agree: {same}." if count > 1 else "Everything is as expected.")
    elif differences(report.peers):
        lines.append("The peers do not agree.")
    else:
        lines.append("The peers agree with each other, but not with what the story expects.")
    lines.append(f"It took {report.seconds:.0f} seconds.")
    return lines


def _counts(peers: Sequence[PeerReport], issue: str) -> list[str]:
    """A vote as each peer counts it, side by side."""
    counted = {peer.name: peer.tallies[issue] for peer in peers if issue in peer.tallies}
    tally = next(iter(counted.values()))
    options = tuple(f"{number}. {option}" for number, option in enumerate(tally["counts"], start=1))
    ahead = f": {', '.join(tally['winners'])}" if tally["winners"] else ""
    lines = [f"{tally['title']} ({tally['method']}): {tally['status']}, {tally['outcome']}{ahead}"]
    lines.append("  " + "; ".join(options))
    head = ("peer", *(str(number) for number in range(1, len(options) + 1)))
    return lines + _table(
        head, [(name, *(str(count) for count in own["counts"].values())) for name, own in counted.items()]
    )


def _plan(peers: Sequence[PeerReport], plan: dict[str, Any]) -> list[str]:
    """What a plan came to, and what goods cost by it as each peer computes it, side by side."""
    adopted = f", plan of record since page {plan['adopted_page']}" if plan["adopted_page"] else ""
    lines = [f"{plan['title']}: {len(plan['rounds'])} rounds, round {plan['best']} taken{adopted}"]
    rows = []
    with_plan = [peer for peer in peers if plan["id"] in peer.plans]
    for at, good in enumerate(plan["goods"]):
        if good["value_micro"] is None:
            continue
        hours = [peer.plans[plan["id"]]["goods"][at]["value_micro"] for peer in with_plan]
        rows.append((f"1 {good['unit']} of {good['name']}", *(_hours(value) for value in hours)))
    return lines + _table(("labour value", *(peer.name.split(" ")[0] for peer in with_plan)), rows)


def _hours(value_micro: int | None) -> str:
    return "none" if value_micro is None else f"{show_scaled(value_micro, 6)} h"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(cell_len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return [
        ("  " + "  ".join(c + " " * (w - cell_len(c)) for c, w in zip(row, widths, strict=True))).rstrip()
        for row in (head, *rows)
    ]
