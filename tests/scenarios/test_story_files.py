"""A story is data: what is wrong in it is named with the file and the step, before anything starts."""

from pathlib import Path

import pytest

from crdt.errors import LocalError
from p2pcouncil.scenario.checking import unmet
from p2pcouncil.scenario.narrate import Narrator
from p2pcouncil.scenario.report import Holding, PeerReport, Report, differences, to_json, to_lines
from p2pcouncil.scenario.steps import Expect, Kill, Start, Stop, Together, Vote
from p2pcouncil.scenario.story import read_story, shipped_story

HEAD = """
title = "Two bakers"
intro = "They bake."
[[people]]
key = "ada"
name = "Ada"
[[people]]
key = "bo"
name = "Bo"
[[steps]]
do = "found"
who = "ada"
council = "house"
name = "The house"
purpose = "Bread"
"""


def write(tmp_path: Path, more: str, head: str = HEAD) -> Path:
    path = tmp_path / "story.toml"
    path.write_text(head + more, encoding="utf-8")
    return path


def test_the_bakery_has_all_that_the_demo_promises() -> None:
    story = read_story(shipped_story())
    steps = [part for s in story.steps for part in (s.steps if isinstance(s, Together) else (s,))]
    assert len(story.people) == 5
    assert sum(person.late for person in story.people) == 1
    assert any(isinstance(step, Kill) for step in steps)
    assert any(isinstance(step, Stop) for step in steps)
    assert {s.method for s in steps if hasattr(s, "method")} == {"yes-no", "approval", "ranked"}
    ballots = [(s.who, s.proposal) for s in steps if isinstance(s, Vote)]
    assert len(ballots) > len(set(ballots))
    late = next(person.key for person in story.people if person.late)
    start = next(i for i, s in enumerate(steps) if isinstance(s, Start) and s.who == late)
    assert any(isinstance(step, Vote) for step in steps[:start])


def test_every_step_of_the_bakery_can_be_told() -> None:
    story = read_story(shipped_story())
    narrator = Narrator(story)
    assert all(narrator.tell(step) for step in story.steps)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('[[steps]]\ndo = "dance"\nwho = "ada"\n', "step 2 (dance)"),
        ('[[steps]]\nwho = "ada"\n', "step 2: it doesn't say what to do"),
        ('[[steps]]\ndo = "start"\nwho = "eve"\n', "step 2: there is no person “eve”"),
        ('[[steps]]\ndo = "start"\nwho = "ada"\nhow = "fast"\n', "step 2 (start)"),
        ('[[steps]]\ndo = "second"\nwho = "bo"\nproposal = "cake"\n', "step 2: there is no proposal “cake”"),
        ('[[steps]]\ndo = "join"\nwho = "bo"\ncouncil = "home"\nvouchers = ["ada"]\n', "no council “home”"),
        (
            '[[steps]]\ndo = "found"\nwho = "bo"\ncouncil = "house"\nname = "x"\npurpose = ""\n',
            "“house” already",
        ),
        ("[[steps]\n", "is no story"),
        ('mood = "good"\n', "is no story"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, more: str, says: str) -> None:
    path = write(tmp_path, more) if not more.startswith("mood") else write(tmp_path, HEAD, more)
    with pytest.raises(LocalError) as caught:
        read_story(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.hint


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="can't be read"):
        read_story(tmp_path / "nothing.toml")


def test_expectations_name_what_is_otherwise() -> None:
    proposal = {
        "title": "Oven",
        "text": "6,400 euros",
        "issue": {
            "method": {"type": "yes-no"},
            "status": "running",
            "status_line": "Sealed by 3, 4 needed.",
            "life": {"reviews": [], "done": ""},
            "tally": {
                "counts": [
                    {"label": "yes", "count": 2, "is_winner": False},
                    {"label": "no", "count": 1, "is_winner": False},
                ],
                "outcome": "passed",
                "turnout": 3,
            },
        },
    }
    met = Expect(
        proposal="oven", contains=("6,400",), counts={"yes": 2, "no": 1}, outcome="passed", turnout=3
    )
    assert unmet(met, proposal) == []
    other = Expect(
        proposal="oven",
        contains=("7,000",),
        lacks=("6,400",),
        counts={"yes": 3},
        outcome="rejected",
        winners=("a",),
        status="closed",
        reviews=1,
        done="sees to it",
    )
    found = unmet(other, proposal)
    assert len(found) == 8
    assert any("Sealed by 3, 4 needed." in failure for failure in found)
    assert unmet(Expect(proposal="oven", turnout=1), {**proposal, "issue": None}) == ["its vote is not open."]


def peer(name: str, entries: int, state: str, yes: int = 3) -> PeerReport:
    tally = {"title": "Oven", "method": "yes-no", "counts": {"yes": yes, "no": 0}, "outcome": "passed"}
    more = {"status": "running", "winners": []}
    return PeerReport(name, 7, {"c1": Holding("c1", "House", entries, state)}, {"i1": {**tally, **more}})


def test_peers_agree_only_if_everything_is_the_same() -> None:
    same = (peer("Ada", 5, "aa"), peer("Bo", 5, "aa"))
    assert differences(same) == ()
    report = Report("c1", same, 1.0)
    assert to_json(report)["agree"] is True
    assert "agree" in "\n".join(to_lines(report))
    for other in (peer("Bo", 6, "aa"), peer("Bo", 5, "bb"), peer("Bo", 5, "aa", yes=2)):
        report = Report("c1", (same[0], other), 1.0)
        assert to_json(report)["agree"] is False
        assert "do not agree" in "\n".join(to_lines(report))
    failed = Report("c1", same, 1.0, ("With Ada, “Oven”: no.",))
    assert to_json(failed)["agree"] is False
    assert to_json(failed)["differences"] == []
