"""One fuzzing process, started by tests/fuzz/__main__.py with libFuzzer's options and folders as arguments.

libFuzzer starts itself anew when it merges corpora, and hands on no arguments of ours: so the target comes by the
environment, and so does the program that it is to start.
"""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[2]
PACKAGES = ("crdt", "net", "p2pcouncil", "tests")


def all_modules() -> Iterator[str]:
    """Every module of ours by name, found without importing any."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def main() -> None:
    """Instrument what this target is there to cover, and hand over to libFuzzer.

    The targets themselves belong to it: else an input that is built in a new way would count as nothing new. The rest
    is covered by targets of its own, and would only slow this one down.
    """
    sys.path.insert(0, str(ROOT))
    logging.disable(logging.CRITICAL)  # Each refusal would be a line.
    name, wanted = os.environ["FUZZ_TARGET"], set(os.environ["FUZZ_MODULES"].split(","))
    others = [module for module in all_modules() if module not in wanted and "tests.fuzz." not in module]
    with atheris.instrument_imports(include=PACKAGES, exclude=others):
        from tests.fuzz.targets import TARGETS
    atheris.Setup([os.environ["FUZZ_PROGRAM"], *sys.argv[1:]], TARGETS[name].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
