"""One run: a society of five is founded, set on fire, healed, and looked at."""

import asyncio
import contextlib
import resource
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crdt.ids import CouncilId
from crdt.store.schema import open_store
from crdt.store.shelf import shelf_delete, shelf_list
from net.peer_id import format_peer_id
from net.transport import PeerKey
from p2pcouncil.peer.shelf import ADDRESS, SETTING
from tests.e2e.fire.actor import Actor, FireError, Report
from tests.e2e.fire.check import check_homes, check_logs, check_processes, check_stores
from tests.e2e.fire.lined import Config
from tests.e2e.fire.lines import Lines
from tests.e2e.fire.no_room import can_fill
from tests.e2e.fire.story import Story
from tests.e2e.fire.torment import Tormentor
from tests.support.society import converge, propose, society

NAMES = ("Ada", "Ben", "Cleo", "Dora", "Emil")
HEAL_SECONDS = 150.0
"""To be equal again: a redial waits for 12 s at most after outages this short, a pull 15 s; the rest is for a machine
that is busy with other things."""
WRITES_SECONDS = 60.0
SILENCE_SECONDS = 4.0
"""Tellers go on when everybody has fallen silent: they receipt what they heard, two seconds apart."""
PROGRESS_SECONDS = 5.0
LOG_LINES = 12


@dataclass(slots=True)
class Result:
    """How a run ended.

    Attributes:
        folder: where everything lies; empty when nothing was kept.
        wrongs: broken promises; none is a pass.
        faults: what was done, by kind.
        kept: entries acknowledged.
        longest_recovery_seconds: until somebody whose disk was full wrote again, once there was room.
        converged_seconds: from the end of the faults until all held the same; None if they never did.
        refused: what writers were told instead, with how often.
        troubles: what status lines said, with how often.
        missing: faults that this machine can't have.
    """

    folder: Path
    wrongs: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    longest_recovery_seconds: float = 0.0
    converged_seconds: float | None = None
    refused: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)


async def run_fire(
    folder: Path, seconds: float, seed: str, small_disks: dict[str, Path], say: Callable[[str], None]
) -> Result:
    """Run once.

    Args:
        folder: an empty folder for homes, logs, the journal and the story.
        seconds: how long the faults last.
        seed: fixes them.
        small_disks: mount points of small file systems, which become the homes of these people.
        say: takes lines of progress.

    Returns:
        How it ended; nothing of it is raised.
    """
    result = Result(folder)
    story = Story(folder / "story.txt")
    story.tell(f"Seed {seed}, {seconds:g} s of fire.")
    fire = _Fire(folder, seed, small_disks, story, result, say)
    try:
        async with contextlib.AsyncExitStack() as stack:
            await fire.prepare(stack)
            await fire.burn(seconds)
            await fire.heal()
        fire.look()
    except* FireError as errors:
        for error in errors.exceptions:
            story.wrong(str(error))
    finally:
        result.wrongs, result.faults = story.wrongs, story.faults
        result.longest_recovery_seconds = max(story.recoveries_seconds, default=0.0)
        story.tell("Passed." if not story.wrongs else f"Failed: {len(story.wrongs)} promises broken.")
        story.close()
    return result


