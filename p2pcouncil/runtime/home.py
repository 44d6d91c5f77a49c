"""The home of one peer: a folder with its keys, its store, and the lock of whoever runs its network."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from crdt.errors import LocalError

HOME_VARIABLE = "P2PCOUNCIL_HOME"
LOCK_TRIES = 10
LOCK_PAUSE_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Home:
    """Where a peer lives on disk."""

    path: Path

    @classmethod
    def default(cls) -> "Home":
        """The home that `P2PCOUNCIL_HOME` names, else the platform's data folder."""
        named = os.environ.get(HOME_VARIABLE)
        return cls(Path(named) if named else user_data_path("p2pcouncil"))

    @property
    def store_path(self) -> Path:
        """The SQLite file."""
        return self.path / "store.sqlite"

    def prepare(self) -> None:
        """Make the folder, readable by its owner alone.

        Raises:
            LocalError: the folder can't be made or written.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LocalError(
                f"The folder {self.path} can't be made: {error.strerror or error}.",
                f"Choose another with --home, or set {HOME_VARIABLE}.",
            ) from error
        if not os.access(self.path, os.W_OK):
            raise LocalError(
                f"The folder {self.path} can't be written.",
                f"Change its permissions, or choose another with --home or {HOME_VARIABLE}.",
            )

    @contextmanager
    def network_lock(self) -> Iterator[None]:
        """Hold the right to run this home's network: one process at a time, freed by the system if it dies.

        Raises:
            LocalError: another process of this home runs the network.
        """
        self.prepare()
        with self._lock_file() as descriptor:
            # Whoever only asks whether the network runs holds the lock for a moment, so one refusal is none.
            for _ in range(LOCK_TRIES):
                if _take(descriptor):
                    break
                time.sleep(LOCK_PAUSE_SECONDS)
            else:
                raise LocalError(
                    "Another p2pcouncil on this laptop runs the network of this home already.",
                    "That is fine: it spreads what you write here. To run it here instead, stop the other one.",
                )
            yield

    def network_runs(self) -> bool:
        """Whether some process runs this home's network now."""
        if not self.path.exists():
            return False
        with self._lock_file() as descriptor:
            return not _take(descriptor)

    @contextmanager
    def _lock_file(self) -> Iterator[int]:
        descriptor = os.open(self.path / "network.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _take(descriptor: int) -> bool:
    """Take a file's lock if nobody has it; it is given back when the file is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
