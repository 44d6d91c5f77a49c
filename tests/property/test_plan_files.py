"""Any bytes are a priced table, or an error that says where and what to do; what is written is what is read."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from p2pcouncil.domain.planning.quantities import QUANTITY_MAX, Micro
from p2pcouncil.domain.planning.technique import Hours, Item, Technique, is_name
from p2pcouncil.plan_files.listing import write_list
from p2pcouncil.plan_files.reading import read_table_file
from tests.fuzz.tables import check_table_file, tables_seeds

SEEDS = list(tables_seeds())
PIECES = st.sampled_from(
    [
        *(b"\n", b"\r\n", b"\r", b",", b";", b"\t", b":", b'"', b"#", b" ", b"\0", b"\xff", b"\xef\xbb\xbf"),
        *(
            b"0",
            b"1",
            b"0.5",
            b"0,5",
            b"-1",
            b"1e9",
            b"NaN",
            b"inf",
            b"999999999999",
            b"1" + b"0" * 18,
            b".5",
            b"1_0",
        ),
        *(
            b"coefficients",
            b"flows",
            b"total",
            b"unit",
            b"labour",
            b"labour: x",
            b"a",
            b"b",
            "٣é\u2028".encode(),
        ),
        *(b"product", b"technique", b"output", b"kind", b"item", b"quantity", b"item unit"),
        *(b"input", b"pollutant", b"by-product", b"h", b"kg", b"bread", b"flour", b"energy", b"agriculture"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=60).map(b"".join)))
@example(b"flows" + b",a" * 50_000)
@example(b"coefficients,a\na," + b"9" * 100_000)
def test_any_bytes_are_priced_or_refused_with_a_place(data: bytes) -> None:
    check_table_file(data)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_tables_are_priced_or_refused_with_a_place(data: st.DataObject) -> None:
    """A sample with a few pieces put in, taken out or moved."""
    table = data.draw(st.sampled_from(SEEDS))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(table)))
        to = min(len(table), at + data.draw(st.integers(0, 12)))
        middle = data.draw(st.one_of(PIECES, st.just(b""), st.just(table[at:to] * 2), st.binary(max_size=3)))
        table = table[:at] + middle + table[to:]
    check_table_file(table)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(is_name)
QUANTITIES = st.integers(1, QUANTITY_MAX).map(Micro)


@given(
    st.lists(
        st.builds(
            Technique,
            NAMES,
            NAMES,
            QUANTITIES,
            st.lists(st.builds(Item, NAMES, NAMES, QUANTITIES), max_size=3).map(tuple),
            st.lists(st.builds(Hours, NAMES, QUANTITIES), min_size=1, max_size=2).map(tuple),
            st.lists(st.builds(Item, NAMES, NAMES, QUANTITIES), max_size=2).map(tuple),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda technique: technique.product,
    )
)
def test_techniques_of_any_names_are_written_and_read_as_the_same(techniques: list[Technique]) -> None:
    assert read_table_file(write_list(techniques).encode()).techniques == tuple(techniques)
