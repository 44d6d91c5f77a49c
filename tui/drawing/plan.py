"""A planning period: how it stands, each good with how far supply and demand are apart, and the rounds so far.

A bar is a picture of a gap that stands beside it in words; signs say it too: “✓” is within the tolerance, “!” is not.
"""

from textual.content import Content

from p2pcouncil.peer.plan_figures import OUTCOMES, amount, percent, price, rounded
from p2pcouncil.peer.views.plans import PlanGoodView, PlanView
from tui import words
from tui.content import (
    ACCENT,
    BAD,
    GOOD,
    HEADING,
    LINK,
    MUTED,
    STRONG,
    WARN,
    heading,
    join,
    line,
    lines,
    muted,
    pad,
)
from tui.drawing.tally import bar

NAME_CELLS = 16
HALF_CELLS = 9
"""Of a gap's bar, on each side of its middle."""
FULL_GAP = 10_000
"""The gap that fills a side: as much as the mean of supply and demand, in hundredths of a percent."""
_STAGES = {"rounds": "rounds go on", "ended": "the rounds have ended", "adopted": "plan of record"}


def period_row(view: PlanView) -> Content:
    """A period in a list of several."""
    name = join([line(view.title, STRONG), "  ", muted(f"{view.council_name} · {_STAGES[view.stage]}")])
    return lines([name, join(["  ", line(view.line)])])


def plan_head(view: PlanView, now_ms: int) -> Content:
    """Which period it is, how it stands, and how far its figures can be relied on."""
    title = join([line(view.title, HEADING, cells=48), "  ", muted(view.council_name)])
    if view.is_provisional:
        sure = Content.styled("provisional", f"bold {WARN}")
    else:
        sure = Content.styled("by its page", MUTED)
    ends = words.deadline(view.closes_ms or 0, now_ms)
    when = f" · {ends} by page time" if ends else ""
    which = muted(f"Round {view.round} of at most {view.rounds_most}")
    soon = Content.styled(" · being worked out …", MUTED) if view.is_being_worked_out else Content()
    return lines([title, line(view.line), join([which, " · ", sure, soon, Content.styled(when, MUTED)])])


def good_row(good: PlanGoodView) -> Content:
    """A good: its gap as a bar and in words, then supply, demand, price and hours."""
    is_empty = not good.supply and not good.demand
    if is_empty:
        mark = Content.styled("· ", MUTED)
    else:
        mark = Content.styled("✓ ", GOOD) if good.is_within else Content.styled("! ", f"bold {BAD}")
    told = line(words.gap(good), MUTED if is_empty else "" if good.is_within else STRONG)
    trend = Content.styled(f" · {good.trend}", WARN) if good.trend != "calm" else Content()
    figures = [
        f"supply {rounded(good.supply)}, demand {rounded(good.demand)} {good.unit}",
        f"price {price(good.price_milli)}",
        *([] if good.value_micro is None else [f"{amount(good.value_micro)} h"]),
    ]
    return lines(
        [
            join([mark, pad(good.name, NAME_CELLS, STRONG), gap_bar(good.gap), "  ", told]),
            join(["  ", muted(" · ".join(figures)), trend]),
        ]
    )


