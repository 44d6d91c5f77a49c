"""Strangers' text on its way to a screen."""

import unicodedata
from collections.abc import Iterator

from rich.cells import cell_len
from textual.content import Content

from crdt.errors import LocalError
from p2pcouncil.domain.plain_text import MARKS_MAX, clean_block, clean_line, escape_markup, validate_line
from tests.fuzz.choices import Choices
from tests.fuzz.target import Target, check_hint

PIECES = (
    "\x1b[2J", "\x1b]52;c;aGk=\x07", "\u202e", "\u2066", "\u200b", "\u200d", "\u0301" * 6, "\u0e49" * 9, "e\u0301",
    "\r\n", "\t", "\u2028", "\u00a0", "\u3164", "\ufe0f", "👨‍👩‍👧", "和", "[b]", "\\[", "\\", "[/]", "$x",
    "\ud800", "\U000e0041", "\U0010ffff", "\x9b1m", "ﷺ", "a", "  ",
)  # fmt: skip


def text_of(choices: Choices) -> str:
    """Text in pieces that terminals, bidi and markup trip over, among ordinary letters."""
    parts = []
    for _ in range(choices.number(16)):
        if choices.flag():
            parts.append(choices.pick(PIECES))
        else:
            parts.append(choices.take(choices.number(8)).decode("utf-8", "replace"))
    return "".join(parts) + choices.rest().decode("utf-8", "surrogateescape")


def run_plain_text(data: bytes) -> None:
    choices = Choices(data)
    cells, chars, lines = choices.number(40), choices.number(60), choices.number(6)
    text = text_of(choices)
    line = clean_line(text, cells)
    assert clean_line(line, cells) == line
    assert cell_len(line) <= cells
    assert len(line) <= cells * (1 + MARKS_MAX)
    assert is_harmless(line, "")
    block = clean_block(text, chars, lines)
    assert clean_block(block, chars, lines) == block
    assert len(block) <= max(chars, 0)
    assert block.count("\n") < max(lines, 1)
    assert is_harmless(block, "\n\t\u200c\u200d")
    for cleaned in (line, block.replace("\t", " ")):
        assert Content.from_markup(escape_markup(cleaned)).plain == cleaned.replace("\\[", "⧵[").removesuffix(
            "\\"
        ) + ("⧵" if cleaned.endswith("\\") else "")
    try:
        typed = validate_line(text, "The name", 40)
    except LocalError as error:
        check_hint(error)
        return
    assert clean_line(typed, 400) == typed, "what is signed is what others see"


def is_harmless(text: str, keep: str) -> bool:
    """No control, no invisible formatting, no lone surrogate; no more marks in a row than a letter bears."""
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if character not in keep and (category in ("Cc", "Cf", "Cs", "Zl", "Zp")):
            return False
        marks = marks + 1 if category.startswith("M") else 0
        if marks > MARKS_MAX:
            return False
    return True


def plain_text_seeds() -> Iterator[bytes]:
    for number in range(len(PIECES)):
        yield bytes(
            [20, 40, 3, 6, 1, number, 0, 2, 97, 98, 1, number, 1, (number * 7) % 28, 0, 1, 99, 1, number]
        )
    yield bytes([30, 50, 5, 0]) + "Käse \u202e[red]abc\x1b[0m\n\tzwei".encode()


TARGETS = (Target("plain_text", run_plain_text, ("p2pcouncil.domain.plain_text",), plain_text_seeds, 256),)
