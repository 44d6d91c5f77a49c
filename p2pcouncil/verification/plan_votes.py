"""Checking votes about plans: that begin a planning period, and that adopt what a round of one came to."""

from crdt.ids import ChangeHash
from p2pcouncil.domain.effects import AdoptPlan, Effect, OpenPlan
from p2pcouncil.domain.register.chain import Chain
from p2pcouncil.domain.register.plan_rounds import result_digest
from p2pcouncil.verification.held import Held, count
from p2pcouncil.verification.report import Finding, holds, noted
from p2pcouncil.verification.sayings_check import title_of


def round_ref(title: str, plan: bytes, number: int) -> str:
    """How a round is named on the command line: “Spring round 2”."""
    return f"{title or plan.hex()[:8]} round {number}"


def check_plan_effect(held: Held, issue: ChangeHash, effect: Effect | None) -> list[Finding]:
    """What there is to know about a vote whose effect is about a plan; nothing for other votes.

    Args:
        held: the council.
        issue: the vote.
        effect: of it.
    """
    match effect:
        case OpenPlan():
            return _rounds(held, issue)
        case AdoptPlan():
            return [_adopts(held, effect)]
        case _:
            return []


def _rounds(held: Held, issue: ChangeHash) -> list[Finding]:
    register = held.state.register
    entered = (register.entering(name) for name in register.rounds())
    numbers = [of.vote.round for of in entered if of is not None and of.vote.proposal == issue]
    if not numbers:
        return []
    first = round_ref(title_of(held, issue), issue, 1)
    return [
        noted(
            "rounds",
            f"Its planning period has {count(len(numbers), 'round')} so far. Each is checked by itself, under its "
            f"name: “{first}”.",
        )
    ]


def _adopts(held: Held, effect: AdoptPlan) -> Finding:
    """Whether the digest that a vote names is that of what a page says of the round."""
    chain, title = held.state.register.chain, title_of(held, effect.plan)
    name = round_ref(title, effect.plan, effect.round)
    found = _came_to(chain, effect)
    if found is None:
        return noted(
            "adopts-unknown",
            f"No page that stands says what “{name}” came to, so it names nothing that is known.",
        )
    page, digest = found
    if digest != effect.digest:
        return noted(
            "adopts-other",
            f"It names the digest {effect.digest.hex()[:8]}, and what page {page} says of “{name}” has another "
            f"({digest.hex()[:8]}): if it passes, it adopts nothing.",
        )
    return holds(
        "adopts",
        f"It is about the very figures that page {page} says of “{name}”: they have the digest that it names "
        f"({digest.hex()[:8]}). Whether proposals come to them is checked with that round.",
    )


def _came_to(chain: Chain, effect: AdoptPlan) -> tuple[int, bytes] | None:
    """The page that says what a round came to, and the digest of that."""
    period = chain.plans.get(effect.plan)
    if period is None or effect.round > len(period.rounds):
        return None
    decided = chain.decided.get(period.rounds[effect.round - 1])
    return None if decided is None else (decided[0], result_digest(decided[1]))
