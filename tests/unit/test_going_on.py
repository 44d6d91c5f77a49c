"""A council whose tellers are gone for good goes on in a successor, and the old register can't go on beside it."""

import msgspec
import pytest

from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, CouncilId, DeviceId, MemberId
from crdt.keys import certificate_message
from p2pcouncil.domain.entries import Succeed
from p2pcouncil.domain.outcomes import Status
from p2pcouncil.domain.records import (
    NOBODY,
    Charter,
    Signed,
    Succession,
    SuccessorGenesis,
    encode_record,
    genesis_message,
    read_genesis,
    read_successor,
    succession_message,
)
from p2pcouncil.domain.register.chain import Chain
from p2pcouncil.domain.register.succession import Successor, signed_founding
from p2pcouncil.domain.rejections import Rule
from p2pcouncil.domain.tally.choice import YES
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.doing.desk import Desk
from p2pcouncil.peer.doing.going_on import to_go_on
from p2pcouncil.peer.events import Append
from p2pcouncil.peer.going_on import has_gone_on, last_precommit, standing_of, successor_of
from p2pcouncil.peer.showing.inbox import show_inbox
from p2pcouncil.peer.showing.register import show_register
from tests.sim.node import Node
from tests.sim.simulation import Simulation, proposal_of
from tests.support.village import AT_ONCE, HOUR_MS, Village


class Stalled(Village):
    """A village of which half the tellers are lost."""

    def chains(self, node: Node) -> list[Chain]:
        return node.place(self.council).state.register.minutes.chains

    def decide(self, council: CouncilId, some: list[Node], title: str) -> bool:
        """Put something to the vote; whether it is closed within an hour."""
        oven = proposal_of(some[0], council, title)
        issue = ChangeHash(some[0].submit(c.OpenVote(oven)).id)
        for node in some:
            if not self.simulation.run_until(lambda n=node: n.place(council).issue(issue) is not None):
                return False
            node.submit(c.CastBallot(issue, YES))

        def is_closed(node: Node) -> bool:
            found = node.place(council).issue(issue)
            return found is not None and found.status is Status.CLOSED

        return self.simulation.run_until(lambda: all(map(is_closed, some)), HOUR_MS)

    def lose_two(self) -> None:
        for node in (self.cem, self.dua):
            node.go_offline()

    def converge(self, *some: Node) -> None:
        self.simulation.converge(self.council, some)

    def come_back(self, node: Node) -> None:
        node.go_online()
        node.submit(c.Dial(self.ada.peer.world.addresses[0]))

    def go_on(self, node: Node, *tellers: Node) -> CouncilId:
        made = node.submit(c.GoOn(self.council, "", tuple(teller.member for teller in tellers)))
        return CouncilId(made.id)

    def line(self, node: Node) -> str:
        (shown,) = show_register(node.peer, node.place(self.council)).successors
        return shown.line


def test_it_goes_on_when_enough_have_signed_and_decides_again() -> None:
    stalled = Stalled()
    stalled.lose_two()
    assert not stalled.decide(stalled.council, [stalled.ada, stalled.ben], "Oven")
    simulation, ada, ben, cem = stalled.simulation, stalled.ada, stalled.ben, stalled.cem
    # Two who have not heard of each other write the same founding.
    successor = stalled.go_on(ada)
    assert stalled.go_on(ben) == successor
    stalled.converge(ada, ben)
    assert "go on" not in {item.kind for item in show_inbox(ada.peer)}
    # Two of four are no majority: with Cem, who comes back for a moment, they are three.
    assert "signed by 2 members, 3 needed, and by 2 of the next page's tellers, 2 needed" in stalled.line(ben)
    assert successor not in ben.peer.world.places
    stalled.come_back(cem)
    assert simulation.run_until(lambda: len(cem.place(stalled.council).state.successors()) == 1, HOUR_MS)
    assert [item.kind for item in show_inbox(cem.peer) if item.needs_me][:1] == ["go on"]
    assert stalled.go_on(cem) == successor
    held = (ada, ben, cem)
    assert simulation.run_until(lambda: all(successor in node.peer.world.places for node in held))
    assert "The council goes on in its successor" in stalled.line(ada)
    assert stalled.council not in {item.council for item in show_inbox(ada.peer)}
    genesis = ada.place(successor).state.genesis
    assert isinstance(genesis, SuccessorGenesis)
    assert set(genesis.succeeds.tellers) == {ada.member, ben.member}
    assert genesis.charter == AT_ONCE
    chain = ada.place(successor).state.register.chain
    assert chain.roll.keys() == {node.member for node in stalled.nodes}
    assert stalled.decide(successor, [ada, ben, cem], "Mill race")
    # Who was away is on the roll, holds it as soon as they hear of it, and tells nothing more in the old one.
    stalled.come_back(stalled.dua)
    assert simulation.run_until(lambda: successor in stalled.dua.peer.world.places, HOUR_MS)
    simulation.converge(successor)
    before = ada.place(stalled.council).state.register.chain.number
    simulation.run(HOUR_MS)
    assert ada.place(stalled.council).state.register.chain.number == before
    hashes = {node.place(stalled.council).state_hash() for node in stalled.nodes}
    assert len(hashes) == 1
    with pytest.raises(LocalError, match="You signed a successor"):
        stalled.go_on(stalled.ada)
    check_signatures(*ada.place(stalled.council).state.successors())


