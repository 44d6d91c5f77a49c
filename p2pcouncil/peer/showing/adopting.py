"""Which proposal would make a plan the plan of record: nobody should have to second the same thing twice."""

from p2pcouncil.domain.effects import AdoptPlan
from p2pcouncil.domain.outcomes import ProposalState, ProposalStatus, Status
from p2pcouncil.domain.planning.reading import PlanState
from p2pcouncil.peer.place import Place


def adopting_proposal(place: Place, state: PlanState, digest: bytes) -> ProposalState | None:
    """The proposal that adopts what the rounds came to and can still do so; of several the one that has come furthest.

    Args:
        place: the council.
        state: a planning period of it.
        digest: of what the round that was taken came to; empty while rounds go on.

    Returns:
        None if nobody made one, if all were withdrawn or voted down, or if the plan is adopted.
    """
    if not digest or state.period.adopted_page:
        return None
    effect = AdoptPlan(state.hash, state.period.best, digest)
    live = [
        found for found in place.state.proposals() if found.effect == effect and not _is_over(place, found)
    ]
    return min(live, key=_how_near, default=None)


def _is_over(place: Place, found: ProposalState) -> bool:
    if found.status is ProposalStatus.WITHDRAWN:
        return True
    return found.issue is not None and place.state.issue(found.issue).status is Status.CLOSED


def _how_near(found: ProposalState) -> tuple[bool, int, bytes]:
    seconds = max((len(version.members) for version in found.versions), default=0)
    return found.issue is None, -seconds, found.hash
