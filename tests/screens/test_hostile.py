"""Names, titles and texts that want more than to be read."""

from dataclasses import replace

import pytest

from p2pcouncil.peer.views.issues import FollowView, LifeStep, PassedOverView, ReviewView, TellerView
from p2pcouncil.peer.views.register import OfficeView, SpokenView
from tests.screens import people, planned
from tests.screens.driver import LARGE, SMALL, driven
from tests.screens.staged import StagedSession
from tui.content import block, line

MARKUP = "[red]x[/]"
CLICK = "[@click=app.quit]x"
BROKEN = "[/nothing] [b"
ESCAPE = "a\x1b[2J\x1b]52;c;aGk=\x07b"
BIDI = "yes\u202eon"
HOSTILE = f"{MARKUP} {CLICK} {BROKEN} {ESCAPE} {BIDI}"


def hostile_session() -> StagedSession:
    """Everything that a stranger may write says something hostile."""
    session = StagedSession()
    mallory = replace(people.BO, name=HOSTILE)
    issue = people.OVEN.issue
    assert issue is not None
    session.all_proposals = [
        replace(
            people.OVEN,
            title=HOSTILE,
            summary=HOSTILE,
            author=mallory,
            council_name=HOSTILE,
            tags=(HOSTILE,),
            issue=replace(
                issue,
                opener=mallory,
                text=HOSTILE,
                status_line=HOSTILE,
                roll=(mallory, *issue.roll),
                ballots=(replace(issue.ballots[0], person=mallory, choice=HOSTILE), *issue.ballots[1:]),
                tally=replace(issue.tally, headline=HOSTILE, explain=(HOSTILE,)),
                life=replace(
                    issue.life,
                    steps=(*issue.life.steps[:1], LifeStep("entered", HOSTILE, True)),
                    tellers=(TellerView(mallory, True, True, False),),
                    effect=HOSTILE,
                    done=HOSTILE,
                    overseers=(mallory,),
                    reviews=(ReviewView(mallory, False, HOSTILE),),
                    follows=(FollowView(mallory, "evidence", HOSTILE, 0),),
                ),
                passed_over=(PassedOverView(mallory, 1, issue.id, HOSTILE),),
            ),
            comments=(replace(people.OVEN_COMMENTS[0], author=mallory, text=HOSTILE),),
        ),
        replace(
            people.CARGO,
            title=HOSTILE,
            author=mallory,
            runs=(replace(people.CARGO.runs[0], text=HOSTILE, author=mallory),),
        ),
        replace(
            people.FLOURS,
            title=HOSTILE,
            options=(HOSTILE, "b", "c"),
            issue=None
            if people.FLOURS.issue is None
            else replace(people.FLOURS.issue, options=(HOSTILE, "b", "c")),
        ),
    ]
    council = session.all_councils[1]
    session.all_councils[1] = replace(
        council,
        name=HOSTILE,
        purpose=HOSTILE,
        charter=(HOSTILE,),
        rejected=(("abcd", HOSTILE, HOSTILE),),
        members=(replace(council.members[0], person=mallory, vouched_by=(HOSTILE,)), *council.members[1:]),
        requests=(replace(people.REQUEST, person=mallory, how=HOSTILE, warning=HOSTILE),),
    )
    closed = replace(session.all_proposals[0], id=people.change("closed"))
    assert closed.issue is not None
    session.all_proposals.append(replace(closed, issue=replace(closed.issue, status="closed")))
    session.registers[people.BAKERY] = replace(
        people.REGISTER,
        council_name=HOSTILE,
        line=HOSTILE,
        waiting=(HOSTILE,),
        pages=(replace(people.REGISTER.pages[0], did=(HOSTILE,), signers=(mallory,)),),
        tellers=(SpokenView(mallory, 0, HOSTILE),),
        convicted=(mallory,),
        parameters=((HOSTILE, HOSTILE),),
        offices=(OfficeView(HOSTILE, (mallory,)),),
    )
    found = planned.plan()
    loud = replace(found.units[0], name=HOSTILE, note=HOSTILE, standing=HOSTILE, speaker=mallory)
    session.all_plans = [
        replace(
            found,
            title=HOSTILE,
            line=HOSTILE,
            goods=(replace(found.goods[0], name=HOSTILE, unit=HOSTILE), *found.goods[1:]),
            units=(loud, *found.units[1:]),
            silent=(HOSTILE,),
            faults=(HOSTILE,),
        )
    ]
    session.all_techniques = [replace(planned.TECHNIQUES[0], name=HOSTILE, note=HOSTILE, by=mallory)]
    session.peers = (replace(session.peers[0], person=mallory, problem=HOSTILE, addresses=(HOSTILE,)),)
    return session


PLACES = (
    (),
    ("2",),
    ("3", "down"),
    ("4",),
    ("2", "enter"),
    ("2", "enter", "right"),
    ("2", "enter", "right", "right"),
    ("2", "enter", "right", "right", "r"),
    ("2", "enter", "left"),
    ("2", "enter", "l"),
    ("6", "right"),
    ("7",),
    ("7", "enter"),
    ("2", "down", "enter", "right", "w"),
    ("2", "down", "enter", "s"),
    ("2", "down", "enter", "e"),
    ("2", "down", "down", "enter", "v", "1"),
    ("3", "down", "v"),
    ("3", "down", "l"),
    ("3", "down", "b"),
    ("3", "down", "n"),
    ("3", "down", "i"),
    ("8",),
    ("8", "right", "x"),
    ("8", "right", "right"),
    ("8", "left"),
    ("8", "e"),
)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("keys", "size"), [*((keys, SMALL) for keys in PLACES), *((keys, LARGE) for keys in PLACES[2:6])]
)
async def test_a_stranger_s_text_is_shown_as_it_is(keys: tuple[str, ...], size: tuple[int, int]) -> None:
    async with driven(hostile_session(), size) as driver:
        await driver.press(*keys)
        assert MARKUP in driver.text, "markup must be shown, not obeyed"
        everything = driver.app.export_screenshot()
        assert "\x1b" not in everything
        assert "\u202e" not in everything
        for strip in driver.app.screen._compositor.render_strips():
            for segment in strip:
                assert not any(character < " " for character in segment.text)
                meta = segment.style.meta if segment.style else {}
                assert "app.quit" not in str(meta.get("@click", ""))


@pytest.mark.parametrize("text", [MARKUP, CLICK, BROKEN, "\\[b]", "[bold on red]"])
def test_no_text_turns_into_style(text: str) -> None:
    for content in (line(text), block(text)):
        assert content.plain == text
        assert not content.spans
