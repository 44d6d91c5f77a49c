"""The verb that checks it all again. With a bundle it opens no home, no store and no network."""

import re
from pathlib import Path
from typing import Annotated, NamedTuple

from cyclopts import App, Parameter

from crdt.errors import LocalError
from crdt.ids import ChangeHash, MemberId
from p2pcouncil.cli.context import Context, Ctx
from p2pcouncil.cli.errors import NotHereError, UsageError, VerificationFailedError
from p2pcouncil.cli.groups import NETWORK, add_verb
from p2pcouncil.cli.refs import Candidate, resolve
from p2pcouncil.cli.show import wrap
from p2pcouncil.cli.show_verification import json_of_report, show_end, show_one, show_report, show_steps
from p2pcouncil.domain.effects import AdoptPlan
from p2pcouncil.domain.entries import Open
from p2pcouncil.domain.fingerprint import fingerprint
from p2pcouncil.verification.explaining import explain_ballots
from p2pcouncil.verification.held import Held
from p2pcouncil.verification.plan_votes import round_ref
from p2pcouncil.verification.report import CouncilReport, Finding, Grade, RoundReport, VoteReport
from p2pcouncil.verification.verify import Verification

BUNDLE_SUFFIX = ".p2pc"
PATH_STARTS = ("/", "./", "../", "~/")
MINE = ("me", "mine")
NAMED_MAX = 4
_ROUND = re.compile(r"(?P<plan>.*?),?\s*\bround\s+(?P<number>[0-9]{1,4})", re.IGNORECASE)
"""How a planning round is named: “Spring round 2”."""


def register(app: App) -> None:
    """Add the verb."""
    add_verb(app, verify, NETWORK)


class _Found(NamedTuple):
    """A vote or a planning round, with where it was found."""

    held: Held
    council: CouncilReport
    one: VoteReport | RoundReport

    @property
    def name(self) -> ChangeHash:
        """Its id."""
        return ChangeHash(self.one.issue if isinstance(self.one, VoteReport) else self.one.round)


async def verify(
    issue: str = "",
    bundle: Path | None = None,
    /,
    *,
    everything: Annotated[bool, Parameter(name="--all", negative="")] = False,
    explain: str = "",
    ctx: Ctx,
) -> None:
    """Check a vote, a planning round or everything again from the bytes alone, trusting nobody.

    What is checked is a bundle, or what is held here. A bundle can be verified on any laptop, whether or not it ever
    was a peer. Exit code 4 if anything does not hold.

    Examples:
        p2pcouncil verify

        p2pcouncil verify mill-lane.p2pc

        p2pcouncil verify "oven" mill-lane.p2pc --explain Ada

        p2pcouncil verify "spring round 2" mill-lane.p2pc

    Args:
        issue: A vote, by a part of its title or the start of its id; a planning round, by that of its plan and "round
            2". A bundle may stand here alone.
        bundle: A file that somebody exported; what is held on this laptop, if left out.
        everything: Check all that is in it; the same as naming no vote.
        explain: Walk one member's ballot in that vote, or their proposal in that round, from its signature to the
            count; "me" for mine.
        ctx: Whose peer, and how to speak.
    """
    if bundle is None and _is_bundle(issue):
        issue, bundle = "", Path(issue)
    if everything and issue:
        raise UsageError("Either one vote or all of them.", "Leave out --all, or the name of the vote.")
    verification = await _verify(ctx, bundle)
    report = verification.report
    found = _find(verification, issue) if issue or explain else None
    steps = _explain(ctx, found, explain) if found is not None and explain else ()
    if found is not None:
        rests_on = _rests_on(verification, found)
        lines = show_one(found.council, found.one, rests_on, len(report.failures))
        checked = (*rests_on, *found.one.findings, *steps)
    else:
        lines, checked = show_report(report), report.all_findings
    failures = [finding for finding in checked if finding.grade is Grade.FAILS]
    data = json_of_report(report, found.one if found is not None else None, steps, not failures)
    lines += show_steps(steps)
    if not failures:
        end = show_end(checked, _subject(found))
        ctx.say([*lines, "", *wrap(end)], data)
        return
    if not ctx.json:
        ctx.say(lines, data)
    sentences = list(dict.fromkeys(failure.sentence for failure in failures))
    more = f" And {len(sentences) - NAMED_MAX} more." if len(sentences) > NAMED_MAX else ""
    raise VerificationFailedError(
        f"{'1 thing does' if len(sentences) == 1 else f'{len(sentences)} things do'} not hold: "
        f"{' '.join(sentences[:NAMED_MAX])}{more}",
        "Don't rely on it; ask another member for a bundle, and compare."
        if bundle is not None
        else "Run `p2pcouncil doctor`: it says what is damaged here, and with --repair saves what can be saved.",
        data,
    )


def _is_bundle(word: str) -> bool:
    """Whether a word names a file and no vote."""
    return bool(word) and (
        word.startswith(PATH_STARTS) or word.endswith(BUNDLE_SUFFIX) or Path(word).is_file()
    )


