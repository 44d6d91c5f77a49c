"""Records: one spelling each, as many signatures as they need, and bounds that fit each other."""

from collections.abc import Callable

import msgspec
import pytest

from crdt.errors import RemoteError
from crdt.parts import MAX_ENTRY_BYTES
from p2pcouncil.domain import records
from p2pcouncil.domain.entries import Announce, decode_entry, encode_entry
from p2pcouncil.domain.records import Charter, Founder, Genesis, Signed, read_duty, read_genesis, read_join
from tests.support.world import Person, World, digest_of, genesis_of, key_of, message_of, signed

WORLD = World(["Ada"])
ADA = WORLD.person("Ada")
INVITE = key_of("invitation")
RECORDS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "genesis": (read_genesis, WORLD.genesis),
    "join": (read_join, WORLD.join("Dan")),
    "invited": (read_join, WORLD.join("Dan", invite_key=INVITE)),
    "duty": (read_duty, ADA.duty(WORLD.council, 1, 1, [(0, 0, 7)], [2])),
}


def parts(record: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    found = msgspec.msgpack.decode(record, type=Signed)
    return found.body, found.signatures


def spelled(body: bytes, signatures: tuple[bytes, ...]) -> bytes:
    return msgspec.msgpack.encode([body, signatures])


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_has_as_many_signatures_as_it_needs(name: str) -> None:
    read, record = RECORDS[name]
    body, signatures = parts(record)
    assert read(record)
    more = ((*signatures, bytes(64)), (*signatures, signatures[0]), signatures * 3, signatures[:-1], ())
    for wrong in more:
        with pytest.raises(RemoteError):
            read(spelled(body, wrong))


@pytest.mark.parametrize("name", RECORDS)
def test_the_wrapping_has_one_spelling(name: str) -> None:
    read, record = RECORDS[name]
    body, signatures = parts(record)
    short = b"\x92" + msgspec.msgpack.encode(body)
    assert record.startswith(short)
    long = [
        b"\xdc\x00\x02" + record[1:],
        b"\x92\xc6" + len(body).to_bytes(4, "big") + body + record[len(short) :],
    ]
    long.append(record.replace(b"\xc4\x40" + signatures[0], b"\xc5\x00\x40" + signatures[0]))
    for wrong in (*long, record + b"\0"):
        assert wrong != record
        with pytest.raises(RemoteError):
            read(wrong)


def test_what_is_signed_has_one_spelling() -> None:
    """The signer's own other spelling is refused too, so that one statement has one name."""
    body, _ = parts(ADA.duty(WORLD.council, 1, 1))
    number = body.index(ADA.id) + len(ADA.id)
    assert body[number : number + 1] == b"\x01"
    wide = body[:number] + b"\xcd\x00\x01" + body[number + 1 :]
    with pytest.raises(RemoteError, match="spelled"):
        read_duty(signed(wide, records.duty_message(wide), ADA.member_key))


def test_a_charter_is_written_out() -> None:
    body, _ = parts(WORLD.genesis)
    charter = msgspec.msgpack.encode(Charter())
    assert charter in body
    short = body.replace(charter, b"\x90")
    with pytest.raises(RemoteError, match="spelled"):
        read_genesis(signed(short, records.genesis_message(short), ADA.device_key()))


def test_records_are_told_apart_by_what_was_signed() -> None:
    assert message_of(WORLD.join("Dan")) != message_of(WORLD.join("Dan", 1))


def founding(founders: int) -> tuple[list[Person], Genesis]:
    """As large as the bounds of its fields allow."""
    people = [Person(f"Founder {number}") for number in range(founders)]
    roll = tuple(
        Founder(p.id, p.device(), p.certificate().signature, p.vrf, "\U0001d538" * 64) for p in people
    )
    charter = Charter(seconds_needed=50, vouches_needed=20, window_seconds=31_536_000)
    purpose = "\U0001d538" * 1_000
    genesis = Genesis(
        "\U0001d538" * 64,
        "consumers",
        "neighbourhood",
        purpose,
        WORLD.council,
        charter,
        roll,
        digest_of("n")[:16],
    )
    return people, genesis


def write(people: list[Person], genesis: Genesis) -> bytes:
    body = records.encode_record(genesis)
    return signed(body, records.genesis_message(body), *(person.device_key() for person in people))


def test_the_largest_founding_is_read_announced_and_listed() -> None:
    record = write(*founding(records.MAX_FOUNDERS))
    body, _ = parts(record)
    assert records.MAX_RECORD_BYTES * 0.9 < len(body) <= records.MAX_RECORD_BYTES
    assert len(record) <= records.MAX_SIGNED_BYTES
    entry = Announce(0, record)
    assert decode_entry(encode_entry(entry)) == entry
    assert len(encode_entry(entry)) < MAX_ENTRY_BYTES
    world = World(["Ada"])
    world.write("Ada", entry)
    (child,) = world.fold().children()
    assert len(child.genesis.roll) == records.MAX_FOUNDERS


def test_one_founder_more_is_refused() -> None:
    with pytest.raises(RemoteError):
        read_genesis(genesis_of([Person(f"Founder {number}") for number in range(records.MAX_FOUNDERS + 1)]))
