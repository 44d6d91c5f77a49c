"""The network, this laptop and who I am, as they are shown."""

from dataclasses import dataclass

from crdt.ids import CouncilId, DeviceId, MemberId
from p2pcouncil.domain.fingerprint import fingerprint
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.peer import shelf
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.courtesy import Conduct, read_kept
from p2pcouncil.peer.showing.councils import show_councils
from p2pcouncil.peer.showing.issues import sharers_of
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.views.councils import PendingJoinView
from p2pcouncil.peer.views.network import NetworkView, PeerView, StatusView
from p2pcouncil.peer.views.people import IdentityView, PersonView


@dataclass(frozen=True, slots=True)
class NetworkRole:
    """Who runs this home's network.

    Attributes:
        here: this process does.
        elsewhere: another process of this home does.
        trouble: what stands in the way on this laptop (a full disk), or empty.
    """

    here: bool
    elsewhere: bool
    trouble: str = ""


def show_identity(peer: Peer, *, stored: bool) -> IdentityView | None:
    """Who I am on this laptop."""
    me = peer.world.me
    if me is None:
        return None
    devices: dict[DeviceId, str] = {me.device: "this laptop"}
    for place in peer.world.places.values():
        duty = place.state.duty(me.member)
        for device in place.devices_of(me.member):
            votes = " (votes for you)" if duty.device == device else ""
            lost = " (disowned)" if duty.statement and device in duty.statement.disowned else ""
            what = "this laptop" if device == me.device else "another device"
            devices[device] = what + votes + lost
    words = fingerprint(me.member)
    person = PersonView(me.member, clean_line(me.name, 32) or words, words, True)
    return IdentityView(person, me.device, stored, tuple(sorted(devices.items())))


def show_network(peer: Peer, role: NetworkRole) -> NetworkView:
    """How this peer stands in the network."""
    world = peer.world
    conducts = {DeviceId(conduct.device): conduct for conduct in _conducts(peer, role)}
    devices = set(world.connected) | set(world.last_seen_ms) | set(world.problems) | set(conducts)
    shown = (_peer(peer, device, conducts.get(device)) for device in devices)
    peers = tuple(sorted(shown, key=_connected_first))
    return NetworkView(
        running=role.here,
        line=_line(peer, role),
        reachable=_reachable(peer, role),
        my_addresses=world.reachable_at() if role.here or role.elsewhere else (),
        peers=peers,
        only_here=peer.holdings.only_here(),
    )


def _connected_first(peer: PeerView) -> tuple[bool, bytes]:
    return (not peer.connected, peer.device)


def _conducts(peer: Peer, role: NetworkRole) -> tuple[Conduct, ...]:
    """Who is throttled or refused: by this process, or by the one of this home that runs the network."""
    if role.elsewhere:
        return read_kept(peer.world.item(shelf.SETTING, shelf.CONDUCT) or b"")
    return peer.world.courtesy.conducts(peer.world.now_ms)


def _peer(peer: Peer, device: DeviceId, conduct: Conduct | None) -> PeerView:
    world = peer.world
    person = None
    ahead: int | None = None
    for place in world.places.values():
        writer = next((h.member for h in place.index.headers() if h.device == device), None)
        if writer is None:
            writer = next((m.member for m in place.state.members() if m.device == device), None)
        if writer is not None and person is None:
            person = People(world, place).person(MemberId(writer))
        lack = peer.holdings.lacks(device, place.council)
        if lack is not None:
            ahead = (ahead or 0) + lack
    behind = sum(peer.pulling.behind(device, council) or 0 for council in world.places)
    return PeerView(
        device,
        person,
        device in world.connected,
        behind,
        ahead,
        world.last_seen_ms.get(device, 0),
        (),
        clean_line(world.problems.get(device, "") or (conduct.reason if conduct else ""), 200),
        *((conduct.habit, conduct.since_ms) if conduct is not None and conduct.habit else ("", 0)),
        conduct.refused_until_ms if conduct is not None else 0,
    )


