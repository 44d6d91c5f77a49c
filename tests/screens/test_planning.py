"""Planning by keyboard: reading a period, proposing in a round, a product's hours, beginning, adopting, reporting."""

from dataclasses import replace

import pytest

from crdt.errors import LocalError
from p2pcouncil.domain.effects import AdoptPlan, OpenPlan
from p2pcouncil.domain.planning.said import Limit, Made, UnitPlan, Wanted
from p2pcouncil.peer.commands import MakeProposal, ProposeInRound, ReportOnPlan
from p2pcouncil.plan_files.terms_file import TEMPLATE
from tests.screens import people, planned
from tests.screens.driver import LARGE, SMALL, Driver, driven
from tests.screens.planned import BAKERY, BAKING, BREAD, MARCHETTI, OVEN, SPRING, micro, planning
from tui.drawing.plan_units import SECTION_LINES, techniques_section, units_section

pytestmark = pytest.mark.asyncio


async def clear(driver: Driver) -> None:
    """Empty the field under the cursor."""
    await driver.press("end", "ctrl+u")


async def test_the_inbox_leads_to_the_round_that_asks_for_me() -> None:
    async with driven(planning()) as driver:
        await driver.press("down", "down", "enter")
        assert driver.place == "PlanScreen"
        assert "Round 3 takes proposals" in driver.text
        await driver.press("escape")
        assert driver.place == "InboxScreen"


async def test_a_running_round_is_called_provisional_and_a_page_s_is_not() -> None:
    async with driven(planning()) as driver:
        await driver.press("8")
        assert "provisional" in driver.text
        assert "ends in 5 h by page time" in driver.text
    async with driven(planning(planned.ended())) as driver:
        await driver.press("8")
        assert "provisional" not in driver.text
        assert "by its page" in driver.text


async def test_gaps_are_told_in_words_and_signs_besides_bars() -> None:
    async with driven(planning()) as driver:
        await driver.press("8")
        rows = [row.strip() for row in driver.rows]
        assert any(row.startswith("! bread") and "short by 33.34 %" in row for row in rows)
        assert any(row.startswith("✓ flour") and "over by 4.09 %" in row for row in rows)
        assert any(row.startswith("✓ milling") and row.endswith("even") for row in rows)
        bread = next(row for row in rows if row.startswith("! bread"))
        short, over = bread.split("│")
        assert "█" in short
        assert "█" not in over
        assert "supply 400, demand 560 loaf · price 847.000 · 0.056 h" in driver.text
        assert "swinging" in driver.text
        assert "MORE than the limit" in driver.text


async def test_councils_stand_below_the_one_that_they_are_within_and_the_silent_are_named() -> None:
    async with driven(planning(), LARGE) as driver:
        await driver.press("8", "right", "right")
        rows = [row.split("│")[0].rstrip() for row in driver.rows]
        quarter = next(row for row in rows if "Lindenhof quarter consumers" in " ".join(row.split()))
        household = next(row for row in rows if "Household Weiss consumers" in " ".join(row.split()))
        assert household.index("✓") == quarter.index("·") + 2
        assert "! Morgenbrot bakery" in driver.text
        assert "makes 400 loaf bread deck oven" in driver.text
        side = " ".join(" ".join(row.split("│")[-1] for row in driver.rows).split())
        assert "Nothing said in this round Morgenbrot bakery, Household Marchetti" in side


async def test_prices_come_as_a_chart_and_as_numbers_and_goods_are_picked() -> None:
    async with driven(planning(), LARGE) as driver:
        await driver.press("8", "right")
        assert "[•] bread" in driver.text
        assert "[ ] field" in driver.text
        await driver.press("end", "space")
        assert "[o] field" in driver.text
        await driver.press("x")
        numbers = " ".join(" ".join(row.split("▌")[-1] for row in driver.rows).split())
        assert "bread round 1 700.000 short by 66.68 %, page 12" in numbers
        assert "round 2 770.000 short by 33.34 %, page 13 now 847.000" in numbers


async def test_a_small_terminal_gets_the_numbers_at_once() -> None:
    async with driven(planning(), (60, 18)) as driver:
        await driver.press("8", "right")
        assert "Prices, what was" in driver.text
        assert "┤" not in driver.text


