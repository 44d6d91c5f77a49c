"""Verbs that play stories with real processes: the demo, and any story from a file."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from crdt.errors import LocalError
from p2pcouncil.cli.context import Context, Ctx
from p2pcouncil.cli.errors import VerificationFailedError
from p2pcouncil.cli.groups import STORIES, add_verb
from p2pcouncil.cli.show import wrap
from p2pcouncil.scenario.fewer import with_fewer
from p2pcouncil.scenario.play import Player, playing
from p2pcouncil.scenario.processes import PROGRAM
from p2pcouncil.scenario.report import to_json, to_lines
from p2pcouncil.scenario.story import read_story, shipped_story

STOPPED_BY = (signal.SIGTERM, signal.SIGHUP)


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    add_verb(app, demo, STORIES)
    scenario = App(name="scenario", help="Play a story from a file.", group=STORIES)
    add_verb(scenario, run)
    app.command(scenario)


async def demo(*, keep: Annotated[bool, Parameter(negative="")] = False, ctx: Ctx) -> None:
    """Watch five peers decide something: real processes, real libp2p, all on this laptop.

    A bakery and its neighbours found a society, write a proposal together (one of them offline), and vote; somebody
    arrives late, and one process is killed. They plan a month in rounds, and each peer computes the same prices. At the
    end each peer says what it holds and counts. Needs no network and touches no home of yours. Exit code 4 if the peers
    don't agree.

    Examples:
        p2pcouncil demo

        p2pcouncil demo --json

    Args:
        keep: Keep the homes of the five, and say where they are.
        ctx: Whose peer, and how to speak.
    """
    await _play(ctx, shipped_story(), keep)


async def run(
    file: Path, /, *, peers: int = 0, keep: Annotated[bool, Parameter(negative="")] = False, ctx: Ctx
) -> None:
    """Play a story from a TOML file, with one real peer process per person. Exit code 4 if the peers don't agree.

    Examples:
        p2pcouncil scenario run scenarios/bakery.toml

        p2pcouncil scenario run scenarios/valley.toml --peers 6

    Args:
        file: The story; one that comes with the program may be named without its folder and ending.
        peers: How many of its people play it, and speak for the others; what the story says, if left out.
        keep: Keep the homes of its people, and say where they are.
        ctx: Whose peer, and how to speak.
    """
    is_name = not file.suffix and file.parent == Path()
    await _play(ctx, shipped_story(file.name) if is_name else file, keep, peers)


async def _play(ctx: Context, file: Path, keep: bool, peers: int = 0) -> None:
    story = read_story(file)
    story = with_fewer(story, peers or story.peers)
    # The story goes to standard error when standard output has to hold the one object of --json.
    stream = sys.stderr if ctx.json else sys.stdout

    def tell(sentence: str) -> None:
        for line in sentence.split("\n"):
            indent = " " * (len(line) - len(line.lstrip(" ")))
            print("\n".join(wrap(line.strip(), indent)), file=stream, flush=True)

    with _folder(keep) as folder:
        if keep:
            tell(f"Homes: {folder}")
        async with _ending_on_signals(), playing(story, folder, tell) as player:
            report = await player.play()
            if report.agree or not ctx.json:
                ctx.say(to_lines(report), to_json(report))
            if report.agree and ctx.is_interactive and sys.stdout.isatty():
                await _offer_interface(player)
    if not report.agree:
        raise VerificationFailedError(
            "The story did not end as it should.",
            "Run it again with --keep, and look into the homes.",
            to_json(report),
        )


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    """A folder for the homes, which goes away with the block unless it is kept."""
    path = Path(tempfile.mkdtemp(prefix="p2pcouncil-story-"))
    try:
        yield path
    finally:
        if not keep:
            shutil.rmtree(path, ignore_errors=True)


@asynccontextmanager
async def _ending_on_signals() -> AsyncIterator[None]:
    """Let the story end its processes when this one is asked to stop, as Ctrl-C does already."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in STOPPED_BY:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in STOPPED_BY:
            loop.remove_signal_handler(number)


async def _offer_interface(player: Player) -> None:
    """Open the terminal interface as one of the members, while the other peers go on."""
    people = list(player.actors.values())
    listed = ", ".join(f"{number} {actor.name}" for number, actor in enumerate(people, start=1))
    print(f"\nThe five are still running. Look around as one of them: {listed}; Enter ends the demo.")
    answer = (await asyncio.to_thread(input, "Who are you? ")).strip()
    if not answer.isdecimal() or not 1 <= int(answer) <= len(people):
        return
    actor = people[int(answer) - 1]
    await actor.stop()
    process = await asyncio.create_subprocess_exec(
        *PROGRAM, "--home", str(actor.home), "--listen", "127.0.0.1", "--no-mdns", env=dict(os.environ)
    )
    if await process.wait() != 0:
        raise LocalError("The terminal interface ended with an error.", "See its message above.")
