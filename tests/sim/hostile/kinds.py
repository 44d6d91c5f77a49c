"""Everybody who does not keep to the rules, by name; what a seed draws from."""

from collections.abc import Mapping

from tests.sim.hostile.equivocator import Equivocator
from tests.sim.hostile.flooder import Flooder
from tests.sim.hostile.forger import Forger
from tests.sim.hostile.hostile import Hostile
from tests.sim.hostile.liar import Liar
from tests.sim.hostile.mutator import Mutator
from tests.sim.hostile.orphaner import Orphaner
from tests.sim.hostile.oversizer import Oversizer
from tests.sim.hostile.replayer import Replayer
from tests.sim.hostile.sybil import Sybil
from tests.sim.hostile.withholder import Withholder

KINDS: tuple[type[Hostile], ...] = (
    *(Equivocator, Flooder, Forger, Liar, Mutator, Orphaner, Oversizer, Replayer, Sybil, Withholder),
)
HOSTILE_KINDS: Mapping[str, type[Hostile]] = {kind.kind: kind for kind in sorted(KINDS, key=lambda k: k.kind)}
