"""A vote as it is shown: the count as this peer recomputes it, and what is not known about it."""

from crdt.ids import CouncilId, DeviceId, MemberId
from p2pcouncil.domain.outcomes import IssueState, Status
from p2pcouncil.domain.plain_text import clean_block, clean_line
from p2pcouncil.domain.tally.choice_words import show_choice
from p2pcouncil.domain.tally.explain import explain
from p2pcouncil.domain.tally.method import (
    Approval,
    EqualShares,
    Ranked,
    Score,
    Stv,
    YesNo,
    options_of,
    rule,
    tie_rule,
)
from p2pcouncil.domain.tally.outcome import Outcome, Tally, ballots_needed
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.life import life_line, show_life
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.views.issues import (
    WHY_OFF_ROLL,
    BallotView,
    IssueView,
    OptionCount,
    PassedOverView,
    TallyView,
)

TEXT_CHARS = 60_000
TEXT_LINES = 50_001


def show_issue(
    peer: Peer, place: Place, issue: IssueState, people: People, *, whole: bool = True
) -> IssueView:
    """One vote; without its text, roll and ballots when it is a row of a list (`whole` is False)."""
    me = peer.world.me.member if peer.world.me else None
    ballots = place.state.ballots(issue.hash) if whole else ()
    mine = place.state.ballot(issue.hash, me) if me is not None else None
    choices = {b.choice: show_choice(issue.method, issue.options, b.choice) for b in ballots}
    held_by, known = peer.holdings.holders_of(mine.hash) if mine else (0, 0)
    options = tuple(clean_line(option, 100) for option in issue.options)
    is_final = issue.status is Status.CLOSED
    tally = show_tally(issue.tally, options, is_final=is_final, is_counted=not issue.missing)
    return IssueView(
        id=issue.hash,
        method=issue.method,
        options=options,
        rule=rule(issue.method),
        tie_rule=tie_rule(issue.method),
        text=clean_block(issue.text, TEXT_CHARS, TEXT_LINES) if whole else "",
        opener=people.person(issue.opener),
        roll=tuple(people.person(member) for member in issue.roll) if whole else (),
        ballots=tuple(
            BallotView(people.person(b.member), b.number, choices[b.choice], b.hash) for b in ballots
        ),
        tally=tally,
        status=issue.status.value,
        status_line=_status_line(peer, place, issue, people),
        deadline_ms=_deadline_ms(issue),
        my_choice=mine.choice if mine else None,
        my_choice_text=show_choice(issue.method, issue.options, mine.choice) if mine else "",
        can_vote=_why_not(peer, place, issue, me),
        held_by=held_by,
        holders_known=known,
        life=show_life(peer, place, issue, people, whole=whole),
        passed_over=_passed_over(place, issue, people) if whole else (),
    )


def _passed_over(place: Place, issue: IssueState, people: People) -> tuple[PassedOverView, ...]:
    """The ballots that a closed vote does not count: its page names others, or none, of their voters."""
    named = {ballot.member: ballot.number for ballot in place.state.ballots(issue.hash)}
    return tuple(
        PassedOverView(
            people.person(late.member),
            late.number,
            late.hash,
            f"The page counts their ballot {named[late.member]}; too few tellers had this one when they sealed."
            if late.member in named
            else "Too few tellers had it when they sealed.",
        )
        for late in place.state.passed_over(issue.hash)
    )


def _deadline_ms(issue: IssueState) -> int:
    """When the vote ends by page time; before a page tells, when it is meant to by its opener's clock."""
    told = issue.register.closes_ms if issue.register is not None else None
    return issue.claimed_at_ms + issue.window_seconds * 1_000 if told is None else told


def show_tally(
    tally: Tally, options: tuple[str, ...], *, is_final: bool = False, is_counted: bool = True
) -> TallyView:
    """A count in numbers and words.

    Args:
        tally: the count.
        options: cleaned labels.
        is_final: whether a page closed the vote.
        is_counted: whether the ballots are here; else only the outcome is told, as the page says it.
    """
    labels = options_of(tally.method, options)
    units = {
        YesNo: "ballots",
        Approval: "approvals",
        Ranked: "first places",
        Score: "points",
        Stv: "first places",
        EqualShares: "approvals",
    }
    leading = _leading(tally)
    counts = tuple(
        OptionCount(label, count, index in leading)
        for index, (label, count) in enumerate(zip(labels, tally.counts, strict=True))
    )
    return TallyView(
        counts=counts,
        unit=units[type(tally.method)],
        turnout=tally.turnout,
        roll_size=tally.roll_size,
        quorum_needed=ballots_needed(tally.method.quorum_permille, tally.roll_size),
        outcome=tally.outcome.value.replace("-", " "),
        headline=_headline(tally, labels, is_final=is_final, is_counted=is_counted),
        explain=explain(tally) if is_counted else (),
        tied=tuple(labels[i] for i in tally.tied),
        rounds=tally.rounds,
    )


