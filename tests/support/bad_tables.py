"""Bad tables, and what each of the three doors says of them: the command line, the interface, and somebody's entry.

A table of techniques comes to a peer as a file that its own user publishes, or as entries that somebody else signed,
with whatever program. `tests/unit/test_bad_tables.py` holds every row against every door.
"""

from dataclasses import dataclass

from p2pcouncil.domain.planning.terms import MICRO

HEAD = "product,technique,unit,output,kind,item,quantity,item unit\n"
Raw = dict[str, object]


def technique(product: str = "bread", unit: str = "loaf", **other: object) -> Raw:
    """The fields of a technique as an entry has them, whatever stands in them."""
    usual: Raw = {
        "name": "oven",
        "product": product,
        "unit": unit,
        "output": 100 * MICRO,
        "inputs": [["flour", "kg", 60 * MICRO]],
        "labour": [["baking", "h", 5 * MICRO]],
        "given_off": [],
        "capacity": 0,
        "note": "",
    }
    return usual | other


@dataclass(frozen=True)
class BadTable:
    """A table that can't be right.

    Attributes:
        name: what is wrong with it.
        lines: below `HEAD`.
        where: how the message of a file begins.
        says: what it says.
        to_do: what the hint says.
        entries: the same as a hostile member signs it.
        told: what is told of those entries, or of the plan that uses them.
        is_for_prices_only: whether it may be published, for others may make the rest; prices can't be calculated.
    """

    name: str
    lines: str
    where: str
    says: str
    to_do: str
    entries: tuple[Raw, ...]
    told: str
    is_for_prices_only: bool = False

    @property
    def data(self) -> bytes:
        """The file."""
        return (HEAD + self.lines).encode()

    @property
    def message(self) -> str:
        """What begins with the file's name."""
        return f"bad.csv: {self.where}: "


MALFORMED = "It could not be read: its bytes are no well-formed entry. In technique.1, "
INPUT = MALFORMED + "inputs 1 (“flour”), amount "
BAD_TABLES = (
    BadTable(
        "negative",
        "bread,,loaf,100,input,flour,-60,kg\n",
        "Line 2, column 7",
        "The quantity is “-60”, and it is negative.",
        "as a number above 0",
        (technique(inputs=[["flour", "kg", -60 * MICRO]]),),
        INPUT + "is -60,000,000, which is out of bounds.",
    ),
    BadTable(
        "NaN",
        "bread,,loaf,100,input,flour,NaN,kg\n",
        "Line 2, column 7",
        "The quantity is “NaN”, and it is no number.",
        "Write digits 0 to 9",
        (technique(inputs=[["flour", "kg", "NaN"]]),),
        INPUT + "is a text of 3 characters, which does not fit.",
    ),
    BadTable(
        "NaN as a float",
        "bread,,loaf,nan,labour,baking,5,h\n",
        "Line 2, column 4",
        "The output is “nan”, and it is no number.",
        "Write digits 0 to 9",
        (technique(output=float("nan")), technique(labour=[["baking", "h", float("inf")]])),
        MALFORMED + "output is no whole number.",
    ),
    BadTable(
        "10^18",
        "bread,,loaf,100,input,flour,1000000000000000000,kg\n",
        "Line 2, column 7",
        "it is more than 1,000,000,000,000.",
        "Choose a larger unit",
        (technique(inputs=[["flour", "kg", 10**18 + 1]]), technique(capacity=10**19)),
        INPUT + "is 1,000,000,000,000,000,001, which is out of bounds.",
    ),
    BadTable(
        "10^18 with an exponent",
        "bread,,loaf,1e18,labour,baking,5,h\n",
        "Line 2, column 4",
        "it has an exponent.",
        "Write all its digits",
        (technique(output=1e18),),
        MALFORMED + "output is no whole number.",
    ),
    BadTable(
        "a missing quantity",
        "bread,,loaf,100,input,flour,,kg\n",
        "Line 2, column 7",
        "The quantity is missing.",
        "Write a number, or 0.",
        (technique(inputs=[["flour", "kg"]]), technique(inputs=[["flour", "kg", None]])),
        MALFORMED + "inputs 1 (“flour”) has 2 parts, which does not fit.",
    ),
    BadTable(
        "a missing unit",
        "bread,,loaf,100,input,flour,60,\n",
        "Line 2, column 8",
        "The unit of the input is missing.",
        "Give its unit.",
        (technique(inputs=[["flour", "", 60 * MICRO]]),),
        MALFORMED + "inputs 1 (“flour”), unit is a text of 0 characters, which does not fit.",
    ),
    BadTable(
        "a missing product",
        ",,loaf,100,input,flour,60,kg\n",
        "Line 2, column 1",
        "The product is missing.",
        "Name what is made.",
        (technique(product=""),),
        MALFORMED + "product is a text of 0 characters, which does not fit.",
    ),
    BadTable(
        "an output of 0",
        "bread,,loaf,0,labour,baking,5,h\n",
        "Line 2, column 1",
        "The output of “bread” is 0.",
        "Say how much is made",
        (technique(output=0),),
        MALFORMED + "output is 0, which is out of bounds.",
    ),
    BadTable(
        "an input that nobody makes",
        "bread,,loaf,100,labour,baking,5,h\n,,,,input,flour,60,kg\n",
        "Line 3, column 7",
        "“bread” uses “flour”, which nobody in the table makes.",
        "Enter what it takes to make it",
        (technique(),),
        "“bread” uses “flour”, which nobody makes by this plan.",
        is_for_prices_only=True,
    ),
    BadTable(
        "two units of one product",
        "bread,,loaf,100,labour,baking,5,h\n,,,,input,flour,60,g\nflour,,kg,1,labour,baking,1,h\n",
        "Line 3, column 7",
        "“bread” uses “flour” in “g”, and it is made in “kg”.",
        "Convert the quantity to “kg”.",
        (technique(inputs=[["flour", "g", 60 * MICRO]]),),
        "“oven” uses up “flour”, counted in “g”, which is not planned so.",
    ),
    BadTable(
        "its own product in another unit",
        "bread,,loaf,100,labour,baking,5,h\n,,,,input,bread,1,kg\n",
        "Line 3, column 7",
        "“bread” uses “bread” in “kg”, and it is made in “loaf”.",
        "Convert the quantity to “loaf”.",
        (technique(inputs=[["bread", "kg", MICRO]]),),
        "It counts “bread” in two units, “loaf” and “kg”.",
    ),
    BadTable(
        "an input twice",
        "bread,,loaf,100,input,flour,60,kg\n,,,,input,flour,1,kg\n,,,,labour,baking,5,h\n",
        "Line 2, column 7",
        "The input “flour” of “bread” is there twice.",
        "Add the two up, and keep one.",
        (technique(inputs=[["flour", "kg", 60 * MICRO], ["flour", "kg", MICRO]]),),
        "It names the input “flour” twice.",
    ),
    BadTable(
        "what uses itself up",
        "bread,,loaf,100,input,bread,100,loaf\n,,,,labour,baking,5,h\n",
        "Line 2, column 1",
        "“bread” uses up as much of itself as is made, or more.",
        "Check the units and quantities",
        (technique(inputs=[["bread", "loaf", 100 * MICRO]]),),
        "“bread” uses up as much of itself as is made, or more.",
    ),
    BadTable(
        "a cycle that needs more than itself",
        "bread,,loaf,1,input,flour,2,kg\n,,,,labour,baking,5,h\nflour,,kg,1,input,bread,1,loaf\n",
        "Line 2, column 1",
        "“bread” and “flour” together use up as much of each other as they make, or more.",
        "Check the units and quantities",
        (
            technique(output=MICRO, inputs=[["flour", "kg", 2 * MICRO]]),
            technique("flour", "kg", output=MICRO, inputs=[["bread", "loaf", MICRO]]),
        ),
        "“bread” and “flour” together use up as much of each other as they make, or more.",
    ),
    BadTable(
        "5,000 products",
        "".join(f"p{number},,kg,1,labour,baking,1,h\n" for number in range(5_000)),
        "Line 2002, column 1",
        "There are 5,000 products; at most 2,000 can be counted.",
        "Put products together that are made alike.",
        (technique(inputs=[[f"p{number}", "kg", MICRO] for number in range(5_000)]),),
        MALFORMED + "inputs has 5,000 parts, which does not fit.",
    ),
)

