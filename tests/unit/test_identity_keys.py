"""Keys sign, certify and never show what they hold."""

import copy
import json
import os
import pickle
import stat
import threading
from pathlib import Path

import pytest
from nacl.signing import SigningKey, VerifyKey

from crdt.errors import LocalError
from crdt.keys import Signer, is_certified
from p2pcouncil.identity.keys import DeviceKey, MemberKey
from p2pcouncil.identity.keystore import Keystore
from p2pcouncil.identity.phrase import encode_phrase
from p2pcouncil.identity.sealed import FASTEST, MODERATE

PASSPHRASE = "correct horse battery"
MEMBER = MemberKey.from_phrase(encode_phrase(bytes(32)))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def keystore(home: Path) -> Keystore:
    return Keystore(home, FASTEST)


def test_signatures_verify_under_the_public_halves() -> None:
    device: Signer = DeviceKey(bytes(range(32)))
    VerifyKey(device.device).verify(b"message", device.sign(b"message"))
    VerifyKey(MEMBER.member).verify(b"message", MEMBER.sign(b"message"))


def test_a_member_certifies_one_device() -> None:
    device, other = DeviceKey.generate(), DeviceKey.generate()
    certificate = MEMBER.certify(device.device)
    assert is_certified(certificate)
    forged = type(certificate)(certificate.member, other.device, certificate.signature)
    assert not is_certified(forged)


def test_the_vrf_key_is_derived_and_is_not_the_signing_key() -> None:
    device = DeviceKey(bytes(range(32)))
    assert device.vrf_public == bytes(SigningKey(device.vrf_seed()).verify_key)
    assert device.vrf_public != device.device
    assert DeviceKey(bytes(range(32))).vrf_public == device.vrf_public


@pytest.mark.parametrize("key", [DeviceKey(bytes(range(32))), MemberKey(bytes(range(32)))])
def test_a_key_never_shows_its_secret(key: DeviceKey | MemberKey) -> None:
    shown = f"{key!r} {key} {[key]}"
    assert bytes(range(32)).hex()[:16] not in shown
    assert "\\x01\\x02" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(TypeError):
        copy.copy(key)


def test_a_new_identity_is_there_after_a_restart(home: Path, keystore: Keystore) -> None:
    assert not keystore.exists()
    phrase = keystore.create("  Ada  Lovelace ", PASSPHRASE)
    assert len(phrase) == 24
    again = Keystore(home, FASTEST)
    assert again.exists()
    assert again.is_member_key_stored()
    identity = again.load()
    assert identity.name == "Ada Lovelace"
    assert identity.member == MemberKey.from_phrase(phrase).member
    assert identity.certificate.device == identity.device_key.device
    assert is_certified(identity.certificate)
    assert again.unlock_member_key(PASSPHRASE).member == identity.member


def test_recovery_brings_back_the_member_on_a_new_device(tmp_path: Path) -> None:
    old, new = Keystore(tmp_path / "old", FASTEST), Keystore(tmp_path / "new", FASTEST)
    phrase = old.create("Ada", "")
    new.recover(" ".join(phrase), "Ada", PASSPHRASE)
    assert new.load().member == old.load().member
    assert new.load().device_key.device != old.load().device_key.device


def test_the_files_are_for_their_owner_alone_and_hold_no_open_member_seed(
    home: Path, keystore: Keystore
) -> None:
    home.mkdir(mode=0o755)
    phrase = keystore.create("Ada", PASSPHRASE)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {path.name for path in home.iterdir()} == {"device.key", "member.key", "member.json"}
    seed = MemberKey.from_phrase(phrase).secret_seed().hex()
    for path in home.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert seed not in path.read_text()
    device_seed = keystore.load().device_key.secret_seed().hex()
    assert device_seed not in (home / "member.json").read_text()


def test_without_a_passphrase_the_member_key_stays_on_paper(home: Path, keystore: Keystore) -> None:
    keystore.create("Ada", "")
    assert not keystore.is_member_key_stored()
    with pytest.raises(LocalError, match="not stored") as caught:
        keystore.unlock_member_key(PASSPHRASE)
    assert "24 words" in caught.value.hint


def test_a_wrong_passphrase_is_told(keystore: Keystore) -> None:
    keystore.create("Ada", "für alle da")
    assert keystore.unlock_member_key("fu\u0308r alle da")
    with pytest.raises(LocalError, match="passphrase does not open") as caught:
        keystore.unlock_member_key("für alle Da")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "passphrase"), [("", ""), ("A\u202e", ""), ("x" * 65, ""), ("Ada", "short")]
)
def test_an_unusable_name_or_passphrase_leaves_nothing_behind(
    home: Path, keystore: Keystore, name: str, passphrase: str
) -> None:
    with pytest.raises(LocalError):
        keystore.create(name, passphrase)
    assert not home.exists()


