"""What the peer refuses to do for its own user, each with a sentence that says why and a hint that says what to do."""

import pytest

from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId
from p2pcouncil.domain.entries import MAX_COMMENT_CHARS, MAX_TEXT_CHARS
from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.tally.choice import NO, YES
from p2pcouncil.domain.tally.method import Approval, YesNo
from p2pcouncil.invitation import decode_invitation
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.doing.desk import Desk
from p2pcouncil.peer.doing.work_out import work_out
from p2pcouncil.peer.showing.issues import show_issue
from p2pcouncil.peer.showing.people import People
from tests.sim.node import Key, Node
from tests.sim.simulation import Simulation, proposal_of

NOBODY = CouncilId(b"\7" * 32)
NOTHING = ChangeHash(b"\7" * 32)
YES_NO = YesNo(quorum_permille=0)
APPROVAL = Approval(quorum_permille=0)


class Bakery:
    """Ada founded it, Ben and Cem are in, Zed is connected and outside; one proposal by Ada."""

    def __init__(self) -> None:
        self.simulation = Simulation(1)
        self.council, (self.ada, self.ben, self.cem) = self.simulation.society("Ada", "Ben", "Cem")
        self.oven = proposal_of(self.ada, self.council, "Oven")
        self.simulation.converge(self.council)

    def zed(self) -> Node:
        """Somebody who holds the council and does not belong to it."""
        zed = self.simulation.node("Zed")
        line = self.ada.submit(c.MakeInvitation(self.council)).lines[0]
        zed.submit(c.JoinByInvitation(line))
        assert self.simulation.run_until(lambda: self.council in zed.peer.world.places)
        return zed

    def open(self) -> ChangeHash:
        self.ben.submit(c.SecondProposal(self.oven))
        self.simulation.converge(self.council)
        issue = ChangeHash(self.ada.submit(c.OpenVote(self.oven)).id)
        self.simulation.converge(self.council)
        return issue


@pytest.fixture
def bakery() -> Bakery:
    return Bakery()


def refusal(node: Node, command: c.Command) -> str:
    """The sentence with which a command is refused; it must leave nothing behind."""
    held = {council: place.index.total for council, place in node.peer.world.places.items()}
    with pytest.raises(LocalError) as caught:
        node.submit(command)
    assert caught.value.hint, "a refusal says what to do instead"
    assert {k: p.index.total for k, p in node.peer.world.places.items()} == held
    return str(caught.value)


def test_without_an_identity_nothing_is_signed() -> None:
    desk = Desk(Peer(), Key("Nobody"), lambda size: bytes(size), 0)
    with pytest.raises(LocalError, match="no identity"):
        work_out(desk, c.FoundCouncil("A", "society", "society", ""))


def test_founding(bakery: Bakery) -> None:
    ada = bakery.ada
    assert "no workers council" in refusal(ada, c.FoundCouncil("A", "workers", "village", "", bakery.council))
    assert "stands on its own" in refusal(ada, c.FoundCouncil("A", "workers", "workplace", ""))
    assert "stands on its own" in refusal(ada, c.FoundCouncil("A", "society", "society", "", bakery.council))
    assert "doesn't hold" in refusal(ada, c.FoundCouncil("A", "workers", "workplace", "", NOBODY))
    assert "empty" in refusal(ada, c.FoundCouncil("  ", "society", "society", ""))
    assert "65 characters" in refusal(ada, c.FoundCouncil("A" * 65, "society", "society", ""))
    absurd = c.FoundCouncil("A", "society", "society", "", charter=Charter(window_seconds=0))
    assert "charter" in refusal(ada, absurd)
    assert len(ada.peer.world.places) == 1


def test_joining(bakery: Bakery) -> None:
    line = bakery.ada.submit(c.MakeInvitation(bakery.council)).lines[0]
    assert "belong to “Morning Bread” already" in refusal(bakery.ben, c.JoinByInvitation(line))
    assert refusal(bakery.ben, c.JoinByInvitation("hello"))
    assert refusal(bakery.ben, c.JoinByInvitation(line[:60]))
    assert "announced" in refusal(bakery.ben, c.JoinCouncil(NOBODY))


def test_vouching(bakery: Bakery) -> None:
    zed = bakery.zed()
    assert "Nobody with that fingerprint" in refusal(bakery.ada, c.VouchFor(bakery.council, NOTHING))
    assert "not a member" in refusal(zed, c.VouchFor(bakery.council, zed.member))
    assert bakery.simulation.run_until(lambda: bool(bakery.ada.peer.requests(bakery.council)))
    bakery.ada.submit(c.VouchFor(bakery.council, zed.member))
    assert "Nobody" in refusal(bakery.ada, c.VouchFor(bakery.council, zed.member)), "one vouch is enough here"


