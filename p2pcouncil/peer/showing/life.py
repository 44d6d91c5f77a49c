"""The life of a vote as people follow it: asked for, entered, sealed, closed, reviewed, and its effect.

Every sentence says what is known and what is missing, with names: “sealed by 3, 4 needed; Ada and Ben have not yet”.
"""

from crdt.ids import MemberId
from p2pcouncil.domain.effect_words import effect_in_words
from p2pcouncil.domain.effects import Effect, Promise, is_carried
from p2pcouncil.domain.entries import Feedback, Progress, Review
from p2pcouncil.domain.moments import moment
from p2pcouncil.domain.outcomes import IssueState, RegisterOf, Status
from p2pcouncil.domain.plain_text import clean_block
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.views.issues import FollowView, LifeStep, LifeView, ReviewView, TellerView
from p2pcouncil.peer.views.people import PersonView

NOTE_CHARS, NOTE_LINES = 4_000, 200
MAX_NAMED = 3


def show_life(peer: Peer, place: Place, issue: IssueState, people: People, *, whole: bool = True) -> LifeView:
    """Where a vote stands, who sealed it, who reviews it, and what became of it.

    A row of a list (`whole` is False) leaves out what takes a look at every receipt: steps, tellers, follow-through.
    """
    register = issue.register
    reviews = tuple(
        ReviewView(people.person(f.member), f.body.holds, clean_block(f.body.note, NOTE_CHARS, NOTE_LINES))
        for f in place.state.said_of(issue.hash, Review)
        if isinstance(f.body, Review)
    )
    return LifeView(
        steps=_steps(place, issue, reviews, people) if whole else (),
        tellers=_tellers(peer, place, issue, people) if whole else (),
        quorum=register.quorum if register is not None else 0,
        page=register.page if register is not None else 0,
        end_page=register.end_page if register is not None else 0,
        closes_ms=register.closes_ms if register is not None else None,
        missing=issue.missing,
        overseers=tuple(people.person(m) for m in register.overseers) if register is not None else (),
        reviews=reviews,
        effect=say_effect(issue.effect, people),
        done=_done(place, issue, people),
        follows=_follows(place, issue, people) if whole else (),
    )


def life_line(place: Place, issue: IssueState, people: People, clock_ms: int) -> str:
    """How far a vote has come, and what it waits for, in a sentence or two.

    Args:
        place: its council.
        issue: the vote.
        people: names.
        clock_ms: this laptop's clock. It says only whether the time is over *here*.
    """
    register = issue.register
    match issue.status:
        case Status.WAITING:
            return f"No page has entered this vote yet. {_page_waits(place, people)}"
        case Status.CLOSED:
            assert register is not None
            if issue.missing:
                return (
                    f"Closed on page {register.end_page}, for good. {_count(issue.missing, 'ballot')} that it counts "
                    "have not reached this laptop, so it can't recompute the numbers yet."
                )
            return f"Closed on page {register.end_page}, for good: {_count(len(register.closed_by), 'seal')} agree."
        case Status.LAPSED:
            assert register is not None
            return (
                f"Lapsed on page {register.end_page}: too few tellers sealed it. It may be opened once more."
            )
        case Status.RUNNING:
            assert register is not None
            if register.closes_ms is None:
                return f"Entered on page {register.page}; the next page tells until when. {_page_waits(place, people)}"
            if clock_ms < register.closes_ms and not register.sealed_by:
                return f"Open until {moment(register.closes_ms)}, by page {register.page + 1}."
            return f"Time was over at {moment(register.closes_ms)}. {_seals_wait(place, register, people)}"


def _seals_wait(place: Place, register: RegisterOf, people: People) -> str:
    missing = [teller for teller in register.tellers if teller not in register.sealed_by]
    have = len(register.sealed_by)
    if have < register.quorum:
        names = named([people.person(m) for m in missing])
        return (
            f"Sealed by {have}, {register.quorum} needed; it waits for {register.quorum - have} of {names}."
        )
    return f"Sealed by {have} of {len(register.tellers)}. {_page_waits(place, people)}"


def _page_waits(place: Place, people: People) -> str:
    """What the next page waits for, by what was said about it."""
    minutes = place.state.register.minutes
    if minutes.broken:
        return f"The register broke at page {minutes.broken}: two pages of that number are certified."
    committee = minutes.shot.committee
    spoke = {said.member for said in minutes.said_about(minutes.number)}
    silent = [people.person(t.member) for t in committee.tellers if t.member not in spoke]
    needed = committee.quorum - len(spoke)
    if needed > 0:
        return f"Page {minutes.number} waits for {needed} of {named(silent)}."
    return f"Page {minutes.number} is being decided by its {_count(len(committee.tellers), 'teller')}."


