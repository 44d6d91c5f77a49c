"""Tables of what goods take, as files: both layouts say the same, and what is wrong is found and named by its place."""

import pytest

from crdt.errors import LocalError
from p2pcouncil.domain.planning.labour_values import labour_values
from p2pcouncil.domain.planning.quantities import ONE, Micro
from p2pcouncil.domain.planning.said import PublishTechnique
from p2pcouncil.domain.planning.technique import Hours, Item, Technique
from p2pcouncil.plan_files import reading
from p2pcouncil.plan_files.listing import write_list
from p2pcouncil.plan_files.matrix import write_flows
from p2pcouncil.plan_files.reading import read_table_file
from p2pcouncil.plan_files.table_file import TableFile
from p2pcouncil.plan_files.technique_entries import entries_of
from p2pcouncil.plan_files.templates import Layout, template
from p2pcouncil.plan_files.words import capacities_of_words
from p2pcouncil.text_files.errors import TextFileError

HEAD = "product,technique,unit,output,kind,item,quantity,item unit\n"
BREAD = HEAD + "bread,,loaf,100,input,flour,60,kg\n,,,,labour,baking,12,h\nflour,,kg,10,labour,,1,\n"


def read(text: str) -> TableFile:
    return read_table_file(text.encode())


def refused(text: str | bytes) -> TextFileError:
    """The error of a file that can't be read, or whose techniques don't fit together."""
    with pytest.raises(TextFileError) as caught:
        read_table_file(text if isinstance(text, bytes) else text.encode()).table()
    assert caught.value.hint
    return caught.value


def test_a_list_is_read_line_by_line() -> None:
    file = read(BREAD)
    assert file.layout == "list"
    assert file.techniques == (
        Technique(
            "bread",
            "loaf",
            Micro(100 * ONE),
            (Item("flour", "kg", Micro(60 * ONE)),),
            (Hours("baking", Micro(12 * ONE)),),
        ),
        Technique("flour", "kg", Micro(10 * ONE), (), (Hours("work", ONE),)),
    )


def test_several_techniques_may_stand_mixed() -> None:
    mixed = HEAD + (
        "bread,East,loaf,100,labour,,10,h\n"
        "bread,West,loaf,50,labour,baking,4,h\n"
        ",East,,,labour,baking,1,h\n"
        "bread,West,loaf,50,pollutant,CO2,2,kg\n"
    )
    file = read(mixed)
    assert file.names == ("East", "West")
    assert [len(technique.hours) for technique in file.techniques] == [2, 1]
    assert file.techniques[1].pollutants == (Item("CO2", "kg", Micro(2 * ONE)),)
    assert labour_values(file.table()).values == (100_000,)


def test_what_a_spreadsheet_saves_is_read_as_the_same() -> None:
    plain = read(BREAD).techniques
    excel = ("\ufeff" + BREAD.replace(",", ";").replace("\n", "\r\n")).encode()
    assert read_table_file(excel).techniques == plain
    assert read(BREAD.replace(",", "\t").replace("\n", "\r")).techniques == plain
    assert read_table_file(BREAD.encode("utf-16")).techniques == plain
    quoted = BREAD.replace("flour", '"flour"').replace("labour", "Labour").replace("item unit", "Item_Unit")
    assert read("# a remark\n\n" + quoted).techniques == plain


def test_columns_may_stand_in_any_order_and_the_technique_may_be_left_out() -> None:
    turned = "quantity,item unit,item,kind,output,unit,product\n60,kg,flour,input,100,loaf,bread\n12,h,baking,labour,,,"
    assert read(turned).techniques == read(BREAD).techniques[:1]


def test_coefficients_and_flows_come_to_the_same_values() -> None:
    flows = read(template("flows"))
    coefficients = read(
        "coefficients,agriculture,industry\nindustry,0.2,0.05\nagriculture,0.15,0.25\nlabour,0.3,0.25\n"
    )
    assert flows.layout == "flows"
    assert (
        labour_values(flows.table()).values
        == labour_values(coefficients.table()).values
        == (442_244, 379_538)
    )


def test_totals_may_be_a_row_or_a_column_or_both() -> None:
    rows = "flows,a,b\na,1,2\nb,3,4\nlabour,5,6\ntotal,10,20\n"
    columns = "flows,a,b,Total\na,1,2,10\nb,3,4,20\nlabour,5,6\n"
    both = "flows,a,b,total\na,1,2,10\nb,3,4,20\nlabour,5,6,\ntotal,10,20,\n"
    assert read(rows).techniques == read(columns).techniques == read(both).techniques
    error = refused(both.replace("4,20", "4,21"))
    assert (error.line, error.column) == (5, 3)
    assert "is 20 in its column, and 21 in its row" in str(error)


