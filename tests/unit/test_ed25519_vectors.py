"""The edge cases of Ed25519, through the very call that decides who has signed what.

Peers must agree on every signature, or they would hold different sets of entries. All of them verify with
libsodium's rule: no cofactor, S below the group order, no small-order key or R, no key outside its one
encoding.
"""

import json
from pathlib import Path

import pytest

from crdt.keys import is_signed

VECTORS = Path(__file__).parent.parent / "vectors"
SPECCHECK = json.loads((VECTORS / "speccheck.json").read_text())
WYCHEPROOF = [
    (group["publicKey"]["pk"], test)
    for group in json.loads((VECTORS / "wycheproof_ed25519.json").read_text())["testGroups"]
    for test in group["tests"]
]

# From "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020), table 1, in its order.
EXPECTED = [
    (False, "S = 0 with a small-order key and R: would sign every message"),
    (False, "a small-order key: would sign many messages"),
    (False, "a small-order R"),
    # Accepted: key and R carry a small-order part, and the equation holds without the cofactor. It takes the
    # secret key to make one, for one message; whoever makes such a key for themselves gains nothing, since
    # peers compare keys as bytes and all verify by this one rule.
    (True, "a key and an R of mixed order"),
    (False, "holds with the cofactor only: verifiers of two kinds would disagree"),
    (False, "holds with the cofactor only, by a hash reduced first"),
    (False, "S above the group order: a second signature for the same message"),
    (False, "S far above the group order"),
    (False, "a small-order R in a second encoding, hashed one way"),
    (False, "a small-order R in a second encoding, hashed the other way"),
    (False, "a small-order key in a second encoding, hashed one way"),
    (False, "a small-order key in a second encoding, hashed the other way"),
]


def test_there_are_163_vectors() -> None:
    assert (len(SPECCHECK), len(WYCHEPROOF)) == (12, 151)
    assert len(EXPECTED) == len(SPECCHECK)


@pytest.mark.parametrize("number", range(12), ids=[reason for _, reason in EXPECTED])
def test_edge_cases_on_which_libraries_differ(number: int) -> None:
    vector = SPECCHECK[number]
    key, message, signature = (bytes.fromhex(vector[name]) for name in ("pub_key", "message", "signature"))
    assert is_signed(key, message, signature) is EXPECTED[number][0]


@pytest.mark.parametrize(("key", "test"), WYCHEPROOF, ids=[f"case {test['tcId']}" for _, test in WYCHEPROOF])
def test_wycheproof(key: str, test: dict[str, str]) -> None:
    is_accepted = is_signed(bytes.fromhex(key), bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
    assert is_accepted is (test["result"] == "valid")


def test_a_signature_has_one_form() -> None:
    """Adding the group order to S gives the same equation; accepting it would give an envelope two forms."""
    order = 2**252 + 27742317777372353535851937790883648493
    key, test = next((key, test) for key, test in WYCHEPROOF if test["result"] == "valid")
    signature = bytes.fromhex(test["sig"])
    other = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert is_signed(bytes.fromhex(key), bytes.fromhex(test["msg"]), signature)
    assert not is_signed(bytes.fromhex(key), bytes.fromhex(test["msg"]), other)