def test_a_register_that_goes_on_leaves_its_successor_behind() -> None:
    village = Stalled()
    ada, ben, cem, dua = village.nodes
    # Of the founding Ada alone was the roll, so she alone could sign for all who came since.
    first = village.chains(ada)[0]
    early = SuccessorGenesis(
        "Mill", "society", "society", "", b"", AT_ONCE, ada.place(village.council).state.genesis.roll, bytes(16),
        Succession(village.council, 0, first.page, (ada.member,)),
    )  # fmt: skip
    body = encode_record(early)
    council = CouncilId(genesis_message(body))
    ada._append(
        [
            Append(
                village.council, (Succeed(0, council, ada.sign_as_member(succession_message(council)), body),)
            )
        ]
    )
    village.converge(*village.nodes)
    assert {successor_of(node.place(village.council)) for node in village.nodes} == {None}
    # Who signs while the others are only away for an hour tells again once a page shows that they are back.
    village.lose_two()
    village.go_on(ada)
    assert has_gone_on(ada.place(village.council), ada.member)
    for node in (cem, dua):
        village.come_back(node)
    assert village.decide(village.council, [ben, cem, dua], "Oven")
    village.converge(*village.nodes)
    assert not has_gone_on(ada.place(village.council), ada.member)
    dua.go_offline()
    assert village.decide(village.council, [ada, ben, cem], "Rye"), "three of four decide, Ada among them"


def test_a_certificate_is_no_signature_under_a_successor() -> None:
    village = Stalled()
    ada = village.ada
    name = CouncilId(certificate_message(ada.member, ada.signer.device))
    certificate = ada.me.certificate.signature
    written = ada._append([Append(village.council, (Succeed(0, name, certificate, b""),))])
    refused = {entry.hash: entry.rule for entry in ada.place(village.council).state.rejected}
    assert refused[written[0][0].hash] is Rule.RECORD


def test_what_does_not_fit_takes_nothing_over() -> None:
    village = Stalled()
    village.lose_two()
    ada, ben = village.ada, village.ben
    before = ada.place(village.council)
    rng = village.simulation.rng

    def founding() -> SuccessorGenesis:
        desk = Desk(ada.peer, ada.signer, rng.randbytes, ada.now_ms)
        (effect,) = to_go_on(desk, c.GoOn(village.council, ""), ada.sign_as_member).effects
        assert isinstance(effect, Append)
        (entry,) = effect.entries
        assert isinstance(entry, Succeed)
        return read_successor(entry.founding)

    genesis = founding()
    spoilt = {
        "another charter": replaced(genesis, charter=Charter()),
        "other members": replaced(genesis, roll=genesis.roll[:-1], tellers=(genesis.roll[0].member,)),
        "too few of the old tellers": replaced(genesis, tellers=(genesis.roll[0].member,)),
        "another page": replaced(genesis, page=bytes(32)),
    }
    for why, one in spoilt.items():
        body = encode_record(one)
        council = CouncilId(genesis_message(body))
        signatures = {node.member: node.sign_as_member(succession_message(council)) for node in village.nodes}
        standing = standing_of(before, Successor(council, body, one, signatures))
        assert why in standing.unfit
        assert not standing.is_complete
    with pytest.raises(LocalError, match="At least 2 of the old tellers"):
        village.go_on(ada, ada)
    # A founding that gives Cem's vote to a device of Mal's is signed by nobody who looks.
    mallory = village.simulation.key("Mal")
    theirs = founder_with(genesis, village.cem, mallory.device)
    body = encode_record(theirs)
    council = CouncilId(genesis_message(body))
    assert not standing_of(before, Successor(council, body, theirs, {})).unfit
    ben._append(
        [
            Append(
                village.council, (Succeed(0, council, ben.sign_as_member(succession_message(council)), body),)
            )
        ]
    )
    council_of_ben = council
    village.simulation.converge(village.council, (ada, ben))
    with pytest.raises(LocalError, match="another device, key or name for Cem"):
        village.go_on(ada)
    # What nobody signed with the member key counts for nothing.
    body = encode_record(genesis)
    council = CouncilId(genesis_message(body))
    forged = Succeed(0, council, ben.sign_as_member(succession_message(council)), body)
    written = ada._append([Append(village.council, (forged,))])
    refused = {entry.hash: entry for entry in before.state.rejected}
    assert refused[written[0][0].hash].rule is Rule.RECORD
    assert [successor.council for successor in before.state.successors()] == [council_of_ben]


