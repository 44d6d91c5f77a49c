"""Checking the register: each page follows the one before it and was signed by a quorum, and why it goes no further."""

from crdt.errors import RemoteError
from crdt.ids import MemberId
from p2pcouncil.domain.moments import moment
from p2pcouncil.domain.register.certificates import validate_certificate
from p2pcouncil.domain.register.chain import Chain
from p2pcouncil.domain.register.following import follow
from p2pcouncil.domain.register.pages import Page, page_hash, read_page
from p2pcouncil.domain.register.sayings import PageProposal, Precommit
from p2pcouncil.verification.claims_check import check_claims
from p2pcouncil.verification.held import Held, count
from p2pcouncil.verification.report import Finding, PageReport, fails, holds, noted
from p2pcouncil.verification.sayings_check import SayingsCheck
from p2pcouncil.verification.sum_check import wrong_prices


def check_pages(held: Held, said: SayingsCheck) -> tuple[PageReport, ...]:
    """Turn every page that stands once more, from the founding on."""
    minutes = held.state.register.minutes
    return tuple(
        _check_page(held, said, before, after)
        for before, after in zip(minutes.chains, minutes.chains[1:], strict=False)
    )


def _check_page(held: Held, said: SayingsCheck, before: Chain, after: Chain) -> PageReport:
    minutes = held.state.register.minutes
    data = minutes.page(after.page)
    assert data is not None, "a page that stands is held"
    page = read_page(data)
    certificate = minutes.certificate_of(after.number)
    committee = said.committee(after.number)
    assert committee is not None, "the page before it stands"
    signers = tuple(held.name(signer.member) for signer in certificate.signers)
    findings = [_follows(before, page, data, after)]
    try:
        validate_certificate(certificate, committee)
    except RemoteError as error:
        findings.append(fails("certificate", f"Page {page.number}: {error}"))
    else:
        tellers = len(committee.tellers)
        findings.append(
            holds(
                "certificate",
                f"Page {page.number} is signed by {len(signers)} of its {count(tellers, 'teller')}, and "
                f"{committee.quorum} are needed: {held.named([s.member for s in certificate.signers])}.",
            )
        )
    findings += _what_it_does(held, page, after)
    findings += check_claims(held, page)
    findings += said.about(page.number)
    return PageReport(
        page.number,
        after.page,
        after.time_ms,
        signers,
        committee.quorum,
        len(committee.tellers),
        tuple(findings),
    )


def _follows(before: Chain, page: Page, data: bytes, after: Chain) -> Finding:
    try:
        again = follow(before, page, page_hash(data))
    except RemoteError as error:
        return fails("follows", f"Page {page.number} may not follow page {before.number}: {error}")
    if again != after:
        return fails("follows", f"Page {page.number} leads elsewhere when it is turned again.")
    when = f" Page time: {moment(after.time_ms)}." if after.time_ms else " Page 1 has no page time."
    return holds(
        "follows",
        f"Page {page.number} ({after.page.hex()[:8]}) follows page {before.number} by every rule.{when}",
    )


def _what_it_does(held: Held, page: Page, after: Chain) -> list[Finding]:
    votes = held.state.register.minutes.vote
    did: list[str] = []
    if page.joined:
        did.append(f"lets in {count(len(page.joined), 'newcomer')}")
    if page.left:
        did.append(f"lets {held.named([left.member for left in page.left])} leave")
    if page.moved:
        did.append(f"moves the duty of {count(len(page.moved), 'member')} to other devices")
    if page.pledged:
        did.append(f"notes the pledges of {held.named([pledged.member for pledged in page.pledged])}")
    if page.entered:
        did.append(f"enters {count(len(page.entered), 'vote')}")
    ended = (("closes", [closed.issue for closed in page.closed]), ("lapses", page.lapsed))
    for what, issues in ended:
        rounds = sum(vote.round > 0 for vote in map(votes, issues) if vote is not None)
        if len(issues) > rounds:
            did.append(f"{what} {count(len(issues) - rounds, 'vote')}")
        if rounds:
            did.append(f"{what} {count(rounds, 'planning round')}")
    begun = sum(vote.round > 0 and vote.page == page.number for vote in after.votes.values())
    if begun:
        did.append(f"begins {count(begun, 'planning round')}")
    if page.convicted:
        did.append(f"convicts {held.named([convicted.member for convicted in page.convicted])}")
    return [noted("page", f"Page {page.number} {'; '.join(did)}.")] if did else []