def _tellers(peer: Peer, place: Place, issue: IssueState, people: People) -> tuple[TellerView, ...]:
    register, me = issue.register, peer.world.me
    if register is None:
        return ()
    minutes = place.state.register.minutes
    mine = place.state.ballot(issue.hash, me.member) if me is not None else None
    received: dict[MemberId, int] = {}
    for receipt in minutes.receipts(issue.hash):
        for item in receipt.ballots:
            if me is not None and item.member == me.member:
                teller = MemberId(receipt.member)
                received[teller] = max(item.number, received.get(teller, 0))
    return tuple(
        TellerView(
            people.person(teller),
            mine is not None and received.get(teller, 0) >= mine.number,
            teller in register.sealed_by,
            teller in register.closed_by,
        )
        for teller in register.tellers
    )


def _steps(
    place: Place, issue: IssueState, reviews: tuple[ReviewView, ...], people: People
) -> tuple[LifeStep, ...]:
    register = issue.register
    opener = people.person(issue.opener).name
    steps = [LifeStep("asked for", f"by {opener}", True)]
    if register is None:
        return (*steps, LifeStep("entered", _page_waits(place, people), False))
    steps.append(
        LifeStep("entered", f"on page {register.page}, for {_count(len(issue.roll), 'member')} to vote", True)
    )
    ends = (
        f"until {moment(register.closes_ms)}"
        if register.closes_ms is not None
        else "the next page tells until when"
    )
    sealed = len(register.closed_by or register.sealed_by)
    is_sealed = sealed >= register.quorum or bool(register.end_page)
    steps.append(LifeStep("open", ends, bool(register.sealed_by) or bool(register.end_page)))
    waits = "" if is_sealed else f"; {register.quorum} needed"
    steps.append(
        LifeStep("sealed", f"by {sealed} of {_count(len(register.tellers), 'teller')}{waits}", is_sealed)
    )
    if issue.status is Status.LAPSED:
        return (*steps, LifeStep("lapsed", f"on page {register.end_page}: too few seals came", True))
    closed = f"on page {register.end_page}" if register.end_page else "by the page that counts the seals"
    steps.append(LifeStep("closed", closed, bool(register.end_page)))
    if not register.end_page:
        return tuple(steps)
    disputed = [review for review in reviews if not review.holds]
    wanted = len(register.overseers)
    told = f"{len(reviews)} of {_count(wanted, 'overseer')} signed" if wanted else "nobody could be drawn"
    told += f"; disputed by {named([r.person for r in disputed])}" if disputed else ""
    steps.append(LifeStep("reviewed", told, len(reviews) >= wanted and not disputed))
    done = _done(place, issue, people)
    if done:
        steps.append(LifeStep("effect", done, True))
    return tuple(steps)


def say_effect(effect: Effect | None, people: People) -> str:
    """What a decision does by itself, in a sentence; empty for nothing."""
    return effect_in_words(effect, lambda member: people.person(member).name)


def _done(place: Place, issue: IssueState, people: People) -> str:
    """What became of the effect of a closed vote."""
    result = issue.register.result if issue.register is not None else None
    if result is None or issue.effect is None:
        return ""
    if not is_carried(issue.effect, result.outcome):
        return "It came out against it, so nothing was done."
    void = place.state.register.chain.void_effects.get(issue.hash)
    return f"{void or say_effect(issue.effect, people)} (page {issue.register.end_page if issue.register else 0})"


def _follows(place: Place, issue: IssueState, people: People) -> tuple[FollowView, ...]:
    """Evidence, the owner's word and feedback, by claimed time; for display only."""
    found: list[FollowView] = []
    owner = issue.effect.owner if isinstance(issue.effect, Promise) else None
    for fact in (*place.state.said_of(issue.hash, Progress), *place.state.said_of(issue.hash, Feedback)):
        match fact.body:
            case Progress(is_done=is_done, text=text):
                is_word = is_done and (owner is None or fact.member == owner)
                kind = "done" if is_word else "evidence"
            case Feedback(is_content=is_content, text=text):
                kind = "works out" if is_content else "does not work out"
            case _:
                continue
        cleaned = clean_block(text, NOTE_CHARS, NOTE_LINES)
        found.append(FollowView(people.person(fact.member), kind, cleaned, fact.body.claimed_at_ms))
    return tuple(sorted(found, key=lambda view: (view.claimed_at_ms, view.person.member)))


def named(people: list[PersonView]) -> str:
    """Some names: “Ada, Ben and 3 others”."""
    names = [person.name for person in people[:MAX_NAMED]]
    more = len(people) - len(names)
    if more:
        names.append(_count(more, "other"))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nobody"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
