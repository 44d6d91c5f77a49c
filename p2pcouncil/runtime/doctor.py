"""The doctor: looks at everything that a home keeps, and makes a new data file of what can be saved of a damaged one.

Looking changes nothing, down to the files that SQLite would make. A repaired home is like one restored from an old
backup: what is lost comes back from peers, and the device goes on in its next generation, so that it can't contradict
what it no longer knows that it said.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crdt.errors import LocalError
from crdt.ids import CouncilId, MemberId
from crdt.keys import MAX_GENERATIONS
from crdt.store.faults import spoken_faults
from crdt.store.salvage import known_generation
from crdt.store.shelf import shelf_delete, shelf_list, shelf_put
from p2pcouncil.domain.fingerprint import fingerprint
from p2pcouncil.identity.keystore import Identity
from p2pcouncil.peer import shelf
from p2pcouncil.peer.showing.councils import councils_in_tree_order, name_of
from p2pcouncil.peer.showing.people import People
from p2pcouncil.runtime.checkup import (
    Finding,
    Level,
    check_folder,
    check_keys,
    check_processes,
    check_room,
)
from p2pcouncil.runtime.data_check import DataCheck, Progress, check_data
from p2pcouncil.runtime.home import Home
from p2pcouncil.runtime.store_file import (
    REPAIRED,
    Snapshot,
    held,
    kept_aside,
    read_snapshot,
    replace_store,
    write_store,
)
from p2pcouncil.runtime.writing import GENERATION

REPAIR_ROOM = 3
"""Times the data file's size: the new file, and where a disk knows no second names, a copy of the old."""
_DAMAGE_SHOWN = 12
"""Sentences about one damage; a file of random bytes has hundreds."""


@dataclass(frozen=True, slots=True)
class CouncilCheckup:
    """What was found of one council.

    Attributes:
        council: its id.
        name: cleaned.
        entries: envelopes held that count as this council's.
        members: how many are let in.
        texts: text documents that were put together.
        state_hash: in hex; equal on peers that hold the same.
        faults: what is wrong with it here, in sentences.
    """

    council: CouncilId
    name: str
    entries: int
    members: int
    texts: int
    state_hash: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found in a home, and what was done.

    Attributes:
        findings: in reading order.
        councils: in tree order, as they are after a repair, or as a repair would leave them.
        kept_aside: where the damaged data file is now; None if none was replaced.
    """

    findings: tuple[Finding, ...]
    councils: tuple[CouncilCheckup, ...]
    kept_aside: Path | None = None

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is damaged, or nothing any more."""
        return all(finding.level is not Level.DAMAGED for finding in self.findings)


@dataclass(frozen=True, slots=True)
class _Repair:
    aside: Path
    generation: int


def look(home: Home, progress: Progress) -> Checkup:
    """Look at a home, and change nothing.

    Raises:
        LocalError: there is no home, it can't be read, or a newer program wrote it.
    """
    snapshot = _snapshot(home)
    identity, keys = check_keys(home)
    data = check_data(snapshot, identity, progress)
    others = check_processes(home, is_in_use=snapshot.is_in_use)
    return _told(home, snapshot, [*check_folder(home, repair=False), *keys, others], data, identity)


def repair(home: Home, progress: Progress) -> Checkup:
    """Look at a home, and repair permissions and the data file; a sound one is left alone.

    Raises:
        LocalError: there is no home, another process uses it, a newer program wrote it, or the disk is in the way;
            nothing is lost then.
    """
    _snapshot(home)
    folder = check_folder(home, repair=True)
    identity, keys = check_keys(home)
    with home.network_lock(), _held(home) as snapshot:
        data = check_data(snapshot, identity, progress)
        repaired = _replace(home, data, identity) if data.faults else None
        return _told(home, snapshot, [*folder, *keys], data, identity, repaired)


def _snapshot(home: Home) -> Snapshot:
    if not home.path.is_dir():
        raise LocalError(
            f"There is no home in {home.path}.", "Name another with --home, or begin: `p2pcouncil init`."
        )
    return read_snapshot(home.store_path)


@contextmanager
def _held(home: Home) -> Iterator[Snapshot]:
    if not home.store_path.exists():
        yield read_snapshot(home.store_path)
        return
    with held(home.store_path) as snapshot:
        yield snapshot


def _replace(home: Home, data: DataCheck, identity: Identity | None) -> _Repair:
    generation = _move_on(data, identity, len(kept_aside(home.store_path)))
    made = home.store_path.with_name(home.store_path.name + REPAIRED)
    with spoken_faults():
        write_store(data.conn, made)
    return _Repair(replace_store(home.store_path, made), generation)


def _told(
    home: Home,
    snapshot: Snapshot,
    first: list[Finding],
    data: DataCheck,
    identity: Identity | None,
    repaired: _Repair | None = None,
) -> Checkup:
    """Put what was found into sentences."""
    councils = _councils(data, is_repaired=repaired is not None)
    room = check_room(home.path, REPAIR_ROOM * len(snapshot.image))
    findings = [*first, room]
    if not data.faults:
        findings.append(_sound(councils, is_empty=not snapshot.image))
    else:
        level = Level.DAMAGED if repaired is None else Level.REPAIRED
        findings += [
            *_damage(data, level),
            *(Finding(Level.NOTE, said) for said in _what_remains(data, identity)),
        ]
    findings += [
        Finding(Level.NOTE, f"The council {council.hex()[:8]} can't be shown: {why}", "Upgrade p2pcouncil.")
        for council, why in sorted(data.peer.world.unreadable.items())
    ]
    if repaired is not None:
        findings += _what_was_done(repaired)
    return Checkup(tuple(findings), councils, None if repaired is None else repaired.aside)


