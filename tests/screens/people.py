"""A bakery cooperative and its neighbourhood: who they are and what they are talking about."""

from crdt.ids import ChangeHash, CouncilId, DeviceId, MemberId, domain_hash
from p2pcouncil.domain.entries import TextVersionRef
from p2pcouncil.domain.tally.choice import NO, YES, Choice
from p2pcouncil.domain.tally.count import Counter
from p2pcouncil.domain.tally.explain import explain
from p2pcouncil.domain.tally.method import (
    Approval,
    Method,
    Ranked,
    Score,
    Stv,
    YesNo,
    options_of,
    rule,
    tie_rule,
)
from p2pcouncil.domain.tally.outcome import Outcome, ballots_needed
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.issues import (
    BallotView,
    IssueView,
    LifeStep,
    LifeView,
    OptionCount,
    TallyView,
    TellerView,
)
from p2pcouncil.peer.views.people import JoinRequestView, MemberView, PersonView
from p2pcouncil.peer.views.proposals import CommentView, EditView, ProposalView, TextRun
from p2pcouncil.peer.views.register import OfficeView, PageView, RegisterView, SpokenView
from tui.words import choice_words

NOW_MS = 1_764_000_000_000
HOUR_MS = 3_600_000
WORDS = [
    "apple",
    "river",
    "candle",
    "north",
    "orbit",
    "velvet",
    "maple",
    "stone",
    "harbor",
    "lemon",
    "quiet",
    "tiger",
    "ribbon",
    "copper",
    "meadow",
    "spoon",
    "garden",
    "winter",
    "pencil",
    "ocean",
    "basket",
    "thunder",
    "violin",
    "window",
]


def digest(text: str) -> bytes:
    return domain_hash("staged", text.encode())


def person(name: str, is_me: bool = False) -> PersonView:
    key = digest(name)
    words = "-".join(WORDS[key[place] % len(WORDS)] for place in range(4))
    return PersonView(MemberId(key), name, words, is_me)


def change(text: str) -> ChangeHash:
    return ChangeHash(digest(text))


ADA = person("Ada Marchetti", is_me=True)
BO = person("Bo Lindqvist")
CHIDI = person("Chidi Okafor")
DORA = person("Dora Weiss")
EMRE = person("Emre Yıldız")
FATIMA = person("Fatima Haddad")
GRETA = person("Greta Sommer")
EVERYBODY = (ADA, BO, CHIDI, DORA, EMRE, FATIMA, GRETA)
QUARTER = CouncilId(digest("Lindenhof quarter"))
BAKERY = CouncilId(digest("Morgenbrot bakery"))
EATERS = CouncilId(digest("Lindenhof eaters"))
MY_DEVICE = DeviceId(digest("Ada's laptop"))
OLD_DEVICE = DeviceId(digest("Ada's old laptop"))
BAKERS = (ADA, BO, CHIDI, DORA, EMRE)
CHARTER = (
    "1 member seconds a proposal before its vote may open.",
    "1 member vouches for a newcomer.",
    "A vote is open for 3 days, unless its opening says otherwise.",
)


def council(
    id_: CouncilId, name: str, kind: str, level: str, purpose: str, depth: int, roll: tuple[PersonView, ...]
) -> CouncilView:
    members = tuple(
        MemberView(who, "founder" if place < 2 else "on the roll", () if place < 2 else (roll[0].name,), 1)
        for place, who in enumerate(roll)
    )
    return CouncilView(
        id=id_,
        name=name,
        kind=kind,
        level=level,
        purpose=purpose,
        parent=QUARTER if depth else None,
        depth=depth,
        my_standing="founder" if ADA in roll else "not a member",
        members=members,
        requests=(),
        charter=CHARTER,
        entries=128,
        behind=0,
        state_hash=digest(name).hex(),
        rejected=(),
    )


REQUEST = JoinRequestView(
    digest("Hana asks"), person("Hana Novák"), "invited by Ada Marchetti", 0, 1, mine=False
)


