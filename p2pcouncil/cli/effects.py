"""What a decision does by itself, from the words of the command line."""

import re
from datetime import UTC, datetime

from p2pcouncil.cli.errors import UsageError
from p2pcouncil.cli.methods import parse_window
from p2pcouncil.cli.refs import Candidate, find_council, find_member, resolve
from p2pcouncil.domain.effects import (
    CHARTER_TERMS,
    AdmitMember,
    ChangeCharter,
    Effect,
    Elect,
    Promise,
    Recall,
    RecogniseCouncil,
    RemoveMember,
    SetParameter,
)
from p2pcouncil.peer.session import Session
from p2pcouncil.peer.views.councils import CouncilView

EFFECTS = (
    "promise WHO by DATE, charter TERM VALUE, remove WHO, admit WHO, recognise COUNCIL, elect OFFICE, "
    "recall WHO from OFFICE, set NAME to VALUE"
)


def make_effect(words: str, options: tuple[str, ...], session: Session, council: CouncilView) -> Effect:
    """Read what a decision does.

    Args:
        words: as `EFFECTS` lists them.
        options: of the vote; an election's name its candidates.
        session: the peer, which knows members and councils.
        council: where it is decided.

    Raises:
        LocalError: no such effect, or somebody who is not there.
    """
    text = " ".join(words.split())
    if found := re.fullmatch(r"promise (.+) by (\d{4}-\d\d-\d\d)", text):
        return Promise(find_member(council, found[1]), _day_ms(found[2]))
    if found := re.fullmatch(r"charter (\S+) (\S+)", text):
        return _charter(found[1].replace("-", "_"), found[2])
    if found := re.fullmatch(r"remove (.+)", text):
        return RemoveMember(find_member(council, found[1]))
    if found := re.fullmatch(r"admit (.+)", text):
        asking = [
            Candidate(r.person.member, r.join_id, (r.person.name, r.person.fingerprint))
            for r in council.requests
        ]
        return AdmitMember(resolve(found[1], asking, "newcomer", "vouch"))
    if found := re.fullmatch(r"recognise (.+)", text):
        return RecogniseCouncil(find_council(session, found[1]).id)
    if found := re.fullmatch(r"elect (.+)", text):
        return Elect(found[1], tuple(find_member(council, option) for option in options))
    if found := re.fullmatch(r"recall (.+) from (.+)", text):
        return Recall(found[2], find_member(council, found[1]))
    if found := re.fullmatch(r"set (.+) to (.+)", text):
        return SetParameter(found[1], found[2])
    raise UsageError(f"“{text[:60]}” is nothing that a decision can do.", f"It can: {EFFECTS}.")


def _charter(term: str, value: str) -> ChangeCharter:
    terms = {name.removesuffix("_seconds"): name for name in CHARTER_TERMS} | {
        name: name for name in CHARTER_TERMS
    }
    named = {"seconds": "seconds_needed", "vouches": "vouches_needed"} | terms
    if term not in named:
        raise UsageError(f"A charter has no term “{term[:40]}”.", f"It has: {', '.join(CHARTER_TERMS)}.")
    if named[term].endswith("_seconds"):
        return ChangeCharter(named[term], 0 if value in ("0", "0s") else parse_window(value))
    if not re.fullmatch(r"\d{1,3}", value):
        raise UsageError(f"“{value[:20]}” is no number of members.", "Give a number, like 2.")
    return ChangeCharter(named[term], int(value))


def _day_ms(text: str) -> int:
    """The end of a day, in UTC."""
    try:
        begin = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise UsageError(f"{text} is no day.", "Give a day like 2027-03-14.") from error
    return int(begin.timestamp() * 1_000) + 86_400_000 - 1
