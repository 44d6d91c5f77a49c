"""The two kinds of error that a peer meets: theirs and ours.

A `RemoteError` is a peer's bad data: record it, show it, go on. A `LocalError` is our own user's or our own
misuse: surface it, with what to do next. Every message is a sentence that a person understands.
"""

import msgspec


class CouncilError(Exception):
    """Base of every error that p2pcouncil raises on purpose."""


class RemoteError(CouncilError):
    """Somebody else's bytes broke a rule; the sender is at fault and nothing of it was kept."""


class LocalError(CouncilError):
    """Our own user or program asked for something impossible; `hint` says what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class DamagedError(LocalError):
    """What this laptop keeps is damaged: nobody's fault, and `p2pcouncil doctor` sees to it."""


UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""All that msgspec raises on bytes from anywhere: malformed, of another shape, no UTF-8, nested without end."""