def _line(peer: Peer, role: NetworkRole) -> str:
    count = len(peer.world.connected)
    if role.trouble:
        return role.trouble
    if not role.here:
        if role.elsewhere:
            seen = (peer.world.item(shelf.SETTING, shelf.SEEN_BY_NETWORK) or b"").decode("ascii", "ignore")
            had = f", with {seen.splitlines()[1]} when it last changed" if seen.count("\n") == 1 else ""
            return f"Another p2pcouncil on this laptop runs the network{had}; what you write here is spread by it."
        return "Offline: what you write stays on this laptop until the network runs."
    if not count:
        return "No other peer is connected: what you write waits here."
    who = "1 peer" if count == 1 else f"{count} peers"
    shared = [
        [peer.pulling.behind(device, council) for device in sharers_of(peer, council)]
        for council in peer.world.places
    ]
    if peer.world.places and not any(shared):
        return f"{who} connected; {'it holds' if count == 1 else 'they hold'} none of your councils."
    behind = sum(max((known or 0 for known in council), default=0) for council in shared)
    is_comparing = any(known is None for council in shared for known in council)
    if behind:
        return f"{who} connected; behind by {behind}{' or more' if is_comparing else ''}."
    if is_comparing:
        return f"{who} connected; comparing what they hold with what is here."
    return f"{who} connected; {'it holds' if count == 1 else 'they hold'} nothing that is missing here."


def _reachable(peer: Peer, role: NetworkRole) -> str:
    if not role.here:
        return "Unknown: the network doesn't run in this window."
    addresses = peer.world.addresses
    if not addresses:
        return "No address yet: the network is starting."
    if all("/127.0.0.1/" in address for address in addresses):
        return "Only from this laptop: it listens on loopback. Start with --listen 0.0.0.0 to be reached."
    return (
        "From your local network at the addresses below, as far as this laptop can tell. From outside only if your "
        "router forwards the port; otherwise others are reached when you dial them, or a member with a reachable "
        "address leaves `p2pcouncil serve` running."
    )


def show_pending(peer: Peer) -> tuple[PendingJoinView, ...]:
    """Councils that I asked to join, and those that this version can't hold."""
    shown = []
    unreadable = dict(peer.world.unreadable)
    for key, value in sorted(peer.world.items(shelf.JOIN).items()):
        council = CouncilId(key)
        pending = shelf.read(value, shelf.PendingJoin)
        refused = unreadable.pop(council, "") or clean_line(pending.refused, 300)
        name = clean_line(pending.name, 64)
        shown.append(
            PendingJoinView(council, name, _waits_for(pending, refused), len(pending.kept_by), refused)
        )
    for council, reason in sorted(unreadable.items()):
        shown.append(PendingJoinView(council, council.hex()[:8], reason, 0, reason))
    return tuple(shown)


def _waits_for(pending: shelf.PendingJoin, refused: str) -> str:
    """What a request waits for; that some peer keeps it weighs more than another's refusal."""
    if pending.kept_by:
        count = len(pending.kept_by)
        who = "1 peer keeps" if count == 1 else f"{count} peers keep"
        return f"{who} your request; somebody must vouch for you. Tell them your four words."
    if refused:
        return refused
    if pending.addresses:
        sponsor = clean_line(pending.sponsor, 32) or "the sponsor"
        return f"Not delivered yet: {sponsor} and their peers could not be reached so far."
    return "Not delivered yet: carry a bundle to a member, or wait until one connects."


def show_status(peer: Peer, role: NetworkRole, *, stored: bool) -> StatusView:
    """Everything in a glance."""
    councils = show_councils(peer)
    network = show_network(peer, role)
    line = network.line
    if network.only_here:
        entries = "1 entry is" if network.only_here == 1 else f"{network.only_here} entries are"
        line += f" {entries} only here."
    return StatusView(
        line=line,
        identity=show_identity(peer, stored=stored),
        councils=councils,
        pending=show_pending(peer),
        network=network,
        entries=sum(council.entries for council in councils),
    )
