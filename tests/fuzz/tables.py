"""Tables of what goods take, typed in or exported: prices, or an error that says where and what to do."""

from collections.abc import Iterator

from crdt.errors import LocalError
from p2pcouncil.cli.show_prices import (
    Prices,
    Source,
    json_of_prices,
    json_of_source,
    json_of_tree,
    show_prices,
    show_tree,
)
from p2pcouncil.domain.planning.faults import TableError
from p2pcouncil.domain.planning.hour_tree import THRESHOLD, hour_tree
from p2pcouncil.domain.planning.labour_values import NO_WEIGHTS, labour_values
from p2pcouncil.domain.planning.table import Table
from p2pcouncil.plan_files.listing import write_list
from p2pcouncil.plan_files.matrix import write_flows
from p2pcouncil.plan_files.reading import read_table_file
from p2pcouncil.plan_files.table_file import TableFile
from p2pcouncil.plan_files.templates import template
from p2pcouncil.text_files.errors import TextFileError
from tests.fuzz.ballots import check_error
from tests.fuzz.target import Target, check_hint

SOURCE = Source("table.csv", 1, "0" * 64)


def check_table_file(data: bytes) -> None:
    """Read a file and price it; whatever fails says where and what to do."""
    try:
        file = read_table_file(data)
        table = file.table()
    except TextFileError as error:
        check_error(error, data)
        return
    check_written_again(file, table)
    try:
        values = labour_values(table)
    except TableError as error:
        check_error(file.located(error), data)
        return
    assert all(value >= 0 for value in values.values)
    prices = Prices(SOURCE, "p2pcouncil price solve table.csv", file, table, NO_WEIGHTS, values)
    assert all(line.isprintable() for line in show_prices(prices))
    assert len(json_of_prices(prices)["prices"]) == len(table.products)
    tree = hour_tree(table, 0)
    assert all(line.isprintable() for line in show_tree(tree, values.digits, THRESHOLD, NO_WEIGHTS))
    assert (
        json_of_tree(tree, json_of_source(SOURCE), values.digits, NO_WEIGHTS)["tree"]["product"]
        == table.products[0]
    )


def check_written_again(file: TableFile, table: Table) -> None:
    """What was read is written, and read as the same."""
    again = read_table_file(write_list(file.techniques, file.names).encode())
    assert again.table() == table
    assert again.names == file.names
    try:
        flows = write_flows(table)
    except LocalError as error:
        check_hint(error)
        return
    summed = read_table_file(flows.encode()).table()
    assert summed.products == table.products
    for one, two in zip(summed.columns, table.columns, strict=True):
        assert (one.unit, one.output, one.inputs) == (two.unit, two.output, two.inputs)
        assert (one.quantities, one.hours) == (two.quantities, two.hours)


def tables_seeds() -> Iterator[bytes]:
    for layout in ("list", "coefficients", "flows"):
        text = "\n".join(line for line in template(layout).splitlines() if not line.startswith("#"))
        yield text.encode()
        yield text.replace(",", ";").replace("\n", "\r\n").encode("utf-8-sig")
    yield b"product,unit,output,kind,item,quantity,item unit\na,u,1,input,b,1,u\nb,u,1,input,a,1,u\n,,,labour,,1,h\n"
    yield b'flows,"a,""b""",total\n"a,""b""",1,3\nlabour: x,2,\nlabour,1\nunit,kg\n'


TARGETS = (
    Target(
        "tables",
        check_table_file,
        (
            "p2pcouncil.plan_files.reading",
            "p2pcouncil.plan_files.listing",
            "p2pcouncil.plan_files.matrix",
            "p2pcouncil.plan_files.table_file",
            "p2pcouncil.domain.planning.quantities",
            "p2pcouncil.domain.planning.table",
            "p2pcouncil.domain.planning.technique",
            "p2pcouncil.domain.planning.productivity",
        ),
        tables_seeds,
        512,
    ),
)