def _councils(data: DataCheck, *, is_repaired: bool) -> tuple[CouncilCheckup, ...]:
    faults: dict[CouncilId | None, list[str]] = {}
    for (council, sentence), count in sorted(data.faults.items(), key=str):
        faults.setdefault(council, []).append(_counted(sentence, count))
    return tuple(
        CouncilCheckup(
            place.council,
            name_of(place),
            place.index.total,
            len(place.state.members()),
            data.texts[place.council],
            place.state_hash().hex(),
            () if is_repaired else tuple(faults.get(place.council, ())),
        )
        for place, _ in councils_in_tree_order(data.peer)
    )


def _sound(councils: tuple[CouncilCheckup, ...], *, is_empty: bool) -> Finding:
    if is_empty:
        return Finding(Level.NOTE, "There is no data yet.")
    total = sum(council.entries for council in councils)
    return Finding(Level.FINE, f"The data file is sound: {_entries(total)}, each signed and in its place.")


def _damage(data: DataCheck, level: Level) -> list[Finding]:
    places = data.peer.world.places
    found: list[Finding] = []
    for (council, sentence), count in sorted(data.faults.items(), key=str):
        place = None if council is None else places.get(council)
        where = "" if council is None else f"The council {council.hex()[:8]}: "
        where = where if place is None else f"“{name_of(place)}”: "
        found.append(Finding(level, f"{where}{_counted(sentence, count)}"))
    more = len(found) - _DAMAGE_SHOWN
    if more > 0:
        found = [*found[:_DAMAGE_SHOWN], Finding(level, f"And {more:,} more findings of the kind.")]
    return found


def _what_remains(data: DataCheck, identity: Identity | None) -> list[str]:
    """What can be saved of a damaged file, and what is lost."""
    saved = data.saved
    assert saved is not None, "a damaged file was salvaged"
    said = [f"{_entries(saved.saved)} can be saved: each reads, is signed, and follows the one before it."]
    if saved.waiting:
        said.append(
            f"{saved.waiting:,} more can be saved and wait for others that are lost here, which they follow."
        )
    if saved.refused:
        said.append(f"{saved.refused:,} more could be read and did not verify; they are left behind.")
    lost: Counter[tuple[CouncilId | None, MemberId | None, bool]] = Counter()
    for header, count in saved.lost:
        is_own = header is not None and identity is not None and header.device == identity.certificate.device
        lost[(header.council, header.member, is_own) if header else (None, None, False)] += count
    for (council, member, is_own), count in sorted(lost.items(), key=str):
        place = None if council is None else data.peer.world.places.get(council)
        if council is None or member is None:
            said.append(f"{_lost(count)} here of which nobody can tell whose they were.")
            continue
        who = People(data.peer.world, place).person(member).name if place else fingerprint(member)
        where = f"“{name_of(place)}”" if place else f"the council {council.hex()[:8]}"
        own = ", written on this laptop" if is_own else ""
        said.append(f"In {where} {_lost(count)} here of {who}{own}.")
    if saved.lost:
        said.append("Members who hold what is lost here give it back when you are connected.")
    held_councils = data.peer.world.places.keys() | data.peer.world.unreadable.keys()
    remains = data.remains
    assert remains is not None, "a damaged file was gathered"
    seen = {header.council for header in remains.headers.values()} - held_councils
    said += [
        f"The founding of the council {council.hex()[:8]} is lost. Join it again by any member's invitation or "
        "bundle, which is not used up; what was saved of it shows then."
        for council in sorted(seen)
    ]
    said += [
        f"The note “{kind}” of this laptop can't be read, and is left behind."
        for kind, _ in saved.dropped_values
    ]
    return said


def _move_on(data: DataCheck, identity: Identity | None, repairs: int) -> int:
    """Have the device go on in a generation that it never wrote in; returns which.

    What was lost may have named a later one, so each repair before counts as one, too.
    """
    settings = dict(shelf_list(data.conn, shelf.SETTING))
    kept = [
        int.from_bytes(v, "big") for key, v in settings.items() if key.startswith(GENERATION) and len(v) == 4
    ]
    device = None if identity is None else identity.certificate.device
    assert data.remains is not None, "a damaged file was gathered"
    known = known_generation(data.remains, device)
    generation = min(1 + max(known, repairs, *kept, 0), MAX_GENERATIONS)
    shelf_put(data.conn, shelf.SETTING, GENERATION, generation.to_bytes(4, "big"))
    for key, _ in shelf_list(data.conn, shelf.HOLDING):
        # What others said of lanes as they were; they are asked again.
        shelf_delete(data.conn, shelf.HOLDING, key)
    return generation


def _what_was_done(repaired: _Repair) -> list[Finding]:
    return [
        Finding(
            Level.REPAIRED,
            f"A new data file was made; the damaged one is kept as {repaired.aside.name}.",
            "Delete it when your peers and you hold the same again.",
        ),
        Finding(
            Level.NOTE,
            f"This laptop goes on in a new feed (generation {repaired.generation}), so that it can't contradict what "
            "is lost.",
            "Before you vote, be connected until `p2pcouncil status` says that you are not behind.",
        ),
    ]


def _counted(sentence: str, count: int) -> str:
    return sentence if count == 1 else f"{sentence.rstrip('.')}, {count:,} times."


def _lost(count: int) -> str:
    return "1 entry is lost" if count == 1 else f"{count:,} entries are lost"


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"
