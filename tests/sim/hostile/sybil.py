"""A member who is many: devices, feeds, texts, and people of its own making whom it lets in."""

from collections.abc import Callable, Sequence

from crdt.keys import lane_id
from p2pcouncil.domain.entries import AnyEntry, StateDuty, Vouch
from p2pcouncil.domain.records import Duty, Join, Until, duty_message, join_message
from tests.sim.hostile import craft
from tests.sim.hostile.hostile import Attack, Hostile
from tests.sim.node import Key, signing_key

DEVICES = 6
PUPPETS = 40
CROWD = 5
MAX_BELOW = 2
"""Forks below a vouch make every peer fold the council anew; a run bears a few."""


class Sybil(Hostile):
    """Does nothing that a signature would not cover."""

    kind = "sybil"
    needs_member = True

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._puppets: list[str] = []
        self._forked_below = 0
        self._numbers = 0

    def attacks(self) -> Sequence[Attack]:
        return (
            *(self.speak_as_device, self.speak_in_new_feed, self.write_in_made_up_text, self.let_puppet_in),
            *(self.let_puppet_in, self.have_puppet_speak, self.have_puppet_vouch, self.join_twice),
            *(self.contest_duty, self.contest_duty_of_puppet, self.fork_below_vouch),
        )

    def speak_as_device(self) -> str:
        """An entry of a further device."""
        key = self._device()
        self.write_payloads(self.header(key=key), craft.payload_of(self.any_entry()), key=key)
        return "speaks with another of its devices"

    def speak_in_new_feed(self) -> str:
        """An entry in some generation, in whatever order."""
        key = self._device()
        header = self.header(self.rng.randrange(64), key=key)
        self.write_payloads(header, craft.payload_of(self.any_entry()), key=key)
        return "speaks in yet another feed"

    def write_in_made_up_text(self) -> str:
        """Words in a text that nobody proposed."""
        text_id = self.text_id(real=False)
        header = self.header(0, text_id)
        self.write_payloads(header, craft.first_words(lane_id(header), text_id, "Nobody asked.\n"))
        return "writes in a text that nobody proposed"

    def let_puppet_in(self) -> str:
        """Vouch for a few of its own making, in the end for more than a feed may."""
        begin = len(self._puppets)
        crowd = [f"{self.name}'s puppet {number}" for number in range(begin, min(begin + CROWD, PUPPETS))]
        if not crowd or not self.write(*(self._vouch(puppet) for puppet in crowd)):
            return ""
        self._puppets += crowd
        return f"vouches for {len(crowd)} puppets"

    def have_puppet_speak(self) -> str:
        """What a puppet says."""
        return self._as_puppet("has a puppet speak", self.any_entry)

    def have_puppet_vouch(self) -> str:
        """Puppets let in puppets."""
        if len(self._puppets) >= 2 * PUPPETS:
            return ""
        following = f"{self.name}'s puppet {len(self._puppets)}"
        told = self._as_puppet("has a puppet vouch for a puppet", lambda: self._vouch(following))
        if told:
            self._puppets.append(following)
        return told

    def join_twice(self) -> str:
        """A puppet's join with another device, or with a device that another puppet has."""
        if len(self._puppets) < 2:
            return ""
        puppet, other = self.rng.sample(self._puppets, 2)
        key = self.add_key(self.simulation.key(self.rng.choice((f"{puppet}, second", other))))
        return "vouches for a puppet twice" if self.write(self._vouch(puppet, key)) else ""

    def contest_duty(self) -> str:
        """Two statements of its own under one number, each with another device."""
        self._numbers += self.rng.randrange(2)
        key = self.node.signer if self.rng.random() < 0.6 else self._device()
        made = self._statement(self.node.name, key, max(1, self._numbers))
        return "contradicts itself on who votes for it" if self.write(made) else ""

    def contest_duty_of_puppet(self) -> str:
        """A puppet's statement, carried by somebody else, which disowns its own device."""
        if not self._puppets:
            return ""
        puppet = self.rng.choice(self._puppets)
        made = self._statement(puppet, self._device(), self.rng.randrange(1, 4), self._key_of(puppet))
        return "carries statements of a puppet" if self.write(made) else ""

    def fork_below_vouch(self) -> str:
        """Another entry below the vouches of its feed, long after."""
        if self._forked_below >= MAX_BELOW or (len(self._puppets) < PUPPETS and self.rng.random() < 0.8):
            return ""
        row = self.said_by(
            lambda row: (
                not self.is_honest(row) and not row.header.subject and b"vouch.1" in row.envelope.payload[:16]
            )
        )
        if row is None or row.header.device != self.node.signer.device:
            return ""
        self._forked_below += 1
        payload = craft.payload_of(self.any_entry())
        self.gossip_group(
            row.header, craft.seal(row.header, row.envelope.seq, row.envelope.prev, payload, self.sign)
        )
        return "takes a vouch back by a fork"

    def _device(self) -> Key:
        return self.another_device(self.rng.randrange(DEVICES))[0]

    def _key_of(self, puppet: str) -> Key:
        return self.add_key(self.simulation.key(puppet))

    def _as_puppet(self, told: str, make: Callable[[], AnyEntry]) -> str:
        if not self._puppets:
            return ""
        puppet = self.rng.choice(self._puppets)
        key = self._key_of(puppet)
        header = self.header(key=key, member=puppet)
        return told if self.write_payloads(header, craft.payload_of(make()), key=key) else ""

    def _vouch(self, puppet: str, key: Key | None = None) -> Vouch:
        key = key or self._key_of(puppet)
        word = self.header(key=key, member=puppet).certificate
        taken = [member.name for member in self.place.state.members()]
        shown_as = self.rng.choice((puppet, self.rng.choice(taken)))
        join = Join(self.council, word.member, key.device, word.signature, bytes(32), shown_as, b"")
        return Vouch(self.node.now_ms, craft.signed_record(join, join_message, key.sign))

    def _statement(self, member: str, key: Key, number: int, disowned: Key | None = None) -> StateDuty:
        word = self.header(key=key, member=member).certificate
        until = tuple(Until(k.device, g, self.rng.randrange(20)) for k in [disowned] if k for g in range(2))
        gone = (disowned.device,) if disowned is not None and disowned is not key else ()
        duty = Duty(self.council, word.member, number, key.device, word.signature, until, gone)
        member_key = signing_key(b"member " + member.encode())
        record = craft.signed_record(duty, duty_message, lambda message: member_key.sign(message).signature)
        return StateDuty(self.node.now_ms, record)
