"""Effects: what a decision does, besides being decided. A proposal names one, its opening and its page repeat it.

An effect runs once, on the page that closes its vote, if the vote came out for it. What it changes stands in the
chain: the roll, the charter, parameters, offices, councils below, promises. So a page says by itself what became of
them. How they run stands in `register.executing`.

Source: DESIGN section 5.
"""

from typing import Annotated, assert_never

import msgspec

from crdt.errors import RemoteError
from p2pcouncil.domain.planning.terms import MAX_ROUNDS, Goods, Units, validate_goods_and_units
from p2pcouncil.domain.records import (
    YEAR_SECONDS,
    Charter,
    Hash,
    Record,
    Seconds,
)
from p2pcouncil.domain.tally.method import Method, YesNo
from p2pcouncil.domain.tally.outcome import Outcome

MAX_CANDIDATES = 64
CHARTER_TERMS: dict[str, tuple[int, int]] = {
    "seconds_needed": (0, 50),
    "vouches_needed": (1, 20),
    "window_seconds": (1, YEAR_SECONDS),
    "probation_seconds": (0, YEAR_SECONDS),
    "grace_seconds": (1, YEAR_SECONDS),
}
"""What a charter change may set, with the least and the most."""

Label = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
TimeMs = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]


class EffectBase(Record, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the effects."""


class Promise(EffectBase, frozen=True, array_like=True, tag="promise.1", forbid_unknown_fields=True):
    """Somebody sees to it that the text is carried out.

    Attributes:
        owner: the member who answers for it.
        due_ms: by when, milliseconds since 1970; held against page time.
    """

    owner: Hash
    due_ms: TimeMs


class ChangeCharter(EffectBase, frozen=True, array_like=True, tag="charter.1", forbid_unknown_fields=True):
    """One term of the charter gets another value. Votes that run keep what they were entered with."""

    term: Label
    value: Annotated[int, msgspec.Meta(ge=0, le=YEAR_SECONDS)]


class RemoveMember(EffectBase, frozen=True, array_like=True, tag="remove.1", forbid_unknown_fields=True):
    """A member is taken off the roll, and comes again only if a vote admits them. Votes that run keep their roll."""

    member: Hash


class AdmitMember(EffectBase, frozen=True, array_like=True, tag="admit.1", forbid_unknown_fields=True):
    """A newcomer may come onto the roll although somebody objects, or a vote removed them before."""

    member: Hash


class RecogniseCouncil(
    EffectBase, frozen=True, array_like=True, tag="recognise.1", forbid_unknown_fields=True
):
    """A council below is recognised as one of this society's."""

    council: Hash


class Elect(EffectBase, frozen=True, array_like=True, tag="elect.1", forbid_unknown_fields=True):
    """The winners hold an office until the next election or their recall.

    Attributes:
        office: its name.
        candidates: one member per option, in the order of the options.
    """

    office: Label
    candidates: Annotated[tuple[Hash, ...], msgspec.Meta(min_length=1, max_length=MAX_CANDIDATES)]


class Recall(EffectBase, frozen=True, array_like=True, tag="recall.1", forbid_unknown_fields=True):
    """A member holds an office no longer."""

    office: Label
    member: Hash


class SetParameter(EffectBase, frozen=True, array_like=True, tag="parameter.1", forbid_unknown_fields=True):
    """A figure that the council names itself, such as a tolerance or a budget, gets a value, as text."""

    name: Label
    value: Annotated[str, msgspec.Meta(max_length=120)]


class OpenPlan(EffectBase, frozen=True, array_like=True, tag="plan.1", forbid_unknown_fields=True):
    """A planning period begins: rounds of proposals, until supply and demand of every good are close enough.

    Attributes:
        goods, units: what is planned, and who plans.
        round_seconds: how long each round takes proposals.
        rounds_most: after how many rounds the best one is taken.
        tolerance_basis_points: how far supply and demand of a good may be apart, in hundredths of a percent of their
            mean.
    """

    goods: Goods
    units: Units
    round_seconds: Seconds
    rounds_most: Annotated[int, msgspec.Meta(ge=1, le=MAX_ROUNDS)] = 25
    tolerance_basis_points: Annotated[int, msgspec.Meta(ge=1, lt=20_000)] = 500


class AdoptPlan(EffectBase, frozen=True, array_like=True, tag="adopt.1", forbid_unknown_fields=True):
    """What a round of a planning period came to is the plan of record from now on.

    Attributes:
        plan: the vote that began the period.
        round: which round.
        digest: of what the page says that the round came to.
    """

    plan: Hash
    round: Annotated[int, msgspec.Meta(ge=1, le=MAX_ROUNDS)]
    digest: Hash


Effect = (
    Promise
    | ChangeCharter
    | RemoveMember
    | AdmitMember
    | RecogniseCouncil
    | Elect
    | Recall
    | SetParameter
    | OpenPlan
    | AdoptPlan
)


def validate_effect(effect: Effect | None, method: Method, options: tuple[str, ...]) -> None:
    """Refuse an effect that the method can't decide, or that would do nothing sensible.

    Raises:
        RemoteError: it does not fit; the words say why.
    """
    validate_effect_alone(effect)
    match effect:
        case None | Promise():
            return
        case Elect(candidates=candidates):
            if isinstance(method, YesNo) or len(candidates) != len(options):
                raise RemoteError("An election needs a method with options, and one candidate per option.")
        case (
            ChangeCharter()
            | RemoveMember()
            | AdmitMember()
            | RecogniseCouncil()
            | Recall()
            | SetParameter()
            | OpenPlan()
            | AdoptPlan()
        ):
            if not isinstance(method, YesNo):
                raise RemoteError("What is decided by yes or no has to be voted on by yes or no.")
        case _:
            assert_never(effect)


def validate_effect_alone(effect: Effect | None) -> None:
    """Refuse an effect that is unsound by whatever method it is decided: what can be asked of a page alone.

    Raises:
        RemoteError: no vote could carry it out; the words say why.
    """
    match effect:
        case ChangeCharter(term=term, value=value):
            if term not in CHARTER_TERMS:
                raise RemoteError(f"A charter has no term “{term}”; it has {', '.join(CHARTER_TERMS)}.")
            least, most = CHARTER_TERMS[term]
            if not least <= value <= most:
                raise RemoteError(f"The charter's {term} goes from {least} to {most}.")
        case Elect(candidates=candidates):
            if len(set(candidates)) != len(candidates):
                raise RemoteError("An election names a candidate twice.")
        case OpenPlan(goods=goods, units=units):
            validate_goods_and_units(goods, units)
        case (
            None
            | Promise()
            | RemoveMember()
            | AdmitMember()
            | RecogniseCouncil()
            | Recall()
            | SetParameter()
            | AdoptPlan()
        ):
            return
        case _:
            assert_never(effect)


def is_carried(effect: Effect, outcome: str) -> bool:
    """Whether a vote came out for its effect.

    An election that ties fills no seat, not even those that are clear: half an office would be filled, and the
    election that follows would empty it again.

    Args:
        effect: of the vote.
        outcome: as `tally.outcome.Outcome` has it.
    """
    match effect:
        case Elect():
            return outcome == Outcome.ELECTED
        case Promise():
            return outcome in (Outcome.PASSED, Outcome.ELECTED)
        case (
            ChangeCharter()
            | RemoveMember()
            | AdmitMember()
            | RecogniseCouncil()
            | Recall()
            | SetParameter()
            | OpenPlan()
            | AdoptPlan()
        ):
            return outcome == Outcome.PASSED
        case _:
            assert_never(effect)


def changed_charter(charter: Charter, change: ChangeCharter) -> Charter:
    """The charter with one term changed; the change was validated."""
    return msgspec.structs.replace(charter, **{change.term: change.value})
