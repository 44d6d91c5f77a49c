"""Statements under the member key: which device votes, and which are lost."""

from collections.abc import Callable, Mapping, Sequence, Set

from crdt.errors import LocalError
from crdt.ids import CouncilId, DeviceId, LaneId, MemberId
from crdt.keys import LaneKind, lane_id
from p2pcouncil.domain.duty import EVERYTHING
from p2pcouncil.domain.entries import StateDuty
from p2pcouncil.domain.records import (
    MAX_DISOWNED,
    MAX_STATEMENTS,
    MAX_UNTIL,
    Duty,
    Signed,
    Until,
    duty_message,
    encode_record,
)
from p2pcouncil.domain.rejections import Rule
from p2pcouncil.domain.state import CouncilState
from p2pcouncil.identity.keys import MemberKey
from p2pcouncil.identity.keystore import Keystore
from p2pcouncil.peer.commands import DisownDevice, TakeOverDuty
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.doing.desk import Deed
from p2pcouncil.peer.events import Append, Effect
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.world import Me

PHRASE_WORDS = (12, 24)


def to_change_duty(peer: Peer, keystore: Keystore, command: TakeOverDuty | DisownDevice, now_ms: int) -> Deed:
    """Work out a statement in every council held in which we are a member.

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
    key = member_key(keystore, command.passphrase, me.member)
    effects: list[Effect] = []
    for place in places:
        effects.append(state_duty(place, me, key.sign, disowned, now_ms))
    count = "1 council" if len(places) == 1 else f"{len(places)} councils"
    said = "the device is disowned" if disowned else "this laptop votes for you from now on"
    return Deed(tuple(effects), f"Done in {count}: {said}.", None)


def state_duty(
    place: Place, me: Me, sign: Callable[[bytes], bytes], disowned: DeviceId | None, now_ms: int
) -> Append:
    """Make the entry by which this device votes in a council from now on.

    Args:
        place: the council.
        me: who states it.
        sign: signs under the member key.
        disowned: a device that is lost from now on.
        now_ms: this laptop's clock.

    Raises:
        LocalError: no peer would take it.
    """
    feeds, texts = (_held(place, me.member, kind) for kind in (LaneKind.FEED, LaneKind.TEXT))
    body = encode_record(next_statement(place.state, me, feeds, disowned, texts))
    signed = encode_record(Signed(body, (sign(duty_message(body)),)))
    return Append(CouncilId(place.council), (StateDuty(now_ms, signed),))


def _held(place: Place, member: MemberId, kind: LaneKind) -> dict[LaneId, Until]:
    """How far the lanes of a member are held."""
    lanes = {lane_id(h): h for h in place.lanes_of(member) if h.kind is kind}
    return {
        lane: Until(header.device, header.generation, place.index.count_of(lane))
        for lane, header in lanes.items()
    }


def next_statement(
    state: CouncilState,
    me: Me,
    held: Mapping[LaneId, Until],
    disowned: DeviceId | None = None,
    texts: Mapping[LaneId, Until] | None = None,
) -> Duty:
    """Make the statement that follows those held: this device votes from now on.

    It never makes anything count that did not. A device that was disowned before keeps the limits under which it was,
    and gets no further generations; what another device wrote of what takes duty while it had none stays void, and with
    it whatever stands above in the same lane.

    Args:
        state: the council.
        me: who states it, on the device that votes from now on.
        held: how far each feed of ours is held.
        disowned: a device that is lost from now on.
        texts: how far each lane of ours in a text is held.

    Raises:
        LocalError: no peer would take it.
    """
    before = state.duty(me.member)
    statements = before.contested or ((before.statement,) if before.statement else ())
    lost_before = {device for statement in statements for device in statement.disowned} - {me.device}
    lost = lost_before | ({disowned} if disowned is not None else set())
    listed = _listed(before.statement)
    reach = {place: seq for place, seq in listed.items() if place[0] not in lost_before}
    void_from = _void_from(state, me.member)
    for lane, until in held.items():
        if until.device in lost_before:
            continue
        is_on_duty = until.device == before.device
        seq = until.seq if is_on_duty else min(until.seq, void_from.get(lane, EVERYTHING) - 1)
        place = (until.device, until.generation)
        reach[place] = max(seq, reach.get(place, 0))
    reach |= _kept(statements, lost_before)
    edits = _edits(texts or {}, statements, lost_before, disowned)
    reach = {place: seq for place, seq in (reach | edits).items() if seq and place[0] != me.device}
    # When not all have room: first what votes now, then feeds, then what has counted so far, then what holds most.
    ranked = sorted(reach, key=lambda p: (p[0] != before.device, p in edits, p not in listed, -reach[p], p))
    if len(lost) > MAX_DISOWNED:
        raise LocalError(
            f"A statement can disown at most {MAX_DISOWNED} devices, and these are {len(lost)}.",
            "Leave the council, and join it again under a new member key.",
        )
    if before.number >= MAX_STATEMENTS:
        raise LocalError(
            "No higher statement than the one that counts can be made.",
            "Leave the council, and join it again under a new member key.",
        )
    return Duty(
        state.council,
        me.member,
        before.number + 1,
        me.device,
        me.certificate.signature,
        tuple(Until(*place, reach[place]) for place in sorted(ranked[:MAX_UNTIL])),
        tuple(sorted(lost)),
    )


def _edits(
    texts: Mapping[LaneId, Until],
    statements: Sequence[Duty],
    lost_before: Set[bytes],
    disowned: DeviceId | None,
) -> dict[tuple[bytes, int], int]:
    """How far the lanes of disowned devices in texts count: as far as was said, or is held when it is said first."""
    reach: dict[tuple[bytes, int], int] = {}
    for lane, until in texts.items():
        if until.device in lost_before:
            limits = [_listed(s).get((lane, 0), 0) for s in statements if until.device in s.disowned]
            reach[lane, 0] = min(limits)
        elif until.device == disowned:
            reach[lane, 0] = until.seq
    return reach


def _void_from(state: CouncilState, member: MemberId) -> dict[LaneId, int]:
    """Per lane of a member, the first entry that was refused because its device was not on duty."""
    first: dict[LaneId, int] = {}
    for entry in state.rejected:  # by lane and sequence
        if entry.member == member and entry.rule is Rule.NOT_ON_DUTY:
            first.setdefault(entry.lane, entry.seq)
    return first


def _listed(statement: Duty | None) -> dict[tuple[bytes, int], int]:
    listed: dict[tuple[bytes, int], int] = {}
    for until in statement.until if statement else ():
        place = (until.device, until.generation)
        listed[place] = max(until.seq, listed.get(place, 0))
    return listed


def _kept(statements: Sequence[Duty], lost: Set[bytes]) -> dict[tuple[bytes, int], int]:
    """How far disowned devices count: as far as every statement says that disowned them."""
    kept: dict[tuple[bytes, int], int] = {}
    for device in lost:
        limits = [_listed(statement) for statement in statements if device in statement.disowned]
        for place in limits[0]:
            if place[0] == device:
                kept[place] = min(limit.get(place, 0) for limit in limits)
    return kept


def member_key(keystore: Keystore, secret: str, member: MemberId) -> MemberKey:
    """The member key, from the passphrase of this laptop or from the recovery phrase.

    Raises:
        LocalError: neither brings it back.
    """
    if len(secret.split()) in PHRASE_WORDS:
        key = MemberKey.from_phrase(secret)
        if key.member != member:
            raise LocalError(
                "These words are another member's recovery phrase.", "Use the phrase of this laptop's member."
            )
        return key
    return keystore.unlock_member_key(secret)
