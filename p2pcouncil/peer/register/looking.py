"""Looking a new page up: whether what it claims agrees with what this laptop holds.

Whether a page *may* follow is `following.follow`'s to say, and no look changes that. A look only decides whether this
teller prevotes for it in this round: what contradicts what is held is not taken, and what rests on something that is
not here yet is waited for.

Source: DESIGN section 6, "Writing a page".
"""

from collections.abc import Iterator

from crdt.ids import MemberId
from p2pcouncil.domain.records import read_duty, read_join
from p2pcouncil.domain.register.closing import look_at_closing
from p2pcouncil.domain.register.minutes import Minutes
from p2pcouncil.domain.register.pages import Closed, Entered, Joined, Left, Page, Pledged
from p2pcouncil.domain.register.shot import Look
from p2pcouncil.peer.register.changes import is_held_up
from p2pcouncil.peer.register.drafting import ballots_of, closing_of
from p2pcouncil.peer.register.held import Held


def look_at_page(minutes: Minutes, held: Held, page: Page) -> Look:
    """What a teller thinks of what a page claims.

    Args:
        minutes: up to the page before it.
        held: what else this laptop holds.
        page: which is valid.

    Returns:
        BAD if something contradicts what is held; else UNKNOWN if something is not here yet; else GOOD.
    """
    looks = set(_looks(minutes, held, page))
    if Look.BAD in looks:
        return Look.BAD
    return Look.UNKNOWN if Look.UNKNOWN in looks else Look.GOOD


def _looks(minutes: Minutes, held: Held, page: Page) -> Iterator[Look]:
    """One part after the other. Evidence and the proof are checked by `follow`; they prove themselves."""
    for joined in page.joined:
        yield _at_join(minutes, held, joined)
    for left in page.left:
        yield _at_leave(held, left)
    for statement in page.moved:
        yield _at_move(held, statement)
    for pledged in page.pledged:
        yield _at_pledge(held, pledged)
    for entered in page.entered:
        yield _at_opening(held, entered)
    for closed in page.closed:
        yield _at_closing(minutes, held, closed)
    for issue in page.lapsed:
        yield Look.GOOD if closing_of(minutes, held, minutes.chain.votes[issue]) is None else Look.BAD


def _at_join(minutes: Minutes, held: Held, joined: Joined) -> Look:
    member = MemberId(read_join(joined.join).member)
    newcomer = held.newcomers().get(member)
    if newcomer is None:
        return Look.UNKNOWN
    if newcomer.join != joined.join or is_held_up(minutes.chain, member, newcomer):
        return Look.BAD
    for voucher, vouch in zip(joined.vouchers, joined.vouches, strict=True):
        known = newcomer.vouches.get(MemberId(voucher))
        # Of several vouches the one of the lowest hash counts, so a lower one than ours may be on its way.
        if known is None or vouch < known:
            return Look.UNKNOWN
        if vouch != known:
            return Look.BAD
    return Look.GOOD


def _at_leave(held: Held, left: Left) -> Look:
    known = held.leaves().get(MemberId(left.member))
    if known is None:
        return Look.UNKNOWN
    return Look.GOOD if known == left.leave else Look.BAD


def _at_move(held: Held, statement: bytes) -> Look:
    """A statement is the member key's own word. It must not be one that the member replaced since."""
    stated = read_duty(statement)
    known = held.statements().get(MemberId(stated.member))
    if known is None or known == statement:
        return Look.GOOD
    return Look.GOOD if read_duty(known).number < stated.number else Look.BAD


def _at_pledge(held: Held, pledged: Pledged) -> Look:
    known = held.pledges().get(MemberId(pledged.member))
    if known is None:
        return Look.UNKNOWN
    return Look.GOOD if known == pledged else Look.BAD


def _at_opening(held: Held, entered: Entered) -> Look:
    known = held.openings().get(entered.issue)
    if known is None:
        return Look.UNKNOWN
    return Look.GOOD if known == entered else Look.BAD


def _at_closing(minutes: Minutes, held: Held, closed: Closed) -> Look:
    vote = minutes.chain.votes[closed.issue]
    seen = look_at_closing(
        vote,
        closed,
        minutes.seal,
        ballots_of(held, vote),
        lambda sheet: held.result(vote, sheet),
        held.is_forked,
    )
    if seen is Look.GOOD and minutes.sheet(closed.sheets) is None:
        return Look.UNKNOWN  # Others will need it, so it has to be with us.
    return seen
