"""Silence: tellers whose signatures no certificate has brought for weeks go off duty, so that the others can go on.

A page carries the certificate of the page before, with all signatures that its proposer held. Who told that page and is
not among them was silent for it. Whoever is silent for four weeks of page time, and for twenty pages, goes off duty by
itself, a few on a page and never the last ones. A pledge brings them back; their peer makes it when it is online again.

A proposer can leave a signature out, so one page says little. But the tellers of twenty pages in a row would have to
want it, and what they can do is to make somebody pledge again.

Source: DESIGN section 6, "Who tells".
"""

from dataclasses import replace

from crdt.ids import MemberId
from p2pcouncil.domain.register.certificates import Certificate
from p2pcouncil.domain.register.chain import MS_PER_SECOND, Chain, Silence
from p2pcouncil.domain.register.committees import Committee

SILENCE_MS = 28 * 24 * 3_600 * MS_PER_SECOND
SILENT_PAGES = 20
QUIETED_SHARE = 10
"""A page takes at most a tenth of those on duty off it, and always one."""
KEPT_ON_DUTY = 4
"""As few tolerate a liar."""


def judge_silence(chain: Chain, certificate: Certificate | None, committee: Committee | None) -> Chain:
    """Note who is missing in the certificate of the page before, and take off duty who has been for too long.

    Args:
        chain: with the number and the time of the page that brings the certificate.
        certificate: of the page before; None for page 1.
        committee: who told the page before; None for page 1.
    """
    if certificate is None or committee is None:
        return chain
    signed = {signer.member for signer in certificate.signers}
    silent = {member: silence for member, silence in chain.silent.items() if member not in signed}
    for teller in committee.tellers:
        if teller.member not in signed and _is_on_duty(chain, teller.member):
            since_ms, pages = silent.get(teller.member, Silence(chain.time_ms, 0))
            silent[teller.member] = Silence(since_ms, pages + 1)
    silent = {member: silence for member, silence in sorted(silent.items()) if _is_on_duty(chain, member)}
    quieted = _quieted(chain, silent)
    if not quieted:
        return replace(chain, silent=silent) if silent != chain.silent else chain
    roll = {
        m: replace(seat, is_on_duty=seat.is_on_duty and m not in quieted) for m, seat in chain.roll.items()
    }
    kept = {member: silence for member, silence in silent.items() if member not in quieted}
    return replace(
        chain, roll=roll, silent=kept, quieted={**chain.quieted, **dict.fromkeys(quieted, chain.number)}
    )


def _is_on_duty(chain: Chain, member: MemberId) -> bool:
    seat = chain.roll.get(member)
    return seat is not None and seat.is_on_duty


def _quieted(chain: Chain, silent: dict[MemberId, Silence]) -> list[MemberId]:
    """Who goes off duty now: those who have been silent for longest first."""
    due = [
        member
        for member, (since_ms, pages) in sorted(silent.items(), key=lambda item: (item[1].since_ms, item[0]))
        if pages >= SILENT_PAGES and chain.time_ms - since_ms >= SILENCE_MS
    ]
    on_duty = sum(seat.is_on_duty for seat in chain.roll.values())
    return due[: min(max(1, on_duty // QUIETED_SHARE), max(0, on_duty - KEPT_ON_DUTY))]
