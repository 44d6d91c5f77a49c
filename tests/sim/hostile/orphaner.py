"""A member whose envelopes follow others that never come."""

from collections.abc import Sequence

from crdt.ids import ChangeHash, TextId
from crdt.keys import LaneHeader, lane_id
from crdt.text_guard import MAX_LANE_CHANGES
from tests.sim.hostile import craft
from tests.sim.hostile.hostile import Attack, Hostile
from tests.sim.node import Key

PER_ACT = 4
DEVICES = 8


class Orphaner(Hostile):
    """Fills up the room for envelopes that wait: in feeds and texts, in every generation, of ever new devices."""

    kind = "orphaner"
    needs_member = True

    def attacks(self) -> Sequence[Attack]:
        return (
            *(self.orphan_entries, self.orphan_edits, self.orphan_new_device, self.orphan_made_up_text),
            *(self.bring_last_first, self.crowd_one_lane),
        )

    def orphan_entries(self) -> str:
        """Entries of its own feeds."""
        return self._orphans(self.header(self.rng.randrange(64)), "entries", None)

    def orphan_edits(self) -> str:
        """Edits of a text that others write in."""
        text_id = self.text_id(real=True)
        return self._orphans(self.header(self.rng.randrange(64), text_id), "edits", None)

    def orphan_made_up_text(self) -> str:
        """Edits of a text that nobody proposed."""
        text_id = self.text_id(real=False)
        return self._orphans(self.header(0, text_id), "edits of a text that does not exist", None)

    def orphan_new_device(self) -> str:
        """Entries of a device that nobody heard of, which it certified."""
        key, _ = self.another_device(self.rng.randrange(DEVICES))
        header = self.header(self.rng.randrange(64), key=key)
        return self._orphans(header, "entries of a further device", key)

    def bring_last_first(self) -> str:
        """Entries in the wrong order, of which the first comes at last: then all of them count."""
        key, sign = self.another_device(DEVICES + self.rng.randrange(64))
        header = self.header(0, key=key)
        if lane_id(header) in self.tips:
            return ""
        payloads = [craft.payload_of(self.any_entry()) for _ in range(PER_ACT)]
        for envelope in reversed(craft.follow(header, None, payloads, sign)):
            self.gossip_group(header, envelope)
        return "says things in the wrong order"

    def crowd_one_lane(self) -> str:
        """Many that all claim one place of one lane."""
        header = self.header(63)
        payloads = [craft.payload_of(self.any_entry()) for _ in range(3 * PER_ACT)]
        made = [craft.seal(header, 2, self._nothing(), payload, self.sign) for payload in payloads]
        self.gossip_group(header, *made)
        return "has many entries wait for one that never comes"

    def _orphans(self, header: LaneHeader, what: str, key: Key | None) -> str:
        sign = key.sign if key else self.sign
        seq, prev = self.rng.randrange(2, MAX_LANE_CHANGES - PER_ACT), self._nothing()
        made = []
        for number in range(PER_ACT):
            if header.subject:
                lane, text_id = lane_id(header), TextId(header.subject)
                start = 10 * (seq + number)
                ops = craft.insertions(lane, text_id, "x", start)
                payload = craft.text_change(lane, text_id, ops, seq + number, start, [prev])
            else:
                payload = craft.payload_of(self.any_entry())
            made.append(craft.seal(header, seq + number, prev, payload, sign))
            prev = made[-1].hash
        self.gossip_group(header, *made)
        return f"sends {PER_ACT} {what} that follow nothing"

    def _nothing(self) -> ChangeHash:
        return ChangeHash(self.rng.randbytes(32))
