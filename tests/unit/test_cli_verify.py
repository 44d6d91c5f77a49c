"""`p2pcouncil verify`: on a laptop that never was a peer, for people and for scripts, with exit codes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from p2pcouncil.cli.errors import ExitCode
from p2pcouncil.cli.main import run_verb
from p2pcouncil.runtime.bundle import write_bundle
from tests.support.plan_scenes import first_round, with_figures
from tests.support.planned_village import micro
from tests.support.verify_scenes import SCENES
from tests.support.voted_world import carried

LOADED = """
import sys
from p2pcouncil.cli.main import run_verb
code = run_verb(sys.argv[1:])
loaded = {name.split(".")[0] for name in sys.modules}
print(int(code), *sorted(loaded & {"net", "libp2p", "trio", "multiaddr", "zeroconf", "textual", "sqlite3"}))
"""


def bundle(folder: Path, scene: str) -> str:
    path = folder / f"{scene}.p2pc"
    write_bundle(path, SCENES[scene]().records())
    return str(path)


def say(home: Path, *words: str) -> ExitCode:
    return run_verb(["--home", str(home / "nobody"), *words])


def ask(home: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    code = say(home, "--json", *words)
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert answer["holds"] == (code is ExitCode.OK)
    return answer


def test_verifying_a_bundle_loads_no_network_and_makes_no_home(tmp_path: Path) -> None:
    for scene, code in (("honest", 0), ("wrong-result", 4)):
        words = ["--home", str(tmp_path / "nobody"), "verify", bundle(tmp_path, scene)]
        done = subprocess.run(
            [sys.executable, "-c", LOADED, *words], capture_output=True, text=True, timeout=60, check=True
        )
        assert done.stdout.strip().splitlines()[-1] == str(code), done.stderr
    assert not (tmp_path / "nobody").exists()


def test_everything_is_told_to_a_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert say(tmp_path, "verify", "--all", bundle(tmp_path, "late-ballot")) is ExitCode.OK
    told = " ".join(capsys.readouterr().out.split())
    assert "Vote “Rye on Fridays”" in told
    assert "counts Ada, ballot number 1, “yes”" in told
    assert "not Eve, ballot number 1, “no”: does not count: 0 of 5 seals" in told
    assert told.endswith("Everything holds.")


def test_one_vote_is_found_by_its_title_or_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = bundle(tmp_path, "honest")
    by_title = ask(tmp_path, capsys, "verify", "rye", path)
    issue = by_title["councils"][0]["votes"][0]["issue"]
    assert ask(tmp_path, capsys, "verify", issue[:10], path) == by_title
    assert say(tmp_path, "verify", "barley", path) is ExitCode.ERROR
    assert "There is: " in capsys.readouterr().err
    assert say(tmp_path, "verify", "rye", path, "--all") is ExitCode.USAGE


def test_a_vote_holds_though_something_else_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bundle(tmp_path, "two-pages")
    assert say(tmp_path, "verify", "rye", path) is ExitCode.OK
    assert "2 other things in here do not hold" in " ".join(capsys.readouterr().out.split())
    answer = ask(tmp_path, capsys, "verify", path)
    assert not answer["holds"]
    assert answer["exit_code"] == 4
    failed = [check["code"] for check in answer["checks"] if not check["holds"]]
    assert failed == ["two-pages", "too-many-liars"]


def test_a_breach_of_the_rules_that_changes_nothing_is_told_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bundle(tmp_path, "forged-vote")
    assert say(tmp_path, "verify", path) is ExitCode.OK
    told = " ".join(capsys.readouterr().out.split())
    assert "BREACH In the name of Ben somebody prevoted for page 4" in told
    assert told.endswith("Everything holds. 1 breach of the rules is told above, and changes nothing.")
    answer = ask(tmp_path, capsys, "verify", path)
    assert answer["holds"]
    assert [c["code"] for c in answer["checks"] if c["grade"] == "breach"] == ["forged-prevote"]


def test_a_ballot_is_explained_from_signature_to_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bundle(tmp_path, "honest")
    answer = ask(tmp_path, capsys, "verify", path, "--explain", "ben")
    codes = [step["code"] for step in answer["steps"]]
    envelope = ["ballot", "place", "signature", "device"]
    assert codes == [*envelope, *envelope, "receipts", "seals", "limit", "sheet", "counted"]
    assert say(tmp_path, "verify", path, "--explain", "me") is ExitCode.ERROR
    assert "Name somebody" in capsys.readouterr().err


def test_a_planning_round_is_found_by_its_plan_and_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bundle(tmp_path, "planned")
    answer = ask(tmp_path, capsys, "verify", "spring round 2", path)
    (council,) = answer["councils"]
    assert council["votes"] == []
    ((number, name),) = [(round_["number"], round_["round"]) for round_ in council["rounds"]]
    assert number == 2
    for ref in (name[:10], "Spring, round 2", "ROUND 2", f"{council['rounds'][0]['plan'][:8]} round 2"):
        assert ask(tmp_path, capsys, "verify", ref, path) == answer, ref
    assert say(tmp_path, "verify", "spring round 2", path, "--explain", "cem") is ExitCode.OK
    told = " ".join(capsys.readouterr().out.split())
    assert "Planning round “Spring round 2”" in told
    assert "The sum, step by step bakery makes 100 loaf of bread by oven" in told
    assert "Cem made proposal number 1: “east wants 50 loaf of bread”." in told
    assert told.endswith("This round holds.")
    assert say(tmp_path, "verify", "spring round 7", path) is ExitCode.ERROR
    assert "1 to 2: “Spring round 1”" in capsys.readouterr().err
    assert say(tmp_path, "verify", "autumn round 1", path) is ExitCode.ERROR
    assert "(Spring)" in capsys.readouterr().err
    (vote,) = ask(tmp_path, capsys, "verify", "spring", path)["councils"][0]["votes"]
    assert vote["title"] == "Spring", "the plan's own title is the vote that began it"


def test_a_round_that_does_not_add_up_fails_and_so_does_what_rests_on_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = first_round(with_figures(0, supply=micro(100) + 1))
    story.hold_second()
    story.adopt()
    path = str(tmp_path / "wrong.p2pc")
    write_bundle(Path(path), carried(story.world).records())
    for ref in ((), ("spring round 1",), ("spring round 2",), ("as planned",)):
        assert say(tmp_path, "verify", *ref, path) is ExitCode.VERIFICATION, ref
        told = " ".join(capsys.readouterr().err.split())
        assert "the supply of bread is 100.000001 loaf, and the proposals come to 100 loaf" in told
    assert say(tmp_path, "verify", "spring", path) is ExitCode.OK, "the vote on it holds"
    assert "1 other thing in here does not hold" in " ".join(capsys.readouterr().out.split())


def test_a_file_that_was_damaged_on_the_way_is_read_as_far_as_it_can_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(bundle(tmp_path, "honest"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    answer = ask(tmp_path, capsys, "verify", str(path))
    assert "damaged" in answer["error"]
    assert answer["councils"][0]["votes"][0]["holds"]
    path.write_bytes(b"nothing like it")
    assert not ask(tmp_path, capsys, "verify", str(path))["holds"]
    assert say(tmp_path, "verify", str(tmp_path / "missing.p2pc")) is ExitCode.ERROR


def test_a_mistyped_path_is_a_missing_file_and_no_vote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say(tmp_path, "verify", str(tmp_path / "missing")) is ExitCode.ERROR
    shown = capsys.readouterr()
    assert "can't be read" in shown.out + shown.err


def test_a_laptop_without_a_council_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = ask(tmp_path, capsys, "verify")
    assert "There is no council in it." in answer["error"]
