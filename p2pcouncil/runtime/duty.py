"""Statements under the member key: which device votes, and which are lost."""

from crdt.errors import LocalError
from crdt.ids import CouncilId
from crdt.keys import LaneKind, lane_id
from p2pcouncil.domain.entries import StateDuty
from p2pcouncil.domain.records import Duty, Signed, Until, duty_message, encode_record
from p2pcouncil.identity.keys import MemberKey
from p2pcouncil.identity.keystore import Keystore
from p2pcouncil.peer.commands import DisownDevice, TakeOverDuty
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.events import Append, Effect
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.planning.desk import Plan
from p2pcouncil.peer.world import Me

PHRASE_WORDS = (12, 24)


def plan_duty(peer: Peer, keystore: Keystore, command: TakeOverDuty | DisownDevice, now_ms: int) -> Plan:
    """Plan a statement in every council held in which we are a member.

    Raises:
        LocalError: wrong passphrase or phrase, no council, or an unknown device.
    """
    me = peer.world.me
    if me is None:
        raise LocalError("There is no identity on this laptop yet.", "Run `p2pcouncil init` first.")
    places = [place for place in peer.world.places.values() if place.state.is_admitted(me.member)]
    if not places:
        raise LocalError(
            "This laptop holds no council of yours yet.",
            "Join one with an invitation first; it is not used up.",
        )
    disowned = command.device if isinstance(command, DisownDevice) else None
    if disowned == me.device:
        raise LocalError(
            "This is the very device that you are using.", "Disown it from another laptop of yours."
        )
    if disowned is not None and not any(disowned in place.devices_of(me.member) for place in places):
        raise LocalError("No device of yours with that key is known here.", "See `p2pcouncil device list`.")
    key = _member_key(keystore, command.passphrase, me)
    effects: list[Effect] = []
    for place in places:
        statement = _statement(place, me, disowned)
        body = encode_record(statement)
        signed = encode_record(Signed(body, (key.sign(duty_message(body)),)))
        entry = StateDuty(now_ms, signed)
        effects.append(Append(CouncilId(place.council), (entry,)))
    count = "1 council" if len(places) == 1 else f"{len(places)} councils"
    said = "the device is disowned" if disowned else "this laptop votes for you from now on"
    return Plan(tuple(effects), f"Done in {count}: {said}.", None)


def _statement(place: Place, me: Me, disowned: bytes | None) -> Duty:
    duty = place.state.duty(me.member)
    counted = {me.device}
    until = tuple(
        Until(header.device, header.generation, place.index.count_of(lane_id(header)))
        for header in place.lanes_of(me.member)
        if header.kind is LaneKind.FEED and header.device not in counted
    )
    lost = set(duty.statement.disowned) if duty.statement else set()
    if disowned is not None:
        lost.add(disowned)
    return Duty(
        place.council,
        me.member,
        duty.number + 1,
        me.device,
        me.certificate.signature,
        until,
        tuple(sorted(lost - {me.device})),
    )


def _member_key(keystore: Keystore, secret: str, me: Me) -> MemberKey:
    if len(secret.split()) in PHRASE_WORDS:
        key = MemberKey.from_phrase(secret)
        if key.member != me.member:
            raise LocalError(
                "These words are another member's recovery phrase.", "Use the phrase of this laptop's member."
            )
        return key
    return keystore.unlock_member_key(secret)
