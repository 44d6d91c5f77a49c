"""`make fuzz`: run targets under libFuzzer and print what came of it.

Run one, some or all: ``python -m tests.fuzz peer text_guard --runs 100000``. What the fuzzer finds on the way stays in
``.fuzz/``, so that the next run goes on from there; ``--minimise`` puts the few inputs that reach everything into
``tests/corpus/``, which `make test` replays. An input that breaks a promise is put there too, as ``crash-…``.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.target import CORPUS, ROOT, Target
from tests.fuzz.targets import TARGETS

WORK = ROOT / ".fuzz"
CRASHES = ("crash-*", "timeout-*", "oom-*", "leak-*")
KEPT_MAX = 120
KEPT_BYTES_MAX = 48 * 1024
"""Of one target; all together stay below a megabyte."""
INPUT_TIMEOUT_S = 60
MEMORY_MB = 2_048
PULSE_S = 15.0
STATUS = re.compile(r"^#(\d+)\s.*\bcov: (\d+) ft: (\d+) corp: (\d+)")
TIMED_OUT = "=== Timeout: "
TOTAL = re.compile(r"^stat::number_of_executed_units: (\d+)")


@dataclass
class Outcome:
    """What a run came to."""

    target: str
    executions: int = 0
    seconds: float = 0.0
    edges: int = 0
    features: int = 0
    lines: str = ""
    branches: str = ""
    crashes: int = 0

    def row(self) -> str:
        speed = round(self.executions / self.seconds) if self.seconds else 0
        return (
            f"| {self.target} | {self.executions:,} | {speed:,} | {self.edges:,} | {self.features:,} "
            f"| {self.lines} | {self.branches} | {self.crashes} |"
        )


HEAD = (
    "| target | executions | per second | edges | features | lines | branches | crashes |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


def crashes_of(target: Target) -> set[Path]:
    return {path for pattern in CRASHES for path in (CORPUS / target.name).glob(pattern)}


def write_seeds(target: Target) -> Path:
    """Write the target's seeds, made from real data, each under its hash."""
    folder = WORK / target.name / "seeds"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for seed in target.seeds():
        (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
    return folder


def libfuzzer(target: Target, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start a fuzzing process; what it says comes on its standard output."""
    (CORPUS / target.name).mkdir(parents=True, exist_ok=True)
    program = WORK / target.name / "child"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT}/tests/fuzz/child.py" "$@"\n')
    program.chmod(0o755)
    environment = {
        **os.environ,
        "FUZZ_TARGET": target.name,
        "FUZZ_MODULES": ",".join(target.modules),
        "FUZZ_PROGRAM": str(program),
        "PYTHONHASHSEED": "0",
    }
    options = (
        f"-artifact_prefix={CORPUS / target.name}/",
        f"-max_len={target.max_bytes}",
        f"-timeout={INPUT_TIMEOUT_S}",
        f"-rss_limit_mb={MEMORY_MB}",
        "-report_slow_units=1000000",  # Slow is what takes longer than the time-out; a file of it is no case.
        "-print_final_stats=1",
    )
    return subprocess.Popen(
        [program, *options, *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def fuzz(target: Target, runs: int, seconds: int) -> Outcome:
    """Run one target to its end.

    libFuzzer takes an input for endless when the machine slept in the middle of it. So what seemed endless is tried
    again by itself, and the run goes on when it was not.
    """
    outcome, before = Outcome(target.name), crashes_of(target)
    while True:
        left = max(1, seconds - round(outcome.seconds)) if seconds else 0
        log = run_once(target, outcome, max(1, runs - outcome.executions), left)
        new = crashes_of(target) - before
        is_late = TIMED_OUT in log
        if not new or not all(is_harmless(target, path, is_late=is_late) for path in new):
            break
        for path in new:
            path.unlink()
        outcome.crashes = 0
    if outcome.crashes:
        print(log)
        print(f"{target.name} broke a promise; the input is in {CORPUS / target.name}", flush=True)
    return outcome


def is_harmless(target: Target, path: Path, *, is_late: bool) -> bool:
    """Whether what seemed to take for ever ends at once when it is tried again.

    The alarm may go off in the midst of a library that takes it for a fault of its own; then it looks like a crash.
    """
    if not path.name.startswith("timeout-") and not is_late:
        return False
    child = libfuzzer(target, path)
    child.communicate()
    return child.returncode == 0


def run_once(target: Target, outcome: Outcome, runs: int, seconds: int) -> str:
    """Let a child fuzz until it is done or stumbles, and say every now and then how far it is; returns what it said."""
    found = WORK / target.name / "found"
    found.mkdir(parents=True, exist_ok=True)
    before, begun, executed = crashes_of(target), time.monotonic(), 0
    child = libfuzzer(
        target,
        f"-runs={runs}",
        f"-max_total_time={seconds}",
        found,
        write_seeds(target),
        CORPUS / target.name,
    )
    assert child.stdout is not None
    log, said = [], begun
    for line in child.stdout:
        status, total = STATUS.match(line), TOTAL.match(line)
        if status:
            executed, outcome.edges, outcome.features, inputs = map(int, status.groups())
            if time.monotonic() - said > PULSE_S:
                said = time.monotonic()
                print(
                    f"{target.name}: {outcome.executions + executed:,} executions in {said - begun:.0f} s, "
                    f"{outcome.edges:,} edges, {outcome.features:,} features, {inputs} inputs",
                    flush=True,
                )
        elif total:
            executed = int(total[1])
        else:
            log.append(line)
    code = child.wait()
    outcome.executions += executed
    outcome.seconds += time.monotonic() - begun
    outcome.crashes = len(crashes_of(target) - before) or int(code != 0)
    return "".join(log[-60:])


def measure(target: Target) -> tuple[str, str]:
    """Lines and branches of the target's own modules, in percent, that its inputs reach."""
    folders = [CORPUS / target.name, WORK / target.name / "found"]
    told = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.coverage_of", target.name, *map(str, folders)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    totals = json.loads(told.stdout.splitlines()[-1])
    lines = f"{100 * totals['covered_lines'] / max(1, totals['num_statements']):.0f} %"
    branches = f"{100 * totals['covered_branches'] / max(1, totals['num_branches']):.0f} %"
    return lines, branches


def minimise(target: Target) -> None:
    """Keep the few inputs that reach all that any of them reaches, and every crash."""
    kept, merged = CORPUS / target.name, WORK / target.name / "merged"
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir(parents=True)
    folders = [kept, write_seeds(target), WORK / target.name / "found"]
    child = libfuzzer(target, "-merge=1", "-use_counters=0", merged, *(f for f in folders if f.exists()))
    said, _ = child.communicate()
    if child.returncode:
        sys.exit(f"{said[-2_000:]}\n{target.name}: the corpus could not be merged.")
    for path in kept.iterdir():
        if path not in crashes_of(target):
            path.unlink()
    for path in smallest(merged):
        shutil.copyfile(path, kept / path.name)
    print(f"{target.name}: {len(list(kept.iterdir()))} inputs kept")


def smallest(folder: Path) -> Iterator[Path]:
    """Inputs by size, as many as are kept of one target."""
    room = KEPT_BYTES_MAX
    for path in sorted(folder.iterdir(), key=lambda path: (path.stat().st_size, path.name))[:KEPT_MAX]:
        room -= path.stat().st_size
        if room < 0:
            return
        yield path


def main() -> int:
    """Fuzz, and print a table; 1 when something broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"all, or some of: {', '.join(TARGETS)}")
    parser.add_argument("--runs", type=int, default=100_000, help="executions of each target")
    parser.add_argument("--seconds", type=int, default=0, help="end each target after so long; 0 for never")
    parser.add_argument("--minimise", action="store_true", help="minimise the kept corpus instead")
    asked = parser.parse_args()
    names = list(TARGETS) if asked.targets in ([], ["all"]) else asked.targets
    if unknown := [name for name in names if name not in TARGETS]:
        parser.error(f"there is no target {unknown[0]}; there are {', '.join(TARGETS)}")
    if asked.minimise:
        for name in names:
            minimise(TARGETS[name])
        return 0
    outcomes = []
    for name in names:
        outcome = fuzz(TARGETS[name], asked.runs, asked.seconds)
        if not outcome.crashes:
            outcome.lines, outcome.branches = measure(TARGETS[name])
        print(outcome.row(), flush=True)
        outcomes.append(outcome)
    print("\n".join(["", HEAD, *(outcome.row() for outcome in outcomes)]))
    return int(any(outcome.crashes for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
