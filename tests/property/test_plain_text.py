"""No text of a stranger may steer a terminal, whatever it holds."""

import unicodedata

from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text
from textual.content import Content

from crdt.errors import LocalError
from p2pcouncil.domain.plain_text import MARKS_MAX, clean_block, clean_line, escape_markup, validate_line

NASTY = (
    "\x1b[2J\x1b]0;pwned\x07\x9b31m\r\n\t\v\f\x85\u2028\u2029\u202e\u2066\u2069\u200b\u200c\u200d\u200e\u061c\ufeff"
    "\u0300\u0301\u0489\u20dd\ufe0f\ue000\U000e0041\u115f\u1161\u3164\u2800\u00ad\u00a0\ud800\uffff"
    "a한漢é👩👍🏽🇩 \\[]()/#@$:"
)
texts = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=()), max_size=60),
    st.text(alphabet=NASTY, max_size=60),
)


def is_harmless(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def longest_mark_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character)[0] == "M" or cell_len(character) == 0 else 0
        longest = max(longest, run)
    return longest


@settings(max_examples=600, deadline=None)
@given(texts, st.integers(-1, 30))
def test_a_line_is_harmless_bounded_and_stable(text: str, max_cells: int) -> None:
    line = clean_line(text, max_cells)
    assert all(map(is_harmless, line))
    assert cell_len(line) <= max(0, max_cells)
    assert len(line) <= max(0, max_cells) * (1 + MARKS_MAX)
    assert longest_mark_run(line) <= MARKS_MAX
    assert line == " ".join(line.split())
    assert clean_line(line, max_cells) == line


@settings(max_examples=600, deadline=None)
@given(texts, st.integers(-1, 50), st.integers(-1, 5))
def test_a_block_is_harmless_bounded_and_stable(text: str, max_chars: int, max_lines: int) -> None:
    block = clean_block(text, max_chars, max_lines)
    assert all(is_harmless(character) or character in "\n\t\u200c\u200d" for character in block)
    assert len(block) <= max(0, max_chars)
    assert block.count("\n") < max(1, max_lines)
    assert all(longest_mark_run(line) <= MARKS_MAX for line in block.replace("\t", " ").split("\n"))
    assert clean_block(block, max_chars, max_lines) == block


@settings(max_examples=400, deadline=None)
@given(texts)
def test_what_passes_validation_is_shown_as_typed(text: str) -> None:
    refusals = []
    try:
        line = validate_line(text, "The title", 40)
    except LocalError as error:
        refusals.append(error)
    else:
        assert clean_line(line, 200) == line
        assert 0 < len(line) <= 40
    assert all(refusal.hint and str(refusal).isprintable() for refusal in refusals)


@settings(max_examples=600, deadline=None)
@example(text="\\[bold]x", is_wrapped=False)
@example(text="\\\\[/bold]\\[@click=quit()]x[/]", is_wrapped=True)
@example(text="x\\", is_wrapped=True)
@given(text=st.text(alphabet="[]\\/bold=red@click()#$'\" :1,.%\n", max_size=25), is_wrapped=st.booleans())
def test_escaped_text_renders_literally(text: str, is_wrapped: bool) -> None:
    escaped = escape_markup(text)
    markup = f"[bold]{escaped}[/bold]" if is_wrapped else escaped
    shown = (Content.from_markup(markup).plain, Text.from_markup(markup, emoji=False).plain)
    for plain in shown:
        assert plain.replace("⧵", "\\") == text
