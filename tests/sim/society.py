"""One run: honest members at work on laptops that break, over a network that loses, beside peers that lie."""

import heapq
import random
from collections.abc import Callable, Collection

from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId, MemberId
from crdt.store.rows import export_groups
from net.memory_links import Conditions
from p2pcouncil.domain.tally.choice import YES, Choice
from p2pcouncil.peer import commands as c
from p2pcouncil.runtime.duty import state_duty
from tests.sim.disk import Disk, Image
from tests.sim.faults import FAULTS, Faults
from tests.sim.hostile.hostile import Hostile
from tests.sim.hostile.kinds import HOSTILE_KINDS
from tests.sim.laptop import Laptop, PowerCut, fresh_laptop
from tests.sim.ledger import Ledger
from tests.sim.node import Node, signing_key
from tests.sim.simulation import Simulation
from tests.sim.story import Story
from tests.sim.workload import PLAN_SECONDS, Workload

NAMES = ("Ada", "Ben", "Cem", "Dan", "Eve", "Fay", "Gul", "Hal", "Ivo", "Joy", "Kim", "Leo")
LIARS = ("Mal", "Nix", "Odo")
PEERS = (3, 7)
WAITS_MS = (0, 0, 20, 300, 2_000, 6_000)
DAY_MS = 86_400_000
DISKS_MS = (2, 10, 40)
"""What a transaction takes on a good disk, on a busy one, and on a memory card."""
MAX_LAPTOPS = 14
PATIENCE_MS = 300_000
"""Virtual time in which all must have become equal; back-offs and the peers' regular pulls fit several times."""
LOOK_EVERY_MS = 1_000
SETTLE_MS = 3_000
"""In which a few who are well connected hear of each other's words."""


DUTIFUL = 3
"""In one society of so many the laptops do their members' duties for the register, which takes half as long again."""
PLANNERS = 9
"""One society of so many plans, too; its laptops do their duties, so that rounds are closed."""


