"""The log: what was said in a council, entry by entry, as this laptop holds it."""

import sqlite3
from dataclasses import dataclass
from typing import assert_never

from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, CouncilId, MemberId
from crdt.index import FeedReader
from crdt.keys import LaneKind
from crdt.store.rows import export_groups
from p2pcouncil.domain.entries import (
    Announce,
    AnyEntry,
    AskToJoin,
    Ballot,
    Comment,
    Feedback,
    Invite,
    Leave,
    Object,
    Open,
    Pledge,
    Progress,
    Propose,
    Review,
    Second,
    StateDuty,
    Succeed,
    Tell,
    Vouch,
    Withdraw,
    decode_entry,
)
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.planning.said import ProposePlan, PublishTechnique, ReportResult
from p2pcouncil.domain.records import read_genesis, read_join
from p2pcouncil.domain.register.sayings import (
    PageProposal,
    Precommit,
    Prevote,
    Receipt,
    Seal,
    read_saying,
)
from p2pcouncil.domain.tally.choice_words import show_choice
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.people import People
from p2pcouncil.runtime.engine import Engine


@dataclass(frozen=True, slots=True)
class LogLine:
    """An entry in words.

    Attributes:
        hash: the entry's id.
        author: a cleaned name.
        claimed_at_ms: the author's clock; the log is sorted by it, for display only.
        sentence: what it says.
        rejected: why it counts for nothing, or empty.
    """

    hash: ChangeHash
    author: str
    claimed_at_ms: int
    sentence: str
    rejected: str


async def read_log(engine: Engine, council: CouncilId, limit: int) -> tuple[LogLine, ...]:
    """The last entries of a council, oldest first.

    Raises:
        LocalError: the store can't be read.
    """
    entries = await engine.store.run(_entries, council)
    place = engine.peer.world.places[council]
    people = People(engine.peer.world, place)
    refused = {r.hash: r.reason for r in place.state.rejected}
    lines = []
    for change, member, body in entries:
        author = people.person(member).name
        if isinstance(body, str):
            lines.append(LogLine(change, author, 0, "said something unreadable", refused.get(change, body)))
            continue
        sentence = _say(engine.peer, council, body)
        lines.append(LogLine(change, author, body.claimed_at_ms, sentence, refused.get(change, "")))
    return tuple(sorted(lines, key=lambda line: (line.claimed_at_ms, line.hash))[-limit:])


def _entries(
    conn: sqlite3.Connection, council: CouncilId
) -> list[tuple[ChangeHash, MemberId, AnyEntry | str]]:
    found: list[tuple[ChangeHash, MemberId, AnyEntry | str]] = []
    readers: dict[bytes, FeedReader] = {}
    for chunk in export_groups(conn, council):
        for group in chunk:
            if group.header.kind is not LaneKind.FEED:
                continue
            for envelope in group.envelopes:
                reader = readers.setdefault(envelope.lane, FeedReader())
                for item in reader.feed(envelope):
                    found.append((item.hash, group.header.member, _decoded(item.data, item.broken)))
    return found


def _decoded(data: bytes, broken: str) -> AnyEntry | str:
    if broken:
        return broken
    try:
        return decode_entry(data)
    except RemoteError as error:
        return str(error)


def _say(peer: Peer, council: CouncilId, entry: AnyEntry) -> str:
    place = peer.world.places[council]

    def title(name: bytes) -> str:
        issue = place.issue(ChangeHash(name))
        found = place.proposal(issue.proposal if issue is not None else ChangeHash(name))
        return f"“{clean_line(found.title, 60)}”" if found else f"{name.hex()[:8]}"

    match entry:
        case Propose():
            return f"proposed “{clean_line(entry.title, 60)}”"
        case Withdraw():
            return f"withdrew {title(entry.proposal)}"
        case Comment():
            return f"on {title(entry.proposal)}: {clean_line(entry.text, 100)}"
        case Second():
            return f"seconded {title(entry.proposal)}"
        case Open():
            return f"opened the vote on “{clean_line(entry.title, 60)}”"
        case Ballot():
            issue = place.issue(ChangeHash(entry.issue))
            if issue is None:
                return f"voted on {entry.issue.hex()[:8]}"
            try:
                choice = show_choice(issue.method, issue.options, entry.choice)
            except IndexError:
                choice = "something that can't be chosen"
            return f"voted {choice} on “{clean_line(issue.title, 60)}” (ballot {entry.number})"
        case Invite():
            return "made an invitation"
        case Vouch():
            return f"vouched for {_join_name(entry.join)}"
        case AskToJoin():
            return f"asked to join the council {_join_council(entry.join)}"
        case Announce():
            return f"announced the council {_genesis_name(entry.genesis)}"
        case Leave():
            return "left"
        case StateDuty():
            return "said which device votes"
        case Pledge():
            return "went on duty as a teller" if entry.is_on else "went off duty"
        case Object():
            return f"objected to {_name_of(place, entry.newcomer)}: {clean_line(entry.reason, 100)}"
        case Tell():
            return _told(entry)
        case Succeed():
            return f"goes on in the council {entry.successor.hex()[:8]}, which takes over from this one"
        case Progress():
            done = "done: " if entry.is_done else ""
            return f"on {title(entry.issue)}: {done}{clean_line(entry.text, 100)}"
        case Feedback():
            told = "works out" if entry.is_content else "does not work out"
            return f"said that {title(entry.issue)} {told}: {clean_line(entry.text, 100)}"
        case PublishTechnique():
            return f"published how to make {clean_line(entry.product, 60)}: “{clean_line(entry.name, 60)}”"
        case ProposePlan():
            return f"proposed in round {entry.round} of the plan {title(entry.plan)} (number {entry.number})"
        case ReportResult():
            return f"reported on the plan {title(entry.plan)}: {clean_line(entry.text, 100) or 'an amount'}"
        case Review():
            told = "holds" if entry.holds else "does not hold"
            return f"reviewed {title(entry.issue)}: it {told}. {clean_line(entry.note, 100)}"
        case _:
            assert_never(entry)


def _name_of(place: Place, member: bytes) -> str:
    try:
        return clean_line(place.state.member(MemberId(member)).name, 32)
    except LocalError:
        return "somebody who is not known here"


def _told(entry: Tell) -> str:
    """What a teller's entry says, in a sentence."""
    words = []
    for said in entry.said:
        try:
            saying = read_saying(said)
        except RemoteError:
            words.append("something unreadable")
            continue
        match saying:
            case PageProposal():
                words.append(f"proposed page {saying.number}")
            case Prevote():
                words.append(f"would{'' if saying.value else ' not'} take page {saying.number}")
            case Precommit():
                words.append(
                    f"signed {f'page {saying.number}' if saying.value else f'no page {saying.number} yet'}"
                )
            case Receipt():
                words.append(f"received {len(saying.ballots)} ballots")
            case Seal():
                words.append(f"sealed the vote {saying.issue.hex()[:8]}")
    return "as a teller: " + (", ".join(dict.fromkeys(words)) or "carried a page")


def _join_name(record: bytes) -> str:
    try:
        return clean_line(read_join(record).name, 32)
    except RemoteError:
        return "somebody (the record does not hold)"


def _join_council(record: bytes) -> str:
    try:
        return read_join(record).council.hex()[:8]
    except RemoteError:
        return "unknown (the record does not hold)"


def _genesis_name(record: bytes) -> str:
    try:
        return f"“{clean_line(read_genesis(record)[1].name, 64)}”"
    except RemoteError:
        return "(the record does not hold)"
