"""Verifying a bundle without a peer: no home, no store, no network; nothing of them is even loaded."""

from pathlib import Path

from p2pcouncil.runtime.bundle import salvage_bundle
from p2pcouncil.runtime.signature_check import SignatureCheck
from p2pcouncil.verification.verify import Verification


def verify_file(path: Path) -> Verification:
    """Verify a bundle, on this thread.

    Raises:
        LocalError: it can't be read, or is none.
    """
    records, damage = salvage_bundle(path)
    return verify_records(records, damage)


def verify_records(records: list[tuple[bytes, bytes]], damage: str = "") -> Verification:
    """Verify records of a bundle; many signatures are checked in a process of their own."""
    check = SignatureCheck()
    try:
        return Verification(records, damage, check.check)
    finally:
        check.close()
