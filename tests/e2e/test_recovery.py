"""Getting oneself back: a stolen laptop, a wiped one, a recovery phrase; real shells over real libp2p on loopback."""

import shutil
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from crdt.errors import LocalError
from p2pcouncil.identity.phrase import decode_phrase
from tests.support.shells import Answer, Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300), pytest.mark.xdist_group("recovery")]

SETTLED_SECONDS = 40.0


class Member:
    """Somebody with a phrase on paper, and laptops that come and go."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder
        self.paper = folder / f"{name} on paper"
        self.first = Shell(name, folder / name)

    def begin(self) -> None:
        """Make an identity, and keep its phrase on paper."""
        self.paper.write_text(" ".join(self.first.init()["phrase"]))

    def recover(self, laptop: str) -> Shell:
        """Come back on another laptop, by the phrase alone and without a network."""
        shell = Shell(self.name, self._folder / laptop)
        shell.run("recover", self.name, "--phrase-file", str(self.paper), "--no-passphrase")
        return shell

    def device(self, *verb: str, on: Shell) -> Answer:
        """A verb under the member key."""
        return on.run("device", *verb, "--passphrase-file", str(self.paper))


class Town:
    """Ada and Ben of one council, an open vote in which Ben voted yes, and what he said before the theft."""

    device: str
    invitation: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ada, self.ben = Member(folder, "Ada"), Member(folder, "Ben")

    def copy(self, folder: Path) -> "Town":
        """The same town in another folder, as it lies on the disks while nobody is online."""
        shutil.copytree(self.folder, folder)
        town = Town(folder)
        town.device, town.invitation = self.device, self.invitation
        return town

    def decide(self) -> None:
        """Found it, and come as far as the vote."""
        for member in (self.ada, self.ben):
            member.begin()
        ada, ben = self.ada.first, self.ben.first
        ada.run("found", "Mill Lane")
        with ada.serve():
            with ben.serve():
                ben.run("join", ada.run("invite")["invitation"])
                ada.run("vouch", "Ben")
                ada.run("propose", "Oven", "--summary", "Buy it.", "--text", "One oven.", "--wait")
                ben.run("comment", "oven", "Before the theft.", "--wait")
                ben.run("edit", "oven", "--append", "By Ben.", "--wait")
                ben.run("second", "oven", "--wait")
                ada.run("open", "oven", "--wait")
                ben.run("vote", "oven", "yes", "--wait")
            self.device = ben.run("status")["identity"]["device"]
            self.invitation = ada.run("invite")["invitation"]

    def settled(self, *shells: Shell) -> None:
        """Wait until all hold the same."""
        deadline = time.monotonic() + SETTLED_SECONDS
        hashes: set[str] = set()
        while time.monotonic() < deadline:
            hashes = {shell.council()["state_hash"] for shell in shells}
            if len(hashes) == 1:
                return
        raise AssertionError(f"they never came to hold the same: {hashes}")


@pytest.fixture(scope="module")
def settled_town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("town"))
    town.decide()
    return town


@pytest.fixture
def town(settled_town: Town, tmp_path: Path) -> Town:
    return settled_town.copy(tmp_path / "town")


def come_back(town: Town, laptop: Shell) -> None:
    """Join again by an invitation that somebody gives, while they are online."""
    laptop.run("join", town.invitation)
    laptop.run("show", "oven")


def verdicts(shell: Shell) -> dict[str, str]:
    """What was said in comments and ballots, and why it does not count."""
    entries = shell.run("log", "--limit", "200")["entries"]
    return {entry["sentence"]: entry["rejected"] for entry in entries}


def test_a_stolen_laptop_says_nothing_more_and_the_new_one_votes_in_its_place(town: Town) -> None:
    ada, thief = town.ada.first, town.ben.first
    new = town.ben.recover("new laptop")
    with ExitStack() as online:
        online.enter_context(ada.serve())
        with new.serve():
            come_back(town, new)
            assert "Another of your devices votes" in new.run("vote", "oven", "no", code=1)["error"]
            town.ben.device("disown", town.device[:12], on=new)
            new.run("vote", "oven", "no", "--wait")
            # The thief has heard of nothing.
            thief.run("comment", "oven", "After the theft.")
            thief.run("vote", "oven", "abstain")
            thief.run("edit", "oven", "--append", "By the thief.")
            with thief.serve():
                town.settled(ada, new, thief)
                thief.run("comment", "oven", "Still after the theft.")
                assert "was disowned" in thief.run("edit", "oven", "--append", "Again.", code=1)["error"]
                town.settled(ada, new, thief)
    for shell in (ada, new, thief):
        assert shell.run("tally", "oven")["counts"] == {"yes": 0, "no": 1, "abstain": 0}
        shown = shell.run("show", "oven")
        assert [comment["text"] for comment in shown["comments"]] == ["Before the theft."]
        assert shown["text"] == "One oven.\n\nBy Ben."
        said = verdicts(shell)
        assert not said["on “Oven”: Before the theft."]
        assert said["on “Oven”: After the theft."]
        assert said["on “Oven”: Still after the theft."]


def test_recovering_twice_leaves_the_vote_with_the_laptop_that_took_it_last(town: Town) -> None:
    ada = town.ada.first
    second, third = town.ben.recover("second"), town.ben.recover("third")
    with ada.serve():
        for laptop, choice in ((second, "no"), (third, "abstain")):
            with laptop.serve():
                come_back(town, laptop)
                town.settled(ada, laptop)
                town.ben.device("take-over", on=laptop)
                laptop.run("vote", "oven", choice, "--wait")
                town.settled(ada, laptop)
        with second.serve():
            town.settled(ada, second)
            assert "Another of your devices votes" in second.run("vote", "oven", "yes", code=1)["error"]
            second.run("comment", "oven", "From my second laptop.", "--wait")
    assert ada.run("tally", "oven")["counts"] == {"yes": 0, "no": 0, "abstain": 1}
    said = [comment["text"] for comment in ada.run("show", "oven")["comments"]]
    assert said == ["Before the theft.", "From my second laptop."]


def test_a_wiped_laptop_comes_back_as_a_new_device_and_forks_nothing(town: Town) -> None:
    ada = town.ada.first
    shutil.rmtree(town.ben.first.home)
    again = town.ben.recover(town.ben.first.home.name)
    assert again.home == town.ben.first.home
    with ada.serve(), again.serve():
        come_back(town, again)
        town.ben.device("take-over", on=again)
        again.run("vote", "oven", "no", "--wait")
        town.settled(ada, again)
    assert ada.run("tally", "oven")["counts"] == {"yes": 0, "no": 1, "abstain": 0}
    assert not any(verdicts(ada).values())
    notes = {device[0]: device[1] for device in again.run("device", "list")["devices"]}
    assert len(notes) == 2


def mixed_up(words: list[str]) -> list[str]:
    """The words with two neighbours swapped, so that the checksum notices: of 256 swaps it passes over one."""
    for at in range(len(words) - 1):
        swapped = [*words[:at], words[at + 1], words[at], *words[at + 2 :]]
        try:
            decode_phrase(swapped)
        except LocalError:
            return swapped
    raise AssertionError("every swap fits the checksum")


def test_a_slip_in_the_phrase_is_told_by_its_place(tmp_path: Path) -> None:
    ada = Member(tmp_path, "Ada")
    ada.begin()
    words = ada.paper.read_text().split()
    laptop = Shell("Ada", tmp_path / "new")

    def refused(*typed: str) -> Answer:
        ada.paper.write_text(" ".join(typed))
        return laptop.run("recover", "Ada", "--phrase-file", str(ada.paper), "--no-passphrase", code=1)

    slip = refused(*words[:6], "zebrra", *words[7:])
    assert slip["error"].startswith("Word 7, “zebrra”")
    assert "zebra" in slip["hint"]
    assert "23 words" in refused(*words[:-1])["error"]
    swapped = refused(*mixed_up(words))
    assert "don't belong together" in swapped["error"]
    assert "compare each word" in swapped["hint"]
    assert not (laptop.home / "device.key").exists()
    ada.paper.write_text(" ".join(words))
    laptop.run("recover", "Ada", "--phrase-file", str(ada.paper), "--no-passphrase")
