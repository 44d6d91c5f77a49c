"""Techniques by keyboard, typed or from a file, and tables written into files: errors are told where they stand."""

from dataclasses import replace

import pytest

from crdt.errors import LocalError
from p2pcouncil.domain.planning.said import Named, PublishTechnique
from p2pcouncil.peer.commands import PublishTechniques
from p2pcouncil.plan_files.reading import read_table_file
from p2pcouncil.plan_files.unit_file import read_unit, read_units
from tests.screens import people, planned
from tests.screens.driver import LARGE, SMALL, Driver, driven
from tests.screens.planned import micro, planning

pytestmark = pytest.mark.asyncio
STOVE = b"""product,technique,unit,output,kind,item,quantity,item unit,capacity,note
bread,stove,loaf,10,labour,baking,1,h,40,By hand.
rolls,,piece,100,labour,baking,2,h,,
"""


def published(driver: Driver) -> tuple[PublishTechnique, ...]:
    """What was published, once."""
    (command,) = driver.session.commands
    assert isinstance(command, PublishTechniques)
    assert command.council == people.QUARTER
    return command.techniques


async def clear(driver: Driver) -> None:
    """Empty the field under the cursor."""
    await driver.press("end", "ctrl+u")


async def fill(driver: Driver, *cells: str) -> None:
    """Type into the cell under the cursor and those after it."""
    for cell in cells:
        await clear(driver)
        await driver.type(cell)
        await driver.press("tab")


async def form(driver: Driver, *sources: str) -> None:
    """Open the form, and go through what it can begin with."""
    await driver.press("8", "t")
    assert driver.place == "PublishScreen"
    await driver.press(*sources)


async def test_a_technique_is_typed_into_a_table() -> None:
    async with driven(planning(), LARGE) as driver:
        await form(driver, "tab")
        await fill(driver, "rolls", "100", "piece")
        await driver.press("tab")
        await fill(driver, "flour", "6", "kg")
        await driver.press("tab")
        await fill(driver, "baking", "2")
        await driver.press("tab", "right", "right", "tab")
        await fill(driver, "smoke", "0.5", "kg")
        await driver.press(*("tab",) * 8)
        await fill(driver, "tin oven", "900", "Measured in May.")
        await driver.press("ctrl+s")
        assert published(driver) == (
            PublishTechnique(
                0,
                "tin oven",
                "rolls",
                "piece",
                micro(100),
                (Named("flour", "kg", micro(6)),),
                (Named("baking", "h", micro(2)),),
                (Named("smoke", "kg", micro(0.5)),),
                micro(900),
                "Measured in May.",
            ),
        )
        assert driver.place == "PlanScreen"
        assert "You published 1 technique" in driver.text


async def test_what_is_wrong_in_a_row_is_told_below_it_and_nothing_is_lost() -> None:
    async with driven(planning(), LARGE) as driver:
        await form(driver, "tab")
        await fill(driver, "rolls", "100", "piece")
        await driver.press("tab")
        await fill(driver, "flour", "-6", "kg")
        await driver.press("ctrl+s")
        assert driver.session.commands == []
        rows = driver.rows
        flour = next(at for at, row in enumerate(rows) if "flour" in row)
        assert "✗ The amount of flour is “-6”, and it is negative." in rows[flour + 1]
        await fill(driver, "6")
        await clear(driver)
        await driver.press("ctrl+s")
        assert "✗ The unit is missing. Write in what it is counted" in driver.text
        await fill(driver, "kg")
        await driver.press("ctrl+s")
        assert [technique.inputs for technique in published(driver)] == [(Named("flour", "kg", micro(6)),)]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ((), "It does not say what is made."),
        (("rolls", "", "piece"), "The amount of rolls is missing."),
        (("rolls", "0", "piece"), "The output of “rolls” is 0."),
        (("rolls", "NaN", "piece"), "“NaN”, and it is no number."),
        (("rolls", "1000000000001", "piece"), "more than 1,000,000,000,000"),
        (("rolls", "100", "piece"), "out of nothing, with nobody's work"),
        (("rolls", "100", "piece", "", "rolls", "100", "piece"), "uses up as much of itself as is made"),
        (("rolls", "100", "piece", "", "rolls", "1", "kg"), "it is made in “piece”"),
    ],
)
async def test_a_technique_that_none_can_be_is_refused_with_what_to_do(
    cells: tuple[str, ...], says: str
) -> None:
    async with driven(planning(), LARGE) as driver:
        await form(driver, "tab")
        for cell in cells:
            if cell:
                await driver.type(cell)
            await driver.press("tab")
        await driver.press("ctrl+s")
        assert says in driver.text
        assert "What to do:" in driver.text
        assert driver.session.commands == []


async def test_a_technique_that_was_published_is_changed_and_published_anew() -> None:
    async with driven(planning(), LARGE) as driver:
        await form(driver, "right", "right")
        assert "like “deck oven”, bread" in driver.text
        assert "gives off" in driver.text
        await driver.press("tab")
        await driver.press("tab")
        await fill(driver, "120")
        await driver.press("ctrl+s")
        (technique,) = published(driver)
        assert (technique.name, technique.output, technique.capacity) == ("deck oven", micro(120), micro(600))
        assert technique.note == "Measured in May."
        assert technique.given_off == (Named("smoke", "kg", micro(2)),)


