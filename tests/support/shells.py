"""Shells: the program as people run it, each verb a process of its own on somebody's home."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = (sys.executable, "-m", "p2pcouncil.cli.main")
VERB_SECONDS = 60
WITHIN_SECONDS = "40"
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shell:
    """Somebody's shell: a home, and verbs run on it."""

    name: str
    home: Path

    def run(self, *arguments: str, wrong: bool = False) -> Answer:
        """Run a verb and return what it says as JSON; it must end well, or badly if `wrong`."""
        command = (*PROGRAM, *arguments, "--json", "--within", WITHIN_SECONDS)
        done = subprocess.run(
            command,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=VERB_SECONDS,
            check=False,
        )
        said = done.stdout + done.stderr
        assert (done.returncode == 0) != wrong, f"{self.name}: {' '.join(arguments)}\n{said}"
        found: Answer = json.loads(done.stdout.strip().splitlines()[-1])
        return found

    def init(self) -> None:
        """Make an identity without a stored member key."""
        self.run("init", self.name, "--no-passphrase", "--phrase-shown")

    @contextlib.contextmanager
    def serve(self) -> Iterator[tuple[str, ...]]:
        """Be online for the length of a block; gives the addresses."""
        command = (*PROGRAM, "serve", "--listen", "127.0.0.1", "--no-mdns", "--json")
        with subprocess.Popen(
            command, env=self._environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                assert line, f"{self.name}'s peer ended before it was ready"
                ready = json.loads(line)
                yield tuple(ready["addresses"])
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.communicate(timeout=15)
                except subprocess.TimeoutExpired:
                    process.kill()

    def council(self) -> Answer:
        """The one council held, with its state hash and number of entries."""
        (found,) = self.run("status")["councils"]
        return dict(found)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "P2PCOUNCIL_HOME": str(self.home)}
