"""The doctor on homes of sessions: what it finds, what it leaves alone, and what becomes of a repaired home."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId
from crdt.keys import LaneKind
from crdt.store.schema import SCHEMA_VERSION, open_store
from net.peer_id import format_peer_id
from net.transport import PeerKey
from p2pcouncil.cli.main import run_verb
from p2pcouncil.identity.keystore import DEVICE_FILE, MEMBER_FILE, PROFILE_FILE, Keystore
from p2pcouncil.identity.sealed import FASTEST
from p2pcouncil.peer import commands as c
from p2pcouncil.peer.shelf import ADDRESS
from p2pcouncil.runtime.checkup import Level
from p2pcouncil.runtime.data_check import makes_sense
from p2pcouncil.runtime.doctor import Checkup, look, repair
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.session import PeerSession
from tests.support.society import converge, propose, society, state_of, until


def quiet(what: str, done: int, total: int) -> None:
    """Nobody watches."""


def sentences(found: Checkup, level: Level) -> str:
    return "\n".join(f.sentence for f in found.findings if f.level is level)


def change(home: Home, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(home.store_path)) as conn, conn:
        conn.execute(statement, values)


def feeds_of(session: PeerSession, council: CouncilId, member: bytes) -> set[int]:
    lanes = session.peer.world.places[council].index.headers()
    return {h.generation for h in lanes if h.member == member and h.kind is LaneKind.FEED}


def said(session: PeerSession, proposal: ChangeHash) -> set[str]:
    return {comment.text for comment in session.proposal(proposal).comments}


async def meet(*sessions: PeerSession) -> None:
    for session in sessions:
        await until(session, lambda session=session: bool(session.peer.world.connected))  # type: ignore[misc]


async def two(folder: Path) -> tuple[CouncilId, ChangeHash]:
    """Ada and Ben found a council and propose something; both sessions are closed at the end."""
    async with society(folder) as people, people.session("Ada") as ada, people.session("Ben") as ben:
        council = await people.found(ada, ben)
        oven = await propose(ada, council, "Oven")
        await converge(council, ada, ben)
        await ben.submit(c.AddComment(oven, "at first"))
        await converge(council, ada, ben)
    return council, oven


@pytest.mark.asyncio
async def test_a_sound_home_is_told_and_left_alone(tmp_path: Path) -> None:
    council, _ = await two(tmp_path)
    async with society(tmp_path) as people:
        async with people.session("Ben", online=False) as ben:
            state = state_of(ben, council).hex()
            entries = ben.council(council).entries
        home = people.home("Ben")
        before = {path: path.read_bytes() for path in home.path.iterdir()}
        found = look(home, quiet)
        assert {path: path.read_bytes() for path in home.path.iterdir()} == before
        assert found.is_healthy
        (checkup,) = found.councils
        assert (checkup.state_hash, checkup.entries, checkup.members) == (state, entries, 2)
        assert repair(home, quiet).kept_aside is None
        assert home.store_path.read_bytes() == before[home.store_path]


@pytest.mark.asyncio
async def test_recorded_forks_are_no_damage(tmp_path: Path) -> None:
    _, oven = await two(tmp_path)
    async with society(tmp_path) as people:
        shutil.copytree(tmp_path / "Ben", tmp_path / "clone")
        async with people.session("clone", online=False) as clone:
            await clone.submit(c.AddComment(oven, "by the clone"))
            await clone.export_bundle(tmp_path / "clone.p2pc")
        async with people.session("Ben", online=False) as ben:
            await ben.submit(c.AddComment(oven, "by Ben"))
            await ben.import_bundle(tmp_path / "clone.p2pc")
            assert ben.peer.world.forks
        assert look(people.home("Ben"), quiet).is_healthy
        change(people.home("Ben"), "UPDATE lane SET fork_seq = NULL")
        found = look(people.home("Ben"), quiet)
        assert "fork is not marked" in sentences(found, Level.DAMAGED)
        repair(people.home("Ben"), quiet)
        async with people.session("Ben", online=False) as ben:
            assert ben.peer.world.forks
            assert "at first" in said(ben, oven)


@pytest.mark.asyncio
async def test_what_nobody_else_holds_is_saved_and_spreads(tmp_path: Path) -> None:
    council, oven = await two(tmp_path)
    async with society(tmp_path) as people:
        async with people.session("Ben", online=False) as ben:
            await ben.submit(c.AddComment(oven, "told nobody"))
            await ben.submit(c.EditText(oven, "Text by Ben\n"))
        home = people.home("Ben")
        # Ben's lanes lose their own rows, and an entry of Ada's is not what she signed.
        change(home, "DELETE FROM lane WHERE device = ?", Keystore(home.path).load().device_key.device)
        change(
            home, "UPDATE envelope SET payload = x'00' WHERE seq = 2 AND lane IN (SELECT number FROM lane)"
        )
        assert not look(home, quiet).is_healthy
        assert repair(home, quiet).is_healthy
        async with people.session("Ada") as ada, people.session("Ben") as ben:
            await meet(ada, ben)
            await converge(council, ada, ben)
            assert said(ada, oven) == {"at first", "told nobody"}


@pytest.mark.asyncio
async def test_a_log_that_was_deleted_leaves_an_old_copy_that_forks_nothing(tmp_path: Path) -> None:
    council, oven = await two(tmp_path)
    async with society(tmp_path) as people:
        home = people.home("Ben")
        async with people.session("Ada") as ada, people.session("Ben") as ben:
            await meet(ada, ben)
            await ben.submit(c.AddComment(oven, "stood in the log only"))
            await converge(council, ada, ben)
            shutil.copytree(home.path, tmp_path / "copy")
    assert (tmp_path / "copy" / "store.sqlite-wal").stat().st_size
    for suffix in ("-wal", "-shm"):
        (tmp_path / "copy" / f"store.sqlite{suffix}").unlink()
    shutil.rmtree(home.path)
    shutil.move(tmp_path / "copy", home.path)
    assert look(home, quiet).is_healthy
    async with society(tmp_path) as people, people.session("Ada") as ada, people.session("Ben") as ben:
        await meet(ada, ben)
        await ben.submit(c.AddComment(oven, "after it"))
        await converge(council, ada, ben)
        assert not ada.peer.world.forks
        assert said(ada, oven) == {"at first", "stood in the log only", "after it"}


@pytest.mark.asyncio
async def test_a_founder_who_lost_everything_goes_on_in_a_new_feed_at_once(tmp_path: Path) -> None:
    council, oven = await two(tmp_path)
    async with society(tmp_path) as people:
        async with people.session("Ben", online=False) as ben:
            line = (await ben.submit(c.MakeInvitation(council))).lines[0]
        home = people.home("Ada")
        home.store_path.write_bytes(b"\xa5" * home.store_path.stat().st_size)
        done = repair(home, quiet)
        assert done.is_healthy
        assert not done.councils
        async with people.session("Ada", online=False) as ada, people.session("Ben", online=False) as ben:
            # A founder belongs to the council by its founding alone, so nothing keeps her from writing before she
            # has heard of what she once said.
            await ada.submit(c.JoinByInvitation(line))
            genesis = ben.peer.world.places[council].genesis_bytes
            await ada.engine.keep("council", council, genesis)
            await propose(ada, council, "Written before anything came back")
            await ada.export_bundle(tmp_path / "ada.p2pc")
            await ben.import_bundle(tmp_path / "ada.p2pc")
            await ben.export_bundle(tmp_path / "ben.p2pc")
            await ada.import_bundle(tmp_path / "ben.p2pc")
            assert state_of(ada, council) == state_of(ben, council)
            assert not ben.peer.world.forks
            assert feeds_of(ben, council, ada.peer.world.me.member) == {0, 1}  # type: ignore[union-attr]
            assert ben.proposal(oven).title == "Oven"


@pytest.mark.asyncio
async def test_each_repair_moves_on_by_one_generation(tmp_path: Path) -> None:
    council, oven = await two(tmp_path)
    home = Home(tmp_path / "Ben")
    for number in (1, 2):
        home.store_path.write_bytes(home.store_path.read_bytes()[: -3 * 4_096])
        repair(home, quiet)
        async with society(tmp_path) as people:
            ada, ben = await people.join_in("Ada"), await people.join_in("Ben")
            await meet(ada, ben)
            await converge(council, ada, ben)
            await ben.submit(c.AddComment(oven, f"after repair {number}"))
            await converge(council, ada, ben)
            member = ben.peer.world.me.member  # type: ignore[union-attr]
            assert max(feeds_of(ada, council, member)) == number
            assert not ada.peer.world.forks
    assert len([path for path in home.path.iterdir() if ".damaged-" in path.name]) == 2


@pytest.mark.asyncio
async def test_bad_notes_are_named_and_left_behind(tmp_path: Path) -> None:
    await two(tmp_path)
    async with society(tmp_path) as people:
        home = people.home("Ben")
        change(home, "INSERT INTO shelf VALUES ('join', ?, x'00')", bytes(32))
        found = look(home, quiet)
        assert "note “join” can't be read" in sentences(found, Level.DAMAGED)
        with pytest.raises(LocalError) as caught:
            async with people.session("Ben", online=False):
                pass
        assert "p2pcouncil doctor --repair" in caught.value.hint
        repair(home, quiet)
        async with people.session("Ben", online=False) as ben:
            assert ben.councils()


@pytest.mark.asyncio
async def test_a_newer_programs_file_is_no_damage_and_is_not_touched(tmp_path: Path) -> None:
    await two(tmp_path)
    async with society(tmp_path) as people:
        home = people.home("Ben")
        change(home, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        before = home.store_path.read_bytes()
        with pytest.raises(LocalError, match="newer p2pcouncil"):
            repair(home, quiet)
        assert home.store_path.read_bytes() == before


def identity(path: Path) -> Home:
    Keystore(path, FASTEST).create("Ada", "a long passphrase")
    return Home(path)


def spoil(file: str, content: bytes) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        (path / file).write_bytes(content)

    return damage


def swap_device_key(path: Path) -> None:
    Keystore(path / "other", FASTEST).create("Ben", "")
    shutil.move(path / "other" / DEVICE_FILE, path / DEVICE_FILE)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (spoil(DEVICE_FILE, b"{}"), f"{DEVICE_FILE} is damaged"),
        (spoil(MEMBER_FILE, b'{"version": 1, "sealed": 7}'), f"{MEMBER_FILE} is damaged"),
        (swap_device_key, "do not belong together"),
        (lambda path: (path / PROFILE_FILE).unlink(), "a part of an identity only"),
    ],
)
def test_damaged_keys_are_told_and_never_touched(
    tmp_path: Path, damage: Callable[[Path], None], words: str
) -> None:
    home = identity(tmp_path / "ada")
    damage(home.path)
    before = {path: path.read_bytes() for path in home.path.iterdir() if path.is_file()}
    found = repair(home, quiet)
    assert not found.is_healthy
    assert words in sentences(found, Level.DAMAGED)
    assert all(f.hint for f in found.findings if f.level is Level.DAMAGED)
    assert all(path.read_bytes() == content for path, content in before.items())


def test_keys_that_others_can_read_are_closed(tmp_path: Path) -> None:
    home = identity(tmp_path / "ada")
    (home.path / DEVICE_FILE).chmod(0o644)
    assert not look(home, quiet).is_healthy
    assert (home.path / DEVICE_FILE).stat().st_mode & 0o777 == 0o644
    found = repair(home, quiet)
    assert found.is_healthy
    assert "closed now" in sentences(found, Level.REPAIRED)
    assert (home.path / DEVICE_FILE).stat().st_mode & 0o777 == 0o600


HOLDER = """
import sys
from crdt.store.schema import open_store

