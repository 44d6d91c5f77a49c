"""What councils propose, as a tree; how things can be made; and results against the plan of record."""

from textual.content import Content

from p2pcouncil.peer.plan_figures import amount, price, rounded
from p2pcouncil.peer.views.plans import FigureView, PlanUnitView, PlanView, TechniqueView
from tui import words
from tui.content import BAD, GOOD, MUTED, STRONG, block, heading, indent, join, line, lines, muted, pad
from tui.drawing.tally import bar

SECTION_LINES = 1_000
"""After so many a section only says how much more there is: a line takes a ten-thousandth of a second to draw, and some
plans have hundreds of thousands."""
_KIND_CELLS = 10
_AMOUNT_CELLS = 12
_ROUND_CELLS = 8


def units_section(view: PlanView) -> Content:
    """The councils, those within another one below it, each with what it proposes."""
    rows: list[Content | str] = []
    lines_left = SECTION_LINES
    for at, unit in enumerate(view.units):
        if lines_left <= 0:
            left = words.count(len(view.units) - at, "more council")
            rows.append(muted(f"… and {left}; `p2pcouncil plan show` lists all."))
            break
        rows.append(indent(_unit(unit, is_silent=unit.name in view.silent), 2 * unit.depth))
        lines_left -= len(unit.figures) + 2
    return lines(rows)


def _unit(unit: PlanUnitView, *, is_silent: bool) -> Content:
    if unit.has_spoken:
        mark, style = "✓ ", GOOD
    else:
        mark, style = ("! ", f"bold {BAD}") if is_silent else ("· ", MUTED)
    speaker = "you speak" if unit.speaker.is_me else f"{unit.speaker.name} speaks"
    rows: list[Content | str] = [
        join([Content.styled(mark, style), line(unit.name, STRONG), "  ", muted(f"{unit.kind} · {speaker}")]),
        join(["  ", line(unit.standing, "" if unit.has_spoken else MUTED)]),
        *(indent(figure_row(figure)) for figure in unit.figures),
    ]
    if unit.note:
        rows.append(indent(block(unit.note, MUTED)))
    return lines(rows)


def figure_row(figure: FigureView) -> Content:
    """One line of what a council proposes."""
    told = f"{rounded(figure.amount_micro)} {figure.unit}"
    return join(
        [
            pad(figure.kind, _KIND_CELLS, MUTED),
            pad(told, max(_AMOUNT_CELLS, line(told).cell_length)),
            "  ",
            line(figure.name),
            "  ",
            muted(figure.how),
        ]
    )


def techniques_section(techniques: tuple[TechniqueView, ...]) -> Content:
    """How things can be made, as members published it."""
    if not techniques:
        return lines(
            [
                line("Nobody has published how anything is made.", STRONG),
                "",
                "Press t to publish a table of techniques from a file.",
            ]
        )
    rows: list[Content | str] = []
    lines_left = SECTION_LINES
    for at, found in enumerate(techniques):
        if lines_left <= 0:
            left = words.count(len(techniques) - at, "more technique")
            rows.append(muted(f"… and {left}; `p2pcouncil technique list` lists all."))
            break
        by = "you" if found.by.is_me else found.by.name
        rows.append(join([line(found.product, STRONG), "  ", muted(f"by “{found.name}” · {by}")]))
        makes = FigureView("makes", found.product, found.unit, found.output_micro)
        parts = (makes, *found.inputs, *found.labour, *found.given_off)
        rows.extend(indent(figure_row(figure)) for figure in parts)
        lines_left -= len(parts) + 2
        if found.capacity_micro:
            rows.append(
                join(["  ", muted(f"at most {amount(found.capacity_micro)} {found.unit} in a period")])
            )
        if found.note:
            rows.append(indent(block(found.note, MUTED)))
        rows.append("")
    return lines(rows)


def results_section(view: PlanView) -> Content:
    """What was reported, against what was planned."""
    rows: list[Content | str] = [heading("Against the plan")]
    for good in view.goods:
        if good.kind != "product":
            continue
        rows.append(
            join([line(good.name, STRONG), "  ", muted(f"planned {rounded(good.supply)} {good.unit}")])
        )
        for what, done, whole in (("made", good.made, good.supply), ("used", good.used, good.demand)):
            rows.append(
                join([f"  {what}  ", bar(min(done, whole), whole), "  ", line(_progress(done, whole))])
            )
    rows.extend(["", heading("Reports")])
    for found in view.reports:
        who = "you" if found.person.is_me else found.person.name
        told = f"{found.unit_name}, by {who}: {amount(found.amount_micro)} {found.unit} of {found.good}"
        rows.append(join(["· ", line(told)]))
        if found.text:
            rows.append(indent(block(found.text, MUTED)))
    if not view.reports:
        rows.append(muted("Nobody has reported anything yet."))
    return lines(rows)


def _progress(done: int, whole: int) -> str:
    """``120 of 400, 30 %``; more than planned says so."""
    share = f", {100 * done // whole} %" if whole else ""
    more = ", MORE than planned" if done > whole else ""
    return f"{rounded(done)} of {rounded(whole)}{share}{more}"


def price_table(view: PlanView, places: tuple[int, ...]) -> Content:
    """Prices round by round as text: for whoever can't see a chart."""
    told = "Prices, what was short or over at them, and which page says so."
    rows: list[Content | str] = [muted(told)]
    pages = [found.page for found in view.rounds if found.worst is not None]
    for place in places:
        good = view.goods[place]
        rows.extend(["", line(good.name, STRONG)])
        for number, milli in enumerate(good.prices_milli):
            parts = [pad(words.round_of(view, number + 1), _ROUND_CELLS, MUTED), line(price(milli))]
            if number < len(good.gaps):
                parts.append(muted(f"{words.apart(good.gaps[number])}, page {pages[number]}"))
            rows.append(join(parts, "  "))
    return lines(rows)