async def test_a_suggestion_is_taken_with_one_key_and_nothing_is_said_before_it_is_sent() -> None:
    async with driven(planning()) as driver:
        await driver.press("8", "e", "ctrl+y")
        assert driver.session.commands == []
        assert "Nothing is said yet" in driver.text
        await driver.press("down", "ctrl+y", "ctrl+s")
        assert driver.session.commands == [
            ProposeInRound(
                SPRING,
                (
                    UnitPlan(BAKERY, (Made(OVEN, micro(560)),), note="The oven is down on Mondays."),
                    UnitPlan(
                        MARCHETTI,
                        wanted=(Wanted(BREAD, micro(66.5), 1),),
                        offered=(Wanted(BAKING, micro(12)),),
                        limits=(Limit("smoke", "kg", micro(6)),),
                    ),
                ),
            )
        ]
        assert driver.place == "PlanScreen"
        assert "You proposed for Morgenbrot bakery, Household Marchetti" in driver.text


async def test_a_table_fills_the_fields_of_all_councils_that_it_names_and_says_nothing_yet() -> None:
    session = planning()
    session.files["spring.csv"] = (
        b"council,kind,good,amount,unit,how\nMorgenbrot bakery,makes,bread,520,loaf,deck oven\n"
        b"Lindhof mill,makes,flour,9,kg,\nHousehold Marchetti,wants,flour,3,kg,nice\n"
    )
    async with driven(session) as driver:
        await driver.press("8", "e", "ctrl+l")
        assert "~/spring.csv" in driver.text
        await driver.press("enter")
        assert "Filled in for Morgenbrot bakery, Household Marchetti. Nothing is said yet." in driver.text
        assert session.commands == []
        await driver.press("ctrl+s")
        (command,) = session.commands
        assert isinstance(command, ProposeInRound)
        bakery, marchetti = command.units
        assert bakery.made == (Made(OVEN, micro(520)),)
        assert bakery.note == "The oven is down on Mondays.", "a table has no notes, so they stay"
        assert marchetti.wanted == (Wanted(planned.FLOUR, micro(3), 3),)
        assert (marchetti.offered, marchetti.limits) == ((), ()), "the table is all that is proposed"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (b"", "spring.csv: The file is empty."),
        (b"kind,good,amount,unit\nmakes,bread,NaN,\n", "Line 2, column 3: The amount is “NaN”"),
        (b"kind,good,amount,unit\nwants,bread,1,\n", "spring.csv: Line 2: “Morgenbrot bakery” is a"),
        (b"kind,good,amount,unit\nmakes,cake,1,\n", "Line 2: Nobody published how to make “cake”."),
        (b"council,kind,good,amount,unit\nEast,wants,bread,1,\n", "Line 2: The plan has no council “East”."),
        (b"council,kind,good,amount,unit\nLindhof mill,makes,flour,1,\n", "nothing for councils that you"),
    ],
)
async def test_a_table_that_can_t_be_read_says_where_and_changes_nothing(table: bytes, says: str) -> None:
    session = planning()
    session.files["spring.csv"] = table
    async with driven(session) as driver:
        await driver.press("8", "e", "ctrl+l", "enter")
        assert says in driver.text
        assert "~/spring.csv" in driver.text, "the path can be corrected, or the file, and read again"
        await driver.press("escape")
        assert driver.place == "ProposeInRoundScreen"
        assert "400" in driver.text


async def test_more_than_can_be_made_is_told_while_it_is_typed_and_forbidden_to_nobody() -> None:
    async with driven(planning()) as driver:
        await driver.press("8", "e")
        await clear(driver)
        await driver.type("601")
        assert "Mind: 601 of bread by “deck oven”, which can make 600 loaf in a period." in driver.text
        await driver.press("ctrl+s")
        (command,) = driver.session.commands
        assert isinstance(command, ProposeInRound)
        assert command.units[0].made == (Made(OVEN, micro(601)),)


async def test_an_amount_that_is_none_is_told_below_its_field_and_nothing_is_lost() -> None:
    async with driven(planning()) as driver:
        await driver.press("8", "e")
        await clear(driver)
        await driver.type("1,5")
        await driver.press("down")
        await clear(driver)
        await driver.type("70")
        await driver.press("ctrl+s")
        assert driver.session.commands == []
        assert "✗ “1,5” is no amount: it has a comma." in driver.text
        assert "Not done: An amount can't be read" in driver.text
        await clear(driver)
        await driver.type("450")
        await driver.press("ctrl+s")
        (command,) = driver.session.commands
        assert isinstance(command, ProposeInRound)
        assert command.units[0].made == (Made(OVEN, micro(450)),)
        assert command.units[1].wanted == (Wanted(BREAD, micro(70), 1),)