def test_who_left_cannot_let_anybody_in(bakery: Bakery) -> None:
    bakery.ben.submit(c.LeaveCouncil(bakery.council))
    eve = bakery.simulation.node("Eve")
    line = bakery.ada.submit(c.MakeInvitation(bakery.council)).lines[0]
    eve.submit(c.JoinByInvitation(line))
    bakery.simulation.run(2_000)
    assert "You left" in refusal(bakery.ben, c.VouchFor(bakery.council, eve.member))


def test_a_lone_founder_asks_for_one_vouch_only(bakery: Bakery) -> None:
    founding = c.FoundCouncil("A", "society", "society", "", charter=Charter(vouches_needed=2))
    assert "nobody could ever have 2 vouches" in refusal(bakery.ada, founding)


def test_vouching_twice_where_two_are_needed() -> None:
    simulation = Simulation(1)
    ada, ben = simulation.node("Ada"), simulation.node("Ben")
    council = simulation.found_by(ada, Charter(vouches_needed=2))
    simulation.let_in(council, ada, ben)
    assert "You vouched for Ben already" in refusal(ada, c.VouchFor(council, ben.member))
    assert "for yourself" in refusal(ben, c.VouchFor(council, ben.member))


def test_outside_nothing_can_be_said(bakery: Bakery) -> None:
    zed = bakery.zed()
    for command in (
        c.MakeInvitation(bakery.council),
        c.LeaveCouncil(bakery.council),
        c.MakeProposal(bakery.council, "T", "S", "", YES_NO),
    ):
        assert "You are not a member of “Morning Bread” yet" in refusal(zed, command)
        assert "doesn't hold that council" in refusal(bakery.ada, type(command)(NOBODY, *_rest(command)))


def _rest(command: c.Command) -> tuple[object, ...]:
    return ("T", "S", "", YES_NO) if isinstance(command, c.MakeProposal) else ()


def test_proposing(bakery: Bakery) -> None:
    def make(**change: object) -> str:
        usual: dict[str, object] = {"title": "T", "summary": "S", "text": "", "method": YES_NO}
        return refusal(bakery.ada, c.MakeProposal(bakery.council, **(usual | change)))  # type: ignore[arg-type]

    assert "The title is empty" in make(title=" ")
    assert "The title has 121" in make(title="t" * 121)
    assert "U+202E" in make(title="no\u202etse")
    assert "summary" in make(summary="  ")
    assert "summary" in make(summary="s" * 601)
    assert f"{MAX_TEXT_CHARS:,}" in make(text="t" * (MAX_TEXT_CHARS + 1))
    assert "quorum" in make(method=YesNo(quorum_permille=2_000))
    assert make(method=APPROVAL, options=("one",))
    assert "longer than others would take" in make(method=APPROVAL, options=("one", "o" * 121))


def test_what_is_not_here(bakery: Bakery) -> None:
    for command in (
        c.EditText(NOTHING, "x"),
        c.WithdrawProposal(NOTHING),
        c.AddComment(NOTHING, "x"),
        c.SecondProposal(NOTHING),
        c.OpenVote(NOTHING),
    ):
        assert "doesn't hold that proposal" in refusal(bakery.ada, command)
    assert "no open vote" in refusal(bakery.ada, c.CastBallot(NOTHING, YES))
    assert "no open vote" in refusal(bakery.ada, c.CastBallot(bakery.oven, YES))


def test_editing(bakery: Bakery) -> None:
    assert "characters" in refusal(bakery.ben, c.EditText(bakery.oven, "t" * (MAX_TEXT_CHARS + 1)))
    assert "U+0007" in refusal(bakery.ben, c.EditText(bakery.oven, "ding \a"))
    same = bakery.ben.submit(c.EditText(bakery.oven, "As it is.\n"))
    assert (same.message, same.entries) == ("Nothing changed.", ())
    bakery.ada.submit(c.WithdrawProposal(bakery.oven))
    assert "withdrawn" in refusal(bakery.ada, c.EditText(bakery.oven, "More"))


def test_withdrawing(bakery: Bakery) -> None:
    assert "Only its proposer" in refusal(bakery.ben, c.WithdrawProposal(bakery.oven))
    bakery.open()
    assert "can't be withdrawn" in refusal(bakery.ada, c.WithdrawProposal(bakery.oven))


