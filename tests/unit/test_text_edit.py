import random

import pytest

from crdt.text_edit import Splice, apply_splices, batch_splices, find_splices

CHARTER = "\n\n".join(f"Article {n}. Whoever works here decides here, by rule {n * 7}." for n in range(200))


@pytest.mark.parametrize(
    ("old", "new", "splices"),
    [
        ("", "", []),
        ("same", "same", []),
        ("", "new", [Splice(0, 0, "new")]),
        ("old", "", [Splice(0, 3, "")]),
        ("we decide", "we all decide", [Splice(3, 0, "all ")]),
        ("aaa", "aaaa", [Splice(3, 0, "a")]),
        ("a\nb\nc\n", "a\nc\n", [Splice(2, 2, "")]),
        ("cost 100 now", "cost 900 now", [Splice(5, 1, "9")]),
    ],
)
def test_small_changes_are_small_splices(old: str, new: str, splices: list[Splice]) -> None:
    assert find_splices(old, new) == splices


def test_distant_changes_leave_what_is_between_alone() -> None:
    new = CHARTER.replace("Article 3.", "Article three.").replace("by rule 1393", "by no rule")
    splices = find_splices(CHARTER, new)
    assert apply_splices(CHARTER, splices) == new
    assert sum(splice.ops for splice in splices) < 30


def test_any_text_turns_into_any_other() -> None:
    rng = random.Random(5)
    for _ in range(300):
        old = "".join(rng.choice("ab \n😀") for _ in range(rng.randrange(60)))
        new = "".join(rng.choice("ab \n😀") for _ in range(rng.randrange(60)))
        if rng.random() < 0.5:
            new = old[: rng.randrange(len(old) + 1)] + new + old[rng.randrange(len(old) + 1) :]
        splices = find_splices(old, new)
        assert apply_splices(old, splices) == new
        for max_ops in (1, 3, 1000):
            batches = batch_splices(splices, max_ops)
            assert all(0 < sum(splice.ops for splice in batch) <= max_ops for batch in batches)
            assert apply_splices(old, [splice for batch in batches for splice in batch]) == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n".join(str(n) for n in range(9000)), "\n".join(str(n + n % 2) for n in range(9000))),
        ("\n" * 50_000, "\n" * 25_000 + "x" + "\n" * 24_000),
        ("ab " * 16_000, "ba " * 16_000),
        ("a" * 50_000, "b" * 50_000),
        ("word " * 10_000, " ".join(str(n) for n in range(10_000))),
    ],
    ids=["every other line", "empty lines", "two words", "one word", "all words"],
)
def test_large_texts_are_compared_within_the_time_limit_of_a_test(old: str, new: str) -> None:
    assert apply_splices(old, find_splices(old, new)) == new
