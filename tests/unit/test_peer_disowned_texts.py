"""What a stolen device writes into texts: it counts as far as the statement that disowns it says."""

from collections.abc import Sequence

import pytest

from crdt.envelope import EnvelopeGroup
from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId
from crdt.store.rows import export_groups
from p2pcouncil.peer import commands as c
from p2pcouncil.runtime.duty import state_duty
from tests.sim.node import Node, signing_key
from tests.sim.simulation import Simulation, proposal_of


def held_by(node: Node, council: CouncilId) -> list[EnvelopeGroup]:
    return [group for chunk in export_groups(node.conn, council) for group in chunk]


class Theft:
    """Ben drafted something on a laptop that is stolen; nobody but the thief is told what the thief writes."""

    def __init__(self) -> None:
        self.simulation = Simulation(1)
        self.council, (self.ada, self.cem, self.thief) = self.simulation.society("Ada", "Cem", "Ben")
        self.rye = proposal_of(self.thief, self.council, "Rye", "Honest\n")
        self.oven = proposal_of(self.ada, self.council, "Oven", "One\n")
        self.thief.submit(c.EditText(self.rye, "Honest\nwords\n"))
        self.simulation.converge(self.council)
        for node in (self.ada, self.cem, self.thief):
            node.go_offline()
        self.new = self.laptop("the new one")

    def laptop(self, device: str) -> Node:
        """Another laptop of Ben's, which holds what Ada holds."""
        node = Node(self.simulation, "Ben", device=device)
        node._keep("council", self.council, self.ada.place(self.council).genesis_bytes)
        self.tell(node, held_by(self.ada, self.council))
        return node

    def state(self, node: Node, disowned: Node | None = None) -> None:
        """Have a laptop of Ben's vote from now on, and disown another."""
        key = signing_key(b"member Ben")
        lost = None if disowned is None else disowned.signer.device
        place = node.place(self.council)
        node._write([state_duty(place, node.me, lambda m: key.sign(m).signature, lost, node.now_ms)])
        node.refresh()

    def tell(self, node: Node, groups: Sequence[EnvelopeGroup]) -> None:
        for _ in range(2):
            node.take_in(groups)

    def text(self, node: Node, proposal: ChangeHash) -> str:
        place = node.place(self.council)
        return place.text(place.state.proposal(proposal).text_id).text()

    def of_thief(self) -> list[EnvelopeGroup]:
        device = self.thief.signer.device
        return [group for group in held_by(self.thief, self.council) if group.header.device == device]


@pytest.mark.parametrize("statement_first", [True, False])
def test_what_was_written_before_stays_and_what_comes_after_is_left_out(statement_first: bool) -> None:
    theft = Theft()
    theft.state(theft.new, disowned=theft.thief)
    theft.thief.submit(c.EditText(theft.rye, "Stolen\nwords\n"))
    theft.thief.submit(c.EditText(theft.oven, "One, stolen\n"))
    told = [held_by(theft.new, theft.council), theft.of_thief()]
    for node in (theft.ada, theft.cem):
        for groups in told if statement_first else reversed(told):
            theft.tell(node, groups)
            assert theft.text(node, theft.rye) in ("Honest\nwords\n", "Stolen\nwords\n")
    theft.tell(theft.new, theft.of_thief())
    theft.tell(theft.thief, held_by(theft.new, theft.council))
    everybody = (theft.ada, theft.cem, theft.new, theft.thief)
    assert theft.simulation.equal(theft.council, everybody)
    for node in everybody:
        assert theft.text(node, theft.rye) == "Honest\nwords\n"
        assert theft.text(node, theft.oven) == "One\n"


def test_peers_that_hear_it_in_other_orders_and_build_on_it_end_equal() -> None:
    theft = Theft()
    theft.state(theft.new, disowned=theft.thief)
    theft.thief.submit(c.EditText(theft.oven, "One, stolen\n"))
    theft.tell(theft.cem, theft.of_thief())
    theft.cem.submit(c.EditText(theft.oven, "One, stolen, and Cem unaware\n"))
    theft.ada.submit(c.EditText(theft.oven, "One\nand Ada beside it\n"))
    parts = [held_by(node, theft.council) for node in (theft.new, theft.cem, theft.ada)]
    for node, order in ((theft.ada, (0, 1, 2)), (theft.cem, (2, 0, 1)), (theft.new, (1, 2, 0))):
        for part in order:
            theft.tell(node, parts[part])
    everybody = (theft.ada, theft.cem, theft.new)
    assert theft.simulation.equal(theft.council, everybody)
    assert {theft.text(node, theft.oven) for node in everybody} == {"One\nand Ada beside it\n"}
    theft.ada.submit(c.EditText(theft.oven, "One\nand Ada once more\n"))
    theft.tell(theft.cem, held_by(theft.ada, theft.council))
    assert theft.text(theft.cem, theft.oven) == "One\nand Ada once more\n"


def test_a_later_statement_gives_nothing_back_and_taking_the_device_back_does() -> None:
    theft = Theft()
    theft.state(theft.new, disowned=theft.thief)
    theft.thief.submit(c.EditText(theft.rye, "Stolen\n"))
    theft.tell(theft.ada, held_by(theft.new, theft.council))
    theft.tell(theft.ada, theft.of_thief())
    later = theft.laptop("a later one")
    theft.state(later)
    theft.tell(theft.ada, held_by(later, theft.council))
    assert theft.text(theft.ada, theft.rye) == "Honest\nwords\n"
    theft.tell(theft.thief, held_by(later, theft.council))
    with pytest.raises(LocalError, match="was disowned"):
        theft.thief.submit(c.EditText(theft.rye, "Stolen again\n"))
    theft.state(theft.thief)
    theft.tell(theft.ada, held_by(theft.thief, theft.council))
    assert theft.text(theft.ada, theft.rye) == "Stolen\n"