async def test_what_was_typed_is_there_again_after_leaving() -> None:
    async with driven(planning()) as driver:
        await driver.press("8", "e", "down", "ctrl+o", "enter")
        await driver.type("30")
        await driver.press("escape")
        assert "Your draft is kept" in driver.text
        await driver.press("e", "ctrl+s")
        command = driver.session.commands[-1]
        assert isinstance(command, ProposeInRound)
        assert Wanted(planned.FLOUR, micro(30)) in command.units[-1].wanted


async def test_a_page_that_comes_while_typing_takes_nothing_away() -> None:
    async with driven(planning()) as driver:
        await driver.press("8", "e")
        await clear(driver)
        await driver.type("444")
        driver.session.all_plans = [
            replace(planned.plan(), round=4, can_propose="No round takes proposals now.")
        ]
        driver.session.touch()
        await driver.pilot.pause()
        await driver.pilot.pause()
        assert "No round takes proposals now." in driver.text
        assert "444" in driver.text


async def test_a_refusal_leaves_the_table_as_it_is() -> None:
    session = planning()
    async with driven(session) as driver:
        await driver.press("8", "e", "ctrl+y")
        session.refuse = LocalError("Round 3 was over.", "Propose in the next one.")
        await driver.press("ctrl+s")
        assert "Not done: Round 3 was over." in driver.text
        assert "560" in driver.text
        assert driver.place == "ProposeInRoundScreen"


async def test_a_price_explains_itself_as_a_tree_and_as_plain_lines() -> None:
    async with driven(planning()) as driver:
        await driver.press("8")
        await driver.press("enter")
        assert driver.place == "HoursScreen"
        assert "1 loaf of bread takes 0.056000 h" in driver.text
        assert "▾ 0.6 kg of flour" in driver.text
        await driver.press("down", "down", "enter")
        assert "▸ 0.6 kg of flour" in driver.text
        assert "work: milling" not in driver.text
        await driver.press("-", "-")
        assert "0.6 kg of flour" in driver.text, "10.7 % is above the threshold of a tenth"
        await driver.press("-")
        assert "the rest: 1 input" in driver.text
        assert "below 20 %" in driver.text
        await driver.press("+", "x")
        assert "for bread: 0.6 kg of flour, 0.006000 h, 10.7 %" in driver.text


async def test_a_resource_has_no_hours() -> None:
    async with driven(planning()) as driver:
        await driver.press("8")
        await driver.press("end", "enter")
        assert "There are no hours to show in field." in driver.text


async def test_a_period_begins_from_a_file_after_a_question() -> None:
    session = planning()
    session.files["spring.toml"] = (
        TEMPLATE.replace('"Ada"', '"Ada Marchetti"')
        .replace('"Ben"', '"Bo Lindqvist"')
        .replace('"Cem"', '"Dora Weiss"')
        .encode()
    )
    async with driven(session) as driver:
        await driver.press("8", "p", "tab")
        await driver.type("/media/stick/spring.toml")
        await driver.press("ctrl+s")
        assert "4 goods, 3 councils." in driver.text
        assert "Rounds of 2 days, at most 12" in driver.text
        assert driver.session.commands == []
        await driver.press("y")
        (command,) = driver.session.commands
        assert isinstance(command, MakeProposal)
        assert command.title == "Spring"
        assert isinstance(command.effect, OpenPlan)
        assert command.effect.units[2].speaker == people.DORA.member


async def test_a_file_s_error_says_where_and_keeps_the_form() -> None:
    session = planning()
    session.files["spring.toml"] = b'title = "Spring"\nround = 2d\n'
    async with driven(session) as driver:
        await driver.press("8", "p", "tab")
        await driver.type("spring.toml")
        await driver.press("ctrl+s")
        assert "spring.toml: Line 2: It is no TOML" in driver.text
        await clear(driver)
        await driver.type("summer.toml")
        await driver.press("ctrl+s")
        assert "can't be read" in driver.text
        assert driver.place == "BeginPlanScreen"


async def test_a_period_begins_from_the_terms_of_an_earlier_one() -> None:
    async with driven(planning(planned.adopted())) as driver:
        await driver.press("8", "p", "right", "tab")
        await driver.type("Summer")
        await driver.press("tab")
        await driver.type("As in spring.")
        await driver.press("ctrl+s", "y")
        (command,) = driver.session.commands
        assert isinstance(command, MakeProposal)
        assert (command.title, command.summary, command.effect) == ("Summer", "As in spring.", planned.TERMS)


