"""The register, as text."""

from p2pcouncil.cli.refs import short
from p2pcouncil.cli.show import plural, table, wrap
from p2pcouncil.peer.views.issues import LifeView
from p2pcouncil.peer.views.register import RegisterView


def show_register(view: RegisterView, limit: int) -> list[str]:
    """A register: how it stands, who tells, and its last pages."""
    lines = wrap(f"{view.council_name}: {view.line}")
    if view.time:
        lines += wrap(f"Page time is {view.time}.")
    lines += wrap(view.my_part)
    lines += [
        "",
        *wrap(
            f"Page {view.next_number} takes {view.quorum} of {plural(len(view.tellers), 'teller')}; "
            f"{view.liars} of them may lie or be silent:"
        ),
    ]
    rows = ((t.person.name, f"round {t.round}" if t.told else "", t.told or "silent") for t in view.tellers)
    lines += table(rows, "  ")
    for told in view.waiting:
        lines += wrap(told, "  ")
    for successor in view.successors:
        lines += ["", *wrap(successor.line)]
        lines += wrap(f"Signed by {', '.join(person.name for person in successor.signers)}.", "  ")
        if successor.tellers:
            names = ", ".join(person.name for person in successor.tellers)
            lines += wrap(f"It goes on from page {successor.page}; at first {names} tell there.", "  ")
    for heading, people in (("Caught in a lie", view.convicted),):
        if people:
            lines += wrap(f"{heading}: {', '.join(person.name for person in people)}.")
    for office in view.offices:
        holders = ", ".join(person.name for person in office.holders) or "nobody"
        lines += wrap(f"Office “{office.name}”: {holders}.")
    for name, value in view.parameters:
        lines += wrap(f"“{name}” is “{value}”.")
    for page in view.pages[:limit]:
        when = f", {page.time}" if page.time else ""
        again = f", in round {page.round}" if page.round else ""
        lines += ["", *wrap(f"Page {page.number}  [{short(page.id)}]{when}")]
        for told in page.did:
            lines += wrap(told, "  ")
        names = ", ".join(person.name for person in page.signers)
        lines += wrap(
            f"Signed by {names} ({len(page.signers)} of {page.tellers}; {page.quorum} needed){again}.", "  "
        )
    return lines


def show_life(life: LifeView) -> list[str]:
    """The life of a vote, a line a step, and what follows it."""
    lines = ["", "Its life:"]
    lines += table((("done" if s.is_done else "to come", s.name, s.told) for s in life.steps), "  ")
    if life.tellers:
        lines += ["", "Tellers:"]
        lines += table(
            (
                (
                    teller.person.name,
                    "has your ballot" if teller.has_mine else "",
                    "counted" if teller.is_counted else "sealed" if teller.has_sealed else "",
                )
                for teller in life.tellers
            ),
            "  ",
        )
    if life.effect:
        lines += ["", *wrap(f"What it does by itself: {life.effect}")]
    if life.overseers:
        lines += ["", *wrap(f"Drawn to review it: {', '.join(person.name for person in life.overseers)}.")]
    for review in life.reviews:
        told = "holds" if review.holds else "DISPUTED"
        lines += wrap(f"{review.person.name}: {told}. {review.note}", "  ")
    for follow in life.follows:
        lines += wrap(f"{follow.person.name}, {follow.kind}: {follow.text}", "  ")
    return lines
