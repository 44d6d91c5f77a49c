"""Votes of the bakery that are over: one to review and to keep a promise of, one disputed, one rejected, one lapsed."""

from dataclasses import replace

from p2pcouncil.domain.tally.choice import NO, YES, Choice
from p2pcouncil.domain.tally.method import YesNo
from p2pcouncil.peer.views.issues import (
    FollowView,
    IssueView,
    LifeStep,
    LifeView,
    PassedOverView,
    ReviewView,
    TellerView,
)
from p2pcouncil.peer.views.people import PersonView
from p2pcouncil.peer.views.proposals import ProposalView
from tests.screens import people
from tests.screens.people import ADA, BAKERS, BO, CHIDI, DORA, EMRE, FATIMA, HOUR_MS, NOW_MS
from tests.screens.staged import StagedSession

DAY_MS = 24 * HOUR_MS
AFTERWARDS = ("comment", "report", "feedback", "reopen")


def _life(
    *,
    page: int,
    overseers: tuple[PersonView, ...],
    reviews: tuple[ReviewView, ...] = (),
    effect: str = "",
    done: str = "",
    follows: tuple[FollowView, ...] = (),
) -> LifeView:
    told = f"{len(reviews)} of {len(overseers)} overseers signed"
    disputed = [review.person.name for review in reviews if not review.holds]
    told += f"; disputed by {disputed[0]}" if disputed else ""
    is_reviewed = len(reviews) == len(overseers) and not disputed
    steps = [
        LifeStep("asked for", "by Bo Lindqvist", True),
        LifeStep("entered", f"on page {page - 2}, for 5 members to vote", True),
        LifeStep("open", "until 2025-11-21 18:00:00 UTC", True),
        LifeStep("sealed", "by 4 of 5 tellers", True),
        LifeStep("closed", f"on page {page}", True),
        LifeStep("reviewed", told, is_reviewed),
    ]
    if done:
        steps.append(LifeStep("effect", done, True))
    return LifeView(
        steps=tuple(steps),
        tellers=tuple(TellerView(who, who != EMRE, who != EMRE, who != EMRE) for who in BAKERS),
        quorum=4,
        page=page - 2,
        end_page=page,
        closes_ms=NOW_MS - 3 * DAY_MS,
        overseers=overseers,
        reviews=reviews,
        effect=effect,
        done=done,
        follows=follows,
    )


def _closed(title: str, cast: dict[PersonView, Choice], life: LifeView) -> IssueView:
    view = people.issue(title, YesNo(500), (), "The text.\n", cast, hours=-72, status="closed", life=life)
    told = view.tally.headline.replace("Provisional", "Final").replace("passing", "passed")
    told = told.replace("not passed", "rejected")
    return replace(
        view,
        tally=replace(view.tally, headline=told),
        status_line=f"Closed on page {life.end_page}, for good: 4 seals agree.",
        can_vote="The vote is over.",
    )


_PROMISE = "Ada Marchetti sees to it by 2025-12-05."
WINDOWS = people.proposal(
    "New windows for the shop",
    "The old ones let the heat out. We order three double-glazed ones before the winter.",
    (("Three windows, 4,200 euros.\n", BO),),
    BO,
    YesNo(500),
    stage="open",
    seconds=(CHIDI,),
    vote=replace(
        _closed(
            "windows",
            {ADA: YES, BO: YES, CHIDI: YES, DORA: NO},
            _life(
                page=6,
                overseers=(ADA, FATIMA, EMRE),
                reviews=(ReviewView(FATIMA, True, "I counted the four ballots by hand."),),
                effect=_PROMISE,
                done=f"{_PROMISE} (page 6)",
                follows=(
                    FollowView(ADA, "evidence", "Ordered at Brandt's; they come on Monday.", NOW_MS - DAY_MS),
                    FollowView(DORA, "works out", "It is warm already.", NOW_MS - HOUR_MS),
                ),
            ),
        ),
        passed_over=(
            PassedOverView(EMRE, 1, people.change("late"), "Too few tellers had it when they sealed."),
        ),
    ),
    actions=(*AFTERWARDS, "done", "review"),
    hours_ago=150,
)
DISCOUNT = people.proposal(
    "Yesterday's bread at half price",
    "What is left from the day before goes for half.",
    (("From eight to ten in the morning.\n", DORA),),
    DORA,
    YesNo(500),
    stage="open",
    vote=_closed(
        "discount",
        {BO: YES, CHIDI: NO, DORA: YES},
        _life(
            page=5,
            overseers=(FATIMA, CHIDI),
            reviews=(
                ReviewView(FATIMA, True, ""),
                ReviewView(CHIDI, False, "Dora's seal names a ballot of mine that I never cast."),
            ),
        ),
    ),
    actions=AFTERWARDS,
    hours_ago=160,
)
MUSIC = people.proposal(
    "Music in the bakery",
    "A radio beside the oven.",
    (("Not before six.\n", EMRE),),
    EMRE,
    YesNo(500),
    stage="open",
    vote=_closed(
        "music",
        {ADA: NO, BO: NO, CHIDI: YES},
        _life(
            page=5,
            overseers=(ADA, DORA),
            reviews=(ReviewView(ADA, True, ""), ReviewView(DORA, True, "")),
            effect="“radio” becomes “on”.",
            done="It came out against it, so nothing was done.",
        ),
    ),
    actions=AFTERWARDS,
    hours_ago=170,
)
LAPSED = people.proposal(
    "A new name for the shop",
    "Morgenbrot is taken in the next town.",
    (("We collect names first.\n", CHIDI),),
    CHIDI,
    YesNo(500),
    stage="open",
    vote=replace(
        people.issue(
            "name",
            YesNo(500),
            (),
            "The text.\n",
            {ADA: YES},
            hours=-90,
            status="lapsed",
            life=LifeView(
                steps=(
                    LifeStep("asked for", "by Chidi Okafor", True),
                    LifeStep("entered", "on page 2, for 5 members to vote", True),
                    LifeStep("open", "until 2025-11-20 18:00:00 UTC", True),
                    LifeStep("sealed", "by 2 of 5 tellers", True),
                    LifeStep("lapsed", "on page 4: too few seals came", True),
                ),
                tellers=tuple(
                    TellerView(who, who == BO, who in (BO, DORA), is_counted=False) for who in BAKERS
                ),
                quorum=4,
                page=2,
                end_page=4,
                closes_ms=NOW_MS - 90 * HOUR_MS,
            ),
        ),
        status_line="Lapsed on page 4: too few tellers sealed it. It may be opened once more.",
        can_vote="The vote is over.",
    ),
    actions=("comment",),
    hours_ago=180,
)
PAST = (WINDOWS, DISCOUNT, MUSIC, LAPSED)


def afterwards() -> StagedSession:
    """A session in which four votes are over and none is open."""
    session = StagedSession()
    views: list[ProposalView] = list(PAST)
    session.all_proposals = views
    return session
