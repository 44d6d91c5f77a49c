"""Score, transferable votes and equal shares, from the form to the ballot, at 80 columns and 24 rows."""

import pytest

from p2pcouncil.domain.tally.choice import Choice
from p2pcouncil.domain.tally.method import EqualShares, Method, Score, Stv
from p2pcouncil.peer.commands import CastBallot, MakeProposal
from tests.screens import people
from tests.screens.driver import Driver, driven
from tests.screens.staged import StagedSession

pytestmark = pytest.mark.asyncio

NAMES = ("Ada Marchetti", "Bo Lindqvist", "Chidi Okafor")
PROJECTS = ("New windows", "Cargo bike", "Coffee machine")


def staged(method: Method, options: tuple[str, ...], *cast: Choice) -> StagedSession:
    """A session with one proposal, whose vote others have cast so."""
    session, title = StagedSession(), "What we vote on"
    voters = (people.BO, people.CHIDI, people.DORA, people.EMRE)
    vote = people.issue(title, method, options, "Text.\n", dict(zip(voters, cast, strict=False)))
    runs = (("Text.\n", people.BO),)
    view = people.proposal(
        title, "Something.", runs, people.BO, method,
        options=options, stage="open", seconds=(people.DORA,), vote=vote, actions=("vote", "comment"),
    )  # fmt: skip
    session.all_proposals = [view]
    return session


def last_choice(driver: Driver) -> Choice:
    command = driver.session.commands[-1]
    assert isinstance(command, CastBallot)
    return command.choice


async def test_points_are_typed_or_raised_and_lowered() -> None:
    async with driven(staged(Score(0), NAMES, ((0,),))) as driver:
        await driver.press("2", "enter", "v")
        await driver.press("4", "down", "plus", "plus", "down", "enter", "minus")
        assert "[ 4] Ada Marchetti" in driver.text
        assert "You vote: Ada Marchetti 4, Chidi Okafor 4, Bo Lindqvist 2" in driver.text
        await driver.press("9")
        assert "[ 5] Chidi Okafor" in driver.text
        await driver.press("ctrl+s")
        assert last_choice(driver) == ((2,), (0,), (), (1,))
        assert "Numbers are points" in driver.text
        await driver.press("v", "0", "up", "up", "0", "down", "0")
        assert "You vote: no points (a blank ballot)" in driver.text


async def test_a_transferable_ballot_never_shares_a_rank() -> None:
    async with driven(staged(Stv(0, 2), NAMES, ((0,),))) as driver:
        await driver.press("2", "enter", "v", "down", "enter", "up", "enter", "end", "1")
        assert "1. Chidi Okafor; 2. Bo Lindqvist; 3. Ada Marchetti" in driver.text
        await driver.press("minus")
        assert "1. Bo Lindqvist; 2. Chidi Okafor; 3. Ada Marchetti" in driver.text
        await driver.press("home", "0")
        assert "1. Bo Lindqvist; 2. Chidi Okafor; not ranked: Ada Marchetti" in driver.text
        await driver.press("ctrl+s")
        assert last_choice(driver) == ((1,), (2,))


async def test_projects_show_what_they_cost() -> None:
    async with driven(staged(EqualShares(0, 6000, (4200, 2400, 300)), PROJECTS, ((0,),))) as driver:
        await driver.press("2", "enter", "v", "3", "1")
        assert "[x] New windows costs 4,200" in driver.text
        await driver.press("ctrl+s")
        assert last_choice(driver) == ((0, 2),)
        assert "Numbers are approvals" in driver.text


async def write(driver: Driver, method_steps: int) -> None:
    """Fill in a proposal up to its method."""
    await driver.press("n")
    await driver.type("Next year")
    await driver.press("enter")
    await driver.type("Who or what?")
    await driver.press("tab", "tab", "tab", "tab", *["right"] * method_steps, "tab")


async def test_a_score_vote_is_asked_for() -> None:
    async with driven() as driver:
        await write(driver, 3)
        await driver.type("Red\nBlue")
        await driver.press("tab", "tab", "backspace", "3")
        await driver.press("ctrl+s")
        command = driver.session.commands[-1]
        assert isinstance(command, MakeProposal)
        assert (command.method, command.options) == (Score(500, 3, 1), ("Red", "Blue"))


async def test_seats_are_asked_for() -> None:
    async with driven() as driver:
        await write(driver, 4)
        await driver.type("Ada\nBo\nCem")
        await driver.press("tab", "backspace", "2")
        await driver.press("ctrl+s")
        command = driver.session.commands[-1]
        assert isinstance(command, MakeProposal)
        assert (command.method, command.options) == (Stv(500, 2), ("Ada", "Bo", "Cem"))


async def test_a_budget_and_its_projects_are_asked_for() -> None:
    async with driven() as driver:
        await write(driver, 5)
        assert "End each line with what it costs" in driver.text
        await driver.type("New windows 4200\nCargo bike")
        await driver.press("ctrl+s")
        assert "Project 2 doesn't say what it costs" in driver.text
        await driver.press("end")
        await driver.type(": 2400")
        await driver.press("tab", "6", "0", "0", "0")
        await driver.press("ctrl+s")
        command = driver.session.commands[-1]
        assert isinstance(command, MakeProposal)
        assert command.method == EqualShares(500, 6000, (4200, 2400))
        assert command.options == ("New windows", "Cargo bike")
