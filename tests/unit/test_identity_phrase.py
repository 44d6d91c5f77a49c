"""A member is brought back by words on paper, and a slip of the pen is explained."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.errors import LocalError
from p2pcouncil.identity.phrase import decode_phrase, encode_phrase, member_seed, new_entropy

TWELVE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
ZEROS = "abandon " * 23 + "art"


@pytest.mark.parametrize(
    ("entropy", "phrase"),
    [
        ("00" * 32, ZEROS),
        ("7f" * 16, TWELVE),
        (
            "68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c",
            "hamster diagram private dutch cause delay private meat slide toddler razor book "
            "happy fancy gospel tennis maple dilemma loan word shrug inflict delay length",
        ),
    ],
)
def test_published_vectors(entropy: str, phrase: str) -> None:
    """From https://github.com/trezor/python-mnemonic/blob/master/vectors.json."""
    assert encode_phrase(bytes.fromhex(entropy)) == tuple(phrase.split())
    assert decode_phrase(phrase).hex() == entropy
    assert decode_phrase(phrase.split()).hex() == entropy


@given(st.one_of(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32)))
def test_words_and_entropy_go_round(entropy: bytes) -> None:
    assert decode_phrase(" ".join(encode_phrase(entropy))) == entropy


@pytest.mark.parametrize(
    "typed",
    [
        TWELVE.upper(),
        TWELVE.replace(" ", ",\n  "),
        " ".join(f"{number}. {word}" for number, word in enumerate(TWELVE.split(), start=1)),
        "\n".join(f"{number}.{word}" for number, word in enumerate(TWELVE.split(), start=1)),
        " ".join(word[:4] for word in TWELVE.split()),
        f"“{TWELVE}”",
    ],
)
def test_a_persons_way_of_typing_is_forgiven(typed: str) -> None:
    assert decode_phrase(typed).hex() == "7f" * 16


@pytest.mark.parametrize(
    ("typed", "complaint", "hint"),
    [
        ("", "has 0 words", "12 or 24"),
        (TWELVE + " legal", "has 13 words", "12 or 24"),
        (TWELVE.replace("sausage", "sausige"), "Word 6, “sausige”", "sausage"),
        (TWELVE.replace("winner", "winer", 1), "Word 2, “winer”", "winner"),
        (TWELVE.replace("legal", "\x1b[2J漢", 1), "Word 1, “", "English"),
        (TWELVE.replace("winner thank", "thank winner", 1), "belong together", "swapped"),
        ("w" * 100_000, "Word 1", ""),
    ],
)
def test_a_slip_is_explained(typed: str, complaint: str, hint: str) -> None:
    with pytest.raises(LocalError) as caught:
        decode_phrase(typed)
    assert complaint in str(caught.value)
    assert hint in caught.value.hint
    assert str(caught.value).isprintable()


@given(st.text(max_size=80))
def test_any_text_is_a_phrase_or_an_error_that_helps(text: str) -> None:
    with pytest.raises(LocalError) as caught:
        decode_phrase(text)
    assert caught.value.hint


def test_entropy_of_another_length_is_refused() -> None:
    with pytest.raises(LocalError):
        encode_phrase(bytes(20))


def test_the_seed_of_a_phrase_never_changes() -> None:
    # A golden value: phrases on paper must work in every later version.
    assert member_seed(bytes(32)).hex() == "23a30111a456521a6216b167da60bbc16f538d9fe3a654f755acdeec0f4e77ca"


def test_entropy_is_fresh() -> None:
    assert len({new_entropy() for _ in range(10)}) == 10
    assert len(new_entropy()) == 32
