"""`make fire`: five real peers under fire. ``python -m tests.e2e.fire --seconds 300 --seed 7``.

Where the system allows it, the run moves into a namespace of its own first, in which it may mount two small file
systems without being root; nothing of them is seen outside, and they go with the last process.
"""

import argparse
import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.e2e.fire.run import Result, run_fire

ISOLATED = "P2PCOUNCIL_FIRE_ISOLATED"
UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "--")
SMALL_DISK_OF = ("Ada", "Ben")
SMALL_DISK = "size=64m"
PARENT_SECONDS = 1.0


def main() -> int:
    """Run once; returns 0 for a pass."""
    parser = argparse.ArgumentParser(prog="make fire", description="Five real peers under fire.")
    parser.add_argument("--seconds", type=float, default=300.0, help="how long the faults last")
    parser.add_argument("--seed", default="", help="fixes the faults; drawn and printed when there is none")
    options = parser.parse_args()
    seed = options.seed or str(secrets.randbelow(1_000_000))
    if ISOLATED not in os.environ:
        _isolate(["--seconds", str(options.seconds), "--seed", seed])
    print(f"Seed {seed}: {options.seconds:g} s of fire.", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="p2pcouncil-fire-")).resolve()
    small_disks = _mount(folder) if os.environ.get(ISOLATED) == "1" else {}
    try:
        result = asyncio.run(_run(folder, options.seconds, seed, small_disks))
    except (KeyboardInterrupt, asyncio.CancelledError):
        print(f"Interrupted. Seed {seed}; {folder} holds what there is.", flush=True)
        return 130
    _tell(result)
    if result.wrongs:
        _save(folder, small_disks)
        print(f"FAILED. Seed {seed}; homes, logs, journal and story.txt are in {folder}")
        return 1
    for disk in small_disks.values():
        subprocess.run(["umount", str(disk)], check=True)
    shutil.rmtree(folder)
    print(f"Passed. Seed {seed}.")
    return 0


async def _run(folder: Path, seconds: float, seed: str, small_disks: dict[str, Path]) -> Result:
    """Run, and stop when whoever started us is gone: nobody else would stop the fire then."""
    work = asyncio.ensure_future(
        run_fire(folder, seconds, seed, small_disks, lambda line: print(line, flush=True))
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    parent = os.getppid()
    while not work.done():
        await asyncio.wait([work], timeout=PARENT_SECONDS)
        if os.getppid() != parent:
            work.cancel()
    return work.result()


def _isolate(arguments: list[str]) -> None:
    """Begin again in a namespace of our own, where mounting is ours to do; go on here where there is none."""
    environment = {**os.environ, ISOLATED: "1"}
    command = (*UNSHARE, sys.executable, "-m", "tests.e2e.fire", *arguments)
    with tempfile.TemporaryDirectory(prefix="p2pcouncil-fire-") as folder:
        try:
            trial = subprocess.run(
                [*UNSHARE, "mount", "-t", "tmpfs", "none", folder], capture_output=True, check=False
            )
        except FileNotFoundError:
            return
    if trial.returncode == 0:
        os.execvpe(command[0], command, environment)


def _mount(folder: Path) -> dict[str, Path]:
    disks = {name: folder / f"disk of {name}" for name in SMALL_DISK_OF}
    for disk in disks.values():
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", SMALL_DISK, "none", str(disk)], check=True)
    return disks


def _save(folder: Path, small_disks: dict[str, Path]) -> None:
    """Copy what lies on a small disk to where it outlives this process."""
    for name, disk in small_disks.items():
        (folder / name).unlink()
        shutil.copytree(disk, folder / name)


def _tell(result: Result) -> None:
    """Print the summary."""
    print(f"Faults: {', '.join(f'{count} {kind}' for kind, count in sorted(result.faults.items()))}.")
    for kind in result.missing:
        print(f"Not on this machine: {kind}.")
    print(f"Acknowledged: {result.kept} entries.")
    for what, counts in (("Refused", result.refused), ("Status lines", result.troubles)):
        for sentence, count in counts.most_common(8):
            print(f"{what}: {count} × {sentence}")
    print(f"Room again: everybody wrote within {result.longest_recovery_seconds:.1f} s.")
    if result.converged_seconds is not None:
        print(f"All equal {result.converged_seconds:.1f} s after the fire.")
    for wrong in result.wrongs:
        print(f"WRONG: {wrong}")


if __name__ == "__main__":
    sys.exit(main())
