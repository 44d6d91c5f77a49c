"""Playing one seed: what happened, what was violated, and what it cost."""

import traceback
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from time import process_time

from crdt.errors import LocalError
from crdt.ids import ChangeHash
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.place import Place
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
    """Whoever is a member can still speak when all is over, and everybody hears it.

    Somebody who is let in only now may have carried what a copied laptop wrote, and so show a fork that nobody knew of.
    Whose last word that takes back says it again.
    """
    speakers = [laptop for laptop in society.inside() if _is_on_roll(society, laptop)]
    for is_again in (False, True):
        said, violations = _say(society, speakers, "was here" if not is_again else "is still here")
        society.come_to_rest()
        violations += _check(society, (*AT_ANY_TIME, *WHEN_QUIET))
        unheard = [
            (speaker, hearer, proposal)
            for speaker, proposal in said
            for hearer in society.inside()
            if hearer.place(society.council).proposal(proposal) is None
            and not _is_disowned(society, speaker.title)
        ]
        taken_back = [] if is_again else [one for one in unheard if _is_taken_back(society, *one)]
        violations += [
            f"{hearer.title} does not hear {speaker.title}"
            for speaker, hearer, proposal in unheard
            if (speaker, hearer, proposal) not in taken_back
        ]
        speakers = list(dict.fromkeys(speaker for speaker, _, _ in taken_back))
        if violations or not speakers:
            return violations
    return []


def _is_taken_back(society: Society, speaker: Laptop, hearer: Laptop, proposal: ChangeHash) -> bool:
    """Whether a hearer knows of a fork below what a copied laptop said."""
    where = society.ledger.where.get(proposal)
    fork = None if where is None else forks_of(hearer).get(where.lane)
    return speaker.is_copy and where is not None and fork is not None and fork <= where.seq


def _is_on_roll(society: Society, laptop: Laptop) -> bool:
    members = laptop.place(society.council).state.members()
    return any(m.member == laptop.member and m.on_roll for m in members)


def _say(
    society: Society, speakers: Sequence[Laptop], what: str
) -> tuple[list[tuple[Laptop, ChangeHash]], list[str]]:
    """Have some propose something: who proposed what, and who could not."""
    said: list[tuple[Laptop, ChangeHash]] = []
    for laptop in speakers:
        command = c.MakeProposal(
            society.council, f"{laptop.title} {what}", "At the end.", "End\n", YesNo(quorum_permille=0)
        )
        try:
            said.append((laptop, ChangeHash(laptop.submit(command).id)))
        except LocalError as error:
            return said, [f"{laptop.title} can say nothing any more: {error} {error.hint}"]
        society.heard += 1
    return said, []


def _ballots(society: Society, laptop: Laptop) -> int:
    return sum(issue.tally.turnout for issue in laptop.place(society.council).state.issues())


def _planned(place: Place) -> int:
    chain = place.state.register.chain
    return sum(name in chain.decided for period in chain.plans.values() for name in period.rounds)


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
            "planning rounds closed": max(
                (_planned(laptop.place(society.council)) for laptop in society.inside()), default=0
            ),
            "forks held": max((len(forks_of(one)) for one in society.inside() if not one.is_off), default=0),
            "hostile peers": len(society.liars),
            "crashes": sum(laptop.disk.crashes for laptop in laptops),
            "virtual seconds": society.simulation.network.now_ms // 1_000,
        }
    )
    counts.update(f"hostile: {liar.kind}" for liar in society.liars)
    return counts
