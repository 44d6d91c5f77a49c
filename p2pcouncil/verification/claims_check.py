"""Checking what pages claim about entries: that newcomers were vouched for, that leavers left, that tellers pledged.

A page pins those entries by their hashes, and no rule of the register asks for them: a page has to be judged by itself.
So tellers look them up before they sign, and whoever verifies looks them up afterwards.
"""

from collections.abc import Callable, Iterator
from functools import partial

from crdt.errors import RemoteError
from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.entries import AnyEntry, Leave, Pledge, Vouch
from p2pcouncil.domain.records import Join, read_join
from p2pcouncil.domain.register.pages import Joined, Page, Pledged
from p2pcouncil.verification.held import Held
from p2pcouncil.verification.report import Finding, fails, holds, noted


def check_claims(held: Held, page: Page) -> list[Finding]:
    """Look up what a page that stands says of entries."""
    wrong = list(_wrong(held, page))
    named = len(page.left) + len(page.pledged) + sum(len(joined.vouches) for joined in page.joined)
    if wrong or not named:
        return wrong
    return [
        holds(
            "claims",
            f"What page {page.number} says of vouches, leaves and pledges is in those members' feeds.",
        )
    ]


def _wrong(held: Held, page: Page) -> Iterator[Finding]:
    for joined in page.joined:
        yield from _vouches(held, page, joined)
    for left in page.left:
        yield from _look_up(
            held, page, left.member, left.leave, "leave", lambda body: isinstance(body, Leave)
        )
    for pledged in page.pledged:
        yield from _look_up(
            held, page, pledged.member, pledged.entry, "pledge", partial(_is_pledge, pledged=pledged)
        )


def _is_pledge(body: AnyEntry, pledged: Pledged) -> bool:
    return isinstance(body, Pledge) and (body.vrf, body.is_on) == (pledged.vrf, pledged.is_on)


def _vouches(held: Held, page: Page, joined: Joined) -> Iterator[Finding]:
    """Each voucher has to embed a join of the newcomer that says the same; other signatures of it may differ."""
    join = read_join(joined.join)
    for voucher, vouch in zip(joined.vouchers, joined.vouches, strict=True):
        yield from _look_up(
            held,
            page,
            voucher,
            vouch,
            f"vouch for {held.name(join.member)}",
            lambda body: isinstance(body, Vouch) and _is_join(body, join),
        )


def _is_join(vouch: Vouch, join: Join) -> bool:
    try:
        return read_join(vouch.join) == join
    except RemoteError:
        return False


def _look_up(
    held: Held, page: Page, member: bytes, name: bytes, what: str, fits: Callable[[AnyEntry], bool]
) -> Iterator[Finding]:
    entry, who = held.entries.get(ChangeHash(name)), held.name(MemberId(member))
    body = held.body(name)
    if entry is None or body is None:
        told = f"Page {page.number} rests on a {what} by {who} ({name.hex()[:8]}) that is not in here"
        if held.forks(member):
            yield noted("forked-claim", f"{told}: their feed was forked.")
        else:
            yield fails("missing-claim", f"{told}.")
    elif entry.member != member or not fits(body):
        yield fails(
            "wrong-claim",
            f"Page {page.number} names a {what} by {who} ({name.hex()[:8]}), and that says something else.",
        )
