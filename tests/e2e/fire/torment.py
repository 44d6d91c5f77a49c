"""The tormentor: what is done to the peers while they write, drawn from a seed.

The seed fixes which fault comes when, to whom by preference, and for how long. What each process is doing at that
moment is its own affair, so a seed brings a run back in kind, not byte for byte.
"""

import asyncio
import errno
import itertools
import os
import signal
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.e2e.fire.actor import Actor
from tests.e2e.fire.lined import Config
from tests.e2e.fire.lines import Lines
from tests.e2e.fire.story import Story
from tests.e2e.fire.verb import comment
from tests.e2e.fire.writing import words

GAP_SECONDS = (0.4, 1.6)
MAX_BUSY = 3
"""Two at least are never killed, frozen or without room at the same time, so somebody always gets on."""
WRITES_AGAIN_SECONDS = 60.0
"""For a peer to write again once there is room; it takes moments, and this machine may be busy."""
LOOK_SECONDS = 0.1

Draw = Callable[[Random], Coroutine[Any, Any, None] | None]


class Tormentor:
    """Does one thing after the other, several at a time."""

    def __init__(
        self,
        seed: str,
        actors: Sequence[Actor],
        configs: dict[str, Config],
        lines: Lines,
        story: Story,
        small_disks: dict[str, Path],
        *,
        can_fill: bool,
        can_limit: bool,
    ) -> None:
        """Prepare.

        Args:
            seed: fixes what is done.
            actors: to whom.
            configs: how their processes are started, by name.
            lines: between them.
            story: where it is told.
            small_disks: mount points of homes that lie on a small disk of their own, by name.
            can_fill: whether SQLite's writes can be made to fail with ENOSPC.
            can_limit: whether the size of a running process's files can be limited.
        """
        self._seed, self._actors, self._configs = seed, actors, configs
        self._lines, self._story, self._small_disks = lines, story, small_disks
        self._over = asyncio.Event()
        self._draws: dict[str, Draw] = {
            "killed": self._draw_kill,
            "restarted": self._draw_restart,
            "second process": self._draw_verb,
            "frozen": self._draw_freeze,
            "cut": self._draw_cut,
            "stalled one way": self._draw_stall,
            "dead line": self._draw_dead_line,
            "slow line": self._draw_slow,
            "refused": self._draw_refuse,
            "split": self._draw_split,
        }
        if can_limit:
            self._draws["file limit"] = self._draw_limit
        if can_fill:
            self._draws["disk full"] = self._draw_fill
        if small_disks:
            self._draws["small disk full"] = self._draw_ballast

    async def run(self, seconds: float) -> None:
        """Torment for so long, then undo everything.

        Raises:
            ExceptionGroup: of `FireError`, for what a peer did not survive.
        """
        until_s = self._story.seconds() + seconds
        deck: list[str] = []
        async with asyncio.TaskGroup() as faults:
            for number in itertools.count():
                rng = Random(f"{self._seed}:{number}")
                if not deck:
                    deck = sorted(self._draws)
                    rng.shuffle(deck)
                # A kind that finds nobody to be done to waits for its turn at the end of the deck.
                for kind in list(deck):
                    deck.remove(kind)
                    fault = self._draws[kind](rng)
                    if fault is not None:
                        faults.create_task(fault)
                        break
                    deck.append(kind)
                await asyncio.sleep(rng.uniform(*GAP_SECONDS))
                if self._story.seconds() >= until_s:
                    break
            self._over.set()

    # To processes.

    def _draw_kill(self, rng: Random) -> Coroutine[Any, Any, None] | None:
        return self._to_one(rng, lambda actor: self._kill(actor, rng.uniform(0.0, 2.0)))

    def _draw_restart(self, rng: Random) -> Coroutine[Any, Any, None] | None:
        return self._to_one(rng, lambda actor: self._restart(actor, rng.uniform(0.0, 1.0)))

    def _draw_freeze(self, rng: Random) -> Coroutine[Any, Any, None] | None:
        return self._to_one(rng, lambda actor: self._freeze(actor, rng.uniform(1.0, 8.0)))

    def _draw_limit(self, rng: Random) -> Coroutine[Any, Any, None] | None:
        return self._to_one(
            rng, lambda actor: self._limit(actor, rng.randint(-1, 40_000), rng.uniform(1.0, 5.0))
        )

    def _draw_fill(self, rng: Random) -> Coroutine[Any, Any, None] | None:
        return self._to_one(
            rng, lambda actor: self._fill(actor, rng.randint(0, 40_000), rng.uniform(1.5, 6.0))
        )

    def _draw_ballast(self, rng: Random) -> Coroutine[Any, Any, None] | None:
        return self._to_one(
            rng,
            lambda actor: self._ballast(
                actor, rng.randint(0, 6) * 4_096, rng.uniform(1.5, 6.0), is_killed=rng.random() < 0.4
            ),
            among=list(self._small_disks),
        )

    def _draw_verb(self, rng: Random) -> Coroutine[Any, Any, None] | None:
        kill_after_seconds = rng.uniform(0.5, 2.5) if rng.random() < 0.4 else None
        return self._verb(rng.choice(self._actors), words(rng, rng.randint(5, 2_000)), kill_after_seconds)

    async def _verb(self, actor: Actor, text: str, kill_after_seconds: float | None) -> None:
        """Whatever else is being done to a peer, its owner comments from another window, and may press the button."""
        self._story.fault("second process", f"{actor.name} comments from another process.")
        said = await comment(actor, text, kill_after_seconds)
        self._story.tell(f"{actor.name}'s other process: {said}")

    async def _kill(self, actor: Actor, down_seconds: float) -> None:
        self._story.fault(
            "killed", f"{actor.name} is killed (SIGKILL), with {actor.kept} entries acknowledged."
        )
        await actor.kill()
        await self._pause(down_seconds)
        await self._start(actor)

    async def _restart(self, actor: Actor, down_seconds: float) -> None:
        self._story.fault("restarted", f"{actor.name} is asked to end (SIGTERM).")
        await actor.stop()
        await self._pause(down_seconds)
        await self._start(actor)

    async def _start(self, actor: Actor) -> None:
        said = await actor.start(self._configs[actor.name])
        if said:
            self._story.wrong(f"{actor.name} can't start again: {said}")
        else:
            self._story.tell(f"{actor.name} is back.")

    async def _freeze(self, actor: Actor, seconds: float) -> None:
        self._story.fault("frozen", f"{actor.name} is frozen (SIGSTOP) for {seconds:.1f} s.")
        actor.signal(signal.SIGSTOP)
        try:
            await self._pause(seconds)
        finally:
            actor.signal(signal.SIGCONT)
        self._story.tell(f"{actor.name} goes on (SIGCONT).")

    async def _limit(self, actor: Actor, spare_bytes: int, seconds: float) -> None:
        """Fail writes with EFBIG: all of them, or those beyond the present end of the larger file."""
        sizes = [path.stat().st_size for path in actor.home.glob("store.sqlite*")]
        max_bytes = 0 if spare_bytes < 0 else max(sizes) + spare_bytes
        self._story.fault(
            "file limit", f"{actor.name} can't write files beyond {max_bytes:,} bytes for {seconds:.1f} s."
        )
        actor.limit_files(max_bytes)
        try:
            await self._pause(seconds)
        finally:
            actor.limit_files(-1)
        await self._writes_again(actor)

    async def _fill(self, actor: Actor, room_bytes: int, seconds: float) -> None:
        self._story.fault(
            "disk full", f"{actor.name}'s disk has {room_bytes:,} bytes left (ENOSPC) for {seconds:.1f} s."
        )
        actor.order("fill", str(room_bytes))
        await self._pause(seconds)
        actor.order("room")
        await self._writes_again(actor)

    async def _ballast(self, actor: Actor, room_bytes: int, seconds: float, *, is_killed: bool) -> None:
        """Fill a real file system, the kernel's own way; sometimes the peer is killed and started on it as well."""
        ballast = self._small_disks[actor.name] / "ballast"
        left = "0" if not room_bytes else f"{room_bytes:,}"
        self._story.fault(
            "small disk full", f"{actor.name}'s file system has {left} bytes left for {seconds:.1f} s."
        )
        fill_file_system(ballast, room_bytes)
        try:
            await self._pause(seconds / 2)
            if is_killed:
                self._story.fault("killed", f"{actor.name} is killed (SIGKILL) on the full disk.")
                await actor.kill()
                said = await actor.start(self._configs[actor.name])
                self._story.tell(f"{actor.name} is back on the full disk{f': no, “{said}”' if said else ''}.")
            await self._pause(seconds / 2)
        finally:
            ballast.unlink()
        if not actor.pid:
            await self._start(actor)
        await self._writes_again(actor)

    async def _writes_again(self, actor: Actor) -> None:
        """A peer that was out of room writes again by itself, without a restart."""
        begun_s, kept = self._story.seconds(), actor.kept
        while actor.kept == kept:
            if self._story.seconds() - begun_s > WRITES_AGAIN_SECONDS:
                report = await actor.report()
                self._story.wrong(
                    f"{actor.name} did not write again within {WRITES_AGAIN_SECONDS:g} s of having room: {report}"
                )
                return
            await asyncio.sleep(LOOK_SECONDS)
        self._story.recoveries_seconds.append(self._story.seconds() - begun_s)
        self._story.tell(
            f"{actor.name} has room, and wrote again after {self._story.recoveries_seconds[-1]:.1f} s."
        )

    # To lines.

    def _draw_cut(self, rng: Random) -> Coroutine[Any, Any, None] | None:
        return self._cut(self._pairs(rng, rng.randint(1, 4)))

    def _draw_stall(self, rng: Random) -> Coroutine[Any, Any, None] | None:
        return self._stall("stalled one way", self._pairs(rng, rng.randint(1, 3)), rng.uniform(1.0, 12.0))

    def _draw_dead_line(self, rng: Random) -> Coroutine[Any, Any, None] | None:
        pairs = self._pairs(rng, rng.randint(1, 2))
        return self._stall("dead line", [*pairs, *map(_turned, pairs)], rng.uniform(2.0, 15.0))

    def _draw_split(self, rng: Random) -> Coroutine[Any, Any, None] | None:
        some = rng.sample([actor.name for actor in self._actors], rng.randint(1, 2))
        across = [(a.name, b.name) for a, b in self._both_ways() if (a.name in some) != (b.name in some)]
        return self._stall("split", across, rng.uniform(2.0, 10.0), f"{' and '.join(some)} from the others")

    def _draw_slow(self, rng: Random) -> Coroutine[Any, Any, None] | None:
        pairs = self._pairs(rng, rng.randint(1, 4))
        return self._slow([*pairs, *map(_turned, pairs)], rng.uniform(0.02, 0.6), rng.uniform(2.0, 8.0))

    def _draw_refuse(self, rng: Random) -> Coroutine[Any, Any, None] | None:
        name = rng.choice(self._actors).name
        to = [(a.name, b.name) for a, b in self._both_ways() if name in (b.name, a.name)]
        return self._refuse(name, to, rng.uniform(1.0, 6.0))

    async def _cut(self, pairs: Sequence[tuple[str, str]]) -> None:
        count = sum(self._lines.cut(*pair) for pair in pairs)
        self._story.fault("cut", f"{count} connections are cut (RST): {_listed(pairs)}.")

    async def _stall(self, kind: str, ways: Sequence[tuple[str, str]], seconds: float, who: str = "") -> None:
        self._story.fault(kind, f"For {seconds:.1f} s nothing gets through ({kind}): {who or _listed(ways)}.")
        with self._lines.stalled(ways):
            await self._pause(seconds)

    async def _slow(self, ways: Sequence[tuple[str, str]], delay_seconds: float, seconds: float) -> None:
        self._story.fault(
            "slow line", f"For {seconds:.1f} s everything is {delay_seconds:.2f} s late: {_listed(ways)}."
        )
        with self._lines.slowed(ways, delay_seconds):
            await self._pause(seconds)

    async def _refuse(self, name: str, pairs: Sequence[tuple[str, str]], seconds: float) -> None:
        self._story.fault(
            "refused", f"For {seconds:.1f} s {name} reaches nobody, and nobody {name} (refused)."
        )
        async with self._lines.refused(pairs):
            await self._pause(seconds)

    # Whom and how long.

    def _to_one(
        self,
        rng: Random,
        do: Callable[[Actor], Coroutine[Any, Any, None]],
        among: Sequence[str] | None = None,
    ) -> Coroutine[Any, Any, None] | None:
        """Prepare to do something to somebody whom nothing of the kind is being done to; None if nobody is free."""
        shuffled = rng.sample(list(self._actors), len(self._actors))
        free = [a for a in shuffled if not a.is_busy and (among is None or a.name in among)]
        if not free or sum(actor.is_busy for actor in self._actors) >= MAX_BUSY:
            return None
        actor = free[0]
        actor.is_busy = True

        async def done() -> None:
            try:
                await do(actor)
            finally:
                actor.is_busy = False

        return done()

    def _pairs(self, rng: Random, count: int) -> list[tuple[str, str]]:
        return rng.sample([(a.name, b.name) for a, b in self._both_ways()], count)

    def _both_ways(self) -> list[tuple[Actor, Actor]]:
        return list(itertools.permutations(self._actors, 2))

    async def _pause(self, seconds: float) -> None:
        """Let something last, or end it when the torment is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return


def fill_file_system(ballast: Path, room_bytes: int) -> None:
    """Fill the file system that a file lies on, but for so many bytes."""
    step = 1 << 22
    with ballast.open("wb") as file:
        while step >= 512:
            try:
                os.write(file.fileno(), b"\0" * step)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                step //= 2
        os.ftruncate(file.fileno(), max(0, file.seek(0, os.SEEK_END) - room_bytes))


def _turned(pair: tuple[str, str]) -> tuple[str, str]:
    return pair[1], pair[0]


def _listed(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{near} → {far}" for near, far in pairs)