async def test_a_file_is_published_after_a_question_with_capacities_and_a_note() -> None:
    session = planning()
    session.files["stove.csv"] = STOVE
    async with driven(session) as driver:
        await form(driver, "right", "tab")
        await driver.type("/media/stick/stove.csv")
        await driver.press("tab")
        await driver.type("rolls=500")
        await driver.press("tab")
        await driver.type("As last year.")
        await driver.press("ctrl+s")
        assert "Publish 2 techniques?" in driver.text
        assert "bread by “stove”, at most 40 loaf in a period" in driver.text
        assert driver.session.commands == []
        await driver.press("y")
        stove, rolls = published(driver)
        assert (stove.capacity, stove.note) == (micro(40), "By hand.")
        assert (rolls.capacity, rolls.note, rolls.name) == (micro(500), "As last year.", "rolls")


@pytest.mark.parametrize(
    ("file", "capacities", "says"),
    [
        ("none.csv", "", "none.csv can't be read"),
        ("stove.csv", "rolls", "“rolls” says no amount."),
        ("stove.csv", "cake=3", "The table makes no “cake”."),
        ("stove.csv", "rolls=-3", "“-3”, and it is negative."),
        ("bad.csv", "", "bad.csv: Line 2, column 7: The quantity is “NaN”, and it is no number."),
        ("", "", "Where is the file?"),
    ],
)
async def test_what_is_wrong_with_a_file_is_told_with_its_place(
    file: str, capacities: str, says: str
) -> None:
    session = planning()
    session.files |= {"stove.csv": STOVE, "bad.csv": STOVE.replace(b",1,h", b",NaN,h")}
    async with driven(session) as driver:
        await form(driver, "right", "tab")
        await driver.type(file)
        await driver.press("tab")
        await driver.type(capacities)
        await driver.press("ctrl+s")
        assert f"Not done: {says}" in driver.text or says in driver.text
        assert "What to do:" in driver.text
        assert driver.session.commands == []
        assert file in driver.text, "what was typed stays"


async def test_what_was_typed_is_there_again_after_leaving_whatever_it_began_with() -> None:
    async with driven(planning(), LARGE) as driver:
        await form(driver, "tab")
        await fill(driver, "rolls", "100", "piece")
        await driver.press("shift+tab", *("shift+tab",) * 3, "right")
        await driver.press("tab")
        await driver.type("~/stove.csv")
        await driver.press("escape")
        assert "Your draft is kept" in driver.text
        await driver.press("t")
        assert "rolls" in driver.text
        await driver.press("right")
        assert "~/stove.csv" in driver.text


async def test_before_any_period_techniques_are_published_too() -> None:
    session = planning()
    session.all_plans = []
    async with driven(session) as driver:
        await driver.press("8")
        assert "Press t to publish how you make things" in driver.text
        await driver.press("t")
        assert driver.place == "PublishScreen"


async def test_who_belongs_to_no_council_is_told_where_to_begin() -> None:
    session = planning()
    session.all_plans = []
    session.all_councils = [replace(council, my_standing="not a member") for council in session.all_councils]
    async with driven(session) as driver:
        await driver.press("8")
        assert "press 3 to found one" in driver.text


async def test_tables_are_exported_under_a_name_that_fits_and_read_again() -> None:
    async with driven(planning()) as driver:
        await driver.press("8", "c")
        assert "What all councils propose" in driver.text
        assert "What Household Marchetti proposes" in driver.text
        await driver.press("enter")
        assert "~/spring.csv" in driver.text
        await driver.press("enter")
        assert "Written to ~/spring.csv." in driver.text
        await driver.press("c", "down", "enter", "enter")
        await driver.press("left", "c", "enter", "enter")
        files = driver.session.files
        assert set(files) == {"spring.csv", "spring-morgenbrot-bakery.csv", "techniques.csv"}
        assert {line.council for line in read_units(files["spring.csv"])} == {
            unit.name for unit in planned.UNITS
        }
        assert [line.good for line in read_unit(files["spring-morgenbrot-bakery.csv"])] == ["bread"]
        table = read_table_file(files["techniques.csv"])
        assert table.names == ("deck oven", "stones")
        assert table.capacities == (micro(600), 0)
        assert table.notes == ("Measured in May.", "")


async def test_a_file_that_is_there_goes_only_after_a_question() -> None:
    session = planning()
    session.files["spring.csv"] = b"by hand"
    async with driven(session) as driver:
        await driver.press("8", "c", "enter", "enter")
        assert "Replace the file?" in driver.text
        await driver.press("n")
        assert session.files["spring.csv"] == b"by hand"
        assert "~/spring.csv" in driver.text
        await driver.press("enter", "y")
        assert session.files["spring.csv"] != b"by hand"


async def test_a_file_that_can_t_be_written_leaves_the_question_open() -> None:
    async with driven(planning()) as driver:
        await driver.press("8", "c", "enter")
        await clear(driver)
        await driver.type("/nowhere/a.csv")
        await driver.press("enter")
        assert "can't be written" in driver.text
        assert "/nowhere/a.csv" in driver.text
        await driver.press("escape")
        assert driver.place == "PlanScreen"


async def test_a_peer_that_refuses_leaves_the_table_as_it_is() -> None:
    session = planning()
    async with driven(session, LARGE) as driver:
        await form(driver, "right", "right")
        session.refuse = LocalError("You are not on duty on this laptop.", "Take over duty.")
        await driver.press("ctrl+s")
        assert "Not done: You are not on duty" in driver.text
        assert "deck oven" in driver.text
        assert driver.place == "PublishScreen"


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_every_key_of_the_form_is_shown(size: tuple[int, int]) -> None:
    async with driven(planning(), size) as driver:
        await driver.press("8", "t")
        shown = " ".join(driver.rows[-3:])
        for _, binding, enabled, _ in driver.app.screen.active_bindings.values():
            if binding.show and enabled:
                assert binding.description in shown
