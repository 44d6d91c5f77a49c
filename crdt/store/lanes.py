"""Lane rows: headers written once, read once, and shared by every envelope of the lane."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from crdt.errors import DamagedError, RemoteError
from crdt.ids import CouncilId, DeviceId, LaneId, MemberId
from crdt.keys import DeviceCertificate, LaneHeader, LaneKind, lane_id, validate_header
from crdt.store.faults import DOCTOR_HINT

COLUMNS = "kind, council, subject, member, device, certificate, generation"
_CHUNK = 500
"""Below SQLite's limit of bound variables, in every build."""


@lru_cache(maxsize=16384)
def header_of(
    kind: int,
    council: bytes,
    subject: bytes,
    member: bytes,
    device: bytes,
    certificate: bytes,
    generation: int,
) -> LaneHeader:
    """Build a header from its columns; equal rows give the very same object.

    Raises:
        DamagedError: no row that we wrote is like this.
    """
    if kind not in tuple(LaneKind):
        raise DamagedError("A row of the data file makes no sense: the file is damaged.", DOCTOR_HINT)
    proof = DeviceCertificate(MemberId(member), DeviceId(device), certificate)
    return LaneHeader(LaneKind(kind), CouncilId(council), subject, proof, generation)


def checked_header(columns: Sequence[object], lane: object) -> LaneHeader:
    """Build a header from columns that may be damaged.

    Args:
        columns: what `COLUMNS` names, of any type.
        lane: the id that the row has; None if it is not known.

    Raises:
        RemoteError: they are no header, or one that proves nothing, or that of another lane.
    """
    match tuple(columns):
        case (
            int() as kind,
            bytes() as council,
            bytes() as subject,
            bytes() as member,
            bytes() as device,
            bytes() as certificate,
            int() as generation,
        ) if kind in tuple(LaneKind):
            header = header_of(kind, council, subject, member, device, certificate, generation)
            validate_header(header)
            if lane in (None, lane_id(header)):
                return header
    raise RemoteError("A lane's row makes no sense.")


def find_lane(conn: sqlite3.Connection, lane: LaneId) -> tuple[int, int | None] | None:
    """Return the row number of a lane and the seq of its lowest fork, or None for a lane never heard of."""
    row: tuple[int, int | None] | None = conn.execute(
        "SELECT number, fork_seq FROM lane WHERE id = ?", (lane,)
    ).fetchone()
    return row


def ensure_lane(conn: sqlite3.Connection, header: LaneHeader) -> tuple[int, int | None]:
    """Return what `find_lane` does, writing the lane's row first where there is none."""
    lane = lane_id(header)
    found = find_lane(conn, lane)
    if found is not None:
        return found
    certificate = header.certificate
    cursor = conn.execute(
        f"INSERT INTO lane (id, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            lane,
            int(header.kind),
            header.council,
            header.subject,
            certificate.member,
            certificate.device,
            certificate.signature,
            header.generation,
        ),
    )
    number = cursor.lastrowid
    assert number is not None
    return number, None


def load_lanes(conn: sqlite3.Connection, numbers: Iterable[int]) -> Mapping[int, tuple[LaneId, LaneHeader]]:
    """Return id and header of lanes by their row numbers."""
    wanted = sorted(set(numbers))
    lanes: dict[int, tuple[LaneId, LaneHeader]] = {}
    for at in range(0, len(wanted), _CHUNK):
        some = wanted[at : at + _CHUNK]
        marks = ",".join("?" * len(some))
        for number, lane, *columns in conn.execute(
            f"SELECT number, id, {COLUMNS} FROM lane WHERE number IN ({marks})", some
        ):
            lanes[number] = (LaneId(lane), header_of(*columns))
    return lanes


def lane_head(conn: sqlite3.Connection, number: int) -> tuple[int, bytes | None]:
    """Return seq and hash of a lane's last envelope; (0, None) for an empty lane."""
    row: tuple[int, bytes] | None = conn.execute(
        "SELECT seq, hash FROM envelope WHERE lane = ? ORDER BY seq DESC, hash LIMIT 1", (number,)
    ).fetchone()
    return (0, None) if row is None else row
