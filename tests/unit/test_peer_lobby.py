"""The door: who may wait at it, what they are told, and what the one who knocks is shown."""

from nacl.signing import SigningKey

from crdt.ids import CouncilId
from p2pcouncil.domain.records import Charter, read_genesis
from p2pcouncil.invitation import decode_invitation
from p2pcouncil.peer import commands as c
from p2pcouncil.peer import lobby, shelf
from p2pcouncil.peer.showing.councils import show_council
from p2pcouncil.peer.showing.network import show_pending
from tests.sim.node import Node
from tests.sim.simulation import Simulation
from tests.support.world import Person, genesis_of


def line_of(sponsor: Node, council: CouncilId) -> str:
    return sponsor.submit(c.MakeInvitation(council)).lines[0]


def waiting(node: Node, council: CouncilId) -> set[bytes]:
    return {join.member for join, _ in node.peer.lobby.waiting(council)}


def knock(simulation: Simulation, newcomer: Node, line: str) -> str:
    """Ask to join, let it reach everybody, and return what the newcomer is shown."""
    newcomer.submit(c.JoinByInvitation(line))
    simulation.run(8_000)
    return show_pending(newcomer.peer)[0].line


def test_a_request_waits_with_those_it_reached_until_a_vouch_carries_it_in() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    cem = simulation.node("Cem")
    assert "keeps your request" in knock(simulation, cem, line_of(ada, council))
    assert cem.member in waiting(ada, council)
    view = show_council(ada.peer, ada.place(council), 0).requests[0]
    assert (view.how, view.vouches, view.warning) == ("invited by Ada", 0, "")
    ada.submit(c.VouchFor(council, view.join_id))
    simulation.converge(council)
    simulation.run(2_000)
    for node in (ada, ben):
        assert not waiting(node, council)
        assert not node.peer.world.items(shelf.LOBBY), "a join that came true is off the shelf"
    assert not show_pending(cem.peer)


def test_a_used_invitation_is_refused() -> None:
    simulation = Simulation(1)
    council, (ada,) = simulation.society("Ada")
    line = line_of(ada, council)
    ben, cem = simulation.node("Ben"), simulation.node("Cem")
    knock(simulation, ben, line)
    ada.submit(c.VouchFor(council, ben.member))
    assert "used already: ask for a new one" in knock(simulation, cem, line)
    assert cem.member not in waiting(ada, council)


def test_two_who_knock_with_one_invitation_are_told_apart_by_a_warning() -> None:
    simulation = Simulation(1)
    council, (ada,) = simulation.society("Ada")
    line = line_of(ada, council)
    ben, cem = simulation.node("Ben"), simulation.node("Cem")
    knock(simulation, ben, line)
    knock(simulation, cem, line)
    ada.submit(c.VouchFor(council, ben.member))
    (request,) = show_council(ada.peer, ada.place(council), 0).requests
    assert request.person.member == cem.member
    assert "Somebody else was let in with the same invitation" in request.warning


def test_an_invitation_that_nobody_there_knows_is_refused_until_its_sponsor_was_online() -> None:
    simulation = Simulation(1)
    council, (ada, ben) = simulation.society("Ada", "Ben")
    address = simulation.network.address(ben.key)
    ada.go_offline()
    line = line_of(ada, council)
    cem = simulation.node("Cem")
    cem.submit(c.Dial(address))
    assert "not known here yet" in knock(simulation, cem, line)
    assert not waiting(ben, council)
    ada.submit(c.Dial(address))
    ada.go_online()
    ada.submit(c.Dial(address))
    assert simulation.run_until(lambda: cem.member in waiting(ben, council))
    simulation.run(1_000)
    assert "keep" in show_pending(cem.peer)[0].line, "that some peer keeps it weighs more than a refusal"


