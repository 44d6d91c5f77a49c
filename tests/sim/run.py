"""Playing one seed: what happened, what was violated, and what it cost."""

import traceback
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from time import process_time

from crdt.errors import LocalError
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.peer import commands as c
from tests.sim.checkers import AT_ANY_TIME, WHEN_QUIET, Checker, forks_of
from tests.sim.faults import FAULTS
from tests.sim.laptop import Laptop
from tests.sim.limits import small_limits
from tests.sim.society import Society

STEPS = 30
"""Steps between two quiet points."""
QUIET_POINTS = 2


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one seed.

    Attributes:
        seed: what decided everything.
        violations: a sentence for each.
        story: what happened, line by line.
        counts: how often what happened, over the run.
        cpu_seconds: processor time.
    """

    seed: int
    violations: tuple[str, ...]
    story: str
    counts: Counter[str]
    cpu_seconds: float

    def shortly(self) -> str:
        """The first violation, in a line: of something raised, what."""
        head, *more = self.violations
        return head.strip().splitlines()[-1] if "Traceback" in head else " ".join([head, *more[:1]])


def run(seed: int, peers: int = 0, switched_on: Collection[str] = FAULTS) -> Result:
    """Play a seed to its end, or to the first violation.

    Args:
        seed: decides everything.
        peers: how many laptops at first; drawn when 0.
        switched_on: the kinds of faults that may happen.
    """
    with small_limits():
        return _run(seed, peers, switched_on)


def _run(seed: int, peers: int, switched_on: Collection[str]) -> Result:
    started = process_time()
    society: Society | None = None
    violations: list[str] = []
    try:
        society = Society(seed, peers, switched_on)
        violations = _play(society)
    except Exception:
        # Whatever is raised here was raised by the code under test, or by a fault of the simulator: both are findings.
        violations = [f"something was raised:\n{traceback.format_exc()}"]
    story, counts = "", Counter[str]()
    if society is not None:
        head = f"seed {seed}: {len(society.laptops)} laptops; {society.faults.describe()}"
        story = f"{head}\n{society.story.text()}"
        counts = _counts(society)
        society.close()
    return Result(seed, tuple(violations), story, counts, process_time() - started)


def _play(society: Society) -> list[str]:
    for point in range(QUIET_POINTS):
        for _ in range(3):
            society.play(STEPS // 3)
            if violations := _check(society, AT_ANY_TIME):
                return violations
        society.calm_down()
        society.come_to_rest()
        if violations := _check(society, (*AT_ANY_TIME, *WHEN_QUIET)):
            return violations
        if point + 1 < QUIET_POINTS:
            society.go_on()
    return _everybody_is_heard(society)


def _check(society: Society, checkers: Iterable[Checker]) -> list[str]:
    found: list[str] = []
    for checker in checkers:
        some = list(checker(society))
        if some:
            found.append(f"{checker.__name__.replace('_', ' ')}:")
            found += some
    return found


def _everybody_is_heard(society: Society) -> list[str]:
    """Whoever is a member can still speak when all is over, and everybody hears it."""
    said: list[tuple[str, bytes]] = []
    for laptop in society.inside():
        place = laptop.place(society.council)
        if not any(m.member == laptop.member and m.on_roll for m in place.state.members()):
            continue
        title = f"{laptop.title} was here"
        command = c.MakeProposal(society.council, title, "At the end.", "End\n", YesNo(quorum_permille=0))
        try:
            done = laptop.submit(command)
        except LocalError as error:
            return [f"{laptop.title} can say nothing any more: {error} {error.hint}"]
        said.append((laptop.title, done.id))
        society.heard += 1
    society.come_to_rest()
    violations = _check(society, (*AT_ANY_TIME, *WHEN_QUIET))
    for title, proposal in said:
        for laptop in society.inside():
            if laptop.place(society.council).proposal(proposal) is None and not _is_disowned(society, title):
                violations.append(f"{laptop.title} does not hear {title}")
    return violations


def _ballots(society: Society, laptop: Laptop) -> int:
    return sum(issue.tally.turnout for issue in laptop.place(society.council).state.issues())


def _is_disowned(society: Society, title: str) -> bool:
    device = society.laptops[title].signer.device
    statements = [
        laptop.place(society.council).state.duty(society.laptops[title].member) for laptop in society.inside()
    ]
    return any(
        device in statement.disowned
        for duty in statements
        for statement in (duty.contested or ((duty.statement,) if duty.statement else ()))
    )


def _counts(society: Society) -> Counter[str]:
    laptops = society.laptops.values()
    counts = Counter(
        {
            "laptops": len(laptops),
            "acknowledged entries": len(society.ledger.acknowledged),
            "members heard at the end": society.heard,
            "ballots that count": max((_ballots(society, laptop) for laptop in society.inside()), default=0),
            "forks held": max((len(forks_of(one)) for one in society.inside() if not one.is_off), default=0),
            "hostile peers": len(society.liars),
            "crashes": sum(laptop.disk.crashes for laptop in laptops),
            "virtual seconds": society.simulation.network.now_ms // 1_000,
        }
    )
    counts.update(f"hostile: {liar.kind}" for liar in society.liars)
    return counts