def test_units_and_kinds_of_work_stand_in_rows() -> None:
    file = read("flows,a,b\na,0,2\nb,0,0\nlabour: old,1,\nlabour:new,,3\ntotal,10,20\nunit,kg,\n")
    assert [technique.unit for technique in file.techniques] == ["kg", "unit"]
    assert file.techniques[1].inputs == (Item("a", "kg", Micro(2 * ONE)),)
    assert file.table().kinds == ("new", "old")


@pytest.mark.parametrize("layout", ["list", "coefficients", "flows"])
def test_what_is_written_is_read_as_the_same(layout: Layout) -> None:
    file = read(template(layout))
    again = read(write_list(file.techniques, file.names))
    assert again.techniques == file.techniques
    assert again.names == file.names
    table = file.table()
    assert read(write_flows(table)).table().columns == tuple(
        type(column)(column.unit, column.output, column.inputs, column.quantities, column.hours, 1)
        for column in table.columns
    )


def test_names_that_need_quotation_marks_survive() -> None:
    name = 'bread, "old"; 1\'s'
    bread = Technique(name, "a,b", ONE, (Item(name, "a,b", Micro(1)),), (Hours("x;y", ONE),))
    assert read(write_list([bread])).techniques == (bread,)
    assert read(write_flows(read(write_list([bread])).table())).techniques == (bread,)


def test_capacity_and_note_stand_with_a_technique_and_are_written_and_read_as_the_same() -> None:
    file = read(MORE + "bread,oven,loaf,100,input,flour,60,kg,,\n,,,,labour,baking,12,h,600,In May.\n")
    assert (file.capacities, file.notes) == ((Micro(600 * ONE),), ("In May.",))
    written = write_list(file.techniques, file.names, file.capacities, ["In\nMay."])
    again = read(written)
    assert (again.techniques, again.capacities, again.notes) == (file.techniques, file.capacities, file.notes)
    assert written.count("In May.") == 1
    assert write_list(file.techniques, file.names).splitlines()[0] == HEAD.strip()


def entries(text: str, most: dict[str, int] | None = None, note: str = "") -> tuple[PublishTechnique, ...]:
    return entries_of(read(text), most or {}, note)


def test_the_most_that_can_be_made_is_said_once_and_of_what_is_made() -> None:
    file = read(BREAD)
    assert capacities_of_words(["bread=600", "flour = 7"], file) == {"bread": 600 * ONE, "flour": 7 * ONE}
    for words, told in (
        (["bread=600", "bread=5"], "twice how much “bread”"),
        (["rolls=600"], "makes no “rolls”"),
        (["bread"], "says no amount"),
    ):
        with pytest.raises(TextFileError, match=told) as caught:
            capacities_of_words(words, file)
        assert caught.value.hint


def test_what_is_said_besides_a_table_holds_where_the_table_says_nothing() -> None:
    table = MORE + "bread,oven,loaf,100,labour,,12,h,600,In May.\nrolls,,piece,9,labour,,1,h,,\n"
    bread, rolls = entries(table, {"rolls": 7}, "As ever.")
    assert (bread.capacity, bread.note) == (600 * ONE, "In May.")
    assert (rolls.name, rolls.capacity, rolls.note) == ("rolls", 7, "As ever.")
    assert entries(table, {"bread": 5})[0].capacity == 5, "whoever says it besides means it"