def test_the_council_above_hears_of_a_successor() -> None:
    simulation = Simulation(5)
    simulation.do_duties = True
    parent, (ada, ben) = simulation.society("Ada", "Ben")
    founding = c.FoundCouncil("Bakers", "workers", "workplace", "", parent, AT_ONCE)
    council = CouncilId(ada.submit(founding).id)
    assert simulation.run_until(lambda: bool(ben.place(parent).state.children()))
    ben.submit(c.JoinCouncil(council))
    assert simulation.run_until(lambda: bool(ada.peer.requests(council)))
    ada.submit(c.VouchFor(council, ben.member))
    assert simulation.run_until(
        lambda: (
            council in ben.peer.world.places and ben.member in ben.place(council).state.register.chain.roll
        ),
        HOUR_MS,
    )
    simulation.converge(council, (ada, ben))
    successor = CouncilId(ada.submit(c.GoOn(council, "")).id)
    assert simulation.run_until(lambda: bool(ben.place(council).state.successors()))
    ben.submit(c.GoOn(council, ""))
    assert simulation.run_until(
        lambda: all(
            successor in {child.council for child in node.place(parent).state.children()}
            for node in (ada, ben)
        )
    )
    assert successor in ada.peer.world.places


def check_signatures(successor: Successor) -> None:
    """A founding holds with more than half of the signatures, and with no wrong one."""
    assert successor.genesis is not None
    council, genesis = read_genesis(signed_founding(successor))
    assert (council, genesis) == (successor.council, successor.genesis)
    members = [MemberId(founder.member) for founder in genesis.roll]
    some = sorted(successor.signatures)[:2]
    few = [successor.signatures[member] if member in some else NOBODY for member in members]
    with pytest.raises(RemoteError, match="half"):
        read_genesis(encode_record(Signed(successor.body, tuple(few))))
    wrong = [bytes(63) + b"\1"] * len(members)
    with pytest.raises(RemoteError, match="did not sign"):
        read_genesis(encode_record(Signed(successor.body, tuple(wrong))))


def test_whoever_signed_the_next_page_signs_no_successor() -> None:
    village = Stalled()
    # All four are there, so what waits is decided; the next page is signed in the middle of it.
    ada, place = village.ada, village.ada.place(village.council)
    oven = proposal_of(ada, village.council, "Oven")
    ada.submit(c.OpenVote(oven))
    assert village.simulation.run_until(lambda: last_precommit(place, ada.member) > 0, HOUR_MS)
    with pytest.raises(LocalError, match="You signed page"):
        village.go_on(ada)


def founder_with(genesis: SuccessorGenesis, node: Node, device: DeviceId) -> SuccessorGenesis:
    """The same founding, with another device for a member, whose key certified it once."""
    certificate = node.sign_as_member(certificate_message(node.member, device))
    roll = tuple(
        msgspec.structs.replace(f, device=device, certificate=certificate) if f.member == node.member else f
        for f in genesis.roll
    )
    return msgspec.structs.replace(genesis, roll=roll)


def replaced(
    genesis: SuccessorGenesis, page: bytes | None = None, tellers: tuple[bytes, ...] = (), **changes: object
) -> SuccessorGenesis:
    succeeds = genesis.succeeds
    if page is not None:
        succeeds = msgspec.structs.replace(succeeds, page=page)
    if tellers:
        succeeds = msgspec.structs.replace(succeeds, tellers=tellers)
    return msgspec.structs.replace(genesis, succeeds=succeeds, **changes)