def gap_bar(gap: int, half_cells: int = HALF_CELLS) -> Content:
    """A bar to the left of the middle for what is short, to the right for what is left over.

    Args:
        gap: in hundredths of a percent of the mean of supply and demand; below 0 where it is short.
        half_cells: width of a side.
    """
    halves = min(2 * half_cells, -(-2 * half_cells * abs(gap) // FULL_GAP))
    full = "█" * (halves // 2)
    short = _side(("▐" if halves % 2 else "") + full, half_cells, is_left=True) if gap < 0 else None
    over = _side(full + ("▌" if halves % 2 else ""), half_cells, is_left=False) if gap > 0 else None
    empty = Content.styled("·" * half_cells, MUTED)
    return join([short or empty, Content.styled("│", MUTED), over or empty])


def _side(filled: str, cells: int, *, is_left: bool) -> Content:
    rest = Content.styled("·" * (cells - len(filled)), MUTED)
    return join([rest, Content.styled(filled, BAD)] if is_left else [Content.styled(filled, LINK), rest])


def pollutant_rows(view: PlanView) -> list[Content]:
    """What all production gives off, against the lowest limit that somebody set."""
    rows = []
    for figure, limit in view.given_off:
        told = f"given off: {rounded(figure.amount_micro)} {figure.unit}"
        if limit is None:
            name = join(["  ", pad(figure.name, NAME_CELLS, STRONG), line("no limit set")])
            rows.append(lines([name, join(["  ", muted(told)])]))
            continue
        is_over = figure.amount_micro > limit
        mark = Content.styled("! ", f"bold {BAD}") if is_over else Content.styled("✓ ", GOOD)
        drawn = bar(min(figure.amount_micro, limit), limit, 2 * HALF_CELLS + 1)
        fits = line("MORE than the limit", STRONG) if is_over else line("within the limit")
        name = join([mark, pad(figure.name, NAME_CELLS, STRONG), drawn, "  ", fits])
        rows.append(lines([name, join(["  ", muted(f"{told} · limit {amount(limit)} {figure.unit}")])]))
    return rows


def rounds_section(view: PlanView) -> Content:
    """What I can do, who is silent, the rounds one by one, and what is given off."""
    rows: list[Content | str] = [heading("Your part"), *_my_part(view), ""]
    if view.silent:
        rows.extend([heading("Nothing said in this round"), line(", ".join(view.silent)), ""])
    rows.append(heading(f"Rounds ({len(view.rounds)} of at most {view.rounds_most})"))
    for found in view.rounds:
        mark, style = {"runs": ("▸", ACCENT), "balanced": ("✓", GOOD), "lapsed": ("!", WARN)}.get(
            found.outcome, ("·", MUTED)
        )
        taken = " (taken)" if found.number == view.best else ""
        # That another round followed shows below it.
        outcome = "" if found.outcome == "again" else f" {OUTCOMES[found.outcome]}{taken}:"
        head = f"{mark} {found.number}.{outcome}"
        told = [words.count(found.proposals, "proposal")] if found.proposals else ["nobody spoke"]
        if found.worst:
            told.append(f"{found.worst_good} {percent(found.worst)} apart")
        is_running = found.outcome == "runs"
        rows.append(join([line(head, f"bold {style}" if is_running else ""), muted(", ".join(told))], " "))
    if not view.rounds:
        rows.append(muted("None has begun yet."))
    if view.given_off:
        rows.extend(["", heading("Given off"), *_given_off(view)])
    if view.faults:
        rows.extend(["", heading("Without a labour value")])
        rows.extend(join(["· ", line(fault)]) for fault in view.faults)
    return lines(rows)


def _given_off(view: PlanView) -> list[Content]:
    """As `pollutant_rows`, without bars: for a column beside."""
    rows = []
    for figure, limit in view.given_off:
        is_over = limit is not None and figure.amount_micro > limit
        fits = "no limit set" if limit is None else f"{'MORE than' if is_over else 'within'} {amount(limit)}"
        told = f"{figure.name}: {rounded(figure.amount_micro)} {figure.unit}, {fits}"
        rows.append(join([Content.styled("! " if is_over else "· ", BAD if is_over else MUTED), line(told)]))
    return rows


def _my_part(view: PlanView) -> list[Content]:
    if view.adoption is not None:
        return [
            line(f"“{view.adoption_title}” would make it the plan of record. Press a to go there."),
        ]
    if view.stage == "ended":
        return [line("A vote can make it the plan of record: press a to propose that.")]
    if view.stage == "adopted":
        return [line("Report what your councils make or use: press r.")] if view.mine else [_no_part()]
    if not view.mine:
        return [_no_part()]
    names = ", ".join(view.units[at].name for at in view.mine)
    rows = [line(f"You speak for {names}.")]
    if view.can_propose:
        return [*rows, line(view.can_propose, WARN)]
    # Whoever stands above others need not speak, and is not called silent.
    if any(view.units[at].name in view.silent for at in view.mine):
        return [*rows, line("Press e to say what they propose.", f"bold {ACCENT}")]
    return [*rows, join([Content.styled("✓ ", GOOD), line("You have spoken. Press e to change it.")])]


def _no_part() -> Content:
    return muted("You speak for none of its councils.")
