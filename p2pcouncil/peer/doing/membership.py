"""What concerns belonging: founding, inviting, asking to join, vouching, leaving."""

from hashlib import sha256

from nacl.signing import SigningKey

from crdt.errors import LocalError, RemoteError
from crdt.ids import CouncilId
from p2pcouncil.domain.entries import MAX_COMMENT_CHARS, Announce, AskToJoin, Invite, Leave, Vouch
from p2pcouncil.domain.plain_text import validate_line
from p2pcouncil.domain.records import (
    KINDS,
    LEVELS,
    Founder,
    Genesis,
    Join,
    Signed,
    encode_record,
    genesis_message,
    join_message,
    read_genesis,
)
from p2pcouncil.invitation import Invitation, encode_invitation, qr_text
from p2pcouncil.peer import commands as c
from p2pcouncil.peer import shelf
from p2pcouncil.peer.doing.desk import Deed, Desk, shown
from p2pcouncil.peer.events import Append, Connect, Effect, Keep

MAX_INVITATION_ADDRESSES = 4


def to_found(desk: Desk, command: c.FoundCouncil) -> Deed:
    """Found a society, or a council below one that we belong to.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    me = desk.me
    if command.kind not in KINDS or command.level not in LEVELS[command.kind]:
        known = "; ".join(f"{kind}: {', '.join(LEVELS[kind])}" for kind in KINDS)
        raise LocalError(f"There is no {command.kind} council at the level “{command.level}”.", known)
    if (command.kind == "society") != (command.parent is None):
        raise LocalError(
            "A society stands on its own; every other council stands below one.",
            "Found a society, or name the council above.",
        )
    if command.charter.vouches_needed > 1:
        raise LocalError(
            f"With you as the only founder, nobody could ever have {command.charter.vouches_needed} vouches.",
            "Let one vouch be enough; members look after each other's.",
        )
    parent = desk.place(command.parent) if command.parent is not None else None
    name = validate_line(command.name, "The name", 64)
    founder = Founder(me.member, me.device, me.certificate.signature, me.vrf, me.name)
    genesis = Genesis(
        name,
        command.kind,
        command.level,
        command.purpose[:1_000],
        command.parent or b"",
        command.charter,
        (founder,),
        desk.draw(16),
    )
    body = encode_record(genesis)
    council = genesis_message(body)
    signed = encode_record(Signed(body, (desk.signer.sign(council),)))
    try:
        read_genesis(signed)
    except RemoteError as error:
        raise LocalError(
            "No peer would take this founding: a number of its charter is out of range.",
            "Change the charter.",
        ) from error
    effects: list[Effect] = [Keep(shelf.COUNCIL, council, signed)]
    if parent is not None:
        effects.append(Append(parent.council, (Announce(desk.now_ms, signed),)))
    return Deed(tuple(effects), f"You founded “{name}”.", council)


def to_invite(desk: Desk, council: CouncilId, note: str) -> Deed:
    """Make a one-time key, and the line of text that carries it.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place = desk.place(council)
    seed = desk.draw(32)
    key = bytes(SigningKey(seed).verify_key)
    addresses = desk.peer.world.reachable_at()[:MAX_INVITATION_ADDRESSES]
    invitation = Invitation(council, place.state.genesis.name, seed, addresses, desk.me.name, council)
    line = encode_invitation(invitation)
    message = f"One invitation to “{shown(place.state.genesis.name)}”. Give this line to one person only."
    if not addresses:
        message += " It carries no address, as the network is off here: bring a bundle, or make one online."
    return Deed(
        (Append(council, (Invite(desk.now_ms, key, note[:120]),)),),
        message,
        None,
        (line, qr_text(invitation)),
    )


def _signed_join(desk: Desk, council: CouncilId, invite: SigningKey | None) -> bytes:
    me = desk.me
    key = bytes(invite.verify_key) if invite else b""
    join = Join(council, me.member, me.device, me.certificate.signature, me.vrf, me.name, key)
    body = encode_record(join)
    message = join_message(body)
    signatures = [desk.signer.sign(message)]
    if invite is not None:
        signatures.append(invite.sign(message).signature)
    return encode_record(Signed(body, tuple(signatures)))


def to_join(desk: Desk, invitation: Invitation) -> Deed:
    """Ask to belong to the council that an invitation names.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    council = invitation.council
    place = desk.peer.world.places.get(council)
    if place is not None and place.state.is_admitted(desk.me.member):
        raise LocalError(
            f"You belong to “{shown(invitation.council_name)}” already.",
            "Give the invitation to somebody else.",
        )
    join = _signed_join(desk, council, SigningKey(invitation.secret))
    pending = shelf.PendingJoin(
        council, join, invitation.council_name, invitation.sponsor_name, invitation.addresses
    )
    connects = tuple(Connect(address) for address in invitation.addresses)
    keep = Keep(shelf.JOIN, council, shelf.write(pending))
    return Deed((keep, *connects), f"You asked to join “{shown(invitation.council_name)}”.", council)


def to_join_child(desk: Desk, council: CouncilId) -> Deed:
    """Ask to belong to a council that was announced in one of ours.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    for place in desk.peer.world.places.values():
        for child in place.state.children():
            if child.council != council:
                continue
            desk.place(place.council)
            join = _signed_join(desk, council, None)
            pending = shelf.PendingJoin(council, join, child.genesis.name, "", ())
            effects = (
                Keep(shelf.COUNCIL, council, child.record),
                Append(place.council, (AskToJoin(desk.now_ms, join),)),
                Keep(shelf.JOIN, council, shelf.write(pending)),
            )
            return Deed(effects, f"You asked to join “{shown(child.genesis.name)}”.", council)
    raise LocalError(
        "No council that you belong to has announced that one.",
        "See `p2pcouncil councils`, or use an invitation.",
    )


def to_vouch(desk: Desk, council: CouncilId, join_id: bytes) -> Deed:
    """Vouch for somebody who asks to join.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place = desk.place(council)
    desk.check_duty(place)
    if place.state.member(desk.me.member).has_left:
        raise LocalError(
            f"You left “{shown(place.state.genesis.name)}”, so your vouch would not count.",
            "Somebody who is still a member has to vouch.",
        )
    for join, signed in desk.peer.requests(council):
        if sha256(signed).digest() == join_id or join.member == join_id:
            mine = any(
                v.voucher == desk.me.member and v.join.member == join.member for v in place.state.vouches()
            )
            if mine:
                raise LocalError(
                    f"You vouched for {shown(join.name)} already.", "Others may have to vouch, too."
                )
            if join.member == desk.me.member:
                raise LocalError("You can't vouch for yourself.", "Ask another member.")
            return Deed(
                (Append(council, (Vouch(desk.now_ms, signed),)),),
                f"You vouched for {shown(join.name)}.",
                None,
            )
    raise LocalError(
        "Nobody with that fingerprint waits to be let in here.",
        "List them with `p2pcouncil vouch`. A request waits only with the peers that it reached.",
    )


def to_leave(desk: Desk, council: CouncilId, reason: str) -> Deed:
    """Leave a council.

    Raises:
        LocalError: we don't belong to it.
    """
    place = desk.place(council)
    entry = Leave(desk.now_ms, reason[:MAX_COMMENT_CHARS])
    return Deed((Append(council, (entry,)),), f"You left “{shown(place.state.genesis.name)}”.", None)