def test_commenting(bakery: Bakery) -> None:
    assert "0" in refusal(bakery.ada, c.AddComment(bakery.oven, ""))
    too_long = refusal(bakery.ada, c.AddComment(bakery.oven, "x" * (MAX_COMMENT_CHARS + 1)))
    assert f"{MAX_COMMENT_CHARS + 1:,}" in too_long


def test_seconding(bakery: Bakery) -> None:
    assert "somebody else" in refusal(bakery.ada, c.SecondProposal(bakery.oven))
    bakery.ben.submit(c.SecondProposal(bakery.oven))
    assert "already" in refusal(bakery.ben, c.SecondProposal(bakery.oven))
    bakery.simulation.converge(bakery.council)
    bakery.ada.submit(c.OpenVote(bakery.oven))
    bakery.simulation.converge(bakery.council)
    assert "open or withdrawn" in refusal(bakery.cem, c.SecondProposal(bakery.oven))


def test_opening(bakery: Bakery) -> None:
    assert "seconded by 0, and 1 are needed" in refusal(bakery.ada, c.OpenVote(bakery.oven))
    bakery.ben.submit(c.SecondProposal(bakery.oven))
    bakery.ben.submit(c.EditText(bakery.oven, "As it is not.\n"))
    bakery.simulation.converge(bakery.council)
    assert "edited after it was seconded" in refusal(bakery.ada, c.OpenVote(bakery.oven))
    bakery.ben.submit(c.SecondProposal(bakery.oven))
    bakery.simulation.converge(bakery.council)
    assert "out of range" in refusal(bakery.ada, c.OpenVote(bakery.oven, window_seconds=-1))
    bakery.ada.submit(c.OpenVote(bakery.oven))
    assert "open already" in refusal(bakery.ada, c.OpenVote(bakery.oven))


def test_opening_what_was_withdrawn_or_from_outside_the_roll(bakery: Bakery) -> None:
    assert "seconded by 0" in refusal(bakery.cem, c.OpenVote(bakery.oven))
    theirs = proposal_of(bakery.cem, bakery.council, "Theirs")
    bakery.simulation.converge(bakery.council)
    bakery.ben.submit(c.SecondProposal(theirs))
    bakery.simulation.converge(bakery.council)
    bakery.cem.submit(c.LeaveCouncil(bakery.council))
    assert "not on the roll" in refusal(bakery.cem, c.OpenVote(theirs))
    bakery.ada.submit(c.WithdrawProposal(bakery.oven))
    assert "withdrawn" in refusal(bakery.ada, c.OpenVote(bakery.oven))


def test_voting(bakery: Bakery) -> None:
    issue = bakery.open()
    dan = bakery.simulation.node("Dan")
    bakery.simulation.let_in(bakery.council, bakery.ada, dan)
    dan.submit(c.CastBallot(issue, YES))
    bakery.simulation.converge(bakery.council)
    place = dan.place(bakery.council)
    shown = show_issue(dan.peer, place, place.state.issue(issue), People(dan.peer.world, place))
    assert "No page has entered this vote yet" in shown.status_line, (
        "so whoever comes before that page votes, too"
    )
    dan.submit(c.LeaveCouncil(bakery.council))
    with pytest.raises(LocalError, match="not on the roll of this vote"):
        dan.submit(c.CastBallot(issue, NO))
    assert refusal(bakery.ada, c.CastBallot(issue, ((7,),)))
    first = bakery.ada.submit(c.CastBallot(issue, YES)).message
    again = bakery.ada.submit(c.CastBallot(bakery.oven, NO)).message
    assert "again" not in first
    assert "takes the place" in again
    ballot = bakery.ada.place(bakery.council).state.ballot(issue, bakery.ada.member)
    assert ballot is not None
    assert (ballot.number, ballot.choice) == (2, NO)


def test_an_invitation_names_where_to_find_us(bakery: Bakery) -> None:
    done = bakery.ada.submit(c.MakeInvitation(bakery.council, "for Eve"))
    invitation = decode_invitation(done.lines[0])
    assert invitation.addresses == bakery.ada.peer.world.addresses
    alone = Node(bakery.simulation, "Eve", ":memory:")
    council = CouncilId(alone.submit(c.FoundCouncil("A", "society", "society", "")).id)
    assert "carries no address" in alone.submit(c.MakeInvitation(council)).message
