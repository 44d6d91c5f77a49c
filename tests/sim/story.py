"""What happened in a run, in the order of virtual time, for whoever has to understand it."""

from collections.abc import Callable


class Story:
    """A line for each thing that people, the world or a hostile peer did."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._lines: list[tuple[int, str]] = []

    def tell(self, line: str) -> None:
        """Add what just happened."""
        self._lines.append((self._now_ms(), line))

    def text(self) -> str:
        """The whole story; equal lines that follow each other are told once."""
        told: list[str] = []
        last, times = "", 0
        for at_ms, line in [*self._lines, (0, "")]:
            if line == last:
                times += 1
                continue
            if times > 1:
                told[-1] += f" ({times} times)"
            last, times = line, 1
            told.append(f"{at_ms / 1_000:9.3f} s  {line}")
        return "\n".join(told[:-1])
