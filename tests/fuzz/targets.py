"""All targets by name. Importing this imports the code under test: an instrumenting import goes around it."""

from tests.fuzz import (
    ballots,
    changes,
    entries,
    files,
    frames,
    gossip,
    network,
    peers,
    plans,
    salvaged,
    shown,
    stores,
    successors,
    tables,
)
from tests.fuzz.target import Target

MODULES = (
    changes,
    frames,
    stores,
    entries,
    peers,
    plans,
    files,
    network,
    gossip,
    shown,
    salvaged,
    ballots,
    successors,
    tables,
)
TARGETS: dict[str, Target] = {target.name: target for module in MODULES for target in module.TARGETS}
