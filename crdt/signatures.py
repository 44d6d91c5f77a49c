"""Checking many signatures at once: one check, whoever runs it.

Most of a catch-up is spent here, so the caller may have it done elsewhere: by anything that answers as
`check_all` does.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from crdt.ids import DeviceId


class Signed(NamedTuple):
    """A message that a device is said to have signed."""

    device: DeviceId
    message: bytes
    signature: bytes


CheckAll = Callable[[Sequence[Signed]], list[bool]]
"""Says of each whether the signature holds, in order."""


def check_all(signed: Sequence[Signed]) -> list[bool]:
    """Check signatures one after the other, by libsodium's strict rules; see `CheckAll`."""
    keys: dict[DeviceId, VerifyKey] = {}
    answers = []
    for device, message, signature in signed:
        try:
            key = keys.get(device) or keys.setdefault(device, VerifyKey(device))
            key.verify(message, signature)
        except (BadSignatureError, ValueError):
            answers.append(False)
        else:
            answers.append(True)
    return answers