def tally(method: Method, options: tuple[str, ...], roll: int, choices: list[Choice]) -> TallyView:
    counter = Counter(method, options, roll)
    for choice in choices:
        counter.add(choice)
    result = counter.result()
    names = options_of(method, options)
    if isinstance(method, YesNo):
        winners: tuple[int, ...] = (0,) if result.outcome is Outcome.PASSED else ()
        unit, counts = "ballots", result.counts
        state = "passing" if winners else "not passing"
        headline = f"Provisional: {state}, {counts[0]} yes to {counts[1]} no."
    else:
        winners = result.winners
        units = {Score: "points", Stv: "first places"}
        unit, counts = units.get(type(method), "approvals"), result.counts
        if isinstance(method, Ranked):
            everyone = range(len(names))
            unit = "wins over other options"
            counts = tuple(
                sum(result.pairwise[a][b] > result.pairwise[b][a] for b in everyone) for a in everyone
            )
        leading = " and ".join(names[option] for option in winners) or "nobody"
        headline = f"Provisional: {leading} ahead."
    return TallyView(
        tuple(OptionCount(name, counts[i], i in winners) for i, name in enumerate(names)),
        unit,
        result.turnout,
        roll,
        ballots_needed(method.quorum_permille, roll),
        result.outcome.value,
        headline,
        explain(result),
    )


def issue(
    title: str,
    method: Method,
    options: tuple[str, ...],
    text: str,
    cast: dict[PersonView, Choice],
    *,
    opener: PersonView = BO,
    hours: int = 2,
    roll: tuple[PersonView, ...] = BAKERS,
    numbers: dict[PersonView, int] | None = None,
    held: tuple[int, int] = (3, 7),
    status: str = "running",
    life: LifeView | None = None,
) -> IssueView:
    mine = cast.get(ADA)
    counted = tally(method, options, len(roll), list(cast.values()))
    return IssueView(
        id=change(f"issue {title}"),
        method=method,
        options=options,
        rule=rule(method),
        tie_rule=tie_rule(method),
        text=text,
        opener=opener,
        roll=roll,
        ballots=tuple(
            BallotView(
                who,
                (numbers or {}).get(who, 1),
                choice_words(method, options, choice),
                change(f"ballot {who.name} {title}"),
            )
            for who, choice in cast.items()
        ),
        tally=counted,
        status=status,
        status_line=(
            f"Open until 2025-11-24 18:00:00 UTC, by page 4. Provisional: {counted.turnout} of {len(roll)} ballots "
            "have reached this laptop; 2 connected peers hold nothing more."
        ),
        deadline_ms=NOW_MS + hours * HOUR_MS,
        my_choice=mine,
        my_choice_text="" if mine is None else choice_words(method, options, mine),
        can_vote="",
        held_by=held[0] if mine is not None else 0,
        holders_known=held[1] if mine is not None else 0,
        life=life or running(opener, roll, NOW_MS + hours * HOUR_MS, mine is not None),
    )


def running(opener: PersonView, roll: tuple[PersonView, ...], closes_ms: int, voted: bool) -> LifeView:
    """The life of a vote that a page entered and that nobody has sealed yet."""
    return LifeView(
        steps=(
            LifeStep("asked for", f"by {opener.name}", True),
            LifeStep("entered", f"on page 3, for {len(roll)} members to vote", True),
            LifeStep("open", "until 2025-11-24 18:00:00 UTC", False),
            LifeStep("sealed", f"by 0 of {len(roll)} tellers; 4 needed", False),
            LifeStep("closed", "by the page that counts the seals", False),
        ),
        tellers=tuple(
            TellerView(who, voted and place < 3, has_sealed=False, is_counted=False)
            for place, who in enumerate(roll)
        ),
        quorum=4,
        page=3,
        closes_ms=closes_ms,
    )


def asked_for(opener: PersonView) -> LifeView:
    """The life of a vote that no page has entered yet."""
    waits = "Page 4 waits for 2 of Chidi Okafor, Dora Weiss and Emre Yıldız."
    return LifeView(
        steps=(
            LifeStep("asked for", f"by {opener.name}", True),
            LifeStep("entered", waits, False),
        )
    )


