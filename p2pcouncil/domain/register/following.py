"""Which page may follow a chain, and what the chain is then: the paper's `valid(v)`, and nothing but a function.

A page's parts are applied in one order: time, who leaves, who moves, who is convicted, who comes, who tells, then
votes that close or lapse, then votes that open. A vote's roll is the one after its page's own changes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from crdt.errors import RemoteError
from crdt.ids import DeviceId, MemberId
from p2pcouncil.domain.records import read_duty, read_join
from p2pcouncil.domain.register.certificates import clock_of, validate_certificate
from p2pcouncil.domain.register.chain import (
    MS_PER_MINUTE,
    PAGE_GRACE_MINUTES,
    PROBATION_MINUTES,
    Chain,
    OpenVote,
    Seat,
)
from p2pcouncil.domain.register.committees import Committee
from p2pcouncil.domain.register.pages import Closed, Convicted, Joined, Page
from p2pcouncil.domain.register.sayings import contradict, is_said_by, read_saying
from p2pcouncil.domain.sortition import ecvrf, lot

JOINS_SHARE = 5
"""A page lets in at most a fifth of the roll, and always one: a crowd can't take a council over between two pages."""
VOUCHES_PER_YEAR = 12
YEAR_MS = 365 * 24 * 60 * MS_PER_MINUTE


def follow(chain: Chain, page: Page, page_hash: bytes) -> Chain:
    """Put a page behind a chain. Whether it is certified is not asked here: before it is, it must be valid.

    Args:
        chain: up to the page before.
        page: from `pages.read_page`.
        page_hash: its name.

    Returns:
        The chain with the page.

    Raises:
        RemoteError: the page may not follow, with the rule that it breaks.
    """
    committee = chain.next_committee()
    _validate_place(chain, page)
    beta = _draw(chain, page, committee)
    time_ms = page_time(chain, page)
    following = replace(
        chain,
        number=page.number,
        page=page_hash,
        time_ms=time_ms,
        seed=lot.next_seed(chain.seed, beta),
        committee=committee,
        votes=_with_closing_times(chain, time_ms),
    )
    following = _change_roll(following, page)
    following = _close(following, page)
    return _enter(following, page, committee)


def page_time(chain: Chain, page: Page) -> int:
    """The time of a page: what the tellers of the page before it read on their clocks, and never earlier than that.

    Page 1 has no page of tellers before it, and so no time; nothing that is timed can begin before page 2.
    """
    return chain.time_ms if page.certificate is None else max(chain.time_ms, clock_of(page.certificate))


def _validate_place(chain: Chain, page: Page) -> None:
    if page.council != chain.council:
        raise RemoteError("A page belongs to another council.")
    if page.number != chain.number + 1 or page.previous != chain.page:
        raise RemoteError(f"Page {page.number} does not follow page {chain.number}.")
    if (page.certificate is None) != (chain.committee is None):
        raise RemoteError("Page 1 has no certificate of a page before it, and every other page has one.")
    if page.certificate is None or chain.committee is None:
        return
    named = (page.certificate.council, page.certificate.number, page.certificate.page)
    if named != (chain.council, chain.number, chain.page):
        raise RemoteError("A page carries the certificate of another page than the one before it.")
    validate_certificate(page.certificate, chain.committee)


def _draw(chain: Chain, page: Page, committee: Committee) -> bytes | None:
    if not page.proof:
        return None
    key = committee.proposer(0).vrf
    if not key:
        raise RemoteError("A page is drawn with a key that is too young for that.")
    return ecvrf.verify(key, lot.lot_input(chain.council, chain.seed, page.number), page.proof)


def _with_closing_times(chain: Chain, time_ms: int) -> dict[bytes, OpenVote]:
    """A vote's window runs from the time of the page after its own: the clocks that certified the opening."""
    return {
        issue: vote
        if vote.closes_ms is not None
        else replace(vote, closes_ms=time_ms + vote.window_minutes * MS_PER_MINUTE)
        for issue, vote in chain.votes.items()
    }


def _change_roll(chain: Chain, page: Page) -> Chain:
    chain = _leave(chain, page)
    chain = _move(chain, page)
    chain = _convict(chain, page.convicted)
    chain = _join(chain, page.joined)
    return _pledge(chain, page)


def _leave(chain: Chain, page: Page) -> Chain:
    _validate_order([left.member for left in page.left], "leaving members")
    gone = {MemberId(left.member) for left in page.left}
    if not gone <= chain.roll.keys():
        raise RemoteError("A page lets somebody leave who is not on the roll.")
    roll = {member: seat for member, seat in chain.roll.items() if member not in gone}
    if not roll:
        raise RemoteError("A page would leave nobody on the roll.")
    return replace(chain, roll=roll)


