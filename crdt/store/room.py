"""Room for another lane of a member in the store, and putting out what a lower one leaves no room for.

The rule is that of `crdt.lane_bounds`. A lane that is put out keeps its row with `fork_seq` 0: nothing of it is kept
or counts, now or ever, and readers take it back as they take back a fork at its first place. Its row only serves
readers that have not heard of it yet: that there is no room for it follows from the lower lanes. So of such rows only
the latest are kept. In an honest life there are none. Keys are as good as random, and of n devices that come in any
old order only about bound × ln(n) are ever among the lowest; but who wants to make work draws a million keys first
and writes with the highest of them first, and then there is a row for each.
"""

import sqlite3

from crdt.errors import LocalError
from crdt.keys import LaneHeader, LaneKind, lane_id
from crdt.lane_bounds import MAX_DEVICES_PER_MEMBER, MAX_TEXT_LANES_PER_DEVICE
from crdt.store.lanes import find_lane

PUT_OUT = 0
"""The `fork_seq` of a lane of which nothing is kept."""
MAX_PUT_OUT_LANES = 16_384
"""Rows of lanes that were put out: several devices' worth, far more than a reader falls behind in a second."""


LOOK_BACK = 64
"""Entries written since the last time a lane was weighed, in an ordinary life."""
MAX_WEIGHED = 1_024
_weighed: dict[tuple[bytes, bytes], int] = {}
"""By hash and the one before: what a chain weighs up to there. The earliest is forgotten first."""


def has_room(conn: sqlite3.Connection, header: LaneHeader) -> bool:
    """Whether a lane that the store never kept anything of would be kept."""
    if not _is_kept(conn, header):
        devices = _lowest_devices(conn, header, MAX_DEVICES_PER_MEMBER)
        if len(devices) == MAX_DEVICES_PER_MEMBER and header.device > devices[-1]:
            return False
    if header.kind is LaneKind.FEED:
        return True
    last = conn.execute(
        "SELECT id FROM lane WHERE council = ? AND member = ? AND device = ? AND kind = ?"
        " ORDER BY id LIMIT 1 OFFSET ?",
        (*_device(header), int(LaneKind.TEXT), MAX_TEXT_LANES_PER_DEVICE - 1),
    ).fetchone()
    return last is None or lane_id(header) < last[0]


def put_out_beyond(conn: sqlite3.Connection, header: LaneHeader) -> None:
    """Put out what a lane that was just begun leaves no room for, inside the caller's transaction."""
    before = conn.total_changes
    devices = _lowest_devices(conn, header, MAX_DEVICES_PER_MEMBER + 1)
    for device in devices[MAX_DEVICES_PER_MEMBER:]:
        _put_out(conn, "council = ? AND member = ? AND device = ?", (header.council, header.member, device))
    if header.kind is LaneKind.TEXT:
        beyond = conn.execute(
            "SELECT number FROM lane WHERE council = ? AND member = ? AND device = ? AND kind = ?"
            " ORDER BY id LIMIT -1 OFFSET ?",
            (*_device(header), int(LaneKind.TEXT), MAX_TEXT_LANES_PER_DEVICE),
        ).fetchall()
        for (number,) in beyond:
            _put_out(conn, "number = ?", (number,))
    if conn.total_changes > before:
        _forget_oldest(conn)


def bytes_below(conn: sqlite3.Connection, number: int, seq: int) -> int:
    """What the payloads of a lane below `seq` weigh together.

    A hash stands for all of the chain below it, so what was weighed once is not weighed again: to append to a long
    feed would else take longer with each entry, up to two milliseconds.
    """
    top: tuple[bytes, bytes] | None = None
    above = 0
    for change, prev, size_bytes in conn.execute(
        "SELECT hash, prev, length(payload) FROM envelope WHERE lane = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
        (number, seq, LOOK_BACK),
    ):
        place = (change, prev or b"")
        top = top or place
        if place in _weighed:
            return _remember(top, above + _weighed[place])
        above += size_bytes
    if top is None:
        return 0
    (total,) = conn.execute(
        "SELECT total(length(payload)) FROM envelope WHERE lane = ? AND seq < ?", (number, seq)
    ).fetchone()
    return _remember(top, int(total))


