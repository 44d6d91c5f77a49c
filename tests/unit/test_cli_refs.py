"""What a few letters mean: never a guess."""

import pytest

from crdt.errors import LocalError
from p2pcouncil.cli.errors import NotHereError
from p2pcouncil.cli.refs import Candidate, find_council, find_proposal, find_request, resolve
from tests.screens import people
from tests.screens.staged import StagedSession


def candidate(name: str, id_hex: str) -> Candidate[str]:
    return Candidate(name, bytes.fromhex(id_hex.ljust(64, "0")), (name,))


OVEN = candidate("A second oven", "1a2b3c4d")
OVENS = candidate("Ovens and their care", "1a2bffff")
ADA = candidate("Ada", "ff00aa11")
DEAD = candidate("Deadline for the oven", "beef0000")
ALL = (OVEN, OVENS, ADA, DEAD)


@pytest.mark.parametrize(
    ("ref", "meant"),
    [
        ("A second oven", OVEN),
        ("a SECOND  oven", OVEN),
        ("1a2b3c", OVEN),
        ("1a2bf", OVENS),
        ("second", OVEN),
        ("ovens", OVENS),
        ("ada", ADA),
        ("dead", DEAD),
        ("beef", DEAD),
        ("care", OVENS),
    ],
)
def test_one_thing_is_meant(ref: str, meant: Candidate[str]) -> None:
    assert resolve(ref, ALL, "proposal", "inbox") == meant.value


def test_several_are_listed_and_none_is_guessed() -> None:
    with pytest.raises(LocalError, match="fits 2 proposals") as caught:
        resolve("1a2b", ALL, "proposal", "inbox")
    assert "1a2b3c4d (A second oven)" in caught.value.hint
    assert "1a2bffff (Ovens and their care)" in caught.value.hint


def test_the_exact_name_wins_over_those_that_contain_it() -> None:
    short, long = candidate("Oven", "01"), candidate("Oven and shovel", "02")
    assert resolve("oven", (short, long), "proposal", "inbox") == "Oven"


@pytest.mark.parametrize("ref", ["cake", "9999", "\x1b[2J"])
def test_what_is_not_here_may_still_come(ref: str) -> None:
    with pytest.raises(NotHereError) as caught:
        resolve(ref, ALL, "proposal", "inbox")
    assert "\x1b" not in str(caught.value)


def test_an_empty_name_is_a_question() -> None:
    with pytest.raises(LocalError, match="Which proposal"):
        resolve("  ", ALL, "proposal", "inbox")


def test_proposals_go_by_title_by_id_and_by_their_vote() -> None:
    session = StagedSession()
    vote = people.OVEN.issue
    assert vote is not None
    for ref in ("second oven", people.OVEN.id.hex()[:10], vote.id.hex()[:10], people.OVEN.id.hex()):
        assert find_proposal(session, ref).id == people.OVEN.id


def test_what_can_be_done_tells_two_titles_apart() -> None:
    session = StagedSession()
    with pytest.raises(LocalError, match="fits"):
        find_proposal(session, "for the")
    assert find_proposal(session, "for the", "open").id == people.BREAKFAST.id


def test_with_several_councils_one_has_to_be_named() -> None:
    session = StagedSession()
    with pytest.raises(LocalError, match="several councils"):
        find_council(session, "")
    assert find_council(session, "bakery").id == people.BAKERY
    session.all_councils = session.all_councils[:1]
    assert find_council(session, "").id == people.QUARTER


def test_people_who_ask_go_by_name_and_by_their_words() -> None:
    bakery = StagedSession().council(people.BAKERY)
    for ref in ("hana", people.REQUEST.person.fingerprint, people.REQUEST.join_id.hex()[:8]):
        assert find_request(bakery, ref) == people.REQUEST
    with pytest.raises(NotHereError):
        find_request(bakery, "nobody")
