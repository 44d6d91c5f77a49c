"""Oversight: who was drawn to review a closed vote, and what may be said about a vote that is closed."""

from crdt.ids import ChangeHash, MemberId
from p2pcouncil.domain.entries import Feedback, Open, Progress, Review
from p2pcouncil.domain.facts import Fact, Facts
from p2pcouncil.domain.register_book import RegisterBook
from p2pcouncil.domain.rejections import ACCEPTED, REFUSALS, WAITS, Rule, Verdict
from p2pcouncil.domain.sortition import lot


def overseers_of(issue: ChangeHash, register: RegisterBook, facts: Facts) -> tuple[MemberId, ...]:
    """Who was drawn to review a closed vote, in the order of their lots; nobody while it is not closed.

    Who opened the vote and who seconded it are left out. Both stand in the opening, which is held.
    """
    entering = register.entering(issue)
    opening = facts.held.get(issue)
    if entering is None or entering.closed is None or opening is None or not isinstance(opening.body, Open):
        return ()
    involved = {opening.member}
    involved.update(
        facts.held[ChangeHash(name)].member for name in opening.body.seconds if ChangeHash(name) in facts.held
    )
    seed = register.minutes.chains[entering.page].seed
    return lot.overseers(seed, issue, entering.vote.roll, involved)


def judge_afterwards(
    fact: Fact, body: Progress | Feedback | Review, register: RegisterBook, facts: Facts
) -> Verdict:
    """Judge what is said of a closed vote: it waits until the vote is; a review is an overseer's, of its page."""
    if fact.hash in facts.missing:
        return WAITS
    issue = ChangeHash(body.issue)
    if not isinstance(facts.held[issue].body, Open):
        return REFUSALS[Rule.OTHER_KIND]
    entering = register.entering(issue)
    if entering is None or entering.closed is None:
        return WAITS
    if not isinstance(body, Review):
        return ACCEPTED
    is_theirs = fact.member in overseers_of(issue, register, facts)
    is_of_page = body.page == register.minutes.chains[entering.page].page
    return ACCEPTED if is_theirs and is_of_page else REFUSALS[Rule.NOT_AN_OVERSEER]
