"""How the main screens look; ``make snap`` accepts the present ones as the reference."""

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from tests.screens.driver import LARGE, SMALL, app_of
from tests.screens.past import afterwards
from tests.screens.planned import adopted, planning
from tests.screens.staged import StagedSession, coming, troubled

Compare = Callable[..., bool]
SCREENS = {
    "inbox": (),
    "proposals": ("2",),
    "proposal": ("enter",),
    "proposal_voted": ("end", "enter"),
    "text": ("2", "enter", "right", "w"),
    "discussion": ("enter", "right", "right"),
    "count": ("enter", "left"),
    "vote_yes_no": ("v", "down", "enter"),
    "vote_ranked": ("down", "v", "2", "down", "1"),
    "propose": ("n",),
    "councils": ("3", "down"),
    "vouch": ("3", "down", "v"),
    "invite": ("3", "i", "enter"),
    "network": ("4",),
    "me": ("5",),
    "help": ("f1",),
    "life_running": ("end", "enter", "l"),
    "register": ("6", "right"),
    "propose_election": ("n", *("tab",) * 5, "right", *("tab",) * 4, *("right",) * 6),
}
PAST = {
    "inbox": (),
    "proposals": ("2",),
    "overview": ("2", "enter"),
    "life": ("2", "enter", "l"),
    "disputed": ("2", "down", "enter", "l"),
    "lapsed": ("2", "end", "enter", "l"),
    "oversight": ("7",),
    "review": ("7", "enter"),
    "dispute": ("7", "enter", "d"),
    "take_up": ("2", "enter", "t"),
}
PLANS = {
    "goods": ("8",),
    "prices": ("8", "right"),
    "numbers": ("8", "right", "x"),
    "councils": ("8", "right", "right"),
    "rounds": ("8", "right", "right", "right"),
    "techniques": ("8", "left"),
    "hours": ("8", "down", "up", "enter"),
    "hours_in_lines": ("8", "down", "up", "enter", "x"),
    "propose": ("8", "e"),
    "begin": ("8", "p"),
    "publish": ("8", "t", "right", "right"),
    "export": ("8", "c"),
}
RECORD = {"results": ("8", *("right",) * 4), "report": ("8", "r")}


def pressed(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Press keys, wait until nothing scrolls, and hold the cursor still: a busy machine takes pictures when it will."""

    async def press(pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await pilot.wait_for_scheduled_animations()
        for field in pilot.app.screen.query("*").results(Input | TextArea):
            field.cursor_blink = False
        await pilot.pause()

    return press


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", SCREENS)
def test_dark(name: str, size: tuple[int, int], snap_compare: Compare) -> None:
    assert snap_compare(app_of(StagedSession()), run_before=pressed(*SCREENS[name]), terminal_size=size)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", PAST)
def test_past(name: str, size: tuple[int, int], snap_compare: Compare) -> None:
    assert snap_compare(app_of(afterwards()), run_before=pressed(*PAST[name]), terminal_size=size)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", PLANS)
def test_plan(name: str, size: tuple[int, int], snap_compare: Compare) -> None:
    assert snap_compare(app_of(planning()), run_before=pressed(*PLANS[name]), terminal_size=size)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", RECORD)
def test_plan_of_record(name: str, size: tuple[int, int], snap_compare: Compare) -> None:
    session = planning(adopted())
    assert snap_compare(app_of(session), run_before=pressed(*RECORD[name]), terminal_size=size)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
def test_newcomers(size: tuple[int, int], snap_compare: Compare) -> None:
    assert snap_compare(app_of(coming()), run_before=pressed("3", "down"), terminal_size=size)


@pytest.mark.parametrize("name", ["inbox", "proposal"])
def test_light(name: str, snap_compare: Compare) -> None:
    assert snap_compare(
        app_of(StagedSession()), run_before=pressed("ctrl+t", *SCREENS[name]), terminal_size=SMALL
    )


def test_welcome(snap_compare: Compare) -> None:
    assert snap_compare(app_of(StagedSession(is_new=True)), run_before=pressed(), terminal_size=SMALL)


def test_phrase(snap_compare: Compare) -> None:
    keys = ("enter", "A", "d", "a", "ctrl+s")
    assert snap_compare(app_of(StagedSession(is_new=True)), run_before=pressed(*keys), terminal_size=SMALL)


def test_network_in_trouble(snap_compare: Compare) -> None:
    session = StagedSession()
    session.peers = troubled()
    assert snap_compare(app_of(session), run_before=pressed("4"), terminal_size=SMALL)


def test_quit(snap_compare: Compare) -> None:
    session = StagedSession()
    session.only_here = 2
    assert snap_compare(app_of(session), run_before=pressed("ctrl+q"), terminal_size=SMALL)
