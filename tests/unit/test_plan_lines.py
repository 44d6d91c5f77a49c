"""What a council proposes, from lines to an entry and back; the same on the command line and on the screens."""

from dataclasses import replace

import pytest

from crdt.errors import LocalError
from p2pcouncil.domain.planning.said import Made, Wanted
from p2pcouncil.peer.plan_lines import part_of, to_lines
from p2pcouncil.peer.plan_proposals import adoption, speaker_in
from p2pcouncil.plan_files.unit_file import Line
from p2pcouncil.text_files.errors import TextFileError
from tests.screens import people, planned
from tests.screens.planned import BAKERY, BREAD, MARCHETTI, OVEN, TECHNIQUES, micro

PLAN = planned.plan()
TWIN = replace(TECHNIQUES[0], hash=people.change("another deck oven"), by=people.BO)


@pytest.mark.parametrize("unit", [BAKERY, MARCHETTI])
def test_what_was_said_comes_back_from_its_lines(unit: int) -> None:
    view = PLAN.units[unit]
    assert part_of(list(to_lines(view)), unit, view.note, PLAN, TECHNIQUES) == view.part


def test_two_techniques_of_one_name_are_told_apart_by_their_ids() -> None:
    line = Line("makes", "bread", micro(5), how="deck oven")
    with pytest.raises(TextFileError, match="There are 2 ways to make “bread”"):
        part_of([line], BAKERY, "", PLAN, (*TECHNIQUES, TWIN))
    named = replace(line, how=OVEN.hex())
    assert part_of([named], BAKERY, "", PLAN, (*TECHNIQUES, TWIN)).made == (Made(OVEN, micro(5)),)


def test_a_priority_is_must_nice_or_nothing() -> None:
    part = part_of([Line("wants", "bread", micro(1), how="nice")], MARCHETTI, "", PLAN, TECHNIQUES)
    assert part.wanted == (Wanted(BREAD, micro(1), 3),)
    with pytest.raises(TextFileError, match="“urgent” is no priority"):
        part_of([Line("wants", "bread", micro(1), how="urgent")], MARCHETTI, "", PLAN, TECHNIQUES)


@pytest.mark.parametrize(("kind", "good"), [("wants", "bread"), ("offers", "baking"), ("limits", "smoke")])
def test_a_line_never_takes_the_place_of_another_without_a_word(kind: str, good: str) -> None:
    lines = [Line(kind, good, micro(1), line=2), Line(kind, good, micro(2), line=5)]
    with pytest.raises(TextFileError, match=f"Line 5: A line above {kind} “{good}” already"):
        part_of(lines, MARCHETTI, "", PLAN, TECHNIQUES)


def test_a_technique_that_does_not_fit_the_plan_is_told_by_its_thing_and_unit() -> None:
    line = Line("makes", "bread", micro(5), how="tin oven", line=3)
    grams = replace(TECHNIQUES[0], name="tin oven", inputs=(planned.figure("uses", "flour", "g", 600),))
    with pytest.raises(TextFileError, match="Line 3: “tin oven” counts “flour” in g, and the plan in kg"):
        part_of([line], BAKERY, "", PLAN, (grams,))
    salted = replace(grams, inputs=(planned.figure("uses", "salt", "kg", 1),))
    with pytest.raises(TextFileError, match="Line 3: “tin oven” uses “salt”, which is not planned"):
        part_of([line], BAKERY, "", PLAN, (salted,))


def test_a_plan_of_record_is_not_adopted_again() -> None:
    assert adoption(planned.ended()).title == "Adopt “Spring”"
    with pytest.raises(LocalError, match="is the plan of record already"):
        adoption(planned.adopted())


def test_a_speaker_is_a_member_by_name_or_fingerprint_and_one_alone() -> None:
    quarter = people.COUNCILS[0]
    speaker = speaker_in(quarter)
    assert speaker("ada marchetti") == speaker(people.ADA.fingerprint) == people.ADA.member
    with pytest.raises(LocalError, match="“Nobody” is no member of Lindenhof quarter"):
        speaker("Nobody")
    twins = replace(quarter, members=(*quarter.members, replace(quarter.members[1], person=people.ADA)))
    with pytest.raises(LocalError, match="There are 2 members called “Ada Marchetti”"):
        speaker_in(twins)("Ada Marchetti")