@pytest.mark.parametrize(
    ("lines", "line", "column", "says"),
    [
        ("bread,,loaf,1,labour,,1,h,NaN,", 2, 9, "no number"),
        ("bread,,loaf,1,labour,,1,h,-3,", 2, 9, "negative"),
        ("bread,,loaf,1,labour,,1,h,3,\n,,,,input,flour,1,kg,4,", 3, 9, "“4” here, and 3 above"),
        ("bread,,loaf,1,labour,,1,h,,a\n,,,,input,flour,1,kg,,b", 3, 10, "another note above"),
        (f"bread,,loaf,1,labour,,1,h,,{'n' * 2_001}", 2, 0, "2,001 characters"),
        ("bread,,loaf,1,input,bread,1,loaf,,", 2, 1, "“bread” uses up as much of itself"),
        ("a,,kg,1,input,b,2,kg,,\nb,,kg,1,input,a,1,kg,,", 2, 1, "“a” and “b” together use up"),
        ("a,,kg,1,labour,,1,h,,\nb,,kg,1,input,a,1,t,,", 3, 7, "in “t”, and it is made in “kg”"),
        ("bread,,loaf,1,pollutant,smoke,1,kg,,", 2, 1, "out of nothing"),
        ("bread,,loaf,1,labour,bread,1,h,,", 2, 1, "as something else as well"),
        (f"{'b' * 65},,loaf,1,labour,,1,h,,", 2, 1, "Use 1 to 64 characters"),
    ],
)
def test_what_can_t_be_published_is_told_with_its_place(
    lines: str, line: int, column: int, says: str
) -> None:
    with pytest.raises(TextFileError) as caught:
        entries(MORE + lines + "\n")
    assert (caught.value.line, caught.value.column) == (line, column), str(caught.value)
    assert says in f"{caught.value} {caught.value.hint}"


def test_what_others_make_and_work_that_comes_in_with_it_are_no_fault_of_a_part() -> None:
    (bread,) = entries(HEAD + "bread,,loaf,1,input,flour,1,kg\n,,,,input,bread,0.5,loaf\n")
    assert [item.name for item in bread.inputs] == ["flour", "bread"]


def test_a_name_that_means_something_in_a_matrix_is_not_written_there() -> None:
    table = read(HEAD + "Total,,kg,1,labour,,1,h\n").table()
    with pytest.raises(LocalError, match="means something else") as caught:
        write_flows(table)
    assert "as a list" in caught.value.hint


LIST_ERRORS = [
    ("bread,,loaf,100,input,flour,-60,kg", 2, 7, "negative"),
    ("bread,,loaf,100,input,flour,NaN,kg", 2, 7, "no number"),
    ("bread,,loaf,100,input,flour,1e18,kg", 2, 7, "exponent"),
    ("bread,,loaf,100,input,flour,1000000000000000000,kg", 2, 7, "more than 1,000,000,000,000"),
    ("bread,,loaf,100,input,flour,0.1234567,kg", 2, 7, "7 decimals"),
    ('bread,,loaf,100,input,flour,"0,5",kg', 2, 7, "comma"),
    ("bread,,loaf,100,input,flour,0,5,kg", 2, 0, "9 cells"),
    ("bread,,loaf,100,input,flour,,kg", 2, 7, "quantity is missing"),
    ("bread,,loaf,,input,flour,1,kg", 2, 4, "output is missing"),
    ("bread,,loaf,0,labour,,1,h", 2, 1, "output of “bread” is 0"),
    ("bread,,loaf,100,input,,1,kg", 2, 6, "name of the input is missing"),
    ("bread,,loaf,100,input,flour,1,", 2, 8, "unit of the input is missing"),
    ("bread,,,100,input,flour,1,kg", 2, 3, "unit of “bread” is missing"),
    (",,loaf,100,input,flour,1,kg", 2, 1, "product is missing"),
    ("bread,,loaf,100,labour,baking,720,min", 2, 8, "in hours"),
    ("bread,,loaf,100,tax,,1,h", 2, 5, "kind is “tax”"),
    ("bread,,loaf,100,input", 2, 0, "5 cells"),
    ('bread,,"loaf,100,input,flour,1,kg', 2, 0, "quotation mark"),
    ("bread,,loaf,100,labour,,1,h\nbread,,kg,100,labour,x,1,h", 3, 3, "“kg” here, and “loaf” above"),
    ("bread,,loaf,100,labour,,1,h\nbread,,loaf,50,labour,x,1,h", 3, 4, "“50” here, and 100 above"),
    ("bread,,loaf,100,labour,,1,h\n,,,,labour,,2,h", 2, 7, "“work” of “bread” is there twice"),
    ("bread,,loaf,100,labour,,1,h\n,,,,by-product,bran,2,kg", 3, 7, "“bran” are made together"),
    ("bread,,loaf,100,labour,,1,h\n,,,,input,flour,2,kg", 3, 7, "“flour”, which nobody in the table makes"),
    ("bread,,loaf,100,labour,,1,h\n,,,,input,bread,2,kg", 3, 7, "in “kg”, and it is made in “loaf”"),
    ("bread,,loaf,100,input,bread,2,loaf", 2, 1, "No labour goes into “bread”"),
]
MORE = HEAD.strip() + ",capacity,note\n"