def proposal(
    title: str,
    summary: str,
    runs: tuple[tuple[str, PersonView | None], ...],
    author: PersonView,
    method: Method,
    *,
    council_id: CouncilId = BAKERY,
    council_name: str = "Morgenbrot bakery",
    options: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
    stage: str = "draft",
    seconds: tuple[PersonView, ...] = (),
    vote: IssueView | None = None,
    actions: tuple[str, ...] = ("edit", "comment"),
    comments: tuple[CommentView, ...] = (),
    hours_ago: int = 5,
    needed: int = 1,
) -> ProposalView:
    text = "".join(run for run, _ in runs)
    return ProposalView(
        id=change(title),
        council=council_id,
        council_name=council_name,
        title=title,
        summary=summary,
        author=author,
        tags=tags,
        scope="the bakery",
        method=method,
        method_line=rule(method),
        options=options,
        text=text,
        runs=tuple(TextRun(run, who) for run, who in runs),
        edits=tuple(EditView(who, len(run), 0) for run, who in runs if who is not None),
        version=TextVersionRef((digest(text),), digest(f"text {text}")),
        seconds=seconds,
        seconds_needed=needed,
        seconded_before=0,
        comments=comments,
        stage=stage,
        issue=vote,
        actions=actions,
        claimed_at_ms=NOW_MS - hours_ago * HOUR_MS,
    )


OVEN_RUNS = (
    (
        "# A second oven\n\nOur one deck oven bakes 180 loaves a night. On Fridays we turn away about forty people.\n",
        BO,
    ),
    ("\nA used electric deck oven costs 14,200 euros; the supplier takes three instalments.\n", CHIDI),
    ("\nIt draws 11 kW at night, when our tariff is lowest: about 190 euros a month.\n", DORA),
)
OVEN_TEXT = "".join(run for run, _ in OVEN_RUNS)
OVEN_COMMENTS = (
    CommentView(
        change("comment 1"),
        DORA,
        "Who repairs it? The last one stood for three weeks.",
        0,
        NOW_MS - 4 * HOUR_MS,
    ),
    CommentView(
        change("comment 2"),
        BO,
        "The supplier does, within two days; it is in the offer.",
        1,
        NOW_MS - 3 * HOUR_MS,
    ),
    CommentView(change("comment 3"), EMRE, "Then I am for it.", 2, NOW_MS - HOUR_MS),
)
FLOUR = ("Spelt from the Wendland", "Rye from the mill in Jork", "Old wheat, Rotkorn")
OVEN = proposal(
    "Buy a second oven",
    "We buy a used electric deck oven for 14,200 euros in three instalments, so that Friday's bread lasts until noon. "
    "Nobody's hours change before we have talked about them.",
    OVEN_RUNS,
    BO,
    YesNo(500),
    tags=("money", "energy"),
    stage="open",
    seconds=(CHIDI,),
    vote=issue("oven", YesNo(500), (), OVEN_TEXT, {BO: YES, CHIDI: YES, DORA: NO}),
    actions=("vote", "comment"),
    comments=OVEN_COMMENTS,
)
FLOURS = proposal(
    "Which flour from March on?",
    "Our contract ends in February. We choose the flour for the daily loaf for one year.",
    (("All three are organic, and all three mills have told us their price for a year.\n", FATIMA),),
    FATIMA,
    Ranked(300),
    options=FLOUR,
    tags=("bread",),
    stage="open",
    seconds=(BO,),
    vote=issue(
        "flour",
        Ranked(300),
        FLOUR,
        "All three are organic.\n",
        {BO: ((1,), (0, 2)), EMRE: ((0,), (1,))},
        hours=49,
    ),
    actions=("vote", "comment"),
    hours_ago=20,
)
DAYS_OFF = ("24 December", "31 December", "Good Friday", "The Friday after Ascension")
CLOSED = proposal(
    "On which extra days do we stay closed?",
    "Two further days without bread next year. Tell us every day that suits you.",
    (("The two most approved days are taken.\n", CHIDI),),
    CHIDI,
    Approval(0, winners=2),
    options=DAYS_OFF,
    stage="open",
    seconds=(EMRE,),
    vote=issue(
        "days",
        Approval(0, winners=2),
        DAYS_OFF,
        "Two days.\n",
        {ADA: ((0, 2),), CHIDI: ((0,),), DORA: ((0, 1),)},
        hours=26,
    ),
    actions=("vote", "comment"),
    hours_ago=30,
)
CARGO = proposal(
    "A cargo bike for the market",
    "We stop driving the van to the Saturday market and buy a used cargo bike instead.",
    (("The van costs 310 euros a month. A used cargo bike costs 2,400 euros once.\n", EMRE),),
    EMRE,
    YesNo(500),
    tags=("energy",),
    actions=("edit", "second", "comment"),
    hours_ago=2,
)
BREAKFAST = proposal(
    "Breakfast for the school",
    "Forty rolls every weekday for the school around the corner, at cost.",
    (("The school pays 24 cents for each roll, which is what it costs us.\n", ADA),),
    ADA,
    YesNo(500),
    stage="seconded",
    seconds=(DORA,),
    actions=("edit", "open", "withdraw", "comment"),
    hours_ago=26,
)
PROPOSALS = (CARGO, OVEN, FLOURS, BREAKFAST, CLOSED)
COUNCILS = (
    council(
        QUARTER,
        "Lindenhof quarter",
        "society",
        "society",
        "Everybody who lives or works in the quarter.",
        0,
        EVERYBODY,
    ),
    council(
        BAKERY,
        "Morgenbrot bakery",
        "workers",
        "workplace",
        "We bake bread for the quarter and run the bakery together, without a boss.",
        1,
        BAKERS,
    ),
    council(
        EATERS,
        "Lindenhof eaters",
        "consumers",
        "neighbourhood",
        "What we want to eat, and what we are ready to give for it.",
        1,
        (FATIMA, GRETA),
    ),
)

