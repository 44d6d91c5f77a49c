"""What a terminal shows, and what a script gets: the same facts."""

import json
import sqlite3
import time
from dataclasses import replace

import pytest

from crdt.errors import DamagedError, LocalError, RemoteError
from net.transport import TransportError
from p2pcouncil.cli.as_json import dump, json_of_done, json_of_network, json_of_status, json_of_tally, plain
from p2pcouncil.cli.errors import (
    ExitCode,
    NotHereError,
    NotInTimeError,
    UsageError,
    VerificationFailedError,
    exit_code_of,
    hint_of,
)
from p2pcouncil.cli.serve import changes, ready
from p2pcouncil.cli.show import bar, table, when
from p2pcouncil.cli.show_councils import show_council, show_councils, show_requests
from p2pcouncil.cli.show_network import show_identity, show_network, show_status
from p2pcouncil.cli.show_proposals import show_inbox, show_proposal, show_proposals, show_tally
from p2pcouncil.peer.commands import Done
from tests.screens import people
from tests.screens.staged import StagedSession, troubled


@pytest.fixture
def session() -> StagedSession:
    return StagedSession()


def test_a_proposal_shows_all_that_a_voter_needs() -> None:
    shown = "\n".join(show_proposal(people.OVEN, history=True))
    for words in (
        "Buy a second oven",
        "14,200 euros",
        "Who repairs it?",
        "Chidi Okafor",
        "2 yes to 1 no",
        "not voted",
    ):
        assert words in shown
    assert people.OVEN.id.hex()[:8] in shown


def test_a_tally_shows_counts_rules_and_every_ballot() -> None:
    vote = people.CLOSED.issue
    assert vote is not None
    shown = "\n".join(show_tally(people.CLOSED, vote))
    for words in (
        "24 December",
        "3",
        "How it was counted",
        "ballot 1",
        "held by 3 of 7 peers",
        vote.tie_rule[:30],
    ):
        assert words in shown.replace("\n", " ")


def test_lists_and_empty_lists_say_something(session: StagedSession) -> None:
    assert len(show_proposals(session.proposals())) == len(people.PROPOSALS)
    for lines in (show_proposals(()), show_councils(()), show_inbox(()), show_requests(())):
        assert len(lines) == 1
        assert lines[0].endswith(".")
    inbox = "\n".join(show_inbox(session.inbox()))
    assert "Waits for you:" in inbox
    assert "Hana" in inbox


def test_a_council_shows_its_roll_with_the_words_to_compare(session: StagedSession) -> None:
    shown = "\n".join(show_council(session.council(people.BAKERY)))
    for who in (*people.BAKERS, people.REQUEST.person):
        assert who.fingerprint in shown
    tree = "\n".join(show_councils(session.councils()))
    assert "  Morgenbrot bakery" in tree
    assert "workers' council, workplace" in tree


def test_network_and_status_say_what_is_not_known(session: StagedSession) -> None:
    shown = "\n".join(show_network(session.network()))
    assert "has not said what it lacks" in shown
    assert "dropped for 10 minutes" in shown
    identity = session.identity()
    assert identity is not None
    assert "reads, drafts and comments" in "\n".join(show_identity(identity))
    assert "behind by 0" in "\n".join(show_status(session.status()))


def test_who_is_throttled_or_was_dropped_is_said_with_the_reason(session: StagedSession) -> None:
    busy, flood = troubled()
    soon = int(time.time() * 1_000) + 10 * 60_000 + 30_000
    session.peers = (busy, replace(flood, refused_until_ms=soon))
    shown = show_network(session.network())
    assert any(line.strip().startswith("throttled: asks too often; began ") for line in shown)
    assert "      dropped: It asked 4,100 times in 10 s; 20 a second are answered." in shown
    assert "      refused; may come back in 10 min" in shown
    (said, _) = json_of_network(session.network())["peers"]
    assert said["throttled"] == "asks too often"


def test_json_holds_the_same_and_nothing_that_json_lacks(session: StagedSession) -> None:
    for view in (*people.PROPOSALS, *people.COUNCILS, *session.inbox(), session.network(), session.status()):
        assert json.loads(dump(view)) == plain(view)
    vote = people.FLOURS.issue
    assert vote is not None
    tally = json_of_tally(people.FLOURS, vote)
    assert tally["method"] == "ranked"
    assert set(tally["counts"]) == set(people.FLOUR)
    assert plain(people.FLOURS)["method"] == {"type": "ranked", "quorum_permille": 300}
    status = json_of_status(session.status())
    assert {"entries", "state_hash", "my_standing"} <= set(status["councils"][0])
    assert json_of_done(Done("Done.", b"\x01"), file="x") == {
        "message": "Done.",
        "id": "01",
        "lines": [],
        "entries": [],
        "file": "x",
    }
    with pytest.raises(TypeError):
        plain(object())


def test_times_bars_and_columns() -> None:
    now = people.NOW_MS
    assert when(now + 2 * 86_400_000, now) == "in 2 days"
    assert when(now - 3 * 3_600_000, now) == "3 h ago"
    assert when(now + 1_000, now) == "just now"
    assert (bar(0, 0), len(bar(1, 1_000)), len(bar(5, 5))) == ("", 1, 24)
    assert table([("食", "x"), ("ab", "y")]) == ["食  x", "ab  y"]
    assert table([]) == []


def test_serve_tells_what_changed_and_nothing_else(session: StagedSession) -> None:
    before = session.status()
    assert ready(before).data["ready"] is True
    assert list(changes(before, before)) == []
    session.all_councils = session.all_councils[:2]
    session.peers = session.peers[1:]
    fewer = session.status()
    told = [event.data["event"] for event in changes(fewer, before)]
    assert told == ["connected", "council", "standing", "entries"]
    gone = list(changes(before, fewer))
    assert [event.data["event"] for event in gone] == ["gone"]


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def sqlite_error(code: int) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError("no")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LocalError("No."), ExitCode.ERROR),
        (NotHereError("No."), ExitCode.ERROR),
        (RemoteError("No."), ExitCode.ERROR),
        (OSError(28, "No space left on device"), ExitCode.ERROR),
        (UsageError("No."), ExitCode.USAGE),
        (NotInTimeError("No."), ExitCode.NETWORK),
        (TransportError("No."), ExitCode.NETWORK),
        (caused(LocalError("No."), TransportError("Port taken.")), ExitCode.NETWORK),
        (VerificationFailedError("No.", "", {}), ExitCode.VERIFICATION),
        (DamagedError("No."), ExitCode.DAMAGED),
        (caused(LocalError("No."), DamagedError("No.")), ExitCode.DAMAGED),
        (caused(LocalError("No."), sqlite_error(sqlite3.SQLITE_FULL)), ExitCode.ERROR),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
    ],
)
def test_exit_codes(error: BaseException, code: ExitCode) -> None:
    assert exit_code_of(error) is code
    assert hint_of(error)
