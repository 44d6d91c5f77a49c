"""The command line as two people use it: real processes, real libp2p on loopback, real files, real exit codes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.shells import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PROGRAM = (sys.executable, "-m", "p2pcouncil.cli.main")


def settled(shells: tuple[Shell, ...], seconds: float = 30) -> None:
    """Wait until all hold the same of their one council."""
    deadline = time.monotonic() + seconds
    while len({shell.council()["state_hash"] for shell in shells}) > 1:
        assert time.monotonic() < deadline, "the two never came to hold the same"
        time.sleep(0.3)


def check_equal(shells: tuple[Shell, ...]) -> None:
    """All show the same of the one proposal, and nothing was refused."""
    assert [shell.council()["rejected"] for shell in shells] == [0] * len(shells)
    tallies = [shell.run("tally", "oven") for shell in shells]
    for tally in tallies:
        tally["ballots"] = sorted(ballot["entry"] for ballot in tally["ballots"])
        for key in ("counts", "outcome", "turnout", "roll_size", "headline", "ballots"):
            assert tally[key] == tallies[0][key]


def test_two_shells_decide_something(tmp_path: Path) -> None:
    ada, ben = Shell("Ada", tmp_path / "ada"), Shell("Ben", tmp_path / "ben")
    ada.init()
    ben.init()
    ada.run("found", "Mill Lane", "--purpose", "Bread")
    with ada.serve() as ready:
        assert ready["ready"] is True
        assert ready["addresses"]
        line = ada.run("invite")["invitation"]
        with ben.serve(signal.SIGINT):
            # The request is kept by Ada's peer, then she compares the words and vouches.
            asked = ben.run("join", line)
            assert "vouch" in asked["state"]
            waiting = ada.run("vouch")["councils"][0]["requests"][0]
            assert waiting["person"]["fingerprint"] == ben.run("status")["identity"]["person"]["fingerprint"]
            ada.run("vouch", "Ben", "--wait")
            words = ("--summary", "A used one.", "--text", "6,400 euros")
            ada.run("propose", "A second oven", *words, "--wait")
            ben.run("comment", "oven", "Who repairs it?", "--wait")
    # Both are offline now; each edits.
    ada.run("edit", "oven", "--append", "Ada fetches it.")
    ben.run("edit", "oven", "--replace", "6,400", "--by", "5,900")
    with ada.serve(), ben.serve():
        settled((ada, ben))
        texts = {home.run("show", "oven")["text"] for home in (ada, ben)}
        assert texts == {"5,900 euros\n\nAda fetches it."}
        ben.run("second", "oven", "--wait")
        ada.run("open", "oven", "--wait")
        held = ben.run("vote", "oven", "no", "--wait")
        assert held["held_by_at_least"] == 1
        ada.run("vote", "oven", "yes", "--wait")
        ben.run("vote", "oven", "yes", "--wait")
        settled((ada, ben))
    check_equal((ada, ben))
    for home in (ada, ben):
        tally = home.run("tally", "oven")
        assert tally["counts"] == {"yes": 2, "no": 0, "abstain": 0}
        assert tally["outcome"] == "passed"
        assert home.run("verify")["holds"] is True
    sentences = [entry["sentence"] for entry in ada.run("log")["entries"]]
    assert any("voted yes" in sentence for sentence in sentences)


def test_verbs_bring_up_the_network_when_nobody_runs_it(tmp_path: Path) -> None:
    ada, ben = Shell("Ada", tmp_path / "ada"), Shell("Ben", tmp_path / "ben")
    ada.init()
    ben.init()
    ada.run("found", "Mill Lane")
    with ada.serve():
        line = ada.run("invite")["invitation"]
        ben.run("join", line, "--listen", "127.0.0.1", "--no-mdns")
        ada.run("vouch", "Ben")
        again = ben.run("join", line, "--wait", "--listen", "127.0.0.1", "--no-mdns", "--timeout", "40")
        assert "belong" in again["state"]
        ben.run(
            "propose",
            "Rye",
            "--summary",
            "More rye.",
            "--text",
            "On Fridays.",
            "--wait",
            "--timeout",
            "40",
        )
        assert ada.run("show", "rye")["text"] == "On Fridays."


def test_the_same_with_a_file_carried_by_hand(tmp_path: Path) -> None:
    ada, ben = Shell("Ada", tmp_path / "ada"), Shell("Ben", tmp_path / "ben")
    stick = tmp_path / "stick.p2pc"

    def carry(one: Shell, other: Shell) -> None:
        one.run("export", str(stick))
        other.run("import", str(stick))

    ada.init()
    ben.init()
    ada.run("found", "Mill Lane")
    line = ada.run("invite")["invitation"]
    ben.run("join", line, "--listen", "127.0.0.1", "--no-mdns")
    carry(ben, ada)
    ada.run("vouch", "Ben")
    ada.run("propose", "Oven", "--summary", "Buy it.", "--file", "-", stdin="one\n\ntwo")
    carry(ada, ben)
    ada.run("edit", "oven", "--append", "by Ada")
    ben.run("edit", "oven", "--replace", "one", "--by", "by Ben")
    carry(ben, ada)
    carry(ada, ben)
    ben.run("second", "oven")
    carry(ben, ada)
    ada.run("open", "oven")
    ada.run("vote", "oven", "yes")
    carry(ada, ben)
    ben.run("vote", "oven", "abstain")
    carry(ben, ada)
    assert len({shell.council()["state_hash"] for shell in (ada, ben)}) == 1
    check_equal((ada, ben))
    for home in (ada, ben):
        assert home.run("show", "oven")["text"] == "by Ben\n\ntwo\n\nby Ada"
        assert home.run("tally", "oven")["counts"] == {"yes": 1, "no": 0, "abstain": 1}
    assert ada.run("verify", str(stick))["holds"] is True
    damaged = bytearray(stick.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    stick.write_bytes(damaged)
    ada.run("verify", str(stick), code=4)
    ada.run("import", str(stick), code=1)


def test_every_mistake_is_a_sentence_and_a_code(tmp_path: Path) -> None:
    ada, nobody = Shell("Ada", tmp_path / "ada"), Shell("Nobody", tmp_path / "nobody")
    words = ada.init()["phrase"]
    assert len(words) == 24
    assert "init" in nobody.run("found", "Mill Lane", code=1)["hint"]
    assert "init" in nobody.run("serve", code=1)["hint"]
    assert "identity" in ada.run("init", "Ada", "--no-passphrase", "--phrase-shown", code=1)["error"]
    ada.run("join", "p2pc1:abcdef", code=1)
    wrong = " ".join(["zzzz", *words[1:]])
    assert (
        "Word 1"
        in nobody.run("recover", "Ada", "--phrase-file", "-", "--no-passphrase", stdin=wrong, code=1)["error"]
    )
    ada.run("found", "Mill Lane")
    assert "Mill Lane" in ada.run("councils", "Bakery", code=1)["hint"]
    ada.run("propose", "x", "--summary", "y", "--text", "z" * 60_000, code=1)
    ada.run("propose", "Hours", "--summary", "When?", "--text", "Say.", "--method", "ranked", code=1)
    ada.run("vote", "oven", "yes", code=1)
    ada.run("propose", "Oven", "--summary", "y", "--text", "- z", "--wait", "--timeout", "1", code=3)
    ada.run("open", "oven", code=1)
    ada.run("export", str(tmp_path / "no" / "such" / "folder.p2pc"), code=1)
    damaged = Shell("Ada", tmp_path / "damaged")
    shutil.copytree(ada.home, damaged.home)
    for file in damaged.home.glob("store.sqlite*"):
        file.write_bytes(b"\xff" * 8_192)
    damaged.run("status", code=5)
    # The phrase brings the member back on another laptop.
    other = Shell("Ada", tmp_path / "other")
    other.run("recover", "Ada", "--phrase-file", "-", "--no-passphrase", stdin=" ".join(words))
    fingerprints = {home.run("status")["identity"]["person"]["fingerprint"] for home in (ada, other)}
    assert len(fingerprints) == 1


STORY = """
title = "Two"
intro = "They meet."
[[people]]
key = "ada"
name = "Ada"
[[people]]
key = "bo"
name = "Bo"
[[steps]]
do = "found"
who = "ada"
council = "house"
name = "The house"
purpose = "Bread"
[[steps]]
do = "join"
who = "bo"
council = "house"
sponsor = "ada"
vouchers = ["ada"]
[[steps]]
do = "propose"
who = "bo"
council = "house"
proposal = "rye"
title = "Rye"
summary = "More rye."
text = "On Fridays."
"""


def story(folder: Path, more: str) -> list[str]:
    path = folder / "story.toml"
    path.write_text(STORY + more, encoding="utf-8")
    return [*PROGRAM, "scenario", "run", str(path), "--json"]


def children_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in tasks.read_text(encoding="ascii").split()] if tasks.exists() else []


def test_a_story_that_cannot_go_on_ends_all_its_processes(tmp_path: Path) -> None:
    command = story(tmp_path, '[[steps]]\ndo = "second"\nwho = "bo"\nproposal = "rye"\n')
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    assert "Step 4" in answer["error"]
    assert "somebody else has to second it" in answer["error"]


def hear_ctrl_c() -> None:
    """A shell starts what it runs in the background with SIGINT ignored, and that is inherited."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="finds child processes where /proc lists them"
)
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_story_that_is_interrupted_ends_all_its_processes(tmp_path: Path, stop: signal.Signals) -> None:
    wait = '[[steps]]\ndo = "expect"\nproposal = "rye"\ncontains = ["never"]\n'
    with subprocess.Popen(
        story(tmp_path, wait),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=hear_ctrl_c,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "Checked with" in line:
                break
        children = children_of(process.pid)
        assert len(children) >= 2
        process.send_signal(stop)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out.strip().splitlines()[-1])["exit_code"] == 130
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_a_count_on_paper_becomes_evidence(tmp_path: Path) -> None:
    ada = Shell("Ada", tmp_path / "ada")
    ada.init()
    ada.run("found", "Mill Lane", "--seconds", "0")
    ada.run("propose", "Bread", "--summary", "Which?", "--text", "One of them.")
    paper = tmp_path / "paper.csv"
    paper.write_text(ada.run("count", "--example", "ranked")["example"], encoding="utf-8")
    counted = ada.run("count", str(paper), "--method", "ranked", "--attach", "bread")
    assert counted["attached"]["entries"]
    (comment,) = ada.run("show", "bread")["comments"]
    assert counted["sha256"] in comment["text"]
    assert counted["explain"][-1] in comment["text"]
    assert "p2pcouncil count paper.csv --method ranked" in comment["text"]
    ada.run("count", str(paper), "--method", "ranked", "--attach", "cake", code=1)
