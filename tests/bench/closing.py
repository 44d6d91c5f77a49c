"""Closing a vote of 10,000 members from what is held: the seals of 52 tellers, the ballots, the sheet, the count."""

import random
import time
from collections.abc import Mapping

from crdt.ids import ChangeHash, DeviceId, MemberId
from p2pcouncil.domain import finals
from p2pcouncil.domain.register.chain import OpenVote
from p2pcouncil.domain.register.closing import Sheet, close
from p2pcouncil.domain.register.committees import Committee, Teller
from p2pcouncil.domain.register.pages import Result
from p2pcouncil.domain.register.sealing import pack_numbers, unpack_numbers
from p2pcouncil.domain.tally.choice import NO, YES, Choice
from p2pcouncil.domain.tally.count import tally
from p2pcouncil.domain.tally.method import YesNo

MEMBERS = 10_000
TELLERS = 52
MISSED = 0.02
"""Of the ballots that somebody else sealed."""


def measure() -> dict[str, object]:
    """Run."""
    rng = random.Random(1)
    roll = tuple(sorted(MemberId(rng.randbytes(32)) for _ in range(MEMBERS)))
    committee = Committee(tuple(Teller(member, DeviceId(member), b"") for member in roll[:TELLERS]))
    vote = OpenVote(bytes(32), bytes(32), 1, 60, 0, roll, committee)
    last = {member: rng.choice((0, 1, 1, 1, 2, 300)) for member in roll}
    ballots: dict[MemberId, dict[int, ChangeHash]] = {}
    choices: dict[ChangeHash, Choice] = {}
    for member, number in last.items():
        for each in {1, number} if number else ():
            name = ChangeHash(rng.randbytes(32))
            ballots.setdefault(member, {})[each] = name
            choices[name] = rng.choice((YES, NO))
    packed = {
        teller.member: pack_numbers(0 if rng.random() < MISSED else last[member] for member in roll)
        for teller in committee.tellers
    }

    def held(member: MemberId) -> Mapping[int, ChangeHash]:
        return ballots.get(member, {})

    def result_of(sheet: Sheet) -> Result:
        counted = {
            member: choices[name] for member, name in zip(roll, sheet, strict=True) if name is not None
        }
        return finals.result_of(tally(YesNo(0), (), MEMBERS, counted))

    begun = time.perf_counter()
    seals = {teller: (bytes(32), unpack_numbers(numbers, MEMBERS)) for teller, numbers in packed.items()}
    read = time.perf_counter()
    made = close(vote, seals, held, result_of)
    done = time.perf_counter()
    assert made is not None
    assert made[0].result.turnout == sum(1 for number in last.values() if number)
    return {
        "closing a vote of 10,000 members on 52 seals, s (target ≤ 2)": round(done - begun, 2),
        "of it, reading the seals, s": round(read - begun, 2),
    }