def _move(chain: Chain, page: Page) -> Chain:
    statements = [read_duty(record) for record in page.moved]
    _validate_order([statement.member for statement in statements], "statements on devices")
    roll = dict(chain.roll)
    for statement in statements:
        member = MemberId(statement.member)
        seat = roll.get(member)
        if statement.council != chain.council or seat is None:
            raise RemoteError("A page moves the duty of somebody who is not on the roll.")
        if statement.number <= seat.duty_number or statement.device in statement.disowned:
            raise RemoteError("A page moves a member's duty by a statement that counts no more.")
        device = DeviceId(statement.device)
        # Another device has another VRF key, so its member pledges anew before it tells.
        is_on_duty = seat.is_on_duty and device == seat.device
        roll[member] = replace(seat, device=device, duty_number=statement.number, is_on_duty=is_on_duty)
    return replace(chain, roll=roll)


def _convict(chain: Chain, convicted: Sequence[Convicted]) -> Chain:
    _validate_order([conviction.member for conviction in convicted], "convictions")
    roll, before = dict(chain.roll), chain.convicted
    for conviction in convicted:
        member = MemberId(conviction.member)
        if member in before:
            raise RemoteError("A page convicts somebody twice.")
        validate_conviction(chain, conviction)
        if member in roll:
            roll[member] = replace(roll[member], is_on_duty=False)
    named = {MemberId(conviction.member): chain.number for conviction in convicted}
    return replace(chain, roll=roll, convicted={**before, **named})


def validate_conviction(chain: Chain, conviction: Convicted) -> None:
    """Refuse evidence that is none.

    Which device told for the member in the past is not asked: both sayings name the council and the member, and a
    device that speaks for a member in two tongues was certified by nobody else.

    Raises:
        RemoteError: the sayings are not signed by the device, not the member's, or could both be honest.
    """
    one, other = read_saying(conviction.one), read_saying(conviction.other)
    if one.council != chain.council or one.member != conviction.member or not contradict(one, other):
        raise RemoteError("A page convicts somebody of two sayings that could both be honest.")
    seat = chain.roll.get(MemberId(conviction.member))
    devices = {seat.device} if seat is not None else set()
    devices |= {
        device
        for vote in chain.votes.values()
        if (device := vote.committee.device_of(MemberId(conviction.member))) is not None
    }
    device = DeviceId(conviction.device)
    if device not in devices:
        raise RemoteError("A page convicts somebody for what another's device said.")
    if not (is_said_by(conviction.one, device) and is_said_by(conviction.other, device)):
        raise RemoteError("A page convicts somebody on a signature that does not hold.")


def _join(chain: Chain, joined: Sequence[Joined]) -> Chain:
    if joined and not chain.time_ms:
        raise RemoteError(
            "A page lets somebody in before there is a page time to count their probation from."
        )
    if len(joined) > most_joins(chain):
        raise RemoteError(f"A page lets {len(joined)} in, and {most_joins(chain)} may come at a time.")
    joins = [read_join(item.join) for item in joined]
    _validate_order([join.member for join in joins], "newcomers")
    roll, vouched = dict(chain.roll), dict(chain.vouched)
    for item, join in zip(joined, joins, strict=True):
        member = MemberId(join.member)
        if join.council != chain.council or member in chain.roll:
            raise RemoteError("A page lets somebody in who is on the roll, or who asked another council.")
        _validate_vrf(join.vrf, join.device)
        _validate_order(item.vouchers, "vouchers")
        if not len(item.vouchers) == len(item.vouches) >= chain.charter.vouches_needed:
            raise RemoteError("A page lets somebody in for whom too few members vouch.")
        for voucher in map(MemberId, item.vouchers):
            if not may_vouch(chain, voucher):
                raise RemoteError("A page counts the vouch of somebody who may not vouch.")
            # Of a year's vouches only the last ones matter, so no more are kept.
            vouched[voucher] = (*vouched.get(voucher, ()), chain.time_ms)[-VOUCHES_PER_YEAR:]
        roll[member] = Seat(DeviceId(join.device), join.vrf, join.name, 0, False, chain.time_ms, chain.number)
    return replace(chain, roll=dict(sorted(roll.items())), vouched=vouched)


def _validate_vrf(key: bytes, device: bytes) -> None:
    if key == device or not ecvrf.is_vrf_key(key):
        raise RemoteError("A VRF key is none, or the key of a device: proofs would give its secret away.")


