"""What a person is shown: what needs them first, who is who, and never more than is known."""

import pytest

from crdt.ids import ChangeHash, CouncilId
from p2pcouncil.domain.tally.choice import NO, YES
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.showing.councils import show_council
from p2pcouncil.peer.showing.inbox import show_inbox
from p2pcouncil.peer.showing.network import NetworkRole, show_network, show_status
from p2pcouncil.peer.showing.proposals import show_proposal
from p2pcouncil.peer.views.issues import IssueView
from p2pcouncil.peer.views.proposals import ProposalView
from p2pcouncil.peer.wire import topic_of
from tests.sim.node import Node
from tests.sim.simulation import Simulation, proposal_of

HERE = NetworkRole(here=True, elsewhere=False)
OFF = NetworkRole(here=False, elsewhere=False)
MAJORITY = YesNo(quorum_permille=0)


def line(node: Node, role: NetworkRole = HERE) -> str:
    return show_status(node.peer, role, stored=True).line


def view(node: Node, council: CouncilId, proposal: ChangeHash) -> ProposalView:
    place = node.place(council)
    return show_proposal(node.peer, place, place.state.proposal(proposal))


def issue_of(node: Node, council: CouncilId, proposal: ChangeHash) -> IssueView:
    issue = view(node, council, proposal).issue
    assert issue is not None
    return issue


def propose(node: Node, council: CouncilId, title: str, *tags: str) -> ChangeHash:
    return ChangeHash(node.submit(c.MakeProposal(council, title, "About it.", "Text", MAJORITY, (), tags)).id)


def open_vote(simulation: Simulation, council: CouncilId, proposal: ChangeHash, ada: Node, ben: Node) -> None:
    ben.submit(c.SecondProposal(proposal))
    simulation.converge(council)
    ada.submit(c.OpenVote(proposal))
    simulation.converge(council)


# The inbox.


def test_the_inbox_shows_what_needs_me_first_then_my_priorities_then_the_kind() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    flour, oven, rent = (propose(ada, council, name, name.lower()) for name in ("Flour", "Oven", "Rent"))
    own = propose(ben, council, "Own")
    simulation.converge(council)
    open_vote(simulation, council, oven, ada, ben)
    zed = simulation.node("Zed")
    zed.submit(c.JoinByInvitation(ada.submit(c.MakeInvitation(council)).lines[0]))
    simulation.run(8_000)

    def shown(node: Node) -> list[tuple[str, str, bool]]:
        return [(item.kind, item.title, item.needs_me) for item in show_inbox(node.peer)]

    seconds = sorted([(rent, "Rent"), (flour, "Flour")])
    assert shown(ben) == [
        ("vote", "Oven", True),
        *(("second", title, True) for _, title in seconds),
        ("waiting", "Own", False),
    ]
    assert shown(ada)[:2] == [("vote", "Oven", True), ("vouch", "Zed asks to join", True)]
    ben.submit(c.SetPriorities(("RENT", "flour")))
    assert [title for _, title, _ in shown(ben)] == ["Rent", "Flour", "Oven", "Own"]
    ben.submit(c.CastBallot(oven, YES))
    voted = next(item for item in show_inbox(ben.peer) if item.title == "Oven")
    assert (voted.kind, voted.needs_me) == ("voted", False)
    assert voted.note == "You voted yes. Provisional: passing, 1 yes to 0 no."
    assert own


def test_the_inbox_says_why_it_affects_me_and_how_it_stands() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    oven = propose(ada, council, "Oven")
    simulation.converge(council)
    (item,) = show_inbox(ben.peer)
    assert item.why == "You belong to Morning Bread."
    assert item.note == "Seconded by 0 of 1 as it stands."
    ben.submit(c.SecondProposal(oven))
    simulation.converge(council)
    (item,) = show_inbox(ada.peer)
    assert (item.kind, item.needs_me) == ("open", True)
    ada.submit(c.OpenVote(oven))
    dan = simulation.node("Dan")
    simulation.let_in(council, ada, dan)
    simulation.converge(council)
    (item,) = show_inbox(dan.peer)
    assert item.needs_me, "no page has entered the vote yet, and the next one puts him on the roll"
    dan.submit(c.LeaveCouncil(council))
    (item,) = show_inbox(dan.peer)
    assert not item.needs_me
    assert "You are not on its roll" in item.note
    ada.submit(c.WithdrawProposal(propose(ada, council, "Gone")))
    assert [item.title for item in show_inbox(ada.peer)] == ["Oven"]


