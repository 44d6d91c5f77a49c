"""Receiving: receipts for the ballots that reach this laptop in time, and the seal when the vote is over.

What was received is not remembered but read: from the first-seen times on the disk, and from our own receipts. So a
crash makes a teller neither forget nor guess. Receipts come in batches, and a seal waits a moment: a teller that slept
through a vote has to hear the others' receipts before it says its last word on it.

Source: DESIGN section 6, "Sealing a vote".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from crdt.ids import DeviceId, MemberId
from p2pcouncil.domain.register.certificates import clock_of
from p2pcouncil.domain.register.chain import MS_PER_SECOND, OpenVote
from p2pcouncil.domain.register.minutes import Minutes
from p2pcouncil.domain.register.sayings import MAX_RECEIPTED, Receipt, Received, Seal
from p2pcouncil.domain.register.sealing import numbers_to_seal, pack_numbers
from p2pcouncil.peer.register.alarm import Alarm
from p2pcouncil.peer.register.held import Held

RECEIPT_PAUSE_MS = 2_000
"""Between two receipts for one vote: an evening on which a thousand vote makes no thousand entries."""
SEAL_PAUSE_MS = 2_000
"""After a vote's end, and after hearing from the others again: receipts need a moment to spread."""


@dataclass(slots=True)
class Receiver:
    """One teller's part in the votes that run.

    Attributes:
        me, device: who tells, and from which laptop.
        minutes, held: what was said, and what else is held.
    """

    me: MemberId
    device: DeviceId
    minutes: Minutes
    held: Held
    _receipted_ms: dict[bytes, int] = field(default_factory=dict)

    def receipt(self, clock_ms: int, alarm: Alarm) -> Receipt | None:
        """A receipt for what came while a vote is open by our clock, and that none of ours names yet."""
        for vote in self._mine():
            end_ms = self._end_ms(vote)
            if clock_ms >= end_ms:
                continue
            came = self.held.came_by(vote.issue, end_ms)
            known = self._receipted(vote)
            fresh = [
                Received(member, number)
                for member, number in sorted(came.items())
                if number > known.get(member, 0) and member in vote.roll
            ]
            if not fresh:
                continue
            due_ms = self._due_ms(vote, clock_ms)
            if clock_ms < due_ms and clock_ms < end_ms - RECEIPT_PAUSE_MS:
                alarm.set(min(due_ms, end_ms - RECEIPT_PAUSE_MS))
                continue
            if len(fresh) <= MAX_RECEIPTED:
                self._receipted_ms[vote.issue] = clock_ms
            return Receipt(self.minutes.chain.council, self.me, vote.issue, tuple(fresh[:MAX_RECEIPTED]))
        return None

    def seal(self, clock_ms: int, heard_all_ms: int | None, alarm: Alarm) -> Seal | None:
        """A seal, once, for a vote whose end a page told, as soon as the others' receipts had time to come.

        Args:
            clock_ms: this laptop's clock.
            heard_all_ms: since when it has heard what some other teller holds; None while it has not.
            alarm: is set to when there may be more to say.
        """
        for vote in self._mine():
            if vote.closes_ms is None or self.me in self.minutes.seals(vote.issue):
                continue
            due_ms = vote.closes_ms
            if len(vote.committee.tellers) > 1:
                if heard_all_ms is None and clock_ms >= vote.closes_ms:
                    continue
                due_ms += SEAL_PAUSE_MS
                # A clock that was set back since then must not hold a seal up.
                if heard_all_ms is not None and heard_all_ms <= clock_ms:
                    due_ms = max(due_ms, heard_all_ms + SEAL_PAUSE_MS)
            if clock_ms < due_ms:
                alarm.set(due_ms)
                continue
            own = self._receipted(vote)
            for member, number in self.held.came_by(vote.issue, vote.closes_ms).items():
                own[member] = max(number, own.get(member, 0))
            receipts = self.minutes.receipts(vote.issue)
            numbers = numbers_to_seal(vote.roll, own, receipts, vote.committee.liars)
            return Seal(self.minutes.chain.council, self.me, vote.issue, pack_numbers(numbers))
        return None

    def _mine(self) -> Iterator[OpenVote]:
        """Votes that are not closed, of whose committee this laptop is."""
        for _, vote in sorted(self.minutes.chain.votes.items()):
            if vote.committee.device_of(self.me) == self.device:
                yield vote

    def _end_ms(self, vote: OpenVote) -> int:
        """When a vote ends. Before a page tells, we reckon with the certificate of its own page as we hold it."""
        if vote.closes_ms is not None:
            return vote.closes_ms
        certificate = self.minutes.certificate()
        assert certificate is not None, "a page entered the vote, and was certified"
        return clock_of(certificate) + vote.window_seconds * MS_PER_SECOND

    def _receipted(self, vote: OpenVote) -> dict[MemberId, int]:
        """What our own receipts name."""
        known: dict[MemberId, int] = {}
        for receipt in self.minutes.receipts(vote.issue):
            for received in receipt.ballots if receipt.member == self.me else ():
                member = MemberId(received.member)
                known[member] = max(received.number, known.get(member, 0))
        return known

    def _due_ms(self, vote: OpenVote, clock_ms: int) -> int:
        """When the next receipt may come. One that a clock set back puts into the future holds nothing up."""
        last_ms = self._receipted_ms.get(vote.issue)
        return clock_ms if last_ms is None or last_ms > clock_ms else last_ms + RECEIPT_PAUSE_MS
