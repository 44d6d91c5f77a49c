"""Help: how deciding works here, and all the keys, on one page."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from tui.content import STRONG, heading, join, lines
from tui.screens.base import CouncilScreen
from tui.widgets.prose import Prose

_STEPS = (
    ("Propose", "Anybody on a roll writes a proposal (n), with a summary and a text."),
    ("Edit", "Everybody may edit the text (e) and discuss it (c). Edits made apart are merged."),
    ("Second", "Members second (s) the exact version they read. Its council says how many."),
    ("Open", "Then anybody on the roll asks for the vote (o). The next page of the register enters it."),
    ("Vote", "Everybody on that page's roll votes (v), and may vote again until it ends. The last counts."),
    (
        "Close",
        "Tellers drawn by lot seal what they have. The page that counts their seals closes it for good.",
    ),
    ("Count", "Every laptop counts for itself; the section Count shows each step, to check by hand."),
    ("Review", "Overseers drawn by lot look at the closed vote (7), and sign that it holds, or dispute it."),
    (
        "Follow",
        "Whoever promised it says when it is done (d); everybody reports (p) and says how it goes (f).",
    ),
)
_PLANNING = (
    ("Begin", "A vote decides on a period (8, then p): its goods, its councils, and how long a round takes."),
    ("Techniques", "Whoever makes things publishes how (t): what it takes, in things and in hours of work."),
    (
        "Tables",
        "What is proposed and how things are made goes into a file (c), and back into the form (Ctrl+L).",
    ),
    ("Propose", "In each round, a speaker says what a council would make, or use and offer (e)."),
    ("Prices", "What is short gets dearer, what is left over cheaper; councils propose again at new prices."),
    ("Adopt", "When supply meets demand, or the rounds are used up, a vote makes it the plan of record (a)."),
    ("Report", "Councils report what they made or used (r); everybody sees it against the plan."),
)
_KEYS = (
    ("1 to 8", "Inbox, Proposals, Councils, Network, Me, Register, Oversight, Plan"),
    ("↑ ↓  PgUp PgDn", "move, scroll"),
    ("Tab  Shift+Tab", "next and previous field or part"),
    ("Enter", "open, choose"),
    ("Ctrl+S", "send what a form holds"),
    ("Esc", "back; what you typed is kept"),
    ("Ctrl+P", "all commands by name"),
    ("F1 or ?", "this help"),
    ("Ctrl+T", "light or dark"),
    ("Ctrl+Q", "quit"),
)
_WORDS = (
    ("peer", "a laptop that runs this program"),
    ("roll", "those who may vote in a council"),
    ("register", "a council's chain of pages: who is on the roll, which votes run, how they ended"),
    ("page", "one step of the register, signed by a quorum of its tellers"),
    ("teller", "a member on duty who seals ballots and signs pages; their laptop does it by itself"),
    ("entry", "one signed statement: a proposal, a comment, a vote …"),
    ("provisional", "counted from what this peer has heard; more ballots may be on their way"),
    ("final", "a page closed the vote: every laptop counts the ballots that it names"),
    ("indicative price", "what a round's supply and demand made of a good's price; nobody pays it"),
    ("plan of record", "the plan that a vote adopted; results are held against it"),
    ("four words", "stand for a member's key; names can be copied, these words can't"),
    ("only here", "no other peer is known to hold it yet; stay online a little"),
)
_TERM_CELLS = 17


def _table(rows: tuple[tuple[str, str], ...]) -> list[Content]:
    return [join([Content.styled(f"  {term.ljust(_TERM_CELLS)}", STRONG), text]) for term, text in rows]


class HelpScreen(CouncilScreen):
    """One page to scroll."""

    TITLE = "Help"

    def compose_body(self) -> ComposeResult:
        """Lay the page."""
        page: list[Content | str] = [
            heading("How something is decided"),
            *_table(_STEPS),
            "",
            heading("How something is planned"),
            *_table(_PLANNING),
            "",
            heading("Keys"),
            *_table(_KEYS),
            "The line at the bottom always shows the keys that do something where you are.",
            "",
            heading("Words"),
            *_table(_WORDS),
        ]
        with VerticalScroll(classes="sheet"):
            yield Prose(lines(page))
