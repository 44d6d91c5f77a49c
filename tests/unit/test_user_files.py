"""Files that people name: what stands there is not lost by a slip, and what can't be done names the file."""

import io
import os
from errno import ENOSPC
from pathlib import Path
from typing import IO

import pytest

from crdt.errors import LocalError
from p2pcouncil.peer.plan_exports import file_name
from p2pcouncil.peer.session import FileThereError
from p2pcouncil.runtime.user_files import read_user_file, write_user_file


def test_a_file_is_written_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    written = write_user_file(Path("~/spring.csv"), b"kind,good\n", replace=False)
    assert written == tmp_path / "spring.csv"
    assert read_user_file(Path("~/spring.csv"), 100) == b"kind,good\n"
    assert read_user_file(written, 3) == b"kind", "one byte more than can be used, so that its reader says so"


def test_what_stands_there_goes_only_when_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "spring.csv"
    path.write_bytes(b"by hand")
    with pytest.raises(FileThereError, match=r"spring\.csv already"):
        write_user_file(path, b"new", replace=False)
    assert path.read_bytes() == b"by hand"
    write_user_file(path, b"new", replace=True)
    assert path.read_bytes() == b"new"
    assert [found.name for found in tmp_path.iterdir()] == ["spring.csv"]


@pytest.mark.parametrize("name", ["nowhere/a.csv", ".", "a\0b", "~nobody-of-this-name/a.csv", "a" * 300])
@pytest.mark.parametrize("replace", [False, True])
def test_a_name_that_no_file_can_have_is_refused_with_what_to_do(
    tmp_path: Path, name: str, replace: bool
) -> None:
    path = Path(name) if name.startswith("~") else tmp_path / name
    for attempt in (
        lambda: write_user_file(path, b"", replace=replace),
        lambda: read_user_file(path, 10),
    ):
        with pytest.raises(LocalError) as caught:
            attempt()
        assert caught.value.hint
        assert "Errno" not in str(caught.value)
        assert ".." not in str(caught.value).replace(str(path), "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("replace", [False, True])
def test_what_fails_halfway_leaves_what_stood_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replace: bool
) -> None:
    path = tmp_path / "spring.csv"
    if replace:
        path.write_bytes(b"by hand")

    def fill_up(self: Path, mode: str) -> IO[bytes]:
        return open(self, mode) if mode == "rb" else FullDisk(self, mode)

    monkeypatch.setattr(Path, "open", fill_up)
    with pytest.raises(LocalError, match="No space left"):
        write_user_file(path, b"new" * 1_000, replace=replace)
    assert [found.read_bytes() for found in tmp_path.iterdir()] == [b"by hand"] * replace


class FullDisk(io.FileIO):
    """A file for which there is no room; some of it was written."""

    def write(self, content: bytes) -> int:  # type: ignore[override]
        super().write(bytes(content)[:5])
        raise OSError(ENOSPC, os.strerror(ENOSPC))


@pytest.mark.parametrize("replace", [False, True])
def test_only_a_file_is_replaced(tmp_path: Path, replace: bool) -> None:
    (tmp_path / "plans").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("plans", "pipe"):
        with pytest.raises(LocalError, match="no file") as caught:
            write_user_file(tmp_path / name, b"new", replace=replace)
        assert not isinstance(caught.value, FileThereError), "nobody is asked whether it may go"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["pipe", "plans"]


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    path, link = tmp_path / "spring.csv", tmp_path / "link.csv"
    path.write_bytes(b"by hand")
    link.symlink_to(path)
    assert write_user_file(link, b"new", replace=True) == path
    assert link.is_symlink()
    assert path.read_bytes() == b"new"


def test_a_title_becomes_a_name_that_every_system_takes() -> None:
    assert file_name(["Spring 2027: Brot & Mühle", "../Ada"]) == "spring-2027-brot-muhle-ada.csv"
    assert file_name(["春"]) == "table.csv"
    assert len(file_name(["a" * 500])) < 80
