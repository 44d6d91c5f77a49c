"""What the inbox makes of a closed vote: a review for whoever was drawn, a promise for its owner, else the news."""

from types import SimpleNamespace
from typing import cast

import pytest

from crdt.ids import ChangeHash, CouncilId, MemberId
from p2pcouncil.domain.effects import Effect, Promise
from p2pcouncil.domain.entries import AnyEntry, Progress, Review
from p2pcouncil.domain.outcomes import IssueState
from p2pcouncil.domain.register.pages import Result
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.inbox import DECIDED_SHOWN_MS, About, of_closed
from p2pcouncil.peer.views.inbox import InboxItem
from p2pcouncil.peer.views.issues import IssueView

ME, ANN = MemberId(b"m" * 32), MemberId(b"a" * 32)
ISSUE = ChangeHash(b"i" * 32)
CLOSES_MS = 1_700_000_000_000
DUE_MS = CLOSES_MS + 1_000


def items(
    *,
    overseers: tuple[MemberId, ...] = (),
    effect: Effect | None = None,
    outcome: str = "passed",
    said: tuple[tuple[MemberId, AnyEntry], ...] = (),
    void: bool = False,
    voted: bool = True,
    later_ms: int = 0,
) -> list[InboxItem]:
    """The items of one closed vote, of which nothing but this is known."""
    facts = [SimpleNamespace(member=member, body=body) for member, body in said]
    state = SimpleNamespace(
        said_of=lambda issue, kind: tuple(fact for fact in facts if isinstance(fact.body, kind)),
        register=SimpleNamespace(chain=SimpleNamespace(void_effects={ISSUE: "They left."} if void else {})),
    )
    place = cast(Place, SimpleNamespace(state=state, council=CouncilId(b"c" * 32)))
    register = SimpleNamespace(
        overseers=overseers, closes_ms=CLOSES_MS, result=Result(outcome, (), 3), end_page=4
    )
    issue = cast(IssueState, SimpleNamespace(hash=ISSUE, register=register, effect=effect))
    view = cast(
        IssueView,
        SimpleNamespace(
            tally=SimpleNamespace(headline="Final: passed."),
            life=SimpleNamespace(done="Ann sees to it. (page 4)" if effect else ""),
            my_choice=((0,),) if voted else None,
            my_choice_text="yes",
        ),
    )
    about = About(place, "Bakery", "Windows", "You belong to Bakery.", ISSUE, ())
    return of_closed(about, issue, view, ME, CLOSES_MS + later_ms)


def test_who_was_drawn_is_asked_until_they_signed() -> None:
    (item,) = items(overseers=(ANN, ME), voted=False)
    assert (item.kind, item.needs_me) == ("review", True)
    review = Review(0, ISSUE, b"p" * 32, True, "")
    (item,) = items(overseers=(ANN, ME), said=((ANN, review), (ME, review)))
    assert item.kind == "decided"


def test_a_promise_waits_for_its_owner_s_word() -> None:
    promise = Promise(ME, DUE_MS)
    (item,) = items(effect=promise)
    assert (item.kind, item.needs_me, item.deadline_ms) == ("promise", True, DUE_MS)
    evidence = Progress(0, ISSUE, False, "Ordered.")
    done = Progress(0, ISSUE, True, "Done.")
    assert [i.kind for i in items(effect=promise, said=((ME, evidence), (ANN, done)))] == ["promise"]
    assert [i.kind for i in items(effect=promise, said=((ME, done),))] == ["decided"]


@pytest.mark.parametrize(
    ("outcome", "void", "owner"), [("rejected", False, ME), ("passed", True, ME), ("passed", False, ANN)]
)
def test_no_promise_comes_of_what_did_not_come_to_stand(outcome: str, void: bool, owner: MemberId) -> None:
    found = items(effect=Promise(owner, DUE_MS), outcome=outcome, void=void)
    assert [item.kind for item in found] == ["decided"]


def test_both_are_asked_of_one_who_was_drawn_and_promised() -> None:
    found = items(overseers=(ME,), effect=Promise(ME, DUE_MS))
    assert [item.kind for item in found] == ["review", "promise"]


def test_what_i_voted_on_is_told_for_a_while() -> None:
    (item,) = items()
    assert (item.kind, item.needs_me, item.why) == ("decided", False, "You voted yes.")
    assert item.note == "Final: passed."
    assert items(later_ms=DECIDED_SHOWN_MS) == []
    assert items(voted=False) == []