def test_nobody_comes_in_without_an_invitation_but_members_of_the_council_above() -> None:
    simulation = Simulation(1)
    society, (ada, ben) = simulation.society("Ada", "Ben")
    child = CouncilId(ada.submit(c.FoundCouncil("Ovens", "workers", "workplace", "", society)).id)
    simulation.converge(society)
    ben.submit(c.JoinCouncil(child))
    assert simulation.run_until(lambda: ben.member in {j.member for j, _ in ada.peer.requests(child)})
    simulation.run(6_000)
    assert "keeps your request" in show_pending(ben.peer)[0].line
    view = show_council(ada.peer, ada.place(child), 0).requests[0]
    assert view.how == "a member of the council above"
    zed = simulation.node("Zed")
    zed.submit(c.Dial(simulation.network.address(ada.key)))
    join = shelf.PendingJoin(child, Person("Zed").join(child), "Ovens", "", ())
    zed._keep(shelf.JOIN, child, shelf.write(join))
    simulation.run(8_000)
    assert "Nobody invited you" in show_pending(zed.peer)[0].line
    assert waiting(ada, child) == {ben.member}


def test_a_full_lobby_says_so_and_still_knows_whom_it_keeps() -> None:
    simulation = Simulation(1)
    council, (ada,) = simulation.society("Ada")
    line = line_of(ada, council)
    kept = simulation.node("Kept")
    knock(simulation, kept, line)
    invitation_key = SigningKey(decode_invitation(line).secret)
    for number in range(lobby.MAX_LOBBY - 1):
        person = Person(f"crowd {number}")
        record = shelf.LobbyRecord(person.join(council, invite_key=invitation_key), 0)
        ada._keep(shelf.LOBBY, council + person.id, shelf.write(record))
    assert len(waiting(ada, council)) == lobby.MAX_LOBBY
    late = simulation.node("Late")
    assert "Too many people are waiting" in knock(simulation, late, line)
    assert late.member not in waiting(ada, council)
    # A request may arrive twice; the second time it is told what the first time was.
    pending = shelf.read(kept.peer.world.items(shelf.JOIN)[council], shelf.PendingJoin)
    again = shelf.PendingJoin(council, pending.join, pending.name, pending.sponsor, pending.addresses)
    kept._keep(shelf.JOIN, council, shelf.write(again))
    simulation.run(8_000)
    assert "keeps your request" in show_pending(kept.peer)[0].line


def test_an_undelivered_request_says_so() -> None:
    simulation = Simulation(1)
    council, (ada,) = simulation.society("Ada")
    line = line_of(ada, council)
    ada.go_offline()
    ben = simulation.node("Ben")
    assert "Not delivered yet: Ada" in knock(simulation, ben, line)


def test_two_vouches_where_two_are_needed() -> None:
    simulation = Simulation(1)
    ada, ben, cem = (simulation.node(name) for name in ("Ada", "Ben", "Cem"))
    council = simulation.found_by(ada, Charter(vouches_needed=2))
    simulation.let_in(council, ada, ben)
    simulation.let_in(council, ada, cem)
    standing = {m.person.name: m.standing for m in show_council(ada.peer, ada.place(council), 0).members}
    assert standing == {"Ada": "founder", "Ben": "admitted; not on the roll yet", "Cem": standing["Ben"]}
    request = next(
        r for r in show_council(cem.peer, cem.place(council), 0).requests if r.person.name == "Ben"
    )
    assert (request.vouches, request.needed, request.mine) == (1, 2, False)


def test_a_council_of_newer_rules_is_named_and_shuts_nobody_out() -> None:
    simulation = Simulation(1)
    council, (ada,) = simulation.society("Ada")
    newer = genesis_of([Person("Ada")], Charter(rules_version=99), "Tomorrow")
    name, _ = read_genesis(newer)
    ada._keep(shelf.COUNCIL, name, newer)
    again = Simulation(2)
    node = Node(again, "Ada", ":memory:")
    for kind, key, value in [
        (shelf.COUNCIL, name, newer),
        (shelf.COUNCIL, council, ada.place(council).genesis_bytes),
    ]:
        node._keep(kind, key, value)
    for each in (ada, node):
        assert set(each.peer.world.places) == {council}
        assert "follows version 99 of the rules" in show_pending(each.peer)[0].line