def test_an_identity_is_never_overwritten(home: Path, keystore: Keystore) -> None:
    keystore.create("Ada", PASSPHRASE)
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    with pytest.raises(LocalError, match="identity"):
        keystore.create("Eve", PASSPHRASE)
    with pytest.raises(LocalError, match="identity"):
        keystore.recover(encode_phrase(bytes(32)), "Eve", "")
    (home / "member.json").unlink()
    with pytest.raises(LocalError, match=r"device\.key"):
        keystore.create("Eve", PASSPHRASE)
    assert (home / "device.key").read_bytes() == before["device.key"]


def test_of_two_processes_that_create_at_once_one_wins(home: Path) -> None:
    results: list[str] = []
    barrier = threading.Barrier(4)

    def create(name: str) -> None:
        barrier.wait()
        try:
            Keystore(home, FASTEST).create(name, "")
        except LocalError:
            results.append("refused")
        else:
            results.append(name)

    threads = [threading.Thread(target=create, args=(name,)) for name in "ABCD"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [result for result in results if result != "refused"]
    assert len(winners) == 1
    assert Keystore(home).load().name == winners[0]


def test_no_identity_is_told(keystore: Keystore) -> None:
    with pytest.raises(LocalError, match="no identity") as caught:
        keystore.load()
    assert "24 words" in caught.value.hint


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_key_that_others_can_read_is_refused(home: Path, keystore: Keystore) -> None:
    keystore.create("Ada", "")
    (home / "device.key").chmod(0o640)
    with pytest.raises(LocalError, match="Other users") as caught:
        keystore.load()
    assert "chmod 600" in caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"version": 1}',
        b'{"version": 1, "seed": "zz"}',
        b'{"version": 1, "seed": "00"}',
    ],
)
@pytest.mark.parametrize("file", ["device.key", "member.key", "member.json"])
def test_a_damaged_file_is_told(home: Path, keystore: Keystore, file: str, content: bytes) -> None:
    keystore.create("Ada", PASSPHRASE)
    (home / file).write_bytes(content)
    with pytest.raises(LocalError, match="damaged") as caught:
        keystore.unlock_member_key(PASSPHRASE) if file == "member.key" else keystore.load()
    assert caught.value.hint


@pytest.mark.parametrize(
    "change",
    [
        {"kdf": "md5"},
        {"opslimit": 0},
        {"opslimit": 10**6},
        {"memlimit_bytes": 1 << 40},
        {"salt": "00"},
        {"box": "00"},
    ],
)
def test_a_sealed_seed_with_impossible_parameters_is_damaged(
    home: Path, keystore: Keystore, change: dict[str, object]
) -> None:
    keystore.create("Ada", PASSPHRASE)
    content = json.loads((home / "member.key").read_text())
    content["sealed"].update(change)
    (home / "member.key").write_text(json.dumps(content))
    with pytest.raises(LocalError, match="damaged"):
        keystore.unlock_member_key(PASSPHRASE)


def test_a_file_of_a_later_version_asks_for_an_upgrade(home: Path, keystore: Keystore) -> None:
    keystore.create("Ada", PASSPHRASE)
    (home / "member.json").write_text('{"version": 2, "colour": "red"}')
    with pytest.raises(LocalError, match="another version") as caught:
        keystore.load()
    assert "Upgrade" in caught.value.hint


@pytest.mark.parametrize("file", ["device.key", "member.key", "member.json"])
def test_files_of_two_homes_do_not_mix(tmp_path: Path, file: str) -> None:
    ours, theirs = Keystore(tmp_path / "ours", FASTEST), Keystore(tmp_path / "theirs", FASTEST)
    ours.create("Ada", PASSPHRASE)
    theirs.create("Eve", PASSPHRASE)
    (tmp_path / "ours" / file).write_bytes((tmp_path / "theirs" / file).read_bytes())
    with pytest.raises(LocalError, match=r"belong together|another member"):
        ours.unlock_member_key(PASSPHRASE) if file == "member.key" else ours.load()


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalError, match="Could not make the directory") as caught:
        Keystore(tmp_path / "file" / "home", FASTEST).create("Ada", "")
    assert "permissions" in caught.value.hint


@pytest.mark.parametrize("syncs_before", range(6))
def test_a_full_disk_leaves_no_identity_and_no_litter(
    home: Path, keystore: Keystore, monkeypatch: pytest.MonkeyPatch, syncs_before: int
) -> None:
    left = [None] * syncs_before

    def full(descriptor: int) -> None:
        if not left:
            raise OSError(28, "No space left on device")
        left.pop()

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(LocalError, match="no space left"):
            keystore.create("Ada", PASSPHRASE)
    assert list(home.iterdir()) == []
    keystore.create("Ada", PASSPHRASE)
    assert keystore.load().name == "Ada"


def test_guessing_is_slow_in_production() -> None:
    assert MODERATE.memlimit_bytes >= 256 << 20
    assert MODERATE.opslimit >= 3
