"""The network as one peer sees it: who is connected, who holds what, and what to do when others can't reach us."""

from textual.content import Content

from p2pcouncil.peer.views.network import NetworkView, PeerView
from tui import words
from tui.content import BAD, GOOD, MUTED, STRONG, WARN, heading, join, line, lines, muted, pad

NAME_CELLS = 30
STATE_CELLS = 13


def network_head(network: NetworkView) -> Content:
    """What is known about the whole."""
    rows: list[Content | str] = [line(network.line, STRONG), line(network.reachable)]
    if network.only_here:
        one = network.only_here == 1
        what = "1 entry of yours is" if one else f"{words.count(network.only_here, 'entry')} of yours are"
        wait = f"stay online until another peer holds {'it' if one else 'them'}."
        rows.append(Content.styled(f"! {what} only here: {wait}", WARN))
    if network.my_addresses:
        rows.append(join([Content.styled("Your addresses: ", MUTED), line(network.my_addresses[0])]))
        rows.extend(join([" " * 16, line(address)]) for address in network.my_addresses[1:])
    return lines(rows)


def peer_row(peer: PeerView, now_ms: int) -> Content:
    """One peer: how it stands, what differs, where it is."""
    mark, style = ("● connected", GOOD) if peer.connected else ("○ away", MUTED)
    name = peer.person.name if peer.person else f"device {peer.device.hex()[:8]}"
    gap = " " * STATE_CELLS
    rows = [
        join(
            [
                Content.styled(mark.ljust(STATE_CELLS), style),
                pad(name, NAME_CELLS, STRONG),
                muted(f"seen {words.ago(peer.last_seen_ms, now_ms)}"),
            ]
        ),
        join([gap, line(_differences(peer))]),
    ]
    rows.extend(join([gap, muted(address)]) for address in peer.addresses[:1])
    if peer.throttled:
        since = words.duration(now_ms - peer.throttled_since_ms)
        rows.append(
            join([gap, Content.styled("! ", WARN), line(f"throttled: {peer.throttled} (for {since})")])
        )
    if peer.problem:
        dropped = "dropped: " if peer.refused_until_ms else ""
        rows.append(join([gap, Content.styled("✗ ", BAD), line(f"{dropped}{peer.problem}")]))
    if peer.refused_until_ms > now_ms:
        rows.append(
            join([gap, "  ", muted(f"refused for {words.duration(peer.refused_until_ms - now_ms)} more")])
        )
    return lines(rows)


def _differences(peer: PeerView) -> str:
    if peer.behind == 0 and peer.ahead == 0:
        return "holds the same as we, as far as it said"
    parts = []
    if peer.behind:
        parts.append(f"we lack {peer.behind} of its entries")
    if peer.ahead:
        parts.append(f"it lacks {peer.ahead} of ours")
    if peer.ahead is None:
        parts.append("has not said yet what it holds")
    return "; ".join(parts)


def empty_network() -> Content:
    """What to do when no other peer is known."""
    return lines(
        [
            heading("No other peer is known yet."),
            "",
            "Peers on the same network find each other by themselves. Otherwise press d and type an address that "
            "somebody tells you, or carry a file: x writes one, m takes one in.",
        ]
    )
