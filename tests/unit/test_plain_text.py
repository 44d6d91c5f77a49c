"""Known attacks on a reader's screen, and text that must come through untouched."""

import pytest

from crdt.errors import LocalError
from p2pcouncil.domain.plain_text import clean_block, clean_line, validate_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ada", "Ada"),
        ("  Ada \t Lovelace\n", "Ada Lovelace"),
        ("Łucja Ó Briain 漢字 עברית हिन्दी ภาษาไทย", "Łucja Ó Briain 漢字 עברית हिन्दी ภาษาไทย"),
        ("red\x1b[31m", "red�[31m"),
        ("title\x1b]0;x\x07", "title�]0;x�"),
        ("c1\x9b2J", "c1�2J"),
        ("yes\u202eon", "yeson"),
        ("A\u200bd\u2060a\ufeff", "Ada"),
        ("A\u00adda\U000e0041", "Ada"),
        ("\u0301Ada", "Ada"),
        ("a" + "\u0301" * 50, "a" + "\u0301" * 4),
        ("\ud800\ue000\uffff", "���"),
        ("\u3164\u115f\u2800", ""),
        ("no\u00a0break\u3000wide", "no break wide"),
    ],
)
def test_one_line(text: str, shown: str) -> None:
    assert clean_line(text, 200) == shown


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("ab cdef", 4, "ab…"),
        ("漢字漢字", 8, "漢字漢字"),
        ("漢字漢字", 6, "漢字…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_a_line_is_cut_by_the_cells_that_it_takes(text: str, cells: int, shown: str) -> None:
    assert clean_line(text, cells) == shown


def test_a_block_keeps_lines_indentation_and_joined_emoji() -> None:
    text = "\r\n# Solar roof\r\n\r\n\tcode  \n👩\u200d💻 می\u200cخواهم\u202e\n\n"
    assert clean_block(text, 500, 20) == "# Solar roof\n\n\tcode\n👩\u200d💻 می\u200cخواهم"


def test_a_block_drops_joiners_that_join_nothing() -> None:
    assert clean_block("\u200d\u200da \u200d" + "b" + "\u200c" * 9, 500, 20) == "a b" + "\u200c" * 4


def test_a_block_says_that_it_was_cut() -> None:
    assert clean_block("a\nb\nc", 100, 2) == "a\nb…"
    assert clean_block("abcdef", 4, 2) == "abc…"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("   ", "is empty"),
        ("x" * 11, "11 characters; the limit is 10"),
        ("a\tb", "U+0009"),
        ("a\u202eb", "U+202E (RIGHT-TO-LEFT OVERRIDE)"),
        ("a\x1b[0m", "U+001B"),
        ("\u0301a", "accent"),
    ],
)
def test_our_own_user_hears_what_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(LocalError) as caught:
        validate_line(text, "The name", 10)
    assert str(caught.value).startswith("The name")
    assert complaint in str(caught.value)
    assert caught.value.hint


def test_our_own_user_is_forgiven_spaces() -> None:
    assert validate_line("  Ada  Lovelace ", "The name", 12) == "Ada Lovelace"
