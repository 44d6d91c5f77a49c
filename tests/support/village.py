"""A council of four whose peers tell by themselves, in virtual time."""

from crdt.ids import CouncilId
from p2pcouncil.domain.records import Charter
from p2pcouncil.peer import commands as c
from tests.sim.simulation import Simulation

AT_ONCE = Charter(seconds_needed=0, window_seconds=60, probation_seconds=0)
HOUR_MS = 3_600_000


class Village:
    """Ada founded it; all four came onto the roll by pages, and tell."""

    def __init__(self) -> None:
        self.simulation = Simulation(3)
        self.simulation.do_duties = True
        names = ("Ada", "Ben", "Cem", "Dua")
        self.nodes = [self.simulation.node(name) for name in names]
        self.ada, self.ben, self.cem, self.dua = self.nodes
        self.council = CouncilId(
            self.ada.submit(c.FoundCouncil("Mill", "society", "society", "", charter=AT_ONCE)).id
        )
        for newcomer in self.nodes[1:]:
            self.simulation.let_in(self.council, self.ada, newcomer)
        assert self.simulation.run_until(self.all_tell, HOUR_MS), "not everybody came to tell"

    def all_tell(self) -> bool:
        chains = [node.place(self.council).state.register.chain for node in self.nodes]
        return all(len(chain.next_committee().tellers) == 4 for chain in chains)
