"""Envelopes of people who are not admitted yet: kept aside for a while, for the vouch may be on its way.

A newcomer's lane often arrives together with the vouch that lets it in. What is set aside here is offered again as
soon as its member is admitted, instead of being fetched twice. It is bounded, in memory, and may be forgotten at any
time: the next pull brings it again.
"""

from collections.abc import Callable

from crdt.envelope import EnvelopeGroup
from crdt.ids import CouncilId, MemberId

MAX_ENVELOPES = 20_000
MAX_ENVELOPES_PER_MEMBER = 10_000

Who = tuple[CouncilId, MemberId]


class Strangers:
    """What was set aside, by council and member."""

    def __init__(self) -> None:
        self._groups: dict[Who, list[EnvelopeGroup]] = {}
        self._sizes: dict[Who, int] = {}

    def set_aside(self, who: Who, group: EnvelopeGroup) -> None:
        """Keep a group; forget the member who has waited longest when there are too many."""
        size = len(group.envelopes)
        if self._sizes.get(who, 0) + size > MAX_ENVELOPES_PER_MEMBER:
            return
        while self._sizes and sum(self._sizes.values()) + size > MAX_ENVELOPES:
            self._forget(next(iter(self._sizes)))
        self._groups.setdefault(who, []).append(group)
        self._sizes[who] = self._sizes.get(who, 0) + size

    def take_admitted(self, is_admitted: Callable[[CouncilId, MemberId], bool]) -> tuple[EnvelopeGroup, ...]:
        """Give out what belongs to members who are admitted by now."""
        ready = [who for who in self._groups if is_admitted(*who)]
        groups = tuple(group for who in ready for group in self._groups[who])
        for who in ready:
            self._forget(who)
        return groups

    def _forget(self, who: Who) -> None:
        del self._groups[who]
        del self._sizes[who]