class Society:
    """A council founded on a good day, and what happens to it afterwards."""

    def __init__(self, seed: int, peers: int = 0, switched_on: Collection[str] = FAULTS) -> None:
        """Found it, and let the first members and the liars in.

        Args:
            seed: decides everything.
            peers: how many laptops there are at first; drawn when 0.
            switched_on: the kinds of faults that may happen.
        """
        self.rng = random.Random(seed)
        self.faults = Faults.draw(self.rng, switched_on)
        self.simulation = Simulation(seed)
        self.simulation.do_duties = seed % DUTIFUL == 0
        self.simulation.disk_ms = self.rng.choice(DISKS_MS)
        self.story = Story(lambda: self.simulation.network.now_ms)
        self.ledger = Ledger()
        self.laptops: dict[str, Laptop] = {}
        self.liars: list[Hostile] = []
        self.heard = 0
        self.voted: dict[tuple[ChangeHash, MemberId], tuple[str, Choice]] = {}
        self.unanswered: dict[tuple[ChangeHash, MemberId], set[Choice]] = {}
        self._images: dict[str, Image] = {}
        self._later: list[tuple[int, int, Callable[[], None]]] = []
        self._mishaps: dict[str, Callable[[], None]] = {
            "partition": self._partition,
            "churn": self._churn,
            "crash": self._crash,
            "full-disk": self._fill_disk,
            "backup": self._restore,
            "clone": self._clone,
            "clock": self._shift_clock,
            "newcomer": self._invite,
            "device": self._second_device,
        }
        drawn = self.rng.randint(*PEERS)
        count = peers or drawn
        self._outside = _names(count + 4)
        self.council = self._found(count)
        self.workload = Workload(self.rng, self.council, plans=seed % PLANNERS == 0)
        if seed % PLANNERS == 0:
            self._begin_to_plan()
        self._let_liars_in()
        self.simulation.network.links.conditions = self.faults.conditions

    def _found(self, count: int) -> CouncilId:
        founder = self._laptop(self._outside.pop(0))
        founder.go_online()
        council = CouncilId(
            founder.submit(c.FoundCouncil("Morning Bread", "society", "society", "To test")).id
        )
        self.story.tell(f"{founder.title} founds the council")
        for _ in range(count - 1):
            newcomer = self._laptop(self._outside.pop(0))
            newcomer.go_online()
            self.simulation.let_in(council, founder, newcomer)
            self.story.tell(f"{founder.title} lets {newcomer.title} in")
        return council

    def _begin_to_plan(self) -> None:
        """Decide on a planning period while all is well."""
        founder, seconder, *_ = laptops = list(self.laptops.values())
        members = [laptop.member for laptop in laptops]
        proposal = ChangeHash(founder.submit(self.workload.plan_to_propose(members)).id)
        self.simulation.run(SETTLE_MS)
        seconder.submit(c.SecondProposal(proposal))
        self.simulation.run(SETTLE_MS)
        issue = ChangeHash(founder.submit(c.OpenVote(proposal, PLAN_SECONDS)).id)
        self.simulation.run(SETTLE_MS)
        for laptop in laptops:
            laptop.submit(c.CastBallot(issue, YES))

        def has_begun() -> bool:
            return bool(founder.place(self.council).state.register.chain.plans)

        assert self.simulation.run_until(has_begun, PATIENCE_MS), "no page begins the planning period"
        self.story.tell("a page begins a planning period")

    def _let_liars_in(self) -> None:
        for name in LIARS[: self.faults.hostile]:
            kind = self.rng.choice(sorted(HOSTILE_KINDS))
            made = HOSTILE_KINDS[kind]
            node = None
            is_member = self.rng.random() < 0.5
            if made.needs_member or is_member:
                node = Node(self.simulation, name)
                node.go_online()
                self.simulation.let_in(self.council, next(iter(self.laptops.values())), node)
                node.go_offline()
            liar = made(self.simulation, self.council, random.Random(self.rng.random()), node, name)
            liar.go_online()
            self.liars.append(liar)
            self.story.tell(f"{name}, {'a member' if node else 'a stranger'}, turns {kind}")

    def play(self, steps: int) -> None:
        """Let people act and the world misbehave."""
        names = ["act", *(name for name, _ in self.faults.weights)]
        weights = [100, *(weight for _, weight in self.faults.weights)]
        for name in self.rng.choices(names, weights, k=steps):
            self._mishaps.get(name, self._act)()
            for liar in self.liars:
                if self.rng.random() < 0.4 and (line := liar.act()):
                    self.story.tell(line)
            self._wait(self.rng.choice(WAITS_MS))

    def calm_down(self) -> None:
        """Let everybody have power, room, and a good network; nobody hostile starts anything new."""
        self.story.tell("the faults end: power, room and a good network for everybody")
        self._later.clear()
        for liar in self.liars:
            liar.rest()
        network = self.simulation.network
        network.heal()
        network.links.conditions = Conditions()
        for laptop in self.laptops.values():
            laptop.disk.is_full = False
            if laptop.is_off:
                laptop.boot()
                continue
            laptop.disk.keep_alive()
            if not laptop.online:
                laptop.go_online()

    def come_to_rest(self) -> bool:
        """Let time pass until all are equal, and know it; tells whether they are."""
        for _ in range(PATIENCE_MS // LOOK_EVERY_MS):
            self.simulation.run(LOOK_EVERY_MS)
            inside = self.inside()
            sets = {laptop.place(self.council).index.fingerprint() for laptop in inside}
            is_known = not any(laptop.peer.holdings.only_here() for laptop in inside)
            if len(sets) == 1 and is_known and self.simulation.equal(self.council, inside):
                self.story.tell(f"all {len(inside)} laptops are equal")
                return True
        return False

    def go_on(self) -> None:
        """Let the faults begin again."""
        self.story.tell("the faults begin again")
        for liar in self.liars:
            liar.wake()
        self.simulation.network.links.conditions = self.faults.conditions

    def close(self) -> None:
        """Free the disks."""
        for laptop in self.laptops.values():
            laptop.disk.close()

    def inside(self) -> list[Laptop]:
        """The laptops that hold the council."""
        return [laptop for laptop in self.laptops.values() if self.council in laptop.peer.world.places]

    def do(self, laptop: Laptop, line: str, command: c.Command) -> bool:
        """Have somebody do something; tells whether it was acknowledged."""
        try:
            laptop.submit(command)
        except LocalError as error:
            self.story.tell(f"{laptop.title} {line}: no. {error}")
            return False
        except PowerCut:
            self._lost_power(laptop, line)
            if isinstance(command, c.CastBallot):
                self.unanswered.setdefault((command.issue, laptop.member), set()).add(command.choice)
            return False
        self.story.tell(f"{laptop.title} {line}")
        if isinstance(command, c.CastBallot):
            self.voted[command.issue, laptop.member] = (laptop.title, command.choice)
            self.unanswered.pop((command.issue, laptop.member), None)
        return True

    def _laptop(self, name: str, device: str = "") -> Laptop:
        laptop = fresh_laptop(self.simulation, self.ledger, self.rng, name, device)
        self.laptops[laptop.title] = self.simulation.nodes[laptop.title] = laptop
        return laptop

    def _wait(self, for_ms: int) -> None:
        end_ms = self.simulation.network.now_ms + for_ms
        while self._later and self._later[0][0] <= end_ms:
            due_ms, _, action = heapq.heappop(self._later)
            self.simulation.run(max(0, due_ms - self.simulation.network.now_ms))
            action()
        self.simulation.run(max(0, end_ms - self.simulation.network.now_ms))

    def _after(self, at_most_ms: int, action: Callable[[], None]) -> None:
        due_ms = self.simulation.network.now_ms + self.rng.randint(500, at_most_ms)
        heapq.heappush(self._later, (due_ms, self.rng.getrandbits(60), action))

    def _some(self, wanted: Callable[[Laptop], bool] = lambda laptop: True) -> Laptop | None:
        fit = [laptop for laptop in self.laptops.values() if not laptop.is_off and wanted(laptop)]
        return self.rng.choice(fit) if fit else None

    def _lost_power(self, laptop: Laptop, line: str) -> None:
        self.story.tell(f"{laptop.title} {line}, and the power fails at that very write")
        self._boot_later(laptop)

    def _boot_later(self, laptop: Laptop) -> None:
        def boot() -> None:
            if laptop.is_off:
                laptop.boot()
                self.story.tell(f"{laptop.title} starts again; {laptop.disk.describe()}")

        self._after(30_000, boot)

    def _act(self) -> None:
        laptop = self._some(lambda one: self.council in one.peer.world.places)
        drawn = self.workload.draw(laptop) if laptop is not None else None
        if laptop is not None and drawn is not None:
            self.do(laptop, *drawn)

    def _partition(self) -> None:
        keys = sorted(self.simulation.online)
        self.rng.shuffle(keys)
        if len(keys) < 2:
            return
        network = self.simulation.network
        if self.rng.random() < 0.4:
            network.cut(keys[0], keys[1])
            self.story.tell("one cable carries one way only")
        else:
            at = self.rng.randrange(1, len(keys))
            network.partition(keys[:at], keys[at:])
            self.story.tell(f"the network falls apart: {at} peers here, {len(keys) - at} there")

        def heal() -> None:
            network.heal()
            self.story.tell("the network is whole again")

        self._after(60_000, heal)

    def _churn(self) -> None:
        laptop = self._some(lambda one: one.online)
        if laptop is None:
            return
        laptop.go_offline()
        self.story.tell(f"{laptop.title} closes the lid")

        def come_back() -> None:
            if not laptop.online and not laptop.is_off:
                laptop.go_online()
                self.story.tell(f"{laptop.title} opens the lid")

        self._after(40_000, come_back)

    def _crash(self) -> None:
        laptop = self._some()
        if laptop is None:
            return
        if self.rng.random() < 0.6:
            writes = self.rng.randint(1, 40)
            laptop.disk.crash_after(writes)
            self.story.tell(f"{laptop.title} will lose power at its write {writes} from now")
            self._after(20_000, lambda: self._look_after(laptop))
        else:
            laptop.fall()
            self.story.tell(f"{laptop.title} loses power")
            self._boot_later(laptop)

    def _look_after(self, laptop: Laptop) -> None:
        if laptop.is_off:
            laptop.boot()
            self.story.tell(f"{laptop.title}, which had lost power, starts again; {laptop.disk.describe()}")

    def _fill_disk(self) -> None:
        laptop = self._some()
        if laptop is None:
            return
        laptop.disk.is_full = True
        self.story.tell(f"{laptop.title}'s disk is full")

        def make_room() -> None:
            laptop.disk.is_full = False
            self.story.tell(f"{laptop.title}'s disk has room again")

        self._after(60_000, make_room)

    def _restore(self) -> None:
        laptop = self._some()
        if laptop is None:
            return
        image = self._images.pop(laptop.title, None)
        if image is None:
            self._images[laptop.title] = laptop.disk.snapshot()
            self.story.tell(f"{laptop.title} is backed up")
            return
        laptop.fall()
        laptop.put_back(image)
        self.story.tell(f"{laptop.title}'s old backup is put back")

    def _clone(self) -> None:
        laptop = self._some(lambda one: self.council in one.peer.world.places)
        if laptop is None:
            return
        disk = Disk.from_image(random.Random(self.rng.random()), laptop.disk.snapshot())
        twin = Laptop(self.simulation, Ledger(), laptop.name, disk, laptop.title)
        laptop.is_copy = True
        self.story.tell(f"{laptop.title} is copied, and both are used")
        for _ in range(self.rng.randint(1, 3)):
            for one in (twin, laptop):
                drawn = self.workload.draw(one)
                if drawn is not None and not one.is_off:
                    self.do(one, *drawn)
        reader = self._some()
        if reader is not None:
            self.story.tell(f"what {laptop.title}'s copy wrote reaches {reader.title} on a stick")
            reader.take_in([group for chunk in export_groups(twin.conn, self.council) for group in chunk])

    def _shift_clock(self) -> None:
        laptop = self._some()
        if laptop is None:
            return
        laptop.skew_ms = self.rng.choice((-DAY_MS, -3_600_000, -60_000, 0, 60_000, 3_600_000, 40 * DAY_MS))
        self.story.tell(f"{laptop.title}'s clock is off by {laptop.skew_ms // 1_000} s")

    def _invite(self) -> None:
        sponsor = self._some(lambda one: one.online and self.council in one.peer.world.places)
        if sponsor is None or not self._outside or len(self.laptops) >= MAX_LAPTOPS:
            return
        newcomer = self._laptop(self._outside.pop(0))
        newcomer.go_online()
        self._join(sponsor, newcomer)

    def _second_device(self) -> None:
        """A member certifies another laptop, votes from it, or disowns the one that is gone."""
        laptop = self._some(lambda one: self.council in one.peer.world.places and one.title == one.name)
        if laptop is None:
            return
        title = f"{laptop.name}'s other laptop"
        other = self.laptops.get(title)
        if other is None:
            if laptop.online and len(self.laptops) < MAX_LAPTOPS:
                other = self._laptop(laptop.name, title)
                other.go_online()
                self._join(laptop, other)
            return
        place = other.peer.world.places.get(self.council)
        if other.is_off or place is None or not place.state.is_admitted(other.member):
            return
        if not self.simulation.equal(self.council, [laptop, other]):
            # Whoever takes over while behind gives up what the other laptop wrote meanwhile: see docs/recovery.md.
            return
        lost = laptop.signer.device if self.rng.random() < 0.3 else None
        key = signing_key(b"member " + laptop.name.encode())
        try:
            statement = state_duty(place, other.me, lambda m: key.sign(m).signature, lost, other.now_ms)
            other.append([statement])
        except LocalError as error:
            self.story.tell(f"{other.title} does not take over: {error}")
        except PowerCut:
            self._lost_power(other, "takes over")
        else:
            self.story.tell(f"{other.title} takes over" + (f"; {laptop.title} is disowned" if lost else ""))

    def _join(self, sponsor: Laptop, newcomer: Laptop) -> None:
        try:
            line = sponsor.submit(c.MakeInvitation(self.council)).lines[0]
        except LocalError as error:
            self.story.tell(f"{sponsor.title} cannot invite: {error}")
            return
        except PowerCut:
            self._lost_power(sponsor, "writes an invitation")
            return
        self.do(newcomer, f"asks to join, invited by {sponsor.title}", c.JoinByInvitation(line))


def _names(count: int) -> list[str]:
    return [NAMES[n] if n < len(NAMES) else f"Member {n}" for n in range(count)]
