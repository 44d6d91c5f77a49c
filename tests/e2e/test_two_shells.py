"""Two shells decide something with each other: over libp2p, and with no network and a bundle carried by hand."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.shells import Answer, Shell

pytestmark = pytest.mark.e2e

DEADLINE_SECONDS = 60
TEXT = "We buy an oven.\nIt costs 1200.\n"
MERGED = "Ada's line first.\nWe buy an oven.\nIt costs 1200.\nBen's line last."


def until(look: Callable[[], bool]) -> None:
    """Look again and again: another process is waited for, which has nothing here that could be awaited."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not look():
        assert time.monotonic() < deadline, "it did not happen in time"


def pair(folder: Path) -> tuple[Shell, Shell]:
    ada, ben = Shell("Ada", folder / "ada"), Shell("Ben", folder / "ben")
    for shell in (ada, ben):
        shell.init()
    ada.run("found", "Mill Lane")
    return ada, ben


def propose(ada: Shell) -> None:
    ada.run("propose", "Oven", "--summary", "A second oven.", "--text", TEXT, "--quorum", "0")


def edit_apart(ada: Shell, ben: Shell) -> None:
    """Each adds a line without knowing of the other's."""
    ada.run("edit", "Oven", "--text", f"Ada's line first.\n{TEXT}")
    ben.run("edit", "Oven", "--text", f"{TEXT}Ben's line last.\n")


def check_equal(ada: Shell, ben: Shell) -> Answer:
    """Both show the same text, tally and hash; returns the tally."""
    texts = [shell.run("show", "Oven")["text"] for shell in (ada, ben)]
    assert texts == [MERGED, MERGED]
    tallies = [shell.run("tally", "Oven") for shell in (ada, ben)]
    for key in ("counts", "outcome", "turnout", "roll_size", "headline"):
        assert tallies[0][key] == tallies[1][key]
    entries = [sorted(ballot["entry"] for ballot in tally["ballots"]) for tally in tallies]
    assert entries[0] == entries[1]
    councils = [shell.council() for shell in (ada, ben)]
    assert councils[0]["state_hash"] == councils[1]["state_hash"]
    assert councils[0]["entries"] == councils[1]["entries"]
    assert [council["rejected"] for council in councils] == [0, 0]
    return tallies[0]


def test_over_libp2p(tmp_path: Path) -> None:
    ada, ben = pair(tmp_path)
    with ada.serve():
        line = ada.run("invite")["lines"][0]
        with ben.serve():
            ben.run("join", line)
            ada.run("vouch", "Ben")
            propose(ada)
            assert ben.run("show", "Oven")["text"] == TEXT.strip()
    edit_apart(ada, ben)
    with ada.serve(), ben.serve():
        until(lambda: ada.council()["state_hash"] == ben.council()["state_hash"])
        assert ada.run("show", "Oven")["text"] == MERGED
        ben.run("second", "Oven")
        ada.run("open", "Oven")
        ben.run("vote", "Oven", "yes", "--wait")
        ada.run("vote", "Oven", "no", "--wait")
        until(lambda: ben.council()["state_hash"] == ada.council()["state_hash"])
    tally = check_equal(ada, ben)
    assert tally["counts"] == {"yes": 1, "no": 1, "abstain": 0}
    for shell in (ada, ben):
        assert shell.run("verify")["holds"]


def test_with_a_bundle_carried_by_hand(tmp_path: Path) -> None:
    ada, ben = pair(tmp_path)
    stick = str(tmp_path / "stick.p2pc")

    def carry(giver: Shell, taker: Shell) -> None:
        giver.run("export", stick)
        taker.run("import", stick)

    line = ada.run("invite")["lines"][0]
    ben.run("join", line, "--no-mdns", "--listen", "127.0.0.1")
    carry(ben, ada)
    ada.run("vouch", "Ben")
    propose(ada)
    carry(ada, ben)
    edit_apart(ada, ben)
    carry(ben, ada)
    carry(ada, ben)
    ben.run("second", "Oven")
    carry(ben, ada)
    ada.run("open", "Oven")
    ada.run("vote", "Oven", "yes")
    carry(ada, ben)
    ben.run("vote", "Oven", "yes")
    carry(ben, ada)
    tally = check_equal(ada, ben)
    assert tally["counts"] == {"yes": 2, "no": 0, "abstain": 0}
    assert tally["outcome"] == "passed"
    assert ben.run("verify", stick)["holds"]