MY_PART = {
    True: "You are a teller. Your peer does its part by itself.",
    False: "You are off duty, as you wished.",
}


def page(number: int, time: str, *did: str, signers: tuple[PersonView, ...] = BAKERS[:4]) -> PageView:
    return PageView(number, digest(f"page {number}"), time, did, signers, 5, 4, 1 if number == 5 else 0)


REGISTER = RegisterView(
    council=BAKERY,
    council_name="Morgenbrot bakery",
    number=6,
    time="2025-11-23 09:12:40 UTC",
    broken=0,
    pages=(
        page(
            6,
            "2025-11-23 09:12:40 UTC",
            "Closed “New windows for the shop”: passed, 4 ballots, 4 seals.",
            "Ada Marchetti sees to it by 2025-12-05.",
            "Entered “Buy a second oven”.",
        ),
        page(
            5,
            "2025-11-22 18:30:02 UTC",
            "Closed “Yesterday's bread at half price”: passed, 3 ballots, 4 seals.",
            "Greta Sommer was caught saying two things, and tells no more.",
        ),
        page(4, "2025-11-21 20:00:31 UTC", "Lapsed “A new name for the shop”: too few tellers sealed it."),
        page(
            3, "2025-11-20 12:00:00 UTC", "Emre Yıldız came onto the roll.", "Emre Yıldız tells from now on."
        ),
        page(2, "2025-11-19 07:45:10 UTC", "Told the time."),
        page(1, "", "Entered “A new name for the shop”.", signers=BAKERS),
    ),
    next_number=7,
    tellers=(
        SpokenView(ADA, 0, "proposed it, would take it, signed it"),
        SpokenView(BO, 0, "would take it"),
        SpokenView(CHIDI, 1, "would not take it yet"),
        SpokenView(DORA, 0, ""),
        SpokenView(EMRE, 0, ""),
    ),
    quorum=4,
    liars=1,
    waiting=(
        "The vote on “Breakfast for the school” is asked for.",
        "Hana Novák waits to come onto the roll: 1 of 1 vouches; 1 object.",
    ),
    line="Page 7 waits for 1 of Dora Weiss and Emre Yıldız.",
    my_part=MY_PART[True],
    convicted=(GRETA,),
    parameters=(("opening hour", "6:30"), ("repair fund", "1,900 euros")),
    offices=(OfficeView("treasurer", (CHIDI,)), OfficeView("shift planner", ())),
    can_pledge="off",
)


def young_register(view: CouncilView) -> RegisterView:
    """The register of a council that nothing has happened in yet."""
    return RegisterView(
        council=view.id,
        council_name=view.name,
        number=0,
        time="",
        broken=0,
        pages=(),
        next_number=1,
        tellers=tuple(SpokenView(member.person, 0, "") for member in view.members),
        quorum=len(view.members),
        liars=0,
        waiting=(),
        line="0 pages so far; page 1 is written when something waits for it.",
        my_part="You are a teller. Your peer does its part by itself.",
        convicted=(),
        parameters=(),
        offices=(),
    )
