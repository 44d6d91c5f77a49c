"""`make bench`: ratios within one run, each measurement in a process of its own, with its peak memory.

Run all, or some: ``python -m tests.bench catch_up fold``. Timings depend on the machine; ratios much less. A figure
whose name ends in a target is held to it, and a missed one is named again at the end.
"""

import importlib
import json
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

NAMES = (
    "catch_up",
    "catch_up_many",
    "propagation",
    "flood",
    "line_of_five",
    "append",
    "fold",
    "cold_start",
    "verify",
    "tally",
    "paper",
    "planning",
    "prices",
    "economies",
    "closing",
    "pages",
    "sync_bytes",
    "sources",
    "catch_up_large",
)
TIMEOUT_SECONDS = 300
TARGET = re.compile(r"\(target ([≤≥]) ([\d.]+)\)$")


def main(names: list[str]) -> int:
    """Run measurements and print a table; the last line is a JSON object of all figures."""
    rows: dict[str, object] = {}
    missed: list[str] = []
    for name in names or list(NAMES):
        print(f"{name} …", end=" ", flush=True)
        begun = time.perf_counter()
        try:
            child = subprocess.run(
                [sys.executable, "-m", "tests.bench", "--child", name],
                capture_output=True,
                text=True,
                timeout=TIMEOUT_SECONDS,
                cwd=Path(__file__).parents[2],
            )
        except subprocess.TimeoutExpired:
            print(f"not done within {TIMEOUT_SECONDS} s")
            rows[name] = {"failed": "timeout"}
            missed.append(f"{name}: not measured, it took too long")
            continue
        print(f"{time.perf_counter() - begun:.1f} s")
        if child.returncode:
            print(child.stderr[-2_000:])
            rows[name] = {"failed": child.returncode}
            missed.append(f"{name}: not measured, it failed")
            continue
        figures = json.loads(child.stdout.strip().splitlines()[-1])
        rows[name] = figures
        for what, value in figures.items():
            verdict = verdict_on(what, value)
            print(f"    {what:<72} {value!s:>8}  {verdict}".rstrip())
            if verdict == "target missed":
                missed.append(f"{name}: {what} is {value}")
    print("\n".join(["Targets missed:", *missed] if missed else ["Every target was met."]))
    print(json.dumps(rows))
    return int(any("failed" in figures for figures in rows.values() if isinstance(figures, dict)))


def verdict_on(what: str, value: object) -> str:
    """Whether a figure meets the target in its name; empty for one without."""
    found = TARGET.search(what)
    if found is None or not isinstance(value, int | float):
        return ""
    bound = float(found[2])
    return "ok" if (value <= bound if found[1] == "≤" else value >= bound) else "target missed"


def child(name: str) -> None:
    """Run one measurement in this process."""
    figures = importlib.import_module(f"tests.bench.{name}").measure()
    for who, usage in (("here", resource.RUSAGE_SELF), ("largest child", resource.RUSAGE_CHILDREN)):
        if peak_kib := resource.getrusage(usage).ru_maxrss:
            figures[f"peak memory {who}, MB"] = round(peak_kib / 1024)
    print(json.dumps(figures))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2])
    else:
        sys.exit(main(sys.argv[1:]))
