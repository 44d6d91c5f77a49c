"""Damage to a data file, of the kinds that happen: each a function of the file, the log beside it and a seed."""

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

PAGE = 4_096
Damage = Callable[[Path, random.Random], None]


def page_of_zeros(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    at = rng.randrange(1, len(data) // PAGE) * PAGE
    data[at : at + PAGE] = bytes(PAGE)
    path.write_bytes(data)


def pages_of_noise(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) // PAGE) * PAGE
        data[at : at + PAGE] = rng.randbytes(PAGE)
    path.write_bytes(data)


def cut_short(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(PAGE, len(data))])


def half_a_file(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def header_of_noise(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    size = rng.choice((16, 100, PAGE))
    data[:size] = rng.randbytes(size)
    path.write_bytes(data)


def flipped_bytes(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 200)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def flipped_payloads(path: Path, rng: random.Random) -> None:
    """Flip a bit of some entries and leave the database sound, so that only signatures tell."""
    conn = sqlite3.connect(path)
    rows = conn.execute("SELECT position, payload FROM envelope ORDER BY position").fetchall()
    for position, payload in rng.sample(rows, min(len(rows), rng.randint(1, 9))):
        changed = bytearray(payload)
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        conn.execute("UPDATE envelope SET payload = ? WHERE position = ?", (bytes(changed), position))
    conn.commit()
    conn.close()


def missing_index(path: Path, rng: random.Random) -> None:
    conn = sqlite3.connect(path)
    conn.execute(f"DROP INDEX {rng.choice(('envelope_by_place', 'lane_by_place', 'orphan_by_lane'))}")
    conn.commit()
    conn.close()


def missing_rows(path: Path, rng: random.Random) -> None:
    conn = sqlite3.connect(path)
    conn.execute("DELETE FROM envelope WHERE position % ? = 0", (rng.randint(2, 9),))
    conn.commit()
    conn.close()


def lost_lanes(path: Path, rng: random.Random) -> None:
    conn = sqlite3.connect(path)
    conn.execute("DELETE FROM lane WHERE number % 2 = ?", (rng.randrange(2),))
    conn.commit()
    conn.close()


def broken_notes(path: Path, rng: random.Random) -> None:
    conn = sqlite3.connect(path)
    kind = rng.choice(("council", "lobby", "join", "holding", "address"))
    conn.execute("INSERT OR REPLACE INTO shelf VALUES (?, ?, ?)", (kind, rng.randbytes(32), rng.randbytes(9)))
    conn.commit()
    conn.close()


KINDS: tuple[Damage, ...] = (
    page_of_zeros,
    pages_of_noise,
    cut_short,
    half_a_file,
    header_of_noise,
    flipped_bytes,
    flipped_payloads,
    missing_index,
    missing_rows,
    lost_lanes,
    broken_notes,
)
