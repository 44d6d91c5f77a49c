"""Any bytes are a count, or an error that says where and what to do; and what is written down is what is counted."""

import random
from collections.abc import Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st

from p2pcouncil.ballot_files.counting import count_ballots
from p2pcouncil.ballot_files.reading import read_ballots
from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.count import Counter
from p2pcouncil.domain.tally.method import Ranked
from tests.fuzz.ballots import NAMES, check_file, samples

SEEDS = list(samples())
FILE_NAMES = st.sampled_from(NAMES)
PIECES = st.sampled_from(
    [
        *(b"\n", b"\r\n", b"\r", b",", b";", b"\t", b":", b'"', b"{", b"}", b"#", b" ", b"\0", b"\xff"),
        *(b"0", b"1", b"2", b"3", b"12", b"999999999", b"9999999999", b"-1", b"1.5", b"x", b"\xef\xbb\xbf"),
        *(b"yes", b"no", b"abstain", b"blank", b"invalid"),
        *(b"count", b"ballot", b"vote", b"cost", b"Rye", b"Wheat", b"META", b"PROJECTS", b"VOTES", b"key;value"),
        *(b"# NUMBER VOTERS: ", b"# NUMBER ALTERNATIVES: 2", b"# ALTERNATIVE NAME 1: a", b"# DATA TYPE: toi"),
        *(b"vote_type;approval", b"budget;5", b"project_id;cost;name", b"voter_id;vote;points", "٣é\u2028".encode()),
    ]
)  # fmt: skip
BYTES = st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=60).map(b"".join))


@settings(max_examples=300, deadline=None)
@given(BYTES, FILE_NAMES)
@example(b"# a" + b" " * 19_000, "a.soi")
@example(b"2\n1,a\n2,b\n1,1,1\n1," + b"{" * 19_000, "")
@example(b"count,a,b\n" + b"9" * 19_000 + b",x,\n", "")
def test_any_bytes_are_counted_or_refused_with_a_place(data: bytes, name: str) -> None:
    check_file(data, name)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A sample with a few pieces put in, taken out or moved."""
    name, data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        to = min(len(data), at + draw(st.integers(0, 12)))
        middle = draw(st.one_of(PIECES, st.just(b""), st.just(data[at:to] * 2), st.binary(max_size=3)))
        data = data[:at] + middle + data[to:]
    return name, data


@settings(max_examples=300, deadline=None)
@given(damaged())
def test_damaged_files_are_counted_or_refused_with_a_place(file: tuple[str, bytes]) -> None:
    name, data = file
    check_file(data, name)


def as_orders(choices: Sequence[Choice], size: int, head: bool) -> str:
    lines = [f"# ALTERNATIVE NAME {n + 1}: option {n}" for n in range(size)] if head else [f"{size}"]
    if not head:
        lines += [f"{n + 1},option {n}" for n in range(size)]
        lines.append(f"{len(choices)},{len(choices)},{len(set(choices))}")
    for choice in choices:
        tiers = ["{" + ",".join(str(o + 1) for o in tier) + "}" for tier in choice]
        lines.append(f"1{':' if head else ','}" + ",".join(tiers))
    return "\n".join(lines) + "\n"


def as_table(choices: Sequence[Choice], size: int) -> str:
    lines = [",".join(f"option {n}" for n in range(size))]
    for choice in choices:
        cells = [""] * size
        for rank, tier in enumerate(choice, start=1):
            for option in tier:
                cells[option] = str(rank)
        lines.append(",".join(cells if choice else ["blank", *cells[1:]]))
    return "\n".join(lines) + "\n"


@st.composite
def orders(draw: st.DrawFn) -> tuple[int, list[Choice]]:
    size = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(st.integers(0, size), min_size=size, max_size=size), max_size=12))
    return size, [
        tuple(
            tuple(o for o in range(size) if row[o] == rank)
            for rank in range(1, size + 1)
            if rank in row
        )
        for row in rows
    ]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(orders(), st.randoms(use_true_random=False))
def test_what_is_written_down_is_what_is_counted(vote: tuple[int, list[Choice]], rng: random.Random) -> None:
    size, choices = vote
    counter = Counter(Ranked(0), tuple(f"option {n}" for n in range(size)), len(choices))
    for choice in choices:
        counter.add(choice)
    for name, text in (
        ("new.toi", as_orders(choices, size, head=True)),
        ("old.toi", as_orders(choices, size, head=False)),
        ("table.csv", as_table(choices, size)),
        ("shuffled.csv", as_table(rng.sample(choices, len(choices)), size)),
    ):
        file = read_ballots(text.encode(), name)
        assert count_ballots(file, Ranked(0), len(choices)).tally == counter.result(), name
