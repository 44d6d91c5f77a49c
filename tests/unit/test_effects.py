"""Which effects a vote may have, and when it came out for one."""

from pathlib import Path

import msgspec
import pytest

from crdt.errors import RemoteError
from p2pcouncil.domain.effects import (
    CHARTER_TERMS,
    MAX_CANDIDATES,
    AdmitMember,
    ChangeCharter,
    Effect,
    Elect,
    Promise,
    Recall,
    RecogniseCouncil,
    RemoveMember,
    SetParameter,
    changed_charter,
    is_carried,
    validate_effect,
    validate_effect_alone,
)
from p2pcouncil.domain.records import Charter
from p2pcouncil.domain.register.pages import Entered
from p2pcouncil.domain.tally.method import Approval, Ranked, Stv, YesNo
from p2pcouncil.domain.tally.outcome import Outcome

PROTOCOL = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
ADA, BEN = b"a" * 32, b"b" * 32
YES_NO = YesNo(0)
BY_YES = (
    ChangeCharter("seconds_needed", 2),
    RemoveMember(ADA),
    AdmitMember(ADA),
    RecogniseCouncil(ADA),
    Recall("speaker", ADA),
    SetParameter("budget", "100 t"),
)
PROMISE = Promise(ADA, 1_800_000_000_000)
ELECT = Elect("speaker", (ADA, BEN))
ALL: tuple[Effect, ...] = (*BY_YES, PROMISE, ELECT)


@pytest.mark.parametrize("effect", BY_YES)
def test_what_is_decided_by_yes_or_no_is_voted_on_by_yes_or_no(effect: Effect) -> None:
    validate_effect(effect, YES_NO, ())
    with pytest.raises(RemoteError, match="by yes or no"):
        validate_effect(effect, Ranked(0), ("one", "two"))


def test_an_election_has_a_candidate_per_option_and_a_method_with_options() -> None:
    for method in (Stv(0, 1), Approval(0), Ranked(0)):
        validate_effect(ELECT, method, ("Ada", "Ben"))
    with pytest.raises(RemoteError, match="one candidate per option"):
        validate_effect(ELECT, YES_NO, ())
    with pytest.raises(RemoteError, match="one candidate per option"):
        validate_effect(ELECT, Stv(0, 1), ("Ada", "Ben", "Cem"))
    with pytest.raises(RemoteError, match="twice"):
        validate_effect(Elect("speaker", (ADA, ADA)), Stv(0, 1), ("Ada", "Ada again"))


def test_no_effect_and_a_promise_go_with_every_method() -> None:
    for method, options in ((YES_NO, ()), (Ranked(0), ("one", "two"))):
        validate_effect(None, method, options)
        validate_effect(PROMISE, method, options)


@pytest.mark.parametrize("term", CHARTER_TERMS)
def test_a_term_of_the_charter_stays_within_its_bounds(term: str) -> None:
    least, most = CHARTER_TERMS[term]
    for value in (least, most):
        validate_effect_alone(ChangeCharter(term, value))
        changed = changed_charter(Charter(), ChangeCharter(term, value))
        assert getattr(changed, term) == value
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(changed), type=Charter) == changed
    for value in (least - 1, most + 1):
        with pytest.raises(RemoteError, match=f"from {least} to {most}"):
            validate_effect_alone(ChangeCharter(term, value))


def test_a_charter_has_the_terms_that_it_has_and_no_vote_changes_the_rules_version() -> None:
    for term in ("rules_version", "name", "__class__"):
        with pytest.raises(RemoteError, match="has no term"):
            validate_effect_alone(ChangeCharter(term, 1))
    assert set(CHARTER_TERMS) == set(Charter.__struct_fields__) - {"rules_version"}


def test_a_vote_comes_out_for_its_effect_if_it_passed_or_elected() -> None:
    carried = {effect: [outcome for outcome in Outcome if is_carried(effect, outcome)] for effect in ALL}
    expected: dict[Effect, list[Outcome]] = {
        **{effect: [Outcome.PASSED] for effect in BY_YES},
        PROMISE: [Outcome.PASSED, Outcome.ELECTED],
        ELECT: [Outcome.ELECTED],
    }
    assert carried == expected


@pytest.mark.parametrize("effect", ALL)
def test_an_effect_comes_back_from_a_page(effect: Effect) -> None:
    item = Entered(ADA, BEN, 60, effect)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(item), type=Entered) == item


@pytest.mark.parametrize("effect", ALL)
def test_every_effect_is_documented_with_its_fields(effect: Effect) -> None:
    tag = effect.__struct_config__.tag
    (row,) = (line for line in PROTOCOL.splitlines() if line.startswith(f"| `{tag}` |"))
    for name in effect.__struct_fields__:
        assert name.removesuffix("_ms") in row


@pytest.mark.parametrize(
    "effect",
    [
        Elect("speaker", ()),
        Elect("speaker", tuple(bytes([at]) * 32 for at in range(MAX_CANDIDATES + 1))),
        Elect("", (ADA,)),
        Recall("x" * 65, ADA),
        SetParameter("budget", "x" * 121),
        RemoveMember(b"short"),
        Promise(ADA, -1),
    ],
)
def test_an_effect_out_of_its_bounds_is_not_read(effect: Effect) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(effect), type=Effect)