async def test_adoption_is_proposed_after_a_question() -> None:
    async with driven(planning(planned.ended())) as driver:
        await driver.press("8", "a", "n")
        assert driver.session.commands == []
        await driver.press("a", "y")
        (command,) = driver.session.commands
        assert isinstance(command, MakeProposal)
        assert command.effect == AdoptPlan(SPRING, 2, people.digest("round 2"))


async def test_an_adoption_that_is_proposed_already_is_gone_to_and_not_proposed_twice() -> None:
    session = planning()
    proposal = session.all_proposals[0]
    session.all_plans = [replace(planned.ended(), adoption=proposal.id, adoption_title="Adopt “Spring”")]
    async with driven(session) as driver:
        await driver.press("8", "right", "right", "right")
        assert "“Adopt “Spring”” would make it the plan of record." in driver.text
        await driver.press("a")
        assert driver.place == "ProposalScreen"
        assert "is proposed already" in driver.text
        assert session.commands == []
        await driver.press("escape")
        assert driver.place == "PlanScreen"


async def test_results_stand_against_the_plan_of_record_and_are_reported() -> None:
    async with driven(planning(planned.adopted())) as driver:
        await driver.press("8", *("right",) * 4)
        assert "120 of 400, 30 %" in driver.text
        assert "600 of 560, 107 %, MORE than planned" in driver.text
        await driver.press("r", "tab", "tab")
        await driver.type("twelve")
        await driver.press("ctrl+s")
        assert "✗ This is no amount: it is no number." in driver.text
        await clear(driver)
        await driver.type("12.5")
        await driver.press("tab")
        await driver.type("The second week.")
        await driver.press("ctrl+s")
        command = ReportOnPlan(SPRING, BAKERY, BREAD, micro(12.5), "The second week.")
        assert driver.session.commands == [command]


async def test_a_report_that_was_begun_is_there_again() -> None:
    async with driven(planning(planned.adopted())) as driver:
        await driver.press("8", "r", "right", "tab", "right", "tab")
        await driver.type("7")
        await driver.press("escape")
        assert "Your draft is kept" in driver.text
        await driver.press("r", "ctrl+s")
        assert driver.session.commands == [ReportOnPlan(SPRING, MARCHETTI, planned.FLOUR, micro(7), "")]


async def test_several_periods_are_a_list_first() -> None:
    autumn = replace(planned.adopted(), id=planned.AUTUMN, title="Autumn")
    async with driven(planning(planned.plan(), autumn)) as driver:
        await driver.press("8")
        assert "Spring Lindenhof quarter · rounds go on" in driver.text
        assert "Autumn Lindenhof quarter · plan of record" in driver.text
        await driver.press("down", "enter")
        assert "The plan of record since page 15" in driver.text
        await driver.press("escape")
        assert "Spring Lindenhof quarter" in driver.text


async def test_without_a_period_the_screen_says_how_to_begin_one() -> None:
    session = planning()
    session.all_plans = []
    async with driven(session) as driver:
        await driver.press("8")
        assert "No planning period has begun. Press p to propose one" in driver.text


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("keys", [("8",), ("8", "right"), ("8", "e"), ("8", "p")])
async def test_every_key_of_planning_is_shown(keys: tuple[str, ...], size: tuple[int, int]) -> None:
    async with driven(planning(), size) as driver:
        await driver.press(*keys)
        shown = " ".join(driver.rows[-3:])
        for _, binding, enabled, _ in driver.app.screen.active_bindings.values():
            if binding.show and enabled:
                assert binding.description in shown


async def test_figures_that_are_being_worked_out_are_said_to_be() -> None:
    async with driven(planning(replace(planned.plan(), is_being_worked_out=True))) as driver:
        await driver.press("8")
        assert "being worked out" in driver.text
    async with driven(planning()) as driver:
        await driver.press("8")
        assert "being worked out" not in driver.text


async def test_a_plan_of_very_many_lines_says_how_much_more_there_is() -> None:
    view, (oven, *_) = planned.plan(), planned.TECHNIQUES
    large = replace(oven, inputs=oven.inputs * 400)
    told = techniques_section((large,) * 50).plain
    assert told.count("\n") < 2 * SECTION_LINES
    assert told.endswith("… and 47 more techniques; `p2pcouncil technique list` lists all.")
    unit = replace(view.units[0], figures=view.units[0].figures * 300)
    told = units_section(replace(view, units=(unit,) * 50)).plain
    assert told.count("\n") < 2 * SECTION_LINES
    assert "more councils; `p2pcouncil plan show` lists all." in told
    assert "more" not in techniques_section((oven,) * 50).plain
