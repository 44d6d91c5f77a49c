"""Handing over to a verification: the records of a bundle, or of what this laptop itself holds.

What is checked, and how, stands in `p2pcouncil.verification`; this opens no network connection and writes no file.
"""

import asyncio
from pathlib import Path

import msgspec

from crdt.envelope import encode_groups
from p2pcouncil.runtime.bundle import ENVELOPES, GENESIS
from p2pcouncil.runtime.engine import Engine
from p2pcouncil.runtime.sneakernet import all_groups
from p2pcouncil.runtime.verify_file import verify_file, verify_records
from p2pcouncil.verification.report import fails, holds
from p2pcouncil.verification.verify import Verification


async def verify_bundle(path: Path) -> Verification:
    """Verify a bundle.

    Raises:
        LocalError: it can't be read, or is none.
    """
    return await asyncio.to_thread(verify_file, path)


async def verify_store(running: Engine) -> Verification:
    """Verify what this laptop holds, and that the running peer came to the same state.

    Raises:
        LocalError: the store can't be read.
    """
    await running.refresh(shelf=True)
    places = list(running.peer.world.places.values())
    records: list[tuple[bytes, bytes]] = [(GENESIS, place.genesis_bytes) for place in places]
    for place in places:
        chunks = await running.store.run(all_groups, place.council, place.state.named_ballots())
        # As bytes, so that hashes are derived from the payloads and not believed.
        records += [(ENVELOPES, encode_groups(chunk)) for chunk in chunks]
    expected = {place.council: place.state_hash() for place in places}
    verification = await asyncio.to_thread(verify_records, records)
    found = {council.council: council.state_hash for council in verification.report.councils}
    same = holds("same-state", "The running peer has the very state that was computed anew.")
    other = fails("same-state", "The running peer has another state than was computed anew.")
    findings = (*verification.report.findings, same if found == expected else other)
    verification.report = msgspec.structs.replace(verification.report, findings=findings)
    return verification