def most_joins(chain: Chain) -> int:
    """How many newcomers the page may let in."""
    return max(1, len(chain.roll) // JOINS_SHARE)


def may_vouch(chain: Chain, member: MemberId) -> bool:
    """Whether a member has served their probation and has vouches left this year, at the chain's time."""
    seat = chain.roll.get(member)
    if seat is None or not _has_served(chain, seat):
        return False
    recent = [then for then in chain.vouched.get(member, ()) if then > chain.time_ms - YEAR_MS]
    return len(recent) < VOUCHES_PER_YEAR


def _has_served(chain: Chain, seat: Seat) -> bool:
    return not seat.since_ms or chain.time_ms - seat.since_ms >= PROBATION_MINUTES * MS_PER_MINUTE


def _pledge(chain: Chain, page: Page) -> Chain:
    _validate_order([pledge.member for pledge in page.pledged], "pledges")
    roll = dict(chain.roll)
    for pledge in page.pledged:
        member = MemberId(pledge.member)
        seat = roll.get(member)
        if seat is None or member in chain.convicted:
            raise RemoteError(
                "A page puts somebody on duty who is not on the roll, or who was caught in a lie."
            )
        _validate_vrf(pledge.vrf, seat.device)
        if pledge.is_on and not _has_served(chain, seat):
            raise RemoteError("A page puts a newcomer on duty before their probation is over.")
        key_page = seat.key_page if pledge.vrf == seat.vrf else chain.number
        roll[member] = replace(seat, vrf=pledge.vrf, is_on_duty=pledge.is_on, key_page=key_page)
    return replace(chain, roll=roll)


def _close(chain: Chain, page: Page) -> Chain:
    _validate_order([closed.issue for closed in page.closed], "votes that close")
    _validate_order(page.lapsed, "votes that lapse")
    for closed in page.closed:
        _validate_closing(chain, closed)
    ended = {closed.issue for closed in page.closed}
    for issue in page.lapsed:
        vote = chain.votes.get(issue)
        if issue in ended or vote is None:
            raise RemoteError("A page lapses a vote that is not open.")
        if vote.closes_ms is None or chain.time_ms < vote.closes_ms + PAGE_GRACE_MINUTES * MS_PER_MINUTE:
            raise RemoteError("A page lapses a vote whose seals still have time to come.")
    ended.update(page.lapsed)
    votes = {issue: vote for issue, vote in chain.votes.items() if issue not in ended}
    closed_on = {**chain.closed, **{closed.issue: chain.number for closed in page.closed}}
    # A vote that lapsed may be opened once more.
    lapsed = {chain.votes[issue].proposal for issue in page.lapsed}
    proposals = {proposal: issue for proposal, issue in chain.proposals.items() if proposal not in lapsed}
    return replace(chain, votes=votes, closed=closed_on, proposals=proposals)


def _validate_closing(chain: Chain, closed: Closed) -> None:
    """That its time is over is not asked: honest tellers seal no sooner, and a quorum of seals has some of theirs."""
    vote = chain.votes.get(closed.issue)
    if vote is None:
        raise RemoteError("A page closes a vote that is not open.")
    if vote.closes_ms is None:
        raise RemoteError("A page closes a vote whose end no page has told yet.")
    _validate_order(closed.tellers, "tellers of seals")
    if any(vote.committee.teller(MemberId(teller)) is None for teller in closed.tellers):
        raise RemoteError("A page counts the seal of somebody who is not of the vote's committee.")
    if not len(closed.tellers) == len(closed.seals) >= vote.committee.quorum:
        raise RemoteError(f"A page closes a vote on too few seals; {vote.committee.quorum} are needed.")


def _enter(chain: Chain, page: Page, committee: Committee) -> Chain:
    _validate_order([entered.issue for entered in page.entered], "votes that open")
    votes, proposals = dict(chain.votes), dict(chain.proposals)
    roll = tuple(chain.roll)
    for entered in page.entered:
        if entered.proposal in proposals or entered.issue in chain.closed:
            raise RemoteError("A page opens a proposal that was opened before.")
        votes[entered.issue] = OpenVote(
            entered.issue, entered.proposal, page.number, entered.window_minutes, None, roll, committee
        )
        proposals[entered.proposal] = entered.issue
    return replace(chain, votes=votes, proposals=proposals)


def _validate_order(keys: Iterable[bytes], what: str) -> None:
    """Lists have one order, so that a page that says one thing has one hash."""
    listed = list(keys)
    if any(listed[at] >= listed[at + 1] for at in range(len(listed) - 1)):
        raise RemoteError(f"A page lists {what} out of order, or twice.")