conn = open_store(sys.argv[1])
print(1, flush=True)
input()
"""


def test_a_data_file_that_another_process_has_open_is_read_and_never_replaced(tmp_path: Path) -> None:
    home = identity(tmp_path / "ada")
    open_store(home.store_path).close()
    with closing(sqlite3.connect(home.store_path)) as conn, conn:
        conn.execute("INSERT INTO shelf VALUES ('join', x'00', x'00')")
    command = [sys.executable, "-c", HOLDER, str(home.store_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "1\n"
        found = look(home, quiet)
        assert not found.is_healthy
        assert "has the data file open" in sentences(found, Level.NOTE)
        with pytest.raises(LocalError, match="Another p2pcouncil on this laptop uses this home"):
            repair(home, quiet)
        with pytest.raises(LocalError, match="runs the network"), home.network_lock():
            repair(home, quiet)
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.wait(30) == 0
    assert repair(home, quiet).is_healthy


def test_the_verb_ends_with_codes_that_scripts_can_rely_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = identity(tmp_path / "ada")

    def verb(*words: str) -> tuple[int, dict[str, object]]:
        code = run_verb([*words, "--home", str(home.path), "--json"])
        return int(code), json.loads(capsys.readouterr().out)

    assert verb("found", "Mill Lane")[0] == 0
    assert verb("doctor")[0] == 0
    data = bytearray(home.store_path.read_bytes())
    data[4_096:] = bytes(len(data) - 4_096)
    home.store_path.write_bytes(data)
    code, answer = verb("status")
    assert code == 5
    assert "p2pcouncil doctor --repair" in str(answer["hint"])
    code, answer = verb("doctor")
    assert (code, answer["exit_code"], answer["healthy"]) == (5, 5, False)
    code, answer = verb("doctor", "--repair")
    assert code == 0
    assert Path(str(answer["kept_aside"])).read_bytes() == bytes(data)
    assert verb("doctor")[0] == 0
    assert verb("status")[0] == 0
    assert run_verb(["doctor", "--home", str(tmp_path / "nowhere")]) == 1


def test_a_remembered_address_that_names_no_peer_makes_no_sense() -> None:
    # It would keep the network from starting, since no peer ever remembers such a one.
    address = f"/ip4/127.0.0.1/tcp/4001/p2p/{format_peer_id(PeerKey(bytes(32)))}"
    assert makes_sense(ADDRESS, address.encode(), bytes(8))
    for broken in (address.replace("/p2p/", "/P2p/"), address[:-1], address.replace("/tcp", "/\xe9cp")):
        assert not makes_sense(ADDRESS, broken.encode(), bytes(8))
