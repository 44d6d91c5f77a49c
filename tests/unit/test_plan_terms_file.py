"""Terms of a planning period and councils' proposals as files: what is read, and what is wrong with it, and where."""

import pytest

from crdt.errors import LocalError
from crdt.ids import MemberId
from p2pcouncil.domain.planning.terms import START_PRICE_MILLI
from p2pcouncil.plan_files.terms_file import TEMPLATE, read_terms
from p2pcouncil.plan_files.unit_file import Line, read_unit, write_units
from p2pcouncil.text_files.errors import TextFileError

PEOPLE = {name: MemberId(name.encode().ljust(32)) for name in ("Ada", "Ben", "Cem")}


def speaker(name: str) -> MemberId:
    if name not in PEOPLE:
        raise LocalError(f"There is no member “{name}”.", "Name one.")
    return PEOPLE[name]


def test_the_example_is_read() -> None:
    found = read_terms(TEMPLATE.encode(), speaker)
    terms = found.terms
    assert (found.title, terms.round_seconds, terms.rounds_most, terms.tolerance_basis_points) == (
        "Spring",
        172_800,
        12,
        500,
    )
    assert [(good.name, good.unit, good.kind) for good in terms.goods] == [
        ("bread", "loaf", "product"),
        ("flour", "kg", "product"),
        ("baking", "h", "labour"),
        ("field", "ha", "resource"),
    ]
    assert (terms.goods[3].stock, terms.goods[0].start_price_milli) == (12_000_000, START_PRICE_MILLI)
    assert [(unit.name, unit.within, unit.speaker) for unit in terms.units] == [
        ("Bakery", 0, PEOPLE["Ada"]),
        ("Mill Lane", 0, PEOPLE["Ben"]),
        ("Household Meyer", 2, PEOPLE["Cem"]),
    ]


OF_THE_WHOLE = ("somebody who makes things",)
"""What no single line is to blame for."""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('round = "2d"', 'round = "soon"', "can't take"),
        ('round = "2d"', "round = 2", "round without quotation marks"),
        ('round = "2d"', 'round = " "', "has no round"),
        ("rounds = 12", "rounds = 65", "rounds is"),
        ("rounds = 12", "rounds = true", "rounds is"),
        ('tolerance = "5 %"', 'tolerance = "0 %"', "tolerance"),
        ('tolerance = "5 %"', 'tolerance = "NaN"', "tolerance"),
        ('kind = "product"', 'kind = "thing"', "kind"),
        ('unit = "loaf"', 'unit = "a unit that is far too long"', "unit of 27 characters"),
        ('stock = "12"', "stock = 12.5", "without quotation marks"),
        ('stock = "12"', 'stock = "-3"', "negative"),
        ('stock = "12"', 'stock = "1e9"', "exponent"),
        ('name = "flour"', 'name = "bread"', "the good “bread” twice"),
        ('within = "Mill Lane"', 'within = "Bakery"', "another kind"),
        ('within = "Mill Lane"', 'within = "Nowhere"', "is not there"),
        ('within = "Mill Lane"', 'within = "Household Meyer"', "stands before"),
        ('within = "Mill Lane"', 'colour = "blue"', "means nothing here"),
        ('kind = "workers"', 'kind = "consumers"', "somebody who makes things"),
        ('kind = "labour"', 'kind = "labour"\nweight = "0"', "weight"),
        ('kind = "resource"', 'kind = "resource"\nweight = "2"', "can't be weighed"),
        ("[[good]]", "[good]", "TOML"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, said: str) -> None:
    with pytest.raises(TextFileError) as error:
        read_terms(TEMPLATE.replace(old, new).encode(), speaker)
    assert said in str(error.value)
    assert error.value.hint
    lines = TEMPLATE.replace(old, new).splitlines()
    at = [n for n, line in enumerate(lines, start=1) if line in new.splitlines()]
    assert error.value.line in ([0] if said in OF_THE_WHOLE else at), f"{error.value} is told of {at}"


def test_a_slip_in_the_file_is_told_with_its_line() -> None:
    with pytest.raises(TextFileError) as error:
        read_terms(b'title = "Spring"\nround = two days\n', speaker)
    assert error.value.line == 2


def test_a_speaker_who_is_no_member_is_told_as_whoever_looks_them_up_says() -> None:
    with pytest.raises(LocalError, match="Zoe"):
        read_terms(TEMPLATE.replace('speaker = "Ada"', 'speaker = "Zoe"').encode(), speaker)


LINES = (
    Line("makes", "bread", 100_000_000, "loaf", "oven"),
    Line("wants", "flour", 12_500_000, "kg", "nice"),
    Line("offers", "baking", 40_000_000, "h"),
    Line("limits", 'smoke, "black"', 50_000_000, "kg"),
)


def test_what_was_written_is_read_as_the_same() -> None:
    written = write_units(((), line) for line in LINES)
    read = read_unit(written.encode())
    assert [(r.kind, r.good, r.amount, r.unit, r.how) for r in read] == [
        (line.kind, line.good, line.amount, line.unit, line.how) for line in LINES
    ]
    assert [line.line for line in read] == [2, 3, 4, 5]


def test_columns_may_stand_in_any_order_behind_remarks_and_semicolons() -> None:
    (line,) = read_unit(b"\xef\xbb\xbf# spring\r\ngood;kind;unit;amount\r\n\r\nbread;wants;;3.5\r\n")
    assert line == Line("wants", "bread", 3_500_000, "", "", 4)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, "empty"),
        ("kind,good\n", 1, "columns"),
        ("kind,good,amount,unit\nmakes,bread,1\n", 2, "3 cells"),
        ("kind,good,amount,unit\nbakes,bread,1,loaf\n", 2, "The kind is"),
        ("kind,good,amount,unit\nmakes,,1,loaf\n", 2, "good is missing"),
        ("kind,good,amount,unit\nmakes,bread,NaN,loaf\n", 2, "no number"),
        ("kind,good,amount,unit\n\nmakes,bread,-1,loaf\n", 3, "negative"),
        ("kind,good,amount,unit\nmakes,bread,10000000000000,loaf\n", 2, "more than"),
        ("kind,good,amount,unit\nmakes,bread,1.0000001,loaf\n", 2, "decimals"),
    ],
)
def test_what_is_wrong_in_a_table_is_told_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(TextFileError) as error:
        read_unit(text.encode())
    assert said in str(error.value)
    assert error.value.line == line