# Who is who.


def test_two_members_of_one_name_are_told_apart() -> None:
    simulation = Simulation(1)
    council, (ada,) = simulation.society("Ada")
    twins = [simulation.node(f"Ben {n}", shown_as="Ben") for n in (1, 2)]
    for twin in twins:
        simulation.let_in(council, ada, twin)
    proposal = propose(twins[0], council, "Oven")
    simulation.converge(council)
    people = {m.person.member: m.person for m in show_council(ada.peer, ada.place(council), 0).members}
    first, second = (people[twin.member] for twin in twins)
    assert first.name != second.name
    assert first.name.startswith("Ben")
    assert first.fingerprint != second.fingerprint
    assert view(ada, council, proposal).author.name == first.name
    third = simulation.node("Ben 3", shown_as="Ben")
    third.submit(c.JoinByInvitation(ada.submit(c.MakeInvitation(council)).lines[0]))
    simulation.run(8_000)
    (request,) = show_council(ada.peer, ada.place(council), 0).requests
    assert request.person.name not in ("Ben", first.name, second.name)


def test_who_wrote_which_run_of_a_text() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    proposal = proposal_of(ada, council, "Oven", "One\nTwo\n")
    simulation.converge(council)
    ben.submit(c.EditText(proposal, "One\nTwo\nThree\n"))
    simulation.converge(council)
    shown = view(ada, council, proposal)
    runs = [(run.text, run.author.name if run.author else "") for run in shown.runs]
    assert runs == [("One\nTwo\n", "Ada"), ("Three\n", "Ben")]
    assert [edit.author.name for edit in shown.edits] == ["Ada", "Ben"]


# What is known of others.


def test_the_status_line_never_says_more_than_is_known() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    simulation.run(3_000)
    said = [line(ada, OFF), line(ada)]
    assert said[0].startswith("Offline: what you write stays on this laptop")
    assert said[1] == "1 peer connected; it holds nothing that is missing here."
    ada.go_offline()
    simulation.run(1_000)
    proposal_of(ben, council, "Oven")
    for node in (ada, ben):
        said.append(line(node))
    for sentence in said:
        assert "synced" not in sentence.lower()
        assert "up to date" not in sentence.lower()
    assert "entries are only here" in line(ben)


def test_before_anything_was_compared_nothing_is_claimed() -> None:
    simulation = Simulation(1)
    council, (ada,) = simulation.society("Ada")
    proposal_of(ada, council, "Oven")
    fresh = simulation.node("Ben")
    fresh._keep("council", council, ada.place(council).genesis_bytes)
    fresh.submit(c.Dial(ada.peer.world.addresses[0]))
    seen: list[str] = []
    simulation.run_until(lambda: seen.append(line(fresh)) or simulation.equal(council))  # type: ignore[func-returns-value]
    seen = [sentence for sentence in seen[:-1] if "No other peer" not in sentence]
    assert any("comparing" in sentence for sentence in seen)
    assert any("behind by 2" in sentence for sentence in seen)
    assert not any("nothing that is missing" in sentence for sentence in seen)


def test_a_stranger_who_connects_is_no_witness() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    oven = propose(ada, council, "Oven")
    simulation.converge(council)
    open_vote(simulation, council, oven, ada, ben)
    ben.go_offline()
    zed = simulation.node("Zed")
    zed.submit(c.Dial(ada.peer.world.addresses[0]))
    simulation.run(20_000)
    assert line(ada).startswith("1 peer connected; it holds none of your councils.")
    assert "no other peer of this council is connected" in issue_of(ada, council, oven).status_line


