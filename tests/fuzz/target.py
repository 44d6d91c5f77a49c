"""What a fuzz target is: a function of bytes that returns, unless a promise of the code was broken."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from crdt.errors import LocalError

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "corpus"


@dataclass(frozen=True)
class Target:
    """One decoder, or one place where what was decoded is used.

    Attributes:
        name: also the name of its folder below tests/corpus.
        run: takes any bytes; what it raises is a defect. It catches the errors that the code documents.
        modules: what it is there to cover, by module name.
        seeds: inputs made from real data, to begin with.
        max_bytes: longer inputs are not tried.
    """

    name: str
    run: Callable[[bytes], None]
    modules: tuple[str, ...]
    seeds: Callable[[], Iterable[bytes]]
    max_bytes: int = 1_024


def check_hint(error: LocalError) -> None:
    """Whoever did something wrong is told what to do."""
    assert error.hint