async def _verify(ctx: Context, bundle: Path | None) -> Verification:
    if bundle is not None:
        from p2pcouncil.runtime.verify_file import verify_file

        return verify_file(bundle)
    async with ctx.session() as session:
        return await session.verify()


def _subject(found: _Found | None) -> str:
    """What was checked, as the subject of a sentence."""
    if found is None:
        return "Everything"
    return "This vote" if isinstance(found.one, VoteReport) else "This round"


def _find(verification: Verification, ref: str) -> _Found:
    """The vote or round that is meant; with no reference, the only vote."""
    votes: list[Candidate[_Found]] = []
    rounds: list[_Found] = []
    for held, council in zip(verification.councils, verification.report.councils, strict=True):
        for vote in council.votes:
            found = _Found(held, council, vote)
            votes.append(Candidate(found, vote.issue, (vote.title,) if vote.title else ()))
            votes.append(Candidate(found, vote.proposal, ()))
        rounds += [_Found(held, council, round_) for round_ in council.rounds]
    different = {candidate.value.name: candidate.value for candidate in votes}
    if not ref and len(different) == 1:
        return next(iter(different.values()))
    named = _ROUND.fullmatch(" ".join(ref.split()))
    is_title = any(ref.casefold() == title.casefold() for candidate in votes for title in candidate.names)
    if named is not None and rounds and not is_title:
        return _find_round(rounds, named["plan"], int(named["number"]))
    return resolve(
        ref, [*votes, *(Candidate(found, found.name, ()) for found in rounds)], "vote", "verify --all"
    )


def _find_round(rounds: list[_Found], plan: str, number: int) -> _Found:
    """The round of a number, of the plan that is meant; with no plan, of the only one."""
    plans: dict[bytes, list[tuple[int, _Found]]] = {}
    titles: dict[bytes, str] = {}
    for found in rounds:
        assert isinstance(found.one, RoundReport)
        plans.setdefault(found.one.plan, []).append((found.one.number, found))
        titles[found.one.plan] = found.one.title
    candidates = [Candidate(id_, id_, (titles[id_],) if titles[id_] else ()) for id_ in plans]
    meant = (
        next(iter(plans))
        if not plan and len(plans) == 1
        else resolve(plan, candidates, "plan", "verify --all")
    )
    of_number = dict(plans[meant])
    if number not in of_number:
        raise NotHereError(
            f"That plan has no round {number} in here.",
            f"Name one of its rounds, 1 to {max(of_number)}: “{round_ref(titles[meant], meant, 1)}”.",
        )
    return of_number[number]


def _rests_on(verification: Verification, found: _Found) -> list[Finding]:
    """What a vote or round rests on beside itself: the file, the founding, and the pages up to the last that it needs.

    A round rests as well on the vote that began its period, and on the rounds before it; a vote that adopts what a
    round came to on all of these.
    """
    council = found.council
    founding = next(chapter for chapter in council.chapters if chapter.title == "Founding")
    entering = found.held.state.register.entering(found.name)
    last = 0 if entering is None else entering.page or entering.vote.page + 1
    pages = [finding for page in council.pages if page.number <= last for finding in page.findings]
    if entering is not None and not entering.page:
        # What keeps the register from going on keeps the vote open.
        pages += [f for chapter in council.chapters if chapter.title == "Register" for f in chapter.findings]
    plan, rounds = _planned(found)
    begun_by = (vote for vote in council.votes if vote.issue == plan)
    earlier = (round_ for round_ in council.rounds if round_.plan == plan and round_.number in rounds)
    before = [finding for one in (*begun_by, *earlier) for finding in one.findings]
    return [*verification.report.findings, *founding.findings, *pages, *before]


def _planned(found: _Found) -> tuple[bytes, range]:
    """The plan that a vote or round rests on, empty for none, and which of its rounds."""
    if isinstance(found.one, RoundReport):
        return found.one.plan, range(1, found.one.number)
    opening = found.held.body(found.name)
    effect = opening.effect if isinstance(opening, Open) else None
    return (effect.plan, range(1, effect.round + 1)) if isinstance(effect, AdoptPlan) else (b"", range(0))


def _explain(ctx: Context, found: _Found, who: str) -> tuple[Finding, ...]:
    state = found.held.state
    if who.casefold() in MINE:
        from p2pcouncil.identity.keystore import Keystore

        keystore = Keystore(ctx.home.path)
        if not keystore.exists():
            raise LocalError(
                "Nobody lives on this laptop, so no ballot is “mine”.", "Name somebody: --explain Ada."
            )
        member = keystore.load().member
    else:
        people = [
            Candidate(m.member, m.member, (found.held.name(m.member), m.name, fingerprint(m.member)))
            for m in state.members()
        ]
        member = resolve(who, people, "member", "verify --all")
    return explain_ballots(found.held, found.name, MemberId(member))
