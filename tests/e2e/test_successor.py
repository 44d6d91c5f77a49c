"""A council that lost a laptop for good goes on in a successor: real processes, real libp2p, from the command line."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.shells import Answer, Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def until(look: Callable[[], bool], seconds: float = 60) -> None:
    """Look again and again: other processes are waited for, which have nothing here that could be awaited."""
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.3)


class Neighbour(Shell):
    """Somebody with a recovery phrase on paper."""

    @property
    def paper(self) -> Path:
        return self.home.with_suffix(".paper")

    def begin(self) -> "Neighbour":
        self.paper.write_text(" ".join(self.init()["phrase"]), encoding="utf-8")
        return self

    def go_on(self, council: str, code: int = 0) -> Answer:
        return self.run("succeed", council, "--passphrase-file", str(self.paper), code=code)

    def councils(self) -> list[str]:
        return [council["id"] for council in self.run("status")["councils"]]


def test_two_of_three_go_on(tmp_path: Path) -> None:
    ada, ben, cem = (Neighbour(name, tmp_path / name.lower()).begin() for name in ("Ada", "Ben", "Cem"))
    ada.run("found", "Mill Lane", "--probation", "0", "--seconds", "0")
    (council,) = ada.councils()
    with ada.serve(), ben.serve():
        with cem.serve():
            for newcomer in (ben, cem):
                newcomer.run("join", ada.run("invite")["invitation"])
                ada.run("vouch", newcomer.name, "--wait")
            until(lambda: len(ada.run("pages")["tellers"]) == 3)
        ada.run("propose", "Oven", "--summary", "A second oven.", "--text", "Buy it.")
        ada.run("open", "oven")
        until(lambda: "waits for 1 of Cem" in ada.run("pages")["line"])
        successor = ada.go_on(council)["id"]
        until(lambda: len(ben.run("pages")["successors"]) == 1)
        assert ben.councils() == [council]
        assert ben.go_on(council)["id"] == successor
        assert ben.go_on(council, code=1)["error"].startswith("You signed a successor")
        for shell in (ada, ben):
            until(lambda held=shell: successor in held.councils())
            assert "goes on in its successor" in shell.run("pages", council)["successors"][0]["line"]
            for name in ((), ("Mill Lane",)):
                assert shell.run("pages", *name)["council"] == successor, "the name is the successor's now"
        # Two tell there, and two are enough.
        ada.run("propose", "Rye", "--summary", "More rye.", "--text", "On Fridays.", "--in", successor)
        ada.run("open", "rye")
        until(
            lambda: any(
                "Entered “Rye”" in did for page in ben.run("pages", successor)["pages"] for did in page["did"]
            )
        )
    with ada.serve(), cem.serve():
        until(lambda: successor in cem.councils())
    report = cem.run("verify")
    assert report["holds"]
