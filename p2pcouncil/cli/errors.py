"""How a verb ends: exit codes that scripts can rely on, and the errors that only the command line knows.

====  =========================================================================================
0     done
1     it can't be done; the sentence says why and what to do instead
2     the command line was not understood
3     no network, or others did not answer in time
4     verification failed: something does not hold
5     the data on this laptop is damaged
130   interrupted with Ctrl-C
====  =========================================================================================
"""

import enum
import sys
from typing import Any

from crdt.errors import CouncilError, DamagedError, LocalError
from p2pcouncil.domain.plain_text import clean_line

FILE_CELLS = 80


class ExitCode(enum.IntEnum):
    """What the shell gets to know."""

    OK = 0
    ERROR = 1
    USAGE = 2
    NETWORK = 3
    VERIFICATION = 4
    DAMAGED = 5
    INTERRUPTED = 130


class NotHereError(LocalError):
    """What was named is not held on this laptop; it may still arrive."""


class UsageError(LocalError):
    """The words of the command line don't make sense together."""


class NotInTimeError(LocalError):
    """Others did not answer, or did not come to hold something, within the time given."""


class CheckFailedError(LocalError):
    """A check found something; `data` is what was found, for scripts."""

    def __init__(self, message: str, hint: str, data: dict[str, Any]) -> None:
        super().__init__(message, hint)
        self.data = data


class VerificationFailedError(CheckFailedError):
    """Something does not hold."""


class FoundDamagedError(CheckFailedError):
    """The doctor found damage, and did not or could not repair it."""


class BatchEndedError(LocalError):
    """A line of a batch failed; `code` is how it ended."""

    def __init__(self, message: str, hint: str, code: ExitCode) -> None:
        super().__init__(message, hint)
        self.code = code


def expected() -> tuple[type[BaseException], ...]:
    """What a verb may end with through no fault of the program: a sentence is shown, and never a traceback.

    The network's own error is among them once the network was loaded; a verb that needs none, like the verification of
    a bundle, must not load it in order to say what went wrong.
    """
    transport = sys.modules.get("net.transport")
    return (CouncilError, OSError) if transport is None else (CouncilError, OSError, transport.TransportError)


def words_of(error: BaseException) -> str:
    """What went wrong, in a sentence; of a file what the system says, with its name and without a number."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{clean_line(str(error.filename), FILE_CELLS)}: {error.strerror}."
    return str(error)


def is_network_fault(error: BaseException | None) -> bool:
    """Whether the network could not do what was asked."""
    transport = sys.modules.get("net.transport")
    return transport is not None and isinstance(error, transport.TransportError)


def exit_code_of(error: BaseException) -> ExitCode:
    """Say by which exit code an error ends the program."""
    match error:
        case KeyboardInterrupt():
            return ExitCode.INTERRUPTED
        case UsageError():
            return ExitCode.USAGE
        case BatchEndedError():
            return error.code
        case NotInTimeError():
            return ExitCode.NETWORK
        case VerificationFailedError():
            return ExitCode.VERIFICATION
        case DamagedError() | FoundDamagedError():
            return ExitCode.DAMAGED
        case _:
            return _by_cause(error)


def hint_of(error: BaseException) -> str:
    """Say what the user can do next."""
    match error:
        case LocalError() if error.hint:
            return error.hint
        case _ if is_network_fault(error):
            return (
                "Check the connection and the port; without a network, carry a bundle: `p2pcouncil export`."
            )
        case CouncilError():
            return "Somebody else's data broke a rule; nothing of it was kept. Ask them for it again."
        case OSError():
            return "Check that the file or folder exists, that you may use it, and that the disk has room."
        case _:
            return "See `p2pcouncil --help`."


def _by_cause(error: BaseException | None) -> ExitCode:
    """Look at what lies below a `LocalError`: the network keeps the fault that it speaks of as cause."""
    while error is not None:
        if is_network_fault(error):
            return ExitCode.NETWORK
        if isinstance(error, DamagedError):
            return ExitCode.DAMAGED
        error = error.__cause__
    return ExitCode.ERROR