class _Fire:
    def __init__(
        self,
        folder: Path,
        seed: str,
        small_disks: dict[str, Path],
        story: Story,
        result: Result,
        say: Callable[[str], None],
    ) -> None:
        self._folder, self._seed, self._small_disks = folder, seed, small_disks
        self._story, self._result, self._say = story, result, say
        self._actors: list[Actor] = []
        self._configs: dict[str, Config] = {}
        self._acknowledged: list[tuple[str, str]] = []
        self._homes = {name: folder / name for name in NAMES}
        self._files_before: dict[str, set[str]] = {}

    async def prepare(self, stack: contextlib.AsyncExitStack) -> None:
        """Found the society, put up the lines, start everybody."""
        for name, disk in self._small_disks.items():
            self._homes[name].symlink_to(disk, target_is_directory=True)
        council, peer_ids = await _found(self._folder)
        self._files_before = {name: {p.name for p in home.iterdir()} for name, home in self._homes.items()}
        journal = stack.enter_context((self._folder / "acknowledged.txt").open("w", buffering=1))

        def keep(name: str, entries: list[str]) -> None:
            self._acknowledged += [(name, entry) for entry in entries]
            journal.write("".join(f"{name} {entry}\n" for entry in entries))

        self._actors = [
            Actor(
                name, self._homes[name], peer_ids[name], self._folder / f"{name}.log", keep, self._story.wrong
            )
            for name in NAMES
        ]
        by_name = {actor.name: actor for actor in self._actors}
        lines = Lines(NAMES, lambda name: by_name[name].port)
        stack.push_async_callback(lines.close)
        await lines.open()
        for actor in self._actors:
            others = [other for other in self._actors if other is not actor]
            dialled = {other.peer_id: lines.port(actor.name, other.name) for other in others}
            public = lines.port(others[0].name, actor.name)
            self._configs[actor.name] = Config(str(actor.home), council.hex(), 0, dialled, public, self._seed)
        self._lines = lines
        stack.push_async_callback(self._kill_all)
        for said in await asyncio.gather(*(actor.start(self._configs[actor.name]) for actor in self._actors)):
            if said:
                raise FireError(f"Somebody could not start: {said}")
        self._story.tell(
            f"Five peers run: {', '.join(f'{a.name} is process {a.pid}' for a in self._actors)}."
        )

    async def burn(self, seconds: float) -> None:
        """Torment them."""
        filling, limiting = can_fill(), hasattr(resource, "prlimit")
        able = {"disk full": filling, "file limit": limiting, "small disk full": bool(self._small_disks)}
        self._result.missing = [kind for kind, is_able in able.items() if not is_able]
        tormentor = Tormentor(
            self._seed,
            self._actors,
            self._configs,
            self._lines,
            self._story,
            self._small_disks,
            can_fill=filling,
            can_limit=limiting,
        )
        progress = asyncio.create_task(self._tell_progress())
        try:
            await tormentor.run(seconds)
        finally:
            progress.cancel()

    async def heal(self) -> None:
        """All goes well from now on: everybody writes once more, then all fall silent and come to be equal."""
        begun_s = self._story.seconds()
        self._story.tell("The fire is out.")
        kept = {actor.name: actor.kept for actor in self._actors}
        while any(actor.kept == kept[actor.name] for actor in self._actors):
            if self._story.seconds() > begun_s + WRITES_SECONDS:
                self._tell_where_it_hangs(await asyncio.gather(*(actor.report() for actor in self._actors)))
                silent = [actor.name for actor in self._actors if actor.kept == kept[actor.name]]
                self._story.wrong(
                    f"{' and '.join(silent)} did not write within {WRITES_SECONDS:g} s of the fire."
                )
                break
            await asyncio.sleep(0.1)
        for actor in self._actors:
            actor.order("hush")
        reports: Sequence[Report | None] = ()
        whole_s, entries = 0.0, -1
        while self._story.seconds() < begun_s + HEAL_SECONDS:
            await asyncio.sleep(0.5)
            reports = await asyncio.gather(*(actor.report() for actor in self._actors))
            held = max((report["entries"] for report in reports if report is not None), default=0)
            if not _is_whole(reports) or held != entries:
                whole_s, entries = self._story.seconds(), held
            elif self._story.seconds() >= whole_s + SILENCE_SECONDS:
                break
        if _is_whole(reports):
            self._result.converged_seconds = whole_s - begun_s
            self._story.tell(f"All are equal after {self._result.converged_seconds:.1f} s.")
        else:
            self._tell_where_it_hangs(reports)
            self._story.wrong(f"They were not equal {HEAL_SECONDS:g} s after the fire.")
        for actor in self._actors:
            await actor.stop()

    def look(self) -> None:
        """Look into files, logs and the table of processes."""
        stores = {name: home / "store.sqlite" for name, home in self._homes.items()}
        logs = {actor.name: actor.log_path for actor in self._actors}
        for wrong in (
            *check_stores(stores, self._acknowledged),
            *check_logs(logs),
            *check_homes(self._files_before, self._homes),
            *check_processes(self._folder),
        ):
            self._story.wrong(wrong)

    def count(self) -> None:
        """Add up what the actors said."""
        self._result.kept = len(self._acknowledged)
        for actor in self._actors:
            self._result.refused += actor.refused
            self._result.troubles += actor.troubles

    async def _kill_all(self) -> None:
        self.count()
        for actor in self._actors:
            await actor.kill()

    async def _tell_progress(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            down = [a.name for a in self._actors if not a.pid]
            busy = [a.name for a in self._actors if a.is_busy and a.pid]
            self._say(
                f"{self._story.seconds():6.0f} s: {sum(self._story.faults.values())} faults, "
                f"{len(self._acknowledged)} entries acknowledged; down: {', '.join(down) or 'nobody'}; "
                f"in trouble: {', '.join(busy) or 'nobody'}"
            )

    def _tell_where_it_hangs(self, reports: Sequence[Report | None]) -> None:
        names = {actor.peer_id: actor.name for actor in self._actors}
        for actor, report in zip(self._actors, reports, strict=True):
            if report is None:
                self._story.tell(f"{actor.name} (process {actor.pid}) does not answer.")
            else:
                behind = {names.get(peer, peer): count for peer, count in report["connected"].items()}
                self._story.tell(
                    f"{actor.name}: {report['entries']} entries, state {report['state'][:8]}, behind by {behind}, "
                    f"“{report['line']}” {report['trouble']} {report['failure']}"
                )
            for line in actor.last_log_lines(LOG_LINES):
                self._story.tell(f"    {actor.name}.log: {line}")


def _is_whole(reports: Sequence[Report | None]) -> bool:
    """Whether all hold the same, and none says that something stands in its way."""
    if not reports or any(report is None for report in reports):
        return False
    present = [report for report in reports if report is not None]
    is_equal = len({(report["state"], report["entries"]) for report in present}) == 1
    return is_equal and not any(report["trouble"] or report["failure"] for report in present)


async def _found(folder: Path) -> tuple[CouncilId, dict[str, str]]:
    """Found a society in this process, over a network in memory.

    Returns:
        The society, and everybody's peer id. No address of that network is left in the homes.
    """
    async with society(folder) as people:
        sessions = [await people.join_in(name) for name in NAMES]
        council = await people.found(*sessions)
        await propose(sessions[0], council, "Oven", "As it is.\n" * 5)
        await converge(council, *sessions)
        devices = [session.peer.world.me.device for session in sessions if session.peer.world.me is not None]
    for name in NAMES:
        conn = open_store(folder / name / "store.sqlite")
        with contextlib.closing(conn):
            for address, _ in shelf_list(conn, ADDRESS):
                shelf_delete(conn, ADDRESS, address)
            shelf_delete(conn, SETTING, b"addresses")
    peer_ids = [format_peer_id(PeerKey(device)) for device in devices]
    return council, dict(zip(NAMES, peer_ids, strict=True))
