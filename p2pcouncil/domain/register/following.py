"""Which page may follow a chain, and what the chain is then: the paper's `valid(v)`, and nothing but a function.

A page's parts are applied in one order: time, who was silent for too long, who leaves, who moves, who is convicted, who
comes, who tells, then votes that close, with what they decide, and that lapse, then votes that open, then planning
rounds that begin. A vote's roll and grace are those after its page's own changes; no later page touches them.
"""

from collections.abc import Mapping
from dataclasses import replace

from crdt.errors import RemoteError
from crdt.ids import DeviceId, MemberId
from p2pcouncil.domain.effects import Effect, Elect, validate_effect_alone
from p2pcouncil.domain.register.belonging import change_roll, validate_order
from p2pcouncil.domain.register.certificates import clock_of, validate_certificate
from p2pcouncil.domain.register.chain import DEVICES_KEPT, MS_PER_SECOND, Chain, OpenVote
from p2pcouncil.domain.register.committees import Committee
from p2pcouncil.domain.register.executing import carry_out
from p2pcouncil.domain.register.pages import Closed, Page, Result
from p2pcouncil.domain.register.plan_rounds import begin_rounds, lapse_round, validate_round_result
from p2pcouncil.domain.register.silence import judge_silence
from p2pcouncil.domain.sortition import ecvrf, lot
from p2pcouncil.domain.tally.outcome import Outcome


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
        devices=_with_devices(chain, committee),
    )
    following = judge_silence(following, page.certificate, chain.committee)
    following = change_roll(following, page)
    following = _close(following, page)
    return begin_rounds(_enter(following, page, committee), committee)


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
        else replace(vote, closes_ms=time_ms + vote.window_seconds * MS_PER_SECOND)
        for issue, vote in chain.votes.items()
    }


def _with_devices(chain: Chain, committee: Committee) -> Mapping[MemberId, tuple[DeviceId, ...]]:
    """The devices that told, with those that tell this page as the last of their members'."""
    devices = dict(chain.devices)
    changed = [t for t in committee.tellers if devices.get(t.member, ())[-1:] != (t.device,)]
    if not changed:
        return chain.devices
    for teller in changed:
        before = tuple(device for device in devices.get(teller.member, ()) if device != teller.device)
        devices[teller.member] = (*before, teller.device)[-DEVICES_KEPT:]
    return dict(sorted(devices.items()))


def _close(chain: Chain, page: Page) -> Chain:
    validate_order([closed.issue for closed in page.closed], "votes that close")
    validate_order(page.lapsed, "votes that lapse")
    for closed in page.closed:
        _validate_closing(chain, closed)
    ended = {closed.issue for closed in page.closed}
    for issue in page.lapsed:
        vote = chain.votes.get(issue)
        if issue in ended or vote is None:
            raise RemoteError("A page lapses a vote that is not open.")
        if vote.lapses_ms is None or chain.time_ms < vote.lapses_ms:
            raise RemoteError("A page lapses a vote whose seals still have time to come.")
    ended.update(page.lapsed)
    for closed in page.closed:
        chain = carry_out(chain, closed)
    for issue in page.lapsed:
        chain = lapse_round(chain, chain.votes[issue])
    votes = {issue: vote for issue, vote in chain.votes.items() if issue not in ended}
    closed_on = {**chain.closed, **{closed.issue: chain.number for closed in page.closed}}
    lapsed_on = {**chain.lapsed, **dict.fromkeys(page.lapsed, chain.number)}
    free = {chain.votes[issue].proposal for issue in page.lapsed if not chain.votes[issue].round}
    proposals = {proposal: issue for proposal, issue in chain.proposals.items() if proposal not in free}
    return replace(chain, votes=votes, closed=closed_on, lapsed=lapsed_on, proposals=proposals)


def _validate_closing(chain: Chain, closed: Closed) -> None:
    """That its time is over is not asked: honest tellers seal no sooner, and a quorum of seals has some of theirs."""
    vote = chain.votes.get(closed.issue)
    if vote is None:
        raise RemoteError("A page closes a vote that is not open.")
    if vote.closes_ms is None:
        raise RemoteError("A page closes a vote whose end no page has told yet.")
    validate_order(closed.tellers, "tellers of seals")
    if any(vote.committee.teller(MemberId(teller)) is None for teller in closed.tellers):
        raise RemoteError("A page counts the seal of somebody who is not of the vote's committee.")
    if not len(closed.tellers) == len(closed.seals) >= vote.committee.quorum:
        raise RemoteError(f"A page closes a vote on too few seals; {vote.committee.quorum} are needed.")
    if vote.round:
        validate_round_result(chain, vote, closed.result)
    else:
        _validate_result(closed.result, vote.effect)


def _validate_result(result: Result, effect: Effect | None) -> None:
    if result.outcome not in set(Outcome) or result.goods:
        raise RemoteError("A page closes a vote with an outcome that no vote can have.")
    winners = result.winners
    if any(winners[at] >= winners[at + 1] for at in range(len(winners) - 1)):
        raise RemoteError("A page lists winners out of order, or twice.")
    if isinstance(effect, Elect) and winners and winners[-1] >= len(effect.candidates):
        raise RemoteError("A page elects somebody who was no candidate.")


def _enter(chain: Chain, page: Page, committee: Committee) -> Chain:
    validate_order([entered.issue for entered in page.entered], "votes that open")
    votes, proposals = dict(chain.votes), dict(chain.proposals)
    roll = tuple(chain.roll)
    for entered in page.entered:
        if entered.proposal in proposals or any(
            entered.issue in known for known in (votes, chain.closed, chain.lapsed)
        ):
            raise RemoteError("A page opens a proposal that was opened before.")
        validate_effect_alone(entered.effect)
        votes[entered.issue] = OpenVote(
            entered.issue,
            entered.proposal,
            page.number,
            entered.window_seconds,
            None,
            roll,
            committee,
            entered.effect,
            chain.charter.grace_seconds,
        )
        proposals[entered.proposal] = entered.issue
    return replace(chain, votes=votes, proposals=proposals)
