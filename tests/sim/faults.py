"""What can go wrong in a run, drawn from its seed; each kind can be switched off."""

import random
from collections.abc import Collection
from dataclasses import dataclass

from net.memory_links import Conditions

FAULTS = (
    *("loss", "delay", "duplication", "replay", "partition", "churn"),
    *("crash", "full-disk", "backup", "clone", "clock", "newcomer", "device", "hostile"),
)
"""Every kind, by the name that `make sim FAULTS=…` takes."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong in one run.

    Attributes:
        conditions: how the network treats a message while the run lasts.
        weights: how often each other mishap comes, beside 100 for what honest members do.
        hostile: how many hostile peers there are.
    """

    conditions: Conditions
    weights: tuple[tuple[str, int], ...]
    hostile: int

    @classmethod
    def draw(cls, rng: random.Random, switched_on: Collection[str] = FAULTS) -> "Faults":
        """Draw a run's faults. The draws are the same whatever is switched off, so that a run can be narrowed down."""
        drawn = {
            "loss": rng.randrange(301),
            "delay": rng.choice((20, 100, 400, 2_000, 8_000)),
            "duplication": rng.randrange(501),
            "replay": rng.randrange(501),
        }
        weights = {
            "partition": rng.choice((0, 4, 10)),
            "churn": rng.choice((8, 16, 30)),
            "crash": rng.choice((4, 8, 16)),
            "full-disk": rng.choice((0, 2, 5)),
            "backup": rng.choice((0, 1, 4)),
            "clone": rng.choice((0, 0, 2)),
            "clock": rng.choice((0, 3, 6)),
            "newcomer": rng.choice((2, 5)),
            "device": rng.choice((0, 2, 4)),
        }
        hostile = rng.choice((0, 1, 1, 2, 3))
        some = {name: value for name, value in drawn.items() if name in switched_on}
        conditions = Conditions(
            max_latency_ms=some.get("delay", 20),
            loss_permille=some.get("loss", 0),
            duplication_permille=some.get("duplication", 0),
            replay_permille=some.get("replay", 0),
            notice_ms=3_000,
        )
        on = tuple((name, weight) for name, weight in sorted(weights.items()) if name in switched_on)
        return cls(conditions, on, hostile if "hostile" in switched_on else 0)

    def describe(self) -> str:
        """A line for the head of a story."""
        network = self.conditions
        often = ", ".join(f"{name} {weight}" for name, weight in self.weights if weight)
        return (
            f"loss {network.loss_permille / 10:g} %, duplication {network.duplication_permille / 10:g} %, "
            f"replay {network.replay_permille / 10:g} %, delay up to {network.max_latency_ms} ms; "
            f"to every 100 acts of members: {often or 'no mishap'}; hostile peers: {self.hostile}"
        )
