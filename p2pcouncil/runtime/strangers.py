"""Envelopes of people who are not admitted yet: kept aside for a while, for the vouch may be on its way.

A newcomer's lane often arrives together with the vouch that lets it in. What is set aside here is offered again as
soon as its member is admitted, instead of being fetched twice. It is bounded, in memory, and may be forgotten at any
time: the next pull brings it again.
"""

from collections.abc import Callable

from crdt.envelope import EnvelopeGroup
from crdt.ids import CouncilId, MemberId

MAX_BYTES = 32 * 1024 * 1024
MAX_BYTES_PER_MEMBER = 8 * 1024 * 1024
ENVELOPE_OVERHEAD_BYTES = 500
"""What an envelope takes in memory beside its payload, roughly."""

Who = tuple[CouncilId, MemberId]


class Strangers:
    """What was set aside, by council and member; their signatures are not checked yet."""

    def __init__(self) -> None:
        self._groups: dict[Who, list[EnvelopeGroup]] = {}
        self._sizes: dict[Who, int] = {}
        self._total = 0

    def set_aside(self, who: Who, group: EnvelopeGroup) -> None:
        """Keep a group; forget the member who has waited longest when there is too much."""
        size = sum(len(envelope.payload) + ENVELOPE_OVERHEAD_BYTES for envelope in group.envelopes)
        if self._sizes.get(who, 0) + size > MAX_BYTES_PER_MEMBER:
            return
        while self._sizes and self._total + size > MAX_BYTES:
            self._forget(next(iter(self._sizes)))
        self._groups.setdefault(who, []).append(group)
        self._sizes[who] = self._sizes.get(who, 0) + size
        self._total += size

    def take_admitted(self, is_admitted: Callable[[CouncilId, MemberId], bool]) -> tuple[EnvelopeGroup, ...]:
        """Give out what belongs to members who are admitted by now."""
        ready = [who for who in self._groups if is_admitted(*who)]
        groups = tuple(group for who in ready for group in self._groups[who])
        for who in ready:
            self._forget(who)
        return groups

    def _forget(self, who: Who) -> None:
        del self._groups[who]
        self._total -= self._sizes.pop(who)
