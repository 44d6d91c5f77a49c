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
