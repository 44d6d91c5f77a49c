"""Shells: the program as people run it, each verb a process of its own on somebody's home."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.warm import Verb

VERB_SECONDS = 60
STOP_SECONDS = 20
WITHIN_SECONDS = "40"
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shell:
    """Somebody's shell: a home, and verbs run on it."""

    name: str
    home: Path

    def run(self, *arguments: str, code: int = 0, stdin: str = "") -> Answer:
        """Run a verb with JSON and return what it says; it must end with this exit code.

        A verb that fails has to say why and what to do next.
        """
        within = "0" if code else WITHIN_SECONDS
        verb = Verb((*arguments, "--json", "--within", within), self._environment(), stdin)
        ended, said, complained = verb.end(VERB_SECONDS)
        assert ended == code, f"{self.name}: {' '.join(arguments)} ended with {ended}\n{said}{complained}"
        answer: Answer = json.loads(said.strip().splitlines()[-1])
        if code:
            assert answer["error"]
            assert answer["hint"]
            assert answer["exit_code"] == code
        return answer

    def init(self) -> Answer:
        """Make an identity without a stored member key."""
        return self.run("init", self.name, "--no-passphrase", "--phrase-shown")

    @contextlib.contextmanager
    def serve(self, stop: signal.Signals = signal.SIGTERM) -> Iterator[Answer]:
        """Be online for the length of a block; gives what the peer says when it is ready. It has to end well."""
        verb = Verb(("serve", "--listen", "127.0.0.1", "--no-mdns", "--json"), self._environment())
        try:
            line = verb.stdout.readline()
            assert line, f"{self.name}'s peer ended before it was ready"
            yield json.loads(line)
            verb.send_signal(stop)
            ended, said, complained = verb.end(STOP_SECONDS)
            assert ended == 0, f"{self.name}'s peer\n{said}{complained}"
            assert json.loads(said.splitlines()[-1]) == {"event": "stopped"}
        finally:
            verb.send_signal(signal.SIGKILL)

    def council(self) -> Answer:
        """The one council held, with its state hash and number of entries."""
        (found,) = self.run("status")["councils"]
        return dict(found)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "P2PCOUNCIL_HOME": str(self.home)}