def test_behind_is_counted_by_council() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    child = CouncilId(ada.submit(c.FoundCouncil("Ovens", "workers", "workplace", "", council)).id)
    simulation.converge(council)
    ben.submit(c.JoinCouncil(child))
    assert simulation.run_until(lambda: ben.member in {j.member for j, _ in ada.peer.requests(child)})
    ada.submit(c.VouchFor(child, ben.member))
    simulation.converge(child)
    for place in (council, child):
        simulation.network.leave_topic(ben.key, topic_of(place))
    for number in range(3):
        proposal_of(ada, council, f"Idea {number}")
        proposal_of(ada, child, f"Oven {number}")
    seen: set[str] = set()
    ben.go_offline()
    ben.go_online()
    for place in (council, child):
        simulation.network.leave_topic(ben.key, topic_of(place))
    ben.submit(c.Dial(ada.peer.world.addresses[0]))
    simulation.run_until(lambda: seen.add(line(ben)) or False, 3_000)  # type: ignore[func-returns-value]
    assert any("behind by 12" in sentence for sentence in seen), seen


# Votes.


def test_a_vote_says_what_reached_this_laptop_and_who_holds_mine() -> None:
    simulation = Simulation(1)
    council, (ada, ben, cem) = simulation.society("Ada", "Ben", "Cem")
    oven = propose(ada, council, "Oven")
    simulation.converge(council)
    open_vote(simulation, council, oven, ada, ben)
    ada.submit(c.CastBallot(oven, NO))
    mine = issue_of(ada, council, oven)
    assert (mine.my_choice_text, mine.held_by) == ("no", 0)
    assert "1 of 3 ballots have reached this laptop" in mine.status_line
    assert "No page has entered this vote yet. Page 1 waits for" in mine.status_line
    assert mine.tally.headline.startswith("Provisional: ")
    assert simulation.run_until(lambda: issue_of(ada, council, oven).held_by == 2, 20_000)
    assert issue_of(ada, council, oven).holders_known == 2
    assert show_network(ada.peer, HERE).only_here == 0
    cem.go_offline()
    simulation.run(500)
    ada.submit(c.CastBallot(oven, YES))
    assert simulation.run_until(lambda: issue_of(ada, council, oven).held_by == 1, 20_000)
    assert issue_of(ada, council, oven).holders_known == 2, (
        "Cem was asked before, and does not hold the new one"
    )


@pytest.mark.parametrize("length", [10, 4_000])
def test_who_holds_a_proposal_with_a_text_is_found_out(length: int) -> None:
    simulation = Simulation(1)
    council, (ada, _) = simulation.society("Ada", "Ben")
    done = ada.submit(c.MakeProposal(council, "Oven", "s" * 600, "x" * length, MAJORITY))
    assert len(done.entries) >= 2

    def held() -> bool:
        return all(ada.peer.holdings.holders_of(entry) == (1, 1) for entry in done.entries)

    assert simulation.run_until(held, 20_000)


def test_what_can_be_done_with_a_proposal() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    oven = propose(ada, council, "Oven")
    simulation.converge(council)
    assert set(view(ada, council, oven).actions) == {"comment", "edit", "withdraw"}
    assert set(view(ben, council, oven).actions) == {"comment", "edit", "second"}
    assert view(ada, council, oven).stage == "draft"
    ben.submit(c.SecondProposal(oven))
    simulation.converge(council)
    assert view(ada, council, oven).stage == "seconded"
    assert "open" in view(ada, council, oven).actions
    ben.submit(c.EditText(oven, "Other text"))
    simulation.converge(council)
    shown = view(ada, council, oven)
    assert (shown.stage, shown.seconds, shown.seconded_before) == ("draft", (), 1)
    ben.submit(c.SecondProposal(oven))
    simulation.converge(council)
    ada.submit(c.OpenVote(oven))
    simulation.converge(council)
    assert set(view(ben, council, oven).actions) == {"comment", "edit", "vote"}
