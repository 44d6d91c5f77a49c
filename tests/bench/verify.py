"""Verifying a bundle of 100,000 entries, against checking as many signatures and nothing else."""

import gc
import time

from nacl.signing import VerifyKey

from crdt.envelope import decode_groups, signed_message
from p2pcouncil.runtime.bundle import MAX_RECORD_BYTES
from p2pcouncil.runtime.verify_file import verify_records
from p2pcouncil.verification.verify import verify
from tests.bench.society import mixed
from tests.support.voted_world import carried

COUNT = 100_000


def raw(records: list[tuple[bytes, bytes]]) -> tuple[int, float]:
    """How many envelopes there are, and the seconds that PyNaCl takes to verify their signatures."""
    checks = [
        (VerifyKey(group.header.device), signed_message(e.lane, e.hash), e.signature)
        for _, body in records[1:]
        for group in decode_groups(body, MAX_RECORD_BYTES)
        for e in group.envelopes
    ]
    begun = time.perf_counter()
    for key, message, signature in checks:
        key.verify(message, signature)
    return len(checks), time.perf_counter() - begun


def measure() -> dict[str, object]:
    """Run; raw checks before and after, for a laptop's clock rate changes meanwhile."""
    records = carried(mixed(COUNT)).records()
    gc.collect()
    count, before = raw(records)
    gc.collect()
    begun = time.perf_counter()
    report = verify(records)
    here = time.perf_counter() - begun
    holds, votes = report.holds, len(report.councils[0].votes)
    del report
    gc.collect()
    begun = time.perf_counter()
    verify_records(records)
    handed = time.perf_counter() - begun
    _, after = raw(records)
    alone = (before + after) / 2
    return {
        "entries verified": count,
        "votes in it": votes,
        "everything holds": holds,
        "PyNaCl alone, signatures a second": round(count / alone),
        "verify in one process, entries a second": round(count / here),
        "verify with its second process, entries a second": round(count / handed),
        "verify ÷ PyNaCl alone, in one process (target ≥ 0.4)": round(alone / here, 2),
        "verify ÷ PyNaCl alone, with its second process": round(alone / handed, 2),
    }
