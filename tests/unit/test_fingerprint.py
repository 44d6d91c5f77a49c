"""People compare keys by words, and no two members look the same on a screen."""

import hashlib

from crdt.ids import MemberId
from p2pcouncil.domain.fingerprint import fingerprint, tell_apart, word_list


def member(number: int) -> MemberId:
    return MemberId(number.to_bytes(32, "big"))


ADA, ALAN, EVE = member(1), member(2), member(3)


def test_a_fingerprint_is_the_first_44_bits_of_the_hash_in_words() -> None:
    digest = hashlib.sha256(b"p2pcouncil/fingerprint/1\0" + (32).to_bytes(8, "big") + ADA).digest()
    bits = f"{int.from_bytes(digest, 'big'):0256b}"
    words = [word_list()[int(bits[at : at + 11], 2)] for at in range(0, 44, 11)]
    assert fingerprint(ADA) == "-".join(words)
    # A golden value: people write these words down.
    assert fingerprint(ADA) == "toe-test-page-review"


def test_the_list_is_that_of_bip_39() -> None:
    assert len(set(word_list())) == 2048
    assert (word_list()[0], word_list()[-1]) == ("abandon", "zoo")


def test_a_name_that_nobody_shares_stays_as_it_is() -> None:
    assert tell_apart({ALAN: "Alan", ADA: "Ada"}) == {ADA: "Ada", ALAN: "Alan"}


def test_namesakes_get_words() -> None:
    first, second, *_ = fingerprint(ADA).split("-")
    labels = tell_apart({ADA: "Ada", ALAN: "  ADA\u200b ", EVE: "\u0410da"})
    assert labels[ADA] == f"Ada ({first}-{second})"
    assert all("(" in label for label in labels.values())
    assert len(set(labels.values())) == 3


def test_lookalike_letters_make_namesakes() -> None:
    for forged in ("Αlan Burn", "A1an Burn", "AIan Bum", "Ａｌａｎ　Ｂｕｒｎ", "AlanBurn"):
        assert "(" in tell_apart({ADA: "Alan Burn", EVE: forged})[EVE]


def test_nobody_can_wear_the_words_of_another() -> None:
    first, second, *_ = fingerprint(ADA).split("-")
    labels = tell_apart({ADA: "Ada", ALAN: "Ada", EVE: f"Ada ({first}-{second})"})
    assert labels[EVE].startswith(f"Ada ({first}-{second}) (")
    assert len(set(labels.values())) == 3


def test_names_are_cleaned_and_never_empty() -> None:
    assert tell_apart({ADA: "\u200b", ALAN: "A\x1blan" + "x" * 99}) == {
        ADA: "unnamed",
        ALAN: "A�lan" + "x" * 34 + "…",
    }


def test_many_namesakes_all_differ_and_order_does_not_matter() -> None:
    # Of 3000 members some share even two words, and get a third.
    names = {member(number): "Ada" for number in range(3000)}
    labels = tell_apart(names)
    assert len(set(labels.values())) == len(names)
    assert any(label.count("-") > 1 for label in labels.values())
    assert list(tell_apart(dict(reversed(names.items()))).items()) == list(labels.items())
