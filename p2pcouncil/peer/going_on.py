"""Going on elsewhere: what a council's members need to leave a register that has come to an end behind them."""

from collections.abc import Iterator
from typing import NamedTuple

from crdt.ids import CouncilId, DeviceId, MemberId
from p2pcouncil.domain.entries import Announce
from p2pcouncil.domain.records import SuccessorGenesis
from p2pcouncil.domain.register.sayings import Precommit
from p2pcouncil.domain.register.succession import Successor, Support, signed_founding, support_of, why_unfit
from p2pcouncil.peer import shelf
from p2pcouncil.peer.events import Append, Effect, Keep
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.world import World


class Standing(NamedTuple):
    """How a successor stands, by what is held here.

    Attributes:
        unfit: why it can't take over; empty if it can.
        support: what it has of what it needs; None while its founding is not held, or if it can't take over.
    """

    unfit: str
    support: Support | None

    @property
    def is_complete(self) -> bool:
        """Whether the council goes on there."""
        return self.support is not None and self.support.is_enough


def standing_of(place: Place, successor: Successor) -> Standing:
    """How a successor of a council stands."""
    if successor.genesis is None:
        return Standing("Its founding is not here yet.", None)
    chain = place.state.register.chain
    unfit = why_unfit(place.state.genesis, chain, successor.genesis)
    return Standing(unfit, None if unfit else support_of(chain, successor.signatures))


def fit_successors(place: Place) -> list[Successor]:
    """The successors that can take over from a council as its register stands here, by ascending id."""
    return [s for s in place.state.successors() if not standing_of(place, s).unfit]


def has_gone_on(place: Place, member: MemberId) -> bool:
    """Whether a member signed a successor that goes on from the last page of a council, and so tells there no more."""
    return any(member in successor.signatures for successor in fit_successors(place))


def last_precommit(place: Place, member: MemberId) -> int:
    """The number of the page after the last one that a member signed, though it is not certified here; 0 for none."""
    minutes = place.state.register.minutes
    return max(
        (
            saying.number
            for saying in minutes.said_about(minutes.number)
            if isinstance(saying, Precommit) and saying.member == member and saying.value
        ),
        default=0,
    )


def successor_of(place: Place) -> CouncilId | None:
    """The council in which this one goes on; of several, which only liars bring about, the one of the lowest id."""
    return next((s.council for s in place.state.successors() if standing_of(place, s).is_complete), None)


def waiting_for(place: Place, member: MemberId) -> list[Successor]:
    """The successors of a council that can take over and wait for a member's signature."""
    if has_gone_on(place, member) or member not in place.state.register.chain.roll:
        return []
    return fit_successors(place)


def take_up(world: World, place: Place) -> Iterator[Effect]:
    """Hold the councils in which one of ours goes on, if we are on their rolls."""
    if world.me is None:
        return
    for successor in place.state.successors():
        genesis = successor.genesis
        if genesis is None or world.item(shelf.COUNCIL, successor.council) is not None:
            continue
        is_mine = world.me.member in {founder.member for founder in genesis.roll}
        if is_mine and standing_of(place, successor).is_complete:
            yield Keep(shelf.COUNCIL, successor.council, signed_founding(successor))


def announcements(world: World) -> Iterator[Effect]:
    """Tell the councils above of the successors that we hold."""
    for place in tuple(world.places.values()):
        genesis = place.state.genesis
        above = world.places.get(CouncilId(genesis.parent))
        if not isinstance(genesis, SuccessorGenesis) or above is None or world.me is None:
            continue
        is_known = place.council in {child.council for child in above.state.children()}
        if above.state.is_admitted(world.me.member) and not is_known:
            entry = Announce(world.clock_ms, place.genesis_bytes)
            yield Append(above.council, (entry,), f"announce:{place.council.hex()}")


def certificate_of(place: Place, member: MemberId, device: DeviceId) -> bytes | None:
    """A member's word for a device of theirs, if it is held here: from a feed, a founding, a join or a statement."""
    found = [h.certificate.signature for h in place.lanes_of(member) if h.device == device]
    records = (
        *place.state.genesis.roll,
        *(vouch.join for vouch in place.state.vouches()),
        place.state.duty(member).statement,
    )
    found += [r.certificate for r in records if r is not None and (r.member, r.device) == (member, device)]
    return min(found, default=None)
