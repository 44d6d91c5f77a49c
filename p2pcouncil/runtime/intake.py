"""The intake: what arrives is checked, kept in the store, and folded from there.

Checking and folding run side by side: the store's thread checks the next frames while the loop folds the last ones.
"""

import asyncio
import logging
from collections.abc import Sequence

from crdt.envelope import EnvelopeGroup
from crdt.ids import CouncilId, MemberId
from crdt.store.accept import AcceptReport, accept
from p2pcouncil.peer.events import Accept, BatchAccepted, RowsRead
from p2pcouncil.peer.shelf import SETTING
from p2pcouncil.runtime.clock import now_ms
from p2pcouncil.runtime.host import Host
from p2pcouncil.runtime.signature_check import SignatureCheck
from p2pcouncil.runtime.strangers import Strangers
from p2pcouncil.runtime.writing import GENERATION

log = logging.getLogger("p2pcouncil")

"""A setting: with a council, where its feed goes on if this store was an old copy; without one, where all do."""
MAX_WAITING_FRAMES = 1_000
ACCEPT_BATCHES = 64
"""Frames taken in by one transaction: a burst of small gossip costs one commit, not one each."""
NOTHING_ACCEPTED = AcceptReport(0, 0, frozenset(), 1, 0, ())
"""What a failed write comes to: the envelopes wait, and the next pull brings them again."""


class Intake:
    """Takes in what devices and bundles hand over."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._accepts: asyncio.Queue[Accept] = asyncio.Queue(maxsize=MAX_WAITING_FRAMES)
        self._kept = asyncio.Event()
        self._strangers = Strangers()
        self._signatures = SignatureCheck()

    def close(self) -> None:
        """End what checks signatures beside this process."""
        self._signatures.close()

    def offer(self, effect: Accept) -> None:
        """Queue what arrived; when more arrives than this laptop can check, it is shed and pulled again."""
        try:
            self._accepts.put_nowait(effect)
        except asyncio.QueueFull:
            log.info("shed a frame: more arrives than this laptop can check")
            self._host.spawn(self._host.handle(BatchAccepted(effect.batch, 0, 1, (), lost=True)))

    async def check_all(self) -> None:
        """Check and keep what arrives, several frames to a transaction when they queue up."""
        while True:
            batch = [await self._accepts.get()]
            while not self._accepts.empty() and len(batch) < ACCEPT_BATCHES:
                batch.append(self._accepts.get_nowait())
            report = NOTHING_ACCEPTED
            with self._host.troubles():
                report = await self.check_and_keep(batch)
            if report.accepted:
                self._kept.set()
            waiting = report.orphans + len(report.unknown_members)
            for effect in batch:
                refused = await self._refused_of(effect, report, is_alone=len(batch) == 1)
                lost = report is NOTHING_ACCEPTED
                await self._host.handle(
                    BatchAccepted(effect.batch, report.accepted, waiting, refused, lost=lost)
                )

    async def _refused_of(self, effect: Accept, report: AcceptReport, *, is_alone: bool) -> tuple[str, ...]:
        """Why envelopes of one frame were refused.

        Frames that were checked together are checked again by themselves, for whoever handed over one of them must not
        be blamed for another, not even for one that they only passed on as gossip.
        """
        if report.refused and not is_alone:
            report = NOTHING_ACCEPTED
            with self._host.troubles():
                report = await self.check_and_keep([effect])
        return tuple(refusal.reason for refusal in report.refused)

    async def fold_kept(self) -> None:
        """Fold what was kept, while the store's thread checks the next frames already."""
        while True:
            await self._kept.wait()
            self._kept.clear()
            with self._host.troubles():
                await self._host.refresh()
                # Another refresh may have folded it all before the core heard that it was kept, and waits for this.
                await self._host.handle(RowsRead(()))
            groups = self._strangers.take_admitted(self._is_admitted)
            if groups:
                self.offer(Accept(self._host.peer.world.next_number(), None, groups))

    async def check_and_keep(self, batch: Sequence[Accept]) -> AcceptReport:
        """Check frames and keep what holds, in one transaction; folding is the caller's.

        Raises:
            LocalError: the disk, the file or another process is in the way; nothing was kept.
        """
        groups = [group for effect in batch for group in effect.groups]
        mine = [group for group in groups if self._host.peer.world.is_mine(group.header)]
        if mine and await self._accept_mine(mine):
            await self._host.refresh()
        check = self._signatures.check
        report = await self._host.store.run(accept, groups, self._is_admitted, now_ms(), check=check)
        if report.accepted:
            self._host.wrote()
        for group in groups if report.unknown_members else ():
            who = (group.header.council, group.header.member)
            if who in report.unknown_members:
                self._strangers.set_aside(who, group)
        return report

    async def _accept_mine(self, groups: Sequence[EnvelopeGroup]) -> bool:
        """Take back entries of our own; any that this store lacked show that it is an old copy."""
        is_old_copy = False
        for group in groups:
            report = await self._host.store.run(accept, [group], self._is_admitted, now_ms())
            if report.accepted:
                council = group.header.council
                following = max(await self._host.generation(council), group.header.generation + 1)
                log.warning(
                    "this store was an old copy of council %s: going on in a new feed", council.hex()[:8]
                )
                await self._host.keep(SETTING, GENERATION + council, following.to_bytes(4, "big"))
                is_old_copy = True
        return is_old_copy

    def _is_admitted(self, council: CouncilId, member: MemberId) -> bool:
        place = self._host.peer.world.places.get(council)
        return place is not None and place.state.is_admitted(member)
