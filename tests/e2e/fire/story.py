"""What happened in a run, with times: a file that reads as a story, and counts for the summary."""

import time
from collections import Counter
from pathlib import Path


class Story:
    """The log of a run's faults."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._begun_s = time.monotonic()
        self.faults: Counter[str] = Counter()
        self.recoveries_seconds: list[float] = []
        self.wrongs: list[str] = []

    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._begun_s

    def tell(self, sentence: str) -> None:
        """Write a sentence down."""
        self._file.write(f"{self.seconds():7.2f} s  {sentence}\n")
        self._file.flush()

    def fault(self, kind: str, sentence: str) -> None:
        """Write down what is done to somebody."""
        self.faults[kind] += 1
        self.tell(sentence)

    def wrong(self, sentence: str) -> None:
        """Write down a broken promise: the run fails."""
        self.wrongs.append(sentence)
        self.tell(f"WRONG: {sentence}")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
