"""The command line as two people use it: real processes, real libp2p on loopback, real files, real exit codes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(170)]

VERB_SECONDS = 60
PROGRAM = (sys.executable, "-m", "p2pcouncil.cli.main")
Answer = dict[str, Any]


def run(home: Path, *words: str, code: int = 0, stdin: str = "") -> Answer:
    """Run a verb with --json; its one object is the last line of standard output."""
    command = [*PROGRAM, "--home", str(home), "--json", *words]
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=VERB_SECONDS, check=False
    )
    assert done.returncode == code, f"{words}: {done.stdout}{done.stderr}"
    answer: Answer = json.loads(done.stdout.strip().splitlines()[-1])
    if code:
        assert answer["error"]
        assert answer["hint"]
        assert answer["exit_code"] == code
    return answer


def init(home: Path, name: str) -> Answer:
    return run(home, "init", name, "--no-passphrase", "--phrase-shown")


@contextmanager
def serving(home: Path, stop: signal.Signals = signal.SIGTERM) -> Iterator[Answer]:
    """Keep a peer on the network; it has to end well when asked to."""
    command = [*PROGRAM, "--home", str(home), "--json", "serve", "--listen", "127.0.0.1", "--no-mdns"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
            process.send_signal(stop)
            out, _ = process.communicate(timeout=20)
            events = [json.loads(line) for line in out.splitlines()]
            assert events[-1] == {"event": "stopped"}
            assert process.returncode == 0
        finally:
            process.kill()


def settled(homes: tuple[Path, ...], seconds: float = 30) -> str:
    """Wait until all hold the same of their one council, and return its state hash."""
    deadline = time.monotonic() + seconds
    while True:
        states = {run(home, "status")["councils"][0]["state_hash"] for home in homes}
        if len(states) == 1:
            return str(states.pop())
        assert time.monotonic() < deadline, "the two never came to hold the same"
        time.sleep(0.3)


def test_two_shells_decide_something(tmp_path: Path) -> None:
    ada, ben = tmp_path / "ada", tmp_path / "ben"
    init(ada, "Ada")
    init(ben, "Ben")
    run(ada, "found", "Mill Lane", "--purpose", "Bread")
    with serving(ada) as ready:
        assert ready["ready"] is True
        assert ready["addresses"]
        line = run(ada, "invite")["invitation"]
        with serving(ben, signal.SIGINT):
            # The request is kept by Ada's peer, then she compares the words and vouches.
            asked = run(ben, "join", line)
            assert "vouch" in asked["state"]
            waiting = run(ada, "--within", "20", "vouch")["councils"][0]["requests"][0]
            assert waiting["person"]["fingerprint"] == run(ben, "status")["identity"]["person"]["fingerprint"]
            run(ada, "vouch", "Ben", "--wait")
            words = ("--summary", "A used one.", "--text", "6,400 euros")
            run(ada, "propose", "A second oven", *words, "--wait")
            run(ben, "--within", "20", "comment", "oven", "Who repairs it?", "--wait")
    # Both are offline now; each edits.
    run(ada, "edit", "oven", "--append", "Ada fetches it.")
    run(ben, "edit", "oven", "--replace", "6,400", "--by", "5,900")
    with serving(ada), serving(ben):
        settled((ada, ben))
        texts = {run(home, "show", "oven")["text"] for home in (ada, ben)}
        assert texts == {"5,900 euros\n\nAda fetches it."}
        run(ben, "second", "oven", "--wait")
        run(ada, "--within", "20", "open", "oven", "--wait")
        held = run(ben, "--within", "20", "vote", "oven", "no", "--wait")
        assert held["held_by_at_least"] == 1
        run(ada, "vote", "oven", "yes", "--wait")
        run(ben, "vote", "oven", "yes", "--wait")
        settled((ada, ben))
    for home in (ada, ben):
        tally = run(home, "tally", "oven")
        assert tally["counts"] == {"yes": 2, "no": 0, "abstain": 0}
        assert tally["outcome"] == "passed"
        assert run(home, "verify")["holds"] is True
    sentences = [entry["sentence"] for entry in run(ada, "log")["entries"]]
    assert any("voted yes" in sentence for sentence in sentences)


def test_verbs_bring_up_the_network_when_nobody_runs_it(tmp_path: Path) -> None:
    ada, ben = tmp_path / "ada", tmp_path / "ben"
    init(ada, "Ada")
    init(ben, "Ben")
    run(ada, "found", "Mill Lane")
    with serving(ada):
        line = run(ada, "invite")["invitation"]
        run(ben, "join", line, "--listen", "127.0.0.1", "--no-mdns")
        run(ada, "vouch", "Ben")
        again = run(ben, "join", line, "--wait", "--listen", "127.0.0.1", "--no-mdns", "--timeout", "40")
        assert "belong" in again["state"]
        run(
            ben,
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
        assert run(ada, "--within", "20", "show", "rye")["text"] == "On Fridays."


def test_the_same_with_a_file_carried_by_hand(tmp_path: Path) -> None:
    ada, ben = tmp_path / "ada", tmp_path / "ben"
    stick = tmp_path / "stick.p2pc"

    def carry(one: Path, other: Path) -> None:
        run(one, "export", str(stick))
        run(other, "import", str(stick))

    init(ada, "Ada")
    init(ben, "Ben")
    run(ada, "found", "Mill Lane")
    line = run(ada, "invite")["invitation"]
    run(ben, "join", line, "--listen", "127.0.0.1", "--no-mdns")
    carry(ben, ada)
    run(ada, "vouch", "Ben")
    run(ada, "propose", "Oven", "--summary", "Buy it.", "--file", "-", stdin="one\n\ntwo")
    carry(ada, ben)
    run(ada, "edit", "oven", "--append", "by Ada")
    run(ben, "edit", "oven", "--replace", "one", "--by", "by Ben")
    carry(ben, ada)
    carry(ada, ben)
    run(ben, "second", "oven")
    carry(ben, ada)
    run(ada, "open", "oven")
    run(ada, "vote", "oven", "yes")
    carry(ada, ben)
    run(ben, "vote", "oven", "abstain")
    carry(ben, ada)
    assert len({run(home, "status")["councils"][0]["state_hash"] for home in (ada, ben)}) == 1
    for home in (ada, ben):
        assert run(home, "show", "oven")["text"] == "by Ben\n\ntwo\n\nby Ada"
        assert run(home, "tally", "oven")["counts"] == {"yes": 1, "no": 0, "abstain": 1}
    assert run(ada, "verify", str(stick))["holds"] is True
    damaged = bytearray(stick.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    stick.write_bytes(damaged)
    run(ada, "verify", str(stick), code=4)
    run(ada, "import", str(stick), code=1)


def test_every_mistake_is_a_sentence_and_a_code(tmp_path: Path) -> None:
    ada, nobody = tmp_path / "ada", tmp_path / "nobody"
    words = init(ada, "Ada")["phrase"]
    assert len(words) == 24
    assert "init" in run(nobody, "found", "Mill Lane", code=1)["hint"]
    assert "init" in run(nobody, "serve", code=1)["hint"]
    assert "identity" in run(ada, "init", "Ada", "--no-passphrase", "--phrase-shown", code=1)["error"]
    run(ada, "join", "p2pc1:abcdef", code=1)
    wrong = " ".join(["zzzz", *words[1:]])
    assert (
        "Word 1"
        in run(nobody, "recover", "Ada", "--phrase-file", "-", "--no-passphrase", stdin=wrong, code=1)[
            "error"
        ]
    )
    run(ada, "found", "Mill Lane")
    assert "Mill Lane" in run(ada, "councils", "Bakery", code=1)["hint"]
    run(ada, "propose", "x", "--summary", "y", "--text", "z" * 60_000, code=1)
    run(ada, "propose", "Hours", "--summary", "When?", "--text", "Say.", "--method", "ranked", code=1)
    run(ada, "vote", "oven", "yes", code=1)
    run(ada, "propose", "Oven", "--summary", "y", "--text", "- z", "--wait", "--timeout", "1", code=3)
    run(ada, "open", "oven", code=1)
    run(ada, "export", str(tmp_path / "no" / "such" / "folder.p2pc"), code=1)
    damaged = tmp_path / "damaged"
    shutil.copytree(ada, damaged)
    for file in damaged.glob("store.sqlite*"):
        file.write_bytes(b"\xff" * 8_192)
    run(damaged, "status", code=5)
    # The phrase brings the member back on another laptop.
    other = tmp_path / "other"
    run(other, "recover", "Ada", "--phrase-file", "-", "--no-passphrase", stdin=" ".join(words))
    fingerprints = {run(home, "status")["identity"]["person"]["fingerprint"] for home in (ada, other)}
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