BAD_PARTS: tuple[tuple[str, list[object], str], ...] = (
    (
        "negative",
        [3, [], [[0, -1, 2]]],
        "In plan.1, units 1, wanted 1, amount is -1, which is out of bounds.",
    ),
    ("NaN", [3, [], [[0, float("nan"), 2]]], "In plan.1, units 1, wanted 1, amount is no whole number."),
    ("10^18", [3, [], [[0, 10**18 + 1, 2]]], "amount is 1,000,000,000,000,000,001, which is out of bounds."),
    ("a good that is not there", [3, [], [[4, 1, 2]]], "something that the planning period is not about."),
    (
        "the 5,000th good",
        [3, [], [[4_999, 1, 2]]],
        "units 1, wanted 1, good is 4,999, which is out of bounds.",
    ),
    (
        "5,000 goods",
        [3, [], [[at % 4, 1, 2] for at in range(5_000)]],
        "wanted has 5,000 parts, which does not fit.",
    ),
    ("a good twice", [3, [], [[0, 1, 2], [0, 2, 2]]], "It lists the same entry twice."),
    ("no council", [399, [], [[0, 1, 2]]], "Its author does not speak for the council that it plans for."),
)
"""What a hostile speaker proposes for their unit, the fourth, as an entry has it; and what is told of it."""
BAD_GOODS: tuple[tuple[str, list[object], str], ...] = (
    (
        "negative",
        [["bread", "loaf", "product", -1]],
        "effect, goods 1 (“bread”), stock is -1, which is out of bounds.",
    ),
    ("NaN", [["bread", "loaf", "product", float("nan")]], "goods 1 (“bread”), stock is no whole number."),
    (
        "10^18",
        [["bread", "loaf", "product", 0, 10**18]],
        "start_price_milli is 1,000,000,000,000,000,000, which",
    ),
    (
        "no unit",
        [["bread", "", "product"]],
        "goods 1 (“bread”), unit is a text of 0 characters, which does not fit.",
    ),
    ("5,000 goods", [[f"g{at}", "kg", "product"] for at in range(5_000)], "effect, goods has 5,000 parts"),
    ("a good twice", [["bread", "loaf", "product"]] * 2, "The plan names the good “bread” twice."),
    (
        "labour by the day",
        [["baking", "day", "labour"]],
        "“baking” is labour, which is counted in hours: “h”.",
    ),
    (
        "an unknown kind",
        [["bread", "loaf", "dream"]],
        "“bread” is neither a product, nor labour, nor a resource.",
    ),
)
"""What the goods of a hostile proposal to plan are, as an entry has them; and what is told of it."""
PUBLISHED = tuple(bad for bad in BAD_TABLES if not bad.is_for_prices_only)