def check_end(held: Held, said: SayingsCheck) -> list[Finding]:
    """Say why the register ends where it ends: nothing more was written, or what was does not hold."""
    minutes = held.state.register.minutes
    following = minutes.chain.number + 1
    rivals = [finding for number in range(1, following + 1) for finding in _rivals(held, said, number)]
    if rivals:
        return rivals
    found = [*_strays(held, said), *said.about(0), *said.about(following)]
    commits = _commits(held, following)
    committee = said.committee(following)
    assert committee is not None, "the committee of the next page is drawn"
    decided = sorted({value for (_, value), who in commits.items() if len(who) >= committee.quorum})
    for value in decided:
        found.append(_undone(held, said, following, value))
    later = max((c.page.number for c in said.pages.values() if c.page is not None), default=0)
    if later > following:
        found.append(_unreachable(held, said, later, following))
    elif commits and not decided:
        best = max(len(who) for who in commits.values())
        found.append(
            noted(
                "undecided",
                f"Page {following} is not decided by what is in here: {best} of {len(committee.tellers)} tellers "
                f"signed it, and {committee.quorum} are needed.",
            )
        )
    return found


def _unreachable(held: Held, said: SayingsCheck, last: int, following: int) -> Finding:
    """A page to which no certified page leads. Who may lie can make one up; what more tellers carry was decided."""
    committee = said.committee(following)
    assert committee is not None, "the committee of the next page is drawn"
    later = [c for c in said.pages.values() if c.page is not None and c.page.number > following]
    carriers = {member for carried in later for member in carried.carriers}
    told = f"Page {last} is here, and no certified page {following} leads to it"
    if len(carriers & {teller.member for teller in committee.tellers}) > committee.liars:
        return fails("unreachable-pages", f"{told}. Nothing from page {following} on can be checked.")
    return noted(
        "unreachable-pages",
        f"{told}. {held.named(sorted(carriers))} alone can have made that up: {committee.liars} of the tellers of page "
        f"{following} may lie, and no more of them carry pages behind it.",
    )


def _commits(held: Held, number: int) -> dict[tuple[int, bytes], set[MemberId]]:
    """Who signed which page of a number, by round."""
    commits: dict[tuple[int, bytes], set[MemberId]] = {}
    for saying in held.state.register.minutes.said_about(number):
        if isinstance(saying, Precommit) and saying.value:
            commits.setdefault((saying.round, saying.value), set()).add(MemberId(saying.member))
    return commits


def _rivals(held: Held, said: SayingsCheck, number: int) -> list[Finding]:
    """Whether a quorum signed two different pages of one number, whatever is held of their bytes."""
    committee = said.committee(number)
    assert committee is not None, "the page before it stands"
    signed: dict[bytes, set[MemberId]] = {}
    for (_, value), who in _commits(held, number).items():
        if len(who) >= committee.quorum:
            signed.setdefault(value, set()).update(who)
    if len(signed) < 2:
        return []
    both = set.intersection(*signed.values())
    return [
        fails(
            "two-pages",
            f"The register breaks: two different pages of number {number} are certified "
            f"({', '.join(value.hex()[:8] for value in sorted(signed))}). {held.named(both)} signed both. More tellers "
            f"lied than it can stand, and nothing from page {number} on can be relied on.",
        )
    ]


def _undone(held: Held, said: SayingsCheck, number: int, value: bytes) -> Finding:
    """Why a page does not stand although a quorum signed it."""
    carried = said.pages.get(value)
    if carried is None:
        others = [
            f"{name.hex()[:8]}, carried by {held.named(other.carriers)}"
            for name, other in said.pages.items()
            if (
                other.page is not None
                and other.page.number == number
                and not _is_proposed(held, number, name)
            )
            or other.page is None
        ]
        told = (
            f" What is in here instead was altered: {'; '.join(others)}." if others else " It was left out."
        )
        code = "altered-page" if others else "missing-page"
        return fails(
            code, f"A quorum signed page {number} ({value.hex()[:8]}), and no such page is in here.{told}"
        )
    if carried.page is None:
        return fails("unreadable-page", f"A quorum signed page {number}, and it can't be read: {carried.why}")
    before = held.state.register.minutes.chain
    try:
        follow(before, carried.page, value)
    except RemoteError as error:
        told = (
            f"it may not follow page {before.number}: {error} {wrong_prices(before, carried.page)}".rstrip()
        )
        return fails("invalid-page", f"A quorum signed page {number} ({value.hex()[:8]}), and {told}")
    return fails("undone-page", f"A quorum signed page {number}, and it does not stand.")


def _strays(held: Held, said: SayingsCheck) -> list[Finding]:
    """Pages of numbers that are decided, which nobody proposed: altered copies of those that were."""
    chains = held.state.register.minutes.chains
    found = []
    for name, carried in said.pages.items():
        page = carried.page
        if page is None or page.number >= len(chains) or chains[page.number].page == name:
            continue
        if not _is_proposed(held, page.number, name):
            found.append(
                noted(
                    "altered-page",
                    f"A page {page.number} ({name.hex()[:8]}) is carried by {held.named(carried.carriers)} "
                    "and nobody's proposal of it is in here: it was altered, or made up. The true one stands "
                    f"({chains[page.number].page.hex()[:8]}), and this one counts for nothing.",
                )
            )
    return found


def _is_proposed(held: Held, number: int, name: bytes) -> bool:
    said = held.state.register.minutes.said_about(number)
    return any(isinstance(saying, PageProposal) and saying.value == name for saying in said)