def _leading(tally: Tally) -> tuple[int, ...]:
    """The options that are ahead; on a motion, the side that would prevail."""
    if tally.outcome is Outcome.PASSED:
        return (0,)
    if tally.outcome is Outcome.REJECTED:
        return (1,) if tally.counts[1] > tally.counts[0] else ()
    return tally.winners


def _headline(tally: Tally, labels: tuple[str, ...], *, is_final: bool, is_counted: bool) -> str:
    names = ", ".join(labels[i] for i in tally.winners)
    tied = ", ".join(labels[i] for i in tally.tied)
    numbers = ""
    if isinstance(tally.method, YesNo) and is_counted:
        yes, no, abstain = tally.counts
        numbers = f", {yes} yes to {no} no" + (f", {abstain} abstaining" if abstain else "")
    missing = ballots_needed(tally.method.quorum_permille, tally.roll_size) - tally.turnout
    match tally.outcome:
        case Outcome.PASSED:
            told = f"{'passed' if is_final else 'passing'}{numbers}"
        case Outcome.REJECTED:
            told = f"{'rejected' if is_final else 'not passing'}{numbers}"
        case Outcome.ELECTED:
            told = f"{names} ahead" if len(tally.winners) == 1 else f"{names} are ahead"
            if isinstance(tally.method, EqualShares):
                told = f"{names} {'funded' if is_final else 'would be funded'}"
            elif is_final:
                told = f"{names} elected"
        case Outcome.TIED:
            certain = "funded" if isinstance(tally.method, EqualShares) else "elected"
            told = f"a tie between {tied}" + (f"; {names} {certain}" if names else "")
        case Outcome.NO_QUORUM:
            more = "1 more ballot is" if missing == 1 else f"{missing} more ballots are"
            told = f"no quorum{numbers}" if is_final else f"no quorum yet{numbers}; {more} needed"
        case Outcome.NOBODY:
            told = (
                "nothing that was approved can be paid for"
                if any(tally.counts) and isinstance(tally.method, EqualShares)
                else "nobody chose anything"
                if is_final
                else "nobody has chosen anything yet"
            )
    return f"{'Final' if is_final else 'Provisional'}: {told}."


def sharers_of(peer: Peer, council: CouncilId) -> tuple[DeviceId, ...]:
    """Who is connected and did not say that they hold nothing of a council."""
    return tuple(device for device in peer.world.connected if not peer.pulling.lacks_council(device, council))


def _status_line(peer: Peer, place: Place, issue: IssueState, people: People) -> str:
    line = life_line(place, issue, people, peer.world.clock_ms)
    if issue.status in (Status.CLOSED, Status.LAPSED):
        return line
    behinds = [peer.pulling.behind(device, place.council) for device in sharers_of(peer, place.council)]
    known = [behind for behind in behinds if behind is not None]
    counted = f"{issue.tally.turnout} of {issue.tally.roll_size} ballots have reached this laptop"
    if not behinds:
        caught_up = "no other peer of this council is connected, so others may hold more"
    elif not known:
        caught_up = "what the others hold is being compared"
    elif max(known):
        caught_up = f"behind by {max(known)}"
    else:
        peers = "1 connected peer holds" if len(known) == 1 else f"{len(known)} connected peers hold"
        caught_up = f"{peers} nothing more"
    return f"{line} Provisional: {counted}; {caught_up}."


def _why_not(peer: Peer, place: Place, issue: IssueState, me: MemberId | None) -> str:
    if me is None:
        return "There is no identity on this laptop yet."
    if issue.status in (Status.CLOSED, Status.LAPSED):
        return "The vote is over."
    if me not in issue.roll:
        return f"You are not on the roll of this vote. {WHY_OFF_ROLL}"
    duty = place.state.duty(me)
    if duty.device is None:
        return "None of your devices votes for you in this council until one takes over."
    if peer.world.me is not None and duty.device != peer.world.me.device:
        return "Another of your devices votes for you in this council."
    return ""
