"""The parts of a home that are no data: its folder, its keys, its locks, the room on its disk."""

import os
import shutil
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from crdt.errors import LocalError
from p2pcouncil.identity.keystore import DEVICE_FILE, MEMBER_FILE, PROFILE_FILE, Identity, Keystore
from p2pcouncil.runtime.home import Home

LITTLE_ROOM_BYTES = 64 * 1024 * 1024
_MIB = 1024 * 1024
_OTHERS = 0o077


class Level(Enum):
    """How much a finding matters."""

    FINE = "fine"
    NOTE = "note"
    REPAIRED = "repaired"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was looked at, in a sentence; `hint` says what to do about it, if there is anything."""

    level: Level
    sentence: str
    hint: str = ""


def check_folder(home: Home, *, repair: bool) -> list[Finding]:
    """Look at who may read the home; with `repair`, close what stands open."""
    names = (DEVICE_FILE, MEMBER_FILE, PROFILE_FILE)
    private = [home.path, *(home.path / name for name in names if (home.path / name).exists())]
    found: list[Finding] = []
    for path in private:
        mode = stat.S_IMODE(path.stat().st_mode)
        if not mode & _OTHERS:
            continue
        hint = "If somebody may have copied your keys, disown this device from another one of yours."
        said = f"Other users of this computer can read {path}"
        if repair:
            path.chmod(mode & ~_OTHERS)
            found.append(Finding(Level.REPAIRED, f"{said}: closed now.", hint))
        elif path == home.path:
            found.append(Finding(Level.NOTE, f"{said}.", f"Run: chmod 700 '{path}'."))
        else:
            found.append(Finding(Level.DAMAGED, f"{said}.", hint))
    if not os.access(home.path, os.W_OK):
        found.append(
            Finding(Level.DAMAGED, f"The folder {home.path} can't be written.", "Change its permissions.")
        )
    return found or [Finding(Level.FINE, "The home is for you alone.")]


def check_keys(home: Home) -> tuple[Identity | None, list[Finding]]:
    """Look at the key files; returns who writes here, if that can be told."""
    keystore = Keystore(home.path)
    parts = [name for name in (DEVICE_FILE, MEMBER_FILE) if (home.path / name).exists()]
    if not keystore.exists():
        if not parts:
            return None, [Finding(Level.NOTE, "There is no identity here yet.")]
        said = f"There is a part of an identity only: {' and '.join(parts)} without {PROFILE_FILE}."
        hint = f"Restore {PROFILE_FILE} from a backup, or recover with the 24 words in an empty home."
        return None, [Finding(Level.DAMAGED, said, hint)]
    identity: Identity | None = None
    found: list[Finding] = []
    try:
        identity = keystore.load()
        found.append(
            Finding(Level.FINE, "The device key is readable, and the member's certificate is for it.")
        )
    except LocalError as error:
        found.append(Finding(Level.DAMAGED, str(error), error.hint))
    try:
        keystore.check_member_key()
        stored = "is well-formed" if keystore.is_member_key_stored() else "is not stored here"
        found.append(Finding(Level.FINE, f"The member key {stored}; the recovery phrase brings it back."))
    except LocalError as error:
        found.append(Finding(Level.DAMAGED, str(error), error.hint))
    return identity, found


def check_processes(home: Home, *, is_in_use: bool) -> Finding:
    """Say who else uses the home."""
    lock = home.path / "network.lock"
    if lock.exists() and home.network_runs():
        return Finding(Level.NOTE, "Another p2pcouncil runs the network of this home.")
    if is_in_use:
        return Finding(Level.NOTE, "Another p2pcouncil has the data file open.")
    return Finding(Level.FINE, "No other p2pcouncil uses this home.")


def check_room(path: Path, needed_bytes: int) -> Finding:
    """Look at the room on the disk.

    Args:
        path: a folder on it.
        needed_bytes: what a repair would take.
    """
    free = shutil.disk_usage(path).free
    said = f"The disk has {free // _MIB:,} MiB free."
    if free < max(needed_bytes, LITTLE_ROOM_BYTES):
        return Finding(Level.NOTE, f"{said} That is little.", "Free some space.")
    return Finding(Level.FINE, said)
