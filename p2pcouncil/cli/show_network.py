"""Who I am, who is there, and how far I have got: as text."""

from p2pcouncil.cli.refs import short
from p2pcouncil.cli.show import plural, table, when, wrap
from p2pcouncil.peer.views.network import NetworkView, PeerView, StatusView
from p2pcouncil.peer.views.people import IdentityView


def show_status(status: StatusView) -> list[str]:
    """Everything in a glance."""
    lines = wrap(status.line)
    if status.identity is not None:
        who = status.identity.person
        lines += [
            f"You: {who.name}, fingerprint {who.fingerprint}, on device {short(status.identity.device)}."
        ]
    lines += [f"{plural(status.entries, 'entry', 'entries')} held."]
    if status.councils:
        lines += ["", "Councils:"]
        lines += table(
            (
                (
                    c.name,
                    c.my_standing,
                    plural(c.entries, "entry", "entries"),
                    "not compared" if c.behind is None else f"behind by {c.behind}",
                    f"state {c.state_hash[:12]}",
                )
                for c in status.councils
            ),
            "  ",
        )
    for pending in status.pending:
        lines += wrap(f"You asked to join “{pending.council_name}”: {pending.line}")
    return [*lines, "", *wrap(status.network.line)]


def show_identity(identity: IdentityView) -> list[str]:
    """My devices."""
    stored = "stored here, under a passphrase" if identity.member_key_stored else "not stored here"
    lines = [
        f"{identity.person.name}, fingerprint {identity.person.fingerprint}",
        f"The member key is {stored}; the recovery phrase always brings it back.",
        "Devices:",
    ]
    rows = [(device.hex()[:16], note) for device, note in identity.devices]
    return [*lines, *table(rows, "  ")]


def show_network(network: NetworkView) -> list[str]:
    """Other peers, and whether they can reach us."""
    lines = [*wrap(network.line), *wrap(network.reachable)]
    if network.my_addresses:
        lines += ["My addresses:", *(f"  {address}" for address in network.my_addresses)]
    if network.peers:
        rows = []
        troubles = []
        for peer in network.peers:
            who = peer.person.name if peer.person is not None else "somebody unknown"
            lacks = "has not said what it lacks" if peer.ahead is None else f"lacks {peer.ahead} of ours"
            seen = "connected" if peer.connected else f"seen {when(peer.last_seen_ms)}"
            rows.append((short(peer.device), who, seen, f"we are behind by {peer.behind}", lacks))
            troubles.append([f"      {part}" for part in _troubles(peer)])
        lines += ["Peers:"]
        for row, trouble in zip(table(rows, "  "), troubles, strict=True):
            lines += [row, *trouble]
    if network.only_here:
        lines += wrap(
            f"{plural(network.only_here, 'entry', 'entries')} of yours: nobody else is known to hold them."
        )
    return lines


def _troubles(peer: PeerView) -> list[str]:
    """What is wrong with a peer, a line each."""
    found = []
    if peer.throttled:
        found.append(f"throttled: {peer.throttled}; began {when(peer.throttled_since_ms)}")
    if peer.problem:
        found.append(f"dropped: {peer.problem}" if peer.refused_until_ms else peer.problem)
    if peer.refused_until_ms and not when(peer.refused_until_ms).endswith("ago"):
        found.append(f"refused; may come back {when(peer.refused_until_ms)}")
    return found
