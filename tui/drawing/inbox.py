"""An inbox item in three lines: what, why it affects me, how it stands."""

from textual.content import Content

from p2pcouncil.peer.views.councils import PendingJoinView
from p2pcouncil.peer.views.inbox import InboxItem
from p2pcouncil.peer.views.people import PersonView
from tui import words
from tui.content import ACCENT, GOOD, HEADING, MUTED, STRONG, join, line, lines, muted

_KINDS = {
    "go on": ("GO ON", ACCENT),
    "vote": ("VOTE", ACCENT),
    "plan": ("PLAN", ACCENT),
    "vouch": ("VOUCH", ACCENT),
    "second": ("SECOND", ACCENT),
    "open": ("OPEN", ACCENT),
    "review": ("REVIEW", ACCENT),
    "promise": ("PROMISE", ACCENT),
    "voted": ("voted", GOOD),
    "decided": ("decided", GOOD),
    "waiting": ("waits", MUTED),
}
_KIND_CELLS = 9


def item_row(item: InboxItem, now_ms: int) -> Content:
    """Draw an item; capitals mark what asks for me, so that it reads without colour."""
    word, style = _KINDS.get(item.kind, (item.kind, MUTED))
    kind = Content.styled(word.ljust(_KIND_CELLS), f"bold {style}" if item.needs_me else style)
    gap = " " * _KIND_CELLS
    state = " · ".join(part for part in (_when(item, now_ms), item.note) if part)
    why = item.why if item.council_name in item.why else f"{item.council_name}: {item.why}"
    rows = [join([kind, line(item.title, STRONG)]), join([gap, line(why)])]
    if state:
        rows.append(join([gap, muted(state)]))
    return lines(rows)


def _when(item: InboxItem, now_ms: int) -> str:
    """When a vote ends and by whose clock, or when a promise is due."""
    if item.kind == "promise":
        return words.due(item.deadline_ms, now_ms)
    when = words.deadline(item.deadline_ms, now_ms)
    if not when:
        return ""
    return f"{when} by {words.possessive(item.opener)} clock" if item.opener else f"{when} by page time"


def spaced_words(fingerprint: str) -> Content:
    """Four words on one line, apart enough to read aloud."""
    return join((line(word, HEADING) for word in fingerprint.split("-")), "   ")


def pending_panel(pending: tuple[PendingJoinView, ...], me: PersonView) -> Content:
    """What a newcomer waits for, and the four words to tell."""
    rows: list[Content | str] = []
    for join_view in pending:
        rows.append(join([Content.styled("… ", ACCENT), line(join_view.council_name, STRONG)]))
        rows.append(line(join_view.line))
    rows.append("")
    rows.append("Call whoever vouches for you, and read them your four words:")
    rows.append(join(["    ", spaced_words(me.fingerprint)]))
    return lines(rows)


def empty_inbox(has_council: bool, is_pending: bool) -> Content:
    """What to do when nothing waits."""
    if is_pending:
        return muted(
            "Meanwhile you may read: 2 Proposals, 3 Councils. Your vote counts once you are on a roll."
        )
    if has_council:
        return lines(
            [
                line("Nothing waits for you.", STRONG),
                "",
                "Press n to propose something, 2 to read what others propose,",
                "or 3 and i to invite a neighbour.",
            ]
        )
    return lines(
        [
            line("You belong to no council yet.", STRONG),
            "",
            "Press 3 for the councils: there you found one (f), or paste an invitation (j).",
        ]
    )
