"""Proposals about planning, as every interface puts them: to begin a period, and to adopt what it came to."""

from collections.abc import Callable

from crdt.errors import LocalError
from crdt.ids import CouncilId, MemberId
from p2pcouncil.domain.effects import AdoptPlan, OpenPlan
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.peer.commands import MakeProposal
from p2pcouncil.peer.plan_figures import amount
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.plans import PlanView

TITLE_CHARS_MAX = 120


def beginning(council: CouncilId, title: str, summary: str, text: str, terms: OpenPlan) -> MakeProposal:
    """Propose a planning period.

    Args:
        council: which plans.
        title: of the period and of the proposal.
        summary: one paragraph.
        text: what else there is to say for it.
        terms: goods, councils, and how rounds go.
    """
    return MakeProposal(council, title, summary, text, YesNo(500), tags=("plan",), effect=terms)


def beginning_like(
    council: CouncilId, title: str, summary: str, view: PlanView, text: str = ""
) -> MakeProposal:
    """Propose a planning period on the terms of an earlier one; that is what its text says, if it is left out."""
    said = text or f"The terms are those of “{view.title}”.\n"
    return beginning(council, title, summary, said, view.terms)


def adoption(view: PlanView) -> MakeProposal:
    """Propose that what a planning period came to is the plan of record.

    Raises:
        LocalError: it is that already.
    """
    if view.adopted_page:
        raise LocalError(f"“{view.title}” is the plan of record already.", view.line)
    rows = [
        f"| {good.name} | {amount(good.supply)} | {amount(good.demand)} | {good.unit} |"
        for good in view.goods
    ]
    return MakeProposal(
        view.council,
        f"Adopt “{view.title}”"[:TITLE_CHARS_MAX],
        f"What round {view.best} of the planning period came to becomes the plan of record.",
        "\n".join(["| good | supply | demand | unit |", "| --- | ---: | ---: | --- |", *rows, ""]),
        YesNo(500),
        tags=("plan",),
        effect=AdoptPlan(view.id, view.best, view.digest),
    )


def speaker_in(council: CouncilView) -> Callable[[str], MemberId]:
    """Whom the terms of a period mean by a name or a fingerprint."""

    def speaker(name: str) -> MemberId:
        people = [member.person for member in council.members]
        wanted = name.strip().casefold()
        found = [who for who in people if wanted in (who.name.casefold(), who.fingerprint)]
        if len(found) != 1:
            several = f"There are {len(found)} members called “{name[:40]}”" if found else ""
            raise LocalError(
                f"{several or f'“{name[:40]}” is no member'} of {council.name}.",
                "Write the name as it stands on the roll, or the four words of their fingerprint.",
            )
        return found[0].member

    return speaker
