"""`make bench`: ratios within one run, each measurement in a process of its own, with its peak memory.

Run all, or some: ``python -m tests.bench catch_up fold``. Timings depend on the machine; ratios much less.
"""

import importlib
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

NAMES = (
    "catch_up",
    "catch_up_many",
    "propagation",
    "line_of_five",
    "append",
    "fold",
    "cold_start",
    "tally",
    "sync_bytes",
)
TIMEOUT_SECONDS = 300


def main(names: list[str]) -> int:
    """Run measurements and print a table; the last line is a JSON object of all figures."""
    rows: dict[str, object] = {}
    for name in names or list(NAMES):
        print(f"{name} …", end=" ", flush=True)
        begun = time.perf_counter()
        child = subprocess.run(
            [sys.executable, "-m", "tests.bench", "--child", name],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            cwd=Path(__file__).parents[2],
        )
        print(f"{time.perf_counter() - begun:.1f} s")
        if child.returncode:
            print(child.stderr[-2_000:])
            rows[name] = {"failed": child.returncode}
            continue
        figures = json.loads(child.stdout.strip().splitlines()[-1])
        rows[name] = figures
        for what, value in figures.items():
            print(f"    {what:<64} {value}")
    print(json.dumps(rows))
    return int(any("failed" in figures for figures in rows.values() if isinstance(figures, dict)))


def child(name: str) -> None:
    """Run one measurement in this process."""
    figures = importlib.import_module(f"tests.bench.{name}").measure()
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures["peak memory, MB"] = round(peak_kib / 1024)
    print(json.dumps(figures))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2])
    else:
        sys.exit(main(sys.argv[1:]))
