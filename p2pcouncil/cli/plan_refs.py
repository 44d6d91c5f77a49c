"""What a user means by a planning period, or by a council in it; without a name, the only one that can be meant."""

from typing import Annotated

from cyclopts import Parameter

from crdt.errors import LocalError
from p2pcouncil.cli.errors import NotHereError
from p2pcouncil.cli.refs import Candidate, resolve
from p2pcouncil.peer.session import Session
from p2pcouncil.peer.views.plans import PlanUnitView, PlanView

OfPlan = Annotated[str, Parameter(name="--plan")]
_NONE = {
    "rounds": "No planning period takes proposals.",
    "ended": "No planning period has come to its end and waits to be adopted.",
    "adopted": "There is no plan of record.",
}


def find_plan(session: Session, ref: str, stage: str = "") -> PlanView:
    """Find a planning period, by its title or its id; without a reference, the only one at a stage.

    Args:
        session: the peer.
        ref: an id's start or a part of the title; empty for the only one.
        stage: 'rounds', 'ended' or 'adopted'; empty for any that goes on.

    Raises:
        LocalError: none or several fit.
    """
    views = session.plans()
    if ref:
        return resolve(ref, [Candidate(v, v.id, (v.title,)) for v in views], "planning period", "plan show")
    fit = [view for view in views if view.stage == stage] if stage else going_on(session)
    if stage == "adopted":
        fit = fit[:1]
    if len(fit) == 1:
        return fit[0]
    if not fit:
        raise NotHereError(
            _NONE[stage] if views and stage else "There is no planning period on this laptop.",
            "Propose one with `p2pcouncil plan begin`; see `p2pcouncil plan show`.",
        )
    raise LocalError("There are several; which one?", ", ".join(view.title for view in fit))


def find_unit(view: PlanView, ref: str) -> PlanUnitView:
    """Find a council of a plan by its name.

    Raises:
        LocalError: none or several fit.
    """
    named = [Candidate(unit, unit.name.encode(), (unit.name,)) for unit in view.units]
    return resolve(ref, named, "council in this plan", "plan show")


def going_on(session: Session) -> list[PlanView]:
    """The periods that ask something of somebody; if none does, the plan of record."""
    views = session.plans()
    return [view for view in views if view.stage != "adopted"] or [v for v in views if v.stage == "adopted"][
        :1
    ]