def require_own_room(conn: sqlite3.Connection, header: LaneHeader) -> None:
    """Check that we may go on in a lane of our own, or begin it, without losing what we wrote elsewhere.

    Raises:
        LocalError: no peer would keep the lane, or none would go on keeping another of ours.
    """
    found = find_lane(conn, lane_id(header))
    if found is not None and found[1] != PUT_OUT:
        return
    if not _is_kept(conn, header):
        devices = _lowest_devices(conn, header, MAX_DEVICES_PER_MEMBER)
        if len(devices) == MAX_DEVICES_PER_MEMBER:
            raise LocalError(
                f"You have written in this council with {MAX_DEVICES_PER_MEMBER} devices; no peer keeps what"
                " another one writes.",
                "Go on with one of your other devices.",
            )
    if header.kind is LaneKind.FEED:
        return
    (texts,) = conn.execute(
        "SELECT count(*) FROM lane WHERE council = ? AND member = ? AND device = ? AND kind = ?",
        (*_device(header), int(LaneKind.TEXT)),
    ).fetchone()
    if found is not None or texts >= MAX_TEXT_LANES_PER_DEVICE:
        raise LocalError(
            f"This device has written in {MAX_TEXT_LANES_PER_DEVICE:,} texts of this council; no peer keeps"
            " its part of another.",
            "Edit this text with another device of yours: `p2pcouncil device add` on a new laptop makes one.",
        )


def _device(header: LaneHeader) -> tuple[bytes, bytes, bytes]:
    return header.council, header.member, header.device


def _is_kept(conn: sqlite3.Connection, header: LaneHeader) -> bool:
    """Whether something is kept of the lane's device. Of one that was put out, or never kept, that is nothing."""
    row = conn.execute(
        "SELECT 1 FROM lane WHERE council = ? AND member = ? AND device = ? AND fork_seq IS NOT ? LIMIT 1",
        (*_device(header), PUT_OUT),
    ).fetchone()
    return row is not None


def _lowest_devices(conn: sqlite3.Connection, header: LaneHeader, limit: int) -> list[bytes]:
    """The lowest devices of a member that ever wrote here, ascending; each found by one step in the index."""
    devices = [b""]
    while len(devices) <= limit:
        row = conn.execute(
            "SELECT device FROM lane WHERE council = ? AND member = ? AND device > ? ORDER BY device LIMIT 1",
            (header.council, header.member, devices[-1]),
        ).fetchone()
        if row is None:
            break
        devices.append(row[0])
    return devices[1:]


def _put_out(conn: sqlite3.Connection, which: str, values: tuple[object, ...]) -> None:
    """Delete all that lanes hold and wait for, and log them as forked at their first place."""
    kept = f"SELECT number FROM lane WHERE {which} AND fork_seq IS NOT {PUT_OUT}"
    conn.execute(f"DELETE FROM envelope WHERE lane IN ({kept})", values)
    conn.execute(f"DELETE FROM orphan WHERE lane IN (SELECT id FROM lane WHERE number IN ({kept}))", values)
    conn.execute(f"INSERT INTO fork (lane, seq) SELECT number, 1 FROM lane WHERE number IN ({kept})", values)
    conn.execute(f"UPDATE lane SET fork_seq = {PUT_OUT} WHERE number IN ({kept})", values)


def _forget_oldest(conn: sqlite3.Connection) -> None:
    """Delete the rows of lanes that were put out longest ago; those with a duty done in them stay."""
    (count,) = conn.execute(f"SELECT count(*) FROM lane WHERE fork_seq = {PUT_OUT}").fetchone()
    if count <= MAX_PUT_OUT_LANES:
        return
    # A quarter at once, so that the next ones cost nothing again.
    oldest = conn.execute(
        "SELECT lane.number FROM lane JOIN fork ON fork.lane = lane.number"
        f" WHERE lane.fork_seq = {PUT_OUT} AND lane.number NOT IN (SELECT lane FROM once)"
        " GROUP BY lane.number ORDER BY max(fork.position) LIMIT ?",
        (count - MAX_PUT_OUT_LANES * 3 // 4,),
    ).fetchall()
    conn.executemany("DELETE FROM fork WHERE lane = ?", oldest)
    conn.executemany("DELETE FROM keepsake WHERE lane = ?", oldest)
    conn.executemany("DELETE FROM lane WHERE number = ?", oldest)


def _remember(place: tuple[bytes, bytes], size_bytes: int) -> int:
    _weighed[place] = size_bytes
    if len(_weighed) > MAX_WEIGHED:
        _weighed.pop(next(iter(_weighed)), None)
    return size_bytes
