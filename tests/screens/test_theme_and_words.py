import itertools

import pytest
from textual.color import Color
from textual.theme import Theme

from p2pcouncil.domain.tally.method import Approval, Ranked, YesNo
from tests.screens.people import NOW_MS
from tui import words
from tui.content import hang, line
from tui.theme import DARK, LIGHT

AA_RATIO = 4.5
INKS = ("foreground", "primary", "accent", "success", "error", "warning")
PAPERS = ("background", "surface", "panel")


def ratio(one: Color, other: Color) -> float:
    """Contrast by WCAG 2.1."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    def channel(value: float) -> float:
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (channel(value) for value in color.normalized)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_text_stands_out_from_every_ground(theme: Theme) -> None:
    papers = [*(getattr(theme, name) for name in PAPERS), theme.variables["select"]]
    inks = [*(getattr(theme, name) for name in INKS), theme.variables["quiet"]]
    for ink, paper in itertools.product(inks, papers):
        assert ratio(Color.parse(ink), Color.parse(paper)) >= AA_RATIO, (ink, paper)


@pytest.mark.parametrize(
    ("span_ms", "said"),
    [
        (0, "1 min"),
        (59 * words.MINUTE_MS, "59 min"),
        (90 * words.MINUTE_MS, "1 h"),
        (47 * words.HOUR_MS, "47 h"),
        (49 * words.HOUR_MS, "2 days"),
    ],
)
def test_spans_are_told_roughly(span_ms: int, said: str) -> None:
    assert words.duration(span_ms) == said


def test_a_deadline_says_whose_clock_it_goes_by() -> None:
    soon = NOW_MS + 2 * words.HOUR_MS
    assert words.deadline(soon, NOW_MS, "Ada") == "ends in 2 h (by Ada's clock)"
    assert words.deadline(soon, NOW_MS, "you") == "ends in 2 h (by your clock)"
    assert words.deadline(NOW_MS - words.HOUR_MS, NOW_MS, "Ada") == "was to end 1 h ago (by Ada's clock)"
    assert words.deadline(0, NOW_MS, "Ada") == ""


def test_choices_read_as_their_voters_would_say_them() -> None:
    assert words.choice_words(YesNo(0), (), ((2,),)) == "abstain"
    assert words.choice_words(Approval(0), ("a", "b", "c"), ((0, 1, 2),)) == "approve a, b and c"
    assert words.choice_words(Approval(0), ("a", "b"), ()) == "approve of none"
    assert words.choice_words(Ranked(0), ("a", "b", "c"), ((1, 2), (0,))) == "1. b = c; 2. a"
    assert words.choice_words(Ranked(0), ("a", "b"), ((1,),)) == "1. b; last: a"
    assert words.choice_words(Ranked(0), ("a", "b"), ()) == "no preference (a blank ballot)"


def test_wrapped_rows_stand_below_the_words_of_their_line() -> None:
    wrapped = hang(line("1. one two three four five six seven"), 24).plain.split("\n")
    assert wrapped == ["1. one two three four", "   five six seven"]
