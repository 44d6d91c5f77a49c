"""Checking everything again, from the bytes alone and trusting nobody: this laptop's own store, or a bundle.

A verification is a new peer that holds nothing, is handed the envelopes, and comes to its own conclusion. It opens no
network connection and writes no file.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from crdt.envelope import EnvelopeGroup, decode_groups, encode_groups
from crdt.errors import RemoteError
from crdt.store.shell import AsyncStore
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.peer import shelf
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.events import Keep
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.councils import councils_in_tree_order, name_of
from p2pcouncil.peer.showing.issues import show_issue
from p2pcouncil.peer.showing.people import People
from p2pcouncil.runtime.bundle import MAX_RECORD_BYTES, read_bundle
from p2pcouncil.runtime.engine import Engine
from p2pcouncil.runtime.sneakernet import accept_all, all_groups, keep_record, unpack_groups


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked, in a sentence, and whether it holds."""

    holds: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification found.

    Attributes:
        checks: in reading order.
        state_hashes: (council id in hex, state hash in hex) as computed anew.
    """

    checks: tuple[Check, ...]
    state_hashes: tuple[tuple[str, str], ...]

    @property
    def holds(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)


async def verify_bundle(path: Path) -> VerifyReport:
    """Verify a bundle.

    Raises:
        LocalError: it can't be read or is damaged.
    """
    records = list(read_bundle(path))
    async with _blank_peer() as engine:
        refused: dict[str, int] = {}
        for kind, body in records:
            try:
                await keep_record(engine, kind, body)
            except RemoteError as error:
                refused[str(error)] = refused.get(str(error), 0) + 1
        groups = unpack_groups(records, refused)
        offered = sum(len(group.envelopes) for group in groups)
        await accept_all(engine, groups, refused)
        return _report(engine.peer, offered, refused)


async def verify_store(running: Engine) -> VerifyReport:
    """Verify what this laptop holds, and that the running peer came to the same state.

    Raises:
        LocalError: the store can't be read.
    """
    await running.refresh(shelf=True)
    places = list(running.peer.world.places.values())
    async with _blank_peer() as engine:
        refused: dict[str, int] = {}
        groups: list[EnvelopeGroup] = []
        for place in places:
            await engine.carry_out([Keep(shelf.COUNCIL, place.council, place.genesis_bytes)])
            for chunk in await running.store.run(all_groups, place.council):
                try:
                    # Through the wire and back, so that hashes are derived from the payloads and not believed.
                    groups += decode_groups(encode_groups(chunk), MAX_RECORD_BYTES)
                except RemoteError as error:
                    refused[str(error)] = refused.get(str(error), 0) + 1
        offered = sum(len(group.envelopes) for group in groups)
        await accept_all(engine, groups, refused)
        report = _report(engine.peer, offered, refused)
        hashes = dict(report.state_hashes)
        same = all(hashes.get(p.council.hex()) == p.state_hash().hex() for p in places)
        sentence = "The running peer has the very state that was computed anew."
        return VerifyReport((*report.checks, Check(same, sentence)), report.state_hashes)


@asynccontextmanager
async def _blank_peer() -> AsyncIterator[Engine]:
    engine = Engine(Peer(), await AsyncStore.open(":memory:"), None)
    try:
        await engine.start()
        yield engine
    finally:
        await engine.stop()


def _report(peer: Peer, offered: int, refused: dict[str, int]) -> VerifyReport:
    held = sum(place.index.total for place in peer.world.places.values())
    checks = [
        Check(
            held == offered,
            f"{held} of {offered} entries hold: signed by a certified device of an admitted member, each naming "
            "the one before it.",
        )
    ]
    checks += [
        Check(False, f"Refused {count}: {clean_line(reason, 300)}")
        for reason, count in sorted(refused.items())
    ]
    hashes: list[tuple[str, str]] = []
    for place, _ in councils_in_tree_order(peer):
        hashes.append((place.council.hex(), place.state_hash().hex()))
        checks += _council_checks(peer, place)
    if not hashes:
        checks.append(Check(False, "There is no council in it."))
    return VerifyReport(tuple(checks), tuple(hashes))


def _council_checks(peer: Peer, place: Place) -> list[Check]:
    people = People(peer.world, place)
    name = name_of(place)
    founders = sum(m.is_founder for m in place.state.members())
    admitted = len(place.state.members())
    checks = [
        Check(
            True,
            f"“{name}”: the founding holds ({founders} founder{'s' if founders != 1 else ''} signed it); "
            + ("1 member is admitted." if admitted == 1 else f"{admitted} members are admitted."),
        )
    ]
    rejected = place.state.rejected
    if rejected:
        checks.append(
            Check(
                True,
                f"“{name}”: {len(rejected)} entries break a rule and count for nothing; every peer sees that.",
            )
        )
    waiting = len(place.state.waiting())
    if waiting:
        checks.append(Check(True, f"“{name}”: {waiting} entries wait for others that are not in here."))
    for issue in place.state.issues():
        view = show_issue(peer, place, issue, people)
        checks.append(
            Check(
                True,
                f"“{name}”, vote {issue.hash.hex()[:8]}: the text is the one that was seconded; roll of "
                f"{view.tally.roll_size}, ballots counted: {view.tally.turnout}. {view.tally.headline}",
            )
        )
    return checks