@pytest.mark.parametrize(("lines", "line", "column", "says"), LIST_ERRORS)
def test_an_error_in_a_list_says_where(lines: str, line: int, column: int, says: str) -> None:
    error = refused(HEAD + lines + "\n")
    assert (error.line, error.column) == (line, column), str(error)
    assert says in str(error)


MATRIX_ERRORS = [
    ("coefficients,a,b\na,0,-1\nb,0,0\nlabour,1,1", 2, 3, "negative"),
    ("coefficients,a,b\na,0,nan\nb,0,0\nlabour,1,1", 2, 3, "no number"),
    ("coefficients,a,b\na,0,1e9\nb,0,0\nlabour,1,1", 2, 3, "exponent"),
    ("coefficients;a;b\na;0;0,5\nb;0;0\nlabour;1;1", 2, 3, "comma"),
    ("coefficients,a,b\na,0,0,5\nb,0,0\nlabour,1,1", 2, 0, "4 cells"),
    ("coefficients,a,b\na,0,0\nlabour,1,1", 1, 3, "row of “b” is missing"),
    ("coefficients,a\na,0", 0, 0, "row labour is missing"),
    ("coefficients,a\na,0\nc,1\nlabour,1", 3, 1, "row “c” is no product"),
    ("coefficients,a\na,0\na,1\nlabour,1", 3, 1, "in line 2 already"),
    ("coefficients,a\na,0\nlabour,1\nlabour:,1", 4, 1, "in line 3 already"),
    ("coefficients,a,a\na,0,0\nlabour,1,1", 1, 3, "there twice"),
    ("coefficients,a,\na,0,0\nlabour,1,1", 2, 0, "3 cells"),
    ("coefficients,a,,b\na,0,0,0\nlabour,1,1", 1, 3, "is empty"),
    ("coefficients,a,unit\na,0,0\nlabour,1,1", 1, 3, "a meaning of its own"),
    ("coefficients", 1, 0, "names no product"),
    ("coefficients,a,total\na,0,3\nlabour,1", 1, 0, "there are totals"),
    ("coefficients,a\na,0\nlabour,1\ntotal,5", 4, 0, "there are totals"),
    ("flows,a\na,0\nlabour,1", 1, 0, "totals are missing"),
    ("flows,a,b\na,0,1\nb,1,0\nlabour,1,1\ntotal,0,5", 1, 2, "output of “a” is 0"),
    ("flows,a,b\na,0,1\nb,1,0\nlabour,0,0\ntotal,4,5", 1, 2, "No labour goes into “a” and “b”"),
    (f"flows,a,{'x' * 201}\na,0,0\n{'x' * 201},0,0\nlabour,1,1\ntotal,1,1", 3, 3, "more than 200 characters"),
    ("coefficients," + ",".join(f"p{n}" for n in range(5_000)), 1, 2_002, "5,000 products; at most 2,000"),
]


@pytest.mark.parametrize(("text", "line", "column", "says"), MATRIX_ERRORS)
def test_an_error_in_a_matrix_says_where(text: str, line: int, column: int, says: str) -> None:
    error = refused(text)
    assert (error.line, error.column) == (line, column), str(error)
    assert says in str(error)


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"", 0, "nothing in the file"),
        (b"# only a remark\n", 0, "nothing in the file"),
        (b"bread,flour\n1,2\n", 1, "layout is not known"),
        (b"product,unit,output,kind,item,quantity\n", 1, "column item unit is missing"),
        (b"product,unit,output,kind,item,quantity,item unit,price\n", 1, "column “price” is not known"),
        (b"product,unit,product,kind,item,quantity,item unit\n", 1, "column “product” is there twice"),
        (HEAD.encode(), 0, "no product"),
        (b"PK\x03\x04...", 0, "spreadsheet"),
        (b"flows,\xff\n", 1, "UTF-8"),
        (b"flows,a\0\n", 1, "zero byte"),
        (b"flows," + b"a" * 200_000, 1, "longer than 200,000 characters"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, line: int, says: str) -> None:
    error = refused(data)
    assert error.line == line
    assert says in str(error)


def test_a_list_of_too_many_products_is_refused() -> None:
    many = HEAD + "".join(f"p{number},,kg,1,labour,,1,h\n" for number in range(5_000))
    assert "5,000 products; at most 2,000" in str(refused(many))


def test_files_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = reading.BOUNDS
    monkeypatch.setattr(
        reading, "BOUNDS", type(bounds)(100, bounds.lines, bounds.line_chars, "Smaller.", "Shorter.")
    )
    assert "larger than" in str(refused(BREAD))
