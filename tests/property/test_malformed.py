"""Where an entry can't be read is told in harmless words, whatever somebody signed."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.errors import RemoteError
from p2pcouncil.domain.entries import decode_entry
from p2pcouncil.domain.malformed import where_malformed
from p2pcouncil.domain.plain_text import clean_line
from tests.support.bad_tables import technique

PLAN = ["plan.1", 1, bytes(32), 1, 1, [[3, [[bytes(32), 4]], [[0, 1, 2]], [], [["smoke", "kg", 1]], "note"]]]
TERMS = ["plan.1", [["bread", "loaf", "product"]], [["bakery", "workers", bytes(32)]], 60]
PROPOSAL = ["propose.2", 1, bytes(16), "Spring", "We plan.", [], "", ["yes-no.1", 0], [], TERMS, b""]
WHOLE = st.sampled_from([["technique.1", 1, *technique().values()], PLAN, PROPOSAL])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(max_size=70),
    st.binary(max_size=40),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(LEAVES, inner, max_size=2),
    max_leaves=8,
)


@st.composite
def damaged(draw: st.DrawFn, whole: object) -> object:
    """The same with one part of it, at any depth, replaced by anything."""
    if not isinstance(whole, list) or not whole or draw(st.booleans()):
        return draw(VALUES)
    at = draw(st.integers(0, len(whole) - 1))
    return [*whole[:at], draw(damaged(whole[at])), *whole[at + 1 :]]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_somebody_signed_is_told_in_a_harmless_line_or_not_at_all(data: st.DataObject) -> None:
    written = msgspec.msgpack.encode(data.draw(WHOLE.flatmap(damaged)))
    cut = data.draw(st.integers(0, len(written)))
    for payload in (written, written[:cut], written[cut:]):
        told = where_malformed(payload)
        assert told == clean_line(told, 400)
        try:
            decode_entry(payload)
        except RemoteError:
            continue
        assert told == "", "what can be read has nothing wrong with it"


def test_the_part_is_named_as_its_kind_names_it() -> None:
    def told(**other: object) -> str:
        return where_malformed(msgspec.msgpack.encode(["technique.1", 1, *technique(**other).values()]))

    assert told() == ""
    assert told(output=-1) == "In technique.1, output is -1, which is out of bounds."
    nested = told(labour=[["baking", "h", 1], ["ma\x1b[31mnagement", "h", 1.5]])
    assert nested == "In technique.1, labour 2 (“ma\ufffd[31mnagement”), amount is no whole number."
