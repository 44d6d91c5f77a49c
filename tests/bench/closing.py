"""Closing a vote of 10,000 members from entries as they are held: ballots and 52 seals read, checked, and counted."""

import random
import time
from collections.abc import Mapping

from crdt.ids import ChangeHash, CouncilId, DeviceId, MemberId
from p2pcouncil.domain import finals
from p2pcouncil.domain.entries import Ballot, Tell, decode_entry, encode_entry
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register.closing import Sheet, close
from p2pcouncil.domain.register.committees import Committee, Teller
from p2pcouncil.domain.register.pages import Result
from p2pcouncil.domain.register.sayings import Seal, is_said_by, read_saying, sign_saying
from p2pcouncil.domain.register.sealing import pack_numbers, unpack_numbers
from p2pcouncil.domain.tally.choice import NO, YES, Choice, validate_choice
from p2pcouncil.domain.tally.count import tally
from p2pcouncil.domain.tally.method import YesNo
from tests.sim.node import Key

MEMBERS = 10_000
TELLERS = 52
METHOD = YesNo(0)
MISSED = 0.02
"""Of the ballots that somebody else sealed."""


def measure() -> dict[str, object]:
    """Run."""
    rng = random.Random(1)
    keys = {key.device: key for key in (Key(f"teller {number}") for number in range(TELLERS))}
    others = {MemberId(rng.randbytes(32)) for _ in range(MEMBERS - TELLERS)}
    roll = tuple(sorted(others | {MemberId(device) for device in keys}))
    committee = Committee(tuple(Teller(MemberId(device), device, b"") for device in sorted(keys)))
    issue = rng.randbytes(32)
    vote = OpenVote(issue, bytes(32), 1, 60, 0, roll, committee)
    last = {member: rng.choice((0, 1, 1, 1, 2, 300)) for member in roll}
    entries: list[tuple[MemberId, ChangeHash, bytes]] = []
    for member, number in last.items():
        for each in sorted({1, number}) if number else ():
            body = encode_entry(Ballot(each, issue, each, rng.choice((YES, NO))))
            entries.append((member, ChangeHash(rng.randbytes(32)), body))
    for device, key in keys.items():
        numbers = pack_numbers(0 if rng.random() < MISSED else last[member] for member in roll)
        said = sign_saying(Seal(CouncilId(bytes(32)), MemberId(device), issue, numbers), key)
        entries.append((MemberId(device), ChangeHash(rng.randbytes(32)), encode_entry(Tell(0, (said,)))))

    begun = time.perf_counter()
    ballots: dict[MemberId, dict[int, ChangeHash]] = {}
    choices: dict[ChangeHash, Choice] = {}
    seals: dict[MemberId, tuple[bytes, tuple[int, ...]]] = {}
    for member, name, data in entries:
        body = decode_entry(data)
        if isinstance(body, Ballot):
            validate_choice(METHOD, (), body.choice)
            ballots.setdefault(member, {})[body.number] = name
            choices[name] = body.choice
        elif isinstance(body, Tell):
            (said,) = body.said
            seal = read_saying(said)
            assert isinstance(seal, Seal)
            assert is_said_by(said, DeviceId(member))
            seals[member] = (name, unpack_numbers(seal.numbers, MEMBERS))
    read = time.perf_counter()

    def held(member: MemberId) -> Mapping[int, ChangeHash]:
        return ballots.get(member, {})

    def result_of(sheet: Sheet) -> Result:
        counted = {
            member: choices[name] for member, name in zip(roll, sheet, strict=True) if name is not None
        }
        return finals.result_of(tally(METHOD, (), MEMBERS, counted))

    made = close(vote, seals, held, result_of)
    done = time.perf_counter()
    assert made is not None
    assert made[0].result.turnout == sum(1 for number in last.values() if number)
    return {
        "closing a vote of 10,000 members on 52 seals, s (target ≤ 2)": round(done - begun, 2),
        "of it, reading ballots, and reading and checking seals, s": round(read - begun, 2),
        "entries read": len(entries),
    }
