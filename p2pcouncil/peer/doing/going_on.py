"""Going on in a successor, under the member key: the first to do so writes its founding, the others sign it."""

from collections.abc import Callable

from crdt.errors import LocalError
from crdt.ids import CouncilId, DeviceId, MemberId, domain_hash
from p2pcouncil.domain.entries import Succeed
from p2pcouncil.domain.records import (
    MAX_FOUNDERS,
    Founder,
    Succession,
    SuccessorGenesis,
    encode_record,
    genesis_message,
    succession_message,
)
from p2pcouncil.domain.register.chain import Chain
from p2pcouncil.domain.register.succession import Successor, tellers_needed
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.doing.desk import Deed, Desk, shown
from p2pcouncil.peer.events import Append
from p2pcouncil.peer.going_on import certificate_of, fit_successors, has_gone_on, last_precommit, standing_of
from p2pcouncil.peer.place import Place


def to_go_on(desk: Desk, command: c.GoOn, sign: Callable[[bytes], bytes]) -> Deed:
    """Work out the entry by which we go on in a successor, and leave the council's register behind.

    Args:
        desk: whose.
        command: which council, and who tells in the successor.
        sign: signs under the member key; asked for once all else is in order.

    Raises:
        LocalError: it can't be done; the hint says what to do instead.
    """
    place, me = desk.place(command.council), desk.me
    if me.member not in place.state.register.chain.roll:
        raise LocalError(
            "You are not on the roll of that council.", "Only its members can go on in a successor."
        )
    name = shown(place.state.genesis.name)
    if has_gone_on(place, me.member):
        raise LocalError(
            f"You signed a successor of “{name}” already.",
            "See with `p2pcouncil pages` whose signatures it waits for.",
        )
    found = _fit(place)
    strange = _strange_founder(place, found)
    if strange and not command.tellers:
        raise LocalError(
            f"The successor that others signed names another device, key or name for {strange} than you know.",
            "Ask them why. To write another one, name with --teller who tells there.",
        )
    found = None if strange else found
    number = last_precommit(place, me.member)
    if number and not place.state.register.minutes.broken and not _can_do_without_us(place, found):
        raise LocalError(
            f"You signed page {number} of “{name}”, and others may have it with enough signatures.",
            "Sign the successor once so many other tellers did that no such page can come of it any more.",
        )
    if found is not None and command.tellers:
        raise LocalError(
            f"Others signed a successor of “{name}” already; its founding says who tells.",
            "Sign it: leave --teller out.",
        )
    if found is not None:
        council, body = found.council, b""
    else:
        body = encode_record(_founding(place, command.tellers, me.member))
        council = CouncilId(genesis_message(body))
    entry = Succeed(desk.now_ms, council, sign(succession_message(council)), body)
    verb = "You signed the successor" if found is not None else "You wrote and signed a successor"
    told = f"{verb} of “{name}”. You tell there no more; votes go on in the successor once enough members sign it."
    return Deed((Append(place.council, (entry,)),), told, council)


def _can_do_without_us(place: Place, found: Successor | None) -> bool:
    """Whether a successor has the tellers that it needs, so that the old register has come to its end already."""
    support = standing_of(place, found).support if found is not None else None
    return support is not None and support.tellers_signed >= support.tellers_needed


def _fit(place: Place) -> Successor | None:
    """Of the successors that can take over from the last page, the one that most members signed."""
    return max(fit_successors(place), key=lambda s: (len(s.signatures), s.council), default=None)


def _founding(place: Place, tellers: tuple[MemberId, ...], me: MemberId) -> SuccessorGenesis:
    """The founding, which two members who hold the same write alike: nothing in it is drawn."""
    chain, before = place.state.register.chain, place.state.genesis
    if len(chain.roll) > MAX_FOUNDERS:
        raise LocalError(
            f"A founding lists at most {MAX_FOUNDERS} members, and {len(chain.roll)} are on the roll.",
            "Found a new council, and invite each other.",
        )
    strangers = [member for member in tellers if member not in chain.roll]
    if strangers:
        raise LocalError("Somebody whom you name to tell is not on the roll.", "See `p2pcouncil councils`.")
    roll = tuple(_founder(place, chain, member) for member in sorted(chain.roll))
    # Whoever has another device by now has another key for lots, and pledges it first.
    liars = {*chain.convicted, *(MemberId(c.member) for c in place.state.register.minutes.convictions())}
    able = {MemberId(f.member) for f in roll if f.device == chain.roll[MemberId(f.member)].device} - liars
    old, needed = chain.next_committee().members & able, tellers_needed(chain)
    named = set(tellers) or {*_speakers(place, chain), me}
    if not tellers and len(named & old) < needed:
        named |= old
    named &= able
    if len(old) < needed:
        raise LocalError(
            f"A successor needs {needed} of the old tellers, on laptops that the last page knows; {len(old)} are left.",
            "Found a new council, and invite each other.",
        )
    if len(named & old) < needed:
        raise LocalError(
            f"At least {needed} of the old tellers have to tell in the successor.",
            f"Name them with --teller: {', '.join(shown(chain.roll[member].name) for member in sorted(old))}.",
        )
    succession = Succession(chain.council, chain.number, chain.page, tuple(sorted(named)))
    return SuccessorGenesis(
        before.name,
        before.kind,
        before.level,
        before.purpose,
        before.parent,
        chain.charter,
        roll,
        domain_hash("p2pcouncil/successor-nonce/1", chain.page)[:16],
        succession,
    )


def _strange_founder(place: Place, found: Successor | None) -> str:
    """Whose vote a founding gives to a device that is not theirs any more; empty for nobody's."""
    chain = place.state.register.chain
    for founder in found.genesis.roll if found is not None and found.genesis is not None else ():
        member = MemberId(founder.member)
        seat, duty = chain.roll[member], place.state.duty(member)
        is_lost = duty.statement is not None and founder.device in duty.statement.disowned
        is_theirs = founder.device in (seat.device, duty.device) and not is_lost
        if not is_theirs or (founder.vrf, founder.name) != (seat.vrf, seat.name):
            return shown(seat.name)
    return ""


def _speakers(place: Place, chain: Chain) -> set[MemberId]:
    """Who spoke of the page that could not be written."""
    minutes = place.state.register.minutes
    return {MemberId(saying.member) for saying in minutes.said_about(minutes.number)} & chain.roll.keys()


def _founder(place: Place, chain: Chain, member: MemberId) -> Founder:
    """A member as the successor's founding lists them, with the device that votes for them now."""
    seat = chain.roll[member]
    for device in (place.state.duty(member).device, seat.device):
        certificate = certificate_of(place, member, DeviceId(device)) if device is not None else None
        if device is not None and certificate is not None:
            return Founder(member, device, certificate, seat.vrf, seat.name)
    raise LocalError(
        f"The certificate of {shown(seat.name)}'s device is not here yet.",
        "Catch up with others, then try again.",
    )
