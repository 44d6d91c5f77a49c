"""Text of strangers, made safe to show: names, titles, proposals, comments.

A terminal obeys what it is shown. An escape sequence can clear the screen or fill the clipboard, a bidi
override can make "no" read as "yes", an invisible letter can make two names look alike, and a pile of
accents can paint over other lines. So every text passes here on its way to a screen. What can't be seen is
dropped, and what shouldn't be there shows as U+FFFD, because hiding that somebody tried would be worse.

The tables are those of the running Python and Rich, which differ between peers. So nothing that peers must
agree on may depend on this module: it is for showing, and for checking what our own user types.

Source: Unicode Technical Reports 9 (bidi), 36 (security), 44 (Default_Ignorable_Code_Point).
"""

import unicodedata
from functools import lru_cache

from rich.cells import cell_len

from crdt.errors import LocalError

MARKS_MAX = 4
"""Marks in a row on one letter. Living scripts need three or four; more would paint over other lines."""
REPLACEMENT = "\ufffd"
ELLIPSIS = "…"

_SPACES = frozenset("\t\n\v\f\r\x85\u2800")
"""Controls that space text out, and the blank Braille cell, besides what Unicode calls separators."""
_JOINERS = "\u200c\u200d"
"""They change how Persian, Indic scripts and emoji are drawn, so a longer text keeps them."""
_INVISIBLE_LETTERS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0\ufff9\ufffa\ufffb"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
"""Ignorable code points that aren't of category Cf: fillers, variation selectors, annotation marks."""


def clean_line(text: str, max_cells: int) -> str:
    """Make a stranger's text safe for one line of a terminal.

    Args:
        text: anything.
        max_cells: width limit in terminal cells; a longer text ends in "…".

    Returns:
        One line without controls, invisible characters or double spaces; empty if nothing visible is left.
        Cleaning it again changes nothing, and it has at most ``max_cells * (1 + MARKS_MAX)`` characters.
    """
    if max_cells < 1:
        return ""
    line = " ".join(_visible(text, keep="").split())
    if len(line) <= max_cells and line.isascii():
        return line  # Visible ASCII takes one cell a character; most names and titles end here.
    cells = 0
    cut = 0
    for index, character in enumerate(line):
        cells += _cells(character)
        if cells > max_cells:
            return line[:cut].rstrip(" ") + ELLIPSIS
        if cells < max_cells:
            cut = index + 1
    return line


def clean_block(text: str, max_chars: int, max_lines: int) -> str:
    """Make a stranger's longer text safe for a terminal, keeping its lines and indentation.

    Args:
        text: anything.
        max_chars: limit in characters; a longer text ends in "…".
        max_lines: limit in lines; further lines are replaced by "…".

    Returns:
        Lines separated by a newline, without trailing spaces or empty lines at either end. Cleaning it
        again changes nothing. Lines may be of any width: the screen wraps them.
    """
    if max_chars < 1 or max_lines < 1:
        return ""
    for newline in ("\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"):
        text = text.replace(newline, "\n")
    lines = [line.rstrip(" \t") for line in _visible(text, keep="\n\t" + _JOINERS).split("\n")]
    block = "\n".join(lines).strip("\n")
    lines = block.split("\n")
    if len(lines) > max_lines:
        block = "\n".join(lines[:max_lines]).rstrip("\n") + ELLIPSIS
    if len(block) > max_chars:
        block = block[: max_chars - 1].rstrip(" \t\n") + ELLIPSIS
    return block


def escape_markup(text: str) -> str:
    """Escape text so that Textual's and Rich's markup both show it as it is.

    Screens should render text without markup; this is for the few interfaces that only take markup. The two
    dialects disagree on a backslash in front of a bracket, so such a backslash, and one at the end (where the
    caller's own tag may follow), becomes the look-alike U+29F5. With Rich, also pass ``emoji=False``.

    Args:
        text: cleaned text.

    Returns:
        Markup that renders as the text.
    """
    if text.endswith("\\"):
        text = text[:-1] + "⧵"
    return text.replace("\\[", "⧵[").replace("[", "\\[")


def validate_line(text: str, what: str, max_chars: int) -> str:
    """Check one line that our own user typed, before it is signed and sent.

    Args:
        text: as typed; spaces around it are forgiven.
        what: what the text is, for the message: "The display name".
        max_chars: limit in characters.

    Returns:
        The text with single spaces and none around it.

    Raises:
        LocalError: it is empty, too long, or holds a character that others wouldn't see as typed.
    """
    line = " ".join(part for part in text.split(" ") if part)
    if not line:
        raise LocalError(f"{what} is empty.", "Type at least one visible character.")
    if len(line) > max_chars:
        raise LocalError(
            f"{what} has {len(line)} characters; the limit is {max_chars}.",
            f"Shorten it by {len(line) - max_chars}.",
        )
    for character in line:
        if _shown(character) != character:
            raise LocalError(
                f"{what} contains {_describe(character)}, which others would not see as you typed it.",
                "Delete that character, or type the text anew instead of pasting it.",
            )
    if _visible(line, keep="") != line:
        raise LocalError(
            f"{what} has an accent without a letter, or more than {MARKS_MAX} accents on one.",
            "Type the text anew instead of pasting it.",
        )
    return line


def _describe(character: str) -> str:
    name = unicodedata.name(character, "")
    code = f"U+{ord(character):04X}"
    return f"the character {code} ({name})" if name else f"the character {code}"


def _visible(text: str, keep: str) -> str:
    """Drop or replace what mustn't reach a screen, character by character.

    A character without a width of its own needs a visible one before it, and at most `MARKS_MAX` stand in a
    row.
    """
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    run = 0
    base = False
    for character in text:
        shown = character if character in keep else _shown(character)
        if not shown:
            continue
        if shown in " \n\t":
            base = False
        elif _is_mark(shown):
            run += 1
            if not base or run > MARKS_MAX:
                continue
        else:
            base = True
            run = 0
        kept.append(shown)
    return "".join(kept)


@lru_cache(maxsize=8192)
def _shown(character: str) -> str:
    """What one character becomes in a line: itself, a space, U+FFFD, or nothing."""
    category = unicodedata.category(character)
    if character in _SPACES or category in ("Zs", "Zl", "Zp"):
        return " "
    if category in ("Cc", "Cs", "Co", "Cn"):
        return REPLACEMENT
    if category == "Cf" or character in _INVISIBLE_LETTERS:
        return ""
    return character


@lru_cache(maxsize=8192)
def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M") or _cells(character) == 0


def _cells(character: str) -> int:
    return cell_len(character)
