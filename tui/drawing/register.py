"""A council's register: what the next page waits for, who tells what, and what each page did under whose signatures."""

from collections.abc import Sequence

from textual.content import Content

from p2pcouncil.peer.views.people import PersonView
from p2pcouncil.peer.views.register import PageView, RegisterView, SpokenView
from tui import words
from tui.content import ACCENT, BAD, GOOD, MUTED, STRONG, heading, join, line, lines, muted, pad
from tui.drawing.life import NAME_CELLS


def register_head(register: RegisterView, place: int, of: int) -> Content:
    """Whose register it is, and how far it has come.

    Args:
        register: what to draw.
        place: which council this is, from 1.
        of: how many there are.
    """
    arrows = (
        (Content.styled("◂ ", ACCENT), Content.styled(" ▸", ACCENT)) if of > 1 else (Content(), Content())
    )
    counted = Content.styled(f"  {place} of {of}", MUTED) if of > 1 else Content()
    pages = words.count(register.number, "page")
    told = f"{pages} so far · page time {register.time}" if register.time else f"{pages} so far"
    name = line(register.council_name, f"bold {ACCENT}" if register.broken else "bold $primary", cells=40)
    return lines([join(["Register of ", arrows[0], name, arrows[1], counted]), muted(told)])


def register_now(register: RegisterView) -> Content:
    """The next page: what waits for it and who said what; then my part, and what the pages came to."""
    rows: list[Content | str] = []
    if register.broken:
        rows.append(Content.styled("✗ BROKEN", f"bold {BAD}"))
    rows.append(line(register.line, STRONG))
    for successor in register.successors:
        mark = Content.styled("✓ ", GOOD) if successor.is_complete else Content.styled("→ ", ACCENT)
        rows.append(join([mark, line(successor.line)]))
        rows.append(muted(f"  Signed by {', '.join(map(_name, successor.signers))}."))
    rows.extend(["", heading("Your part"), line(register.my_part), ""])
    rows.append(heading(f"What waits for page {register.next_number}"))
    rows.extend(join(["· ", line(told)]) for told in register.waiting)
    if not register.waiting:
        rows.append(muted("Nothing."))
    rows.extend(["", *_tellers(register)])
    if register.convicted:
        rows.extend(["", heading("Caught saying two things")])
        rows.extend(join([Content.styled("✗ ", BAD), line(_name(who))]) for who in register.convicted)
    rows.extend(["", heading("Offices")])
    rows.extend(_pair(office.name, ", ".join(map(_name, office.holders))) for office in register.offices)
    if not register.offices:
        rows.append(muted("Nobody was elected to one yet."))
    rows.extend(["", heading("Parameters")])
    rows.extend(_pair(name, value) for name, value in register.parameters)
    if not register.parameters:
        rows.append(muted("No decision set one yet."))
    return lines(rows)


def register_pages(register: RegisterView) -> Content:
    """The pages, newest first."""
    rows: list[Content | str] = [heading("Pages, newest first")]
    if not register.pages:
        rows.append(muted("There is none yet: only the founding stands."))
    for page in register.pages:
        rows.extend(["", *_page(page)])
    return lines(rows)


def _name(person: PersonView) -> str:
    return f"{person.name} (you)" if person.is_me else person.name


def _pair(name: str, value: str) -> Content:
    return join([pad(name, NAME_CELLS), line(value or "nobody", STRONG)])


def _tellers(register: RegisterView) -> Sequence[Content]:
    needed = f"{register.quorum} of {len(register.tellers)} decide; {register.liars} may lie"
    rows = [heading(f"Tellers of page {register.next_number}"), muted(f"{needed}.")]
    rows.extend(_spoken(spoken) for spoken in register.tellers)
    return rows


def _spoken(spoken: SpokenView) -> Content:
    mark, style = ("✓ ", GOOD) if spoken.told else ("· ", MUTED)
    later = f" (round {spoken.round + 1})" if spoken.told and spoken.round else ""
    told = line(f"{spoken.told}{later}") if spoken.told else muted("not heard yet")
    return join([Content.styled(mark, style), pad(_name(spoken.person), NAME_CELLS), told])


def _page(page: PageView) -> list[Content]:
    facts = [f"Page {page.number}", page.time, page.id.hex()[:8]]
    shown = [line(fact, MUTED if place else STRONG) for place, fact in enumerate(facts) if fact]
    rows = [join(shown, "  ")]
    rows.extend(join(["  · ", line(told)]) for told in page.did)
    names = ", ".join(map(_name, page.signers))
    decided = f" in round {page.round + 1}" if page.round else ""
    signed = f"signed{decided} by {len(page.signers)} of {page.tellers} ({page.quorum} needed): {names}"
    rows.append(join(["  ", Content.styled("✓ ", GOOD), muted(signed)]))
    return rows
