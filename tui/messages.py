"""What workers tell screens: a request was carried out, or refused with a reason."""

from textual.message import Message

from crdt.errors import LocalError
from p2pcouncil.peer.commands import Done


class Finished(Message):
    """A request was carried out and is committed on this laptop."""

    def __init__(self, what: str, done: Done) -> None:
        """Say what is done.

        Args:
            what: the name that the screen gave its request.
            done: what came of it.
        """
        super().__init__()
        self.what = what
        self.done = done


class Refused(Message):
    """A request can't be carried out; nothing was written."""

    def __init__(self, what: str, error: LocalError) -> None:
        """Say why not.

        Args:
            what: the name that the screen gave its request.
            error: the reason, and what to do instead.
        """
        super().__init__()
        self.what = what
        self.error = error


class Changed(Message):
    """Something may look different now: read the views again."""
