"""Seven founders, each with a peer in a process of its own, and lines between them that can be cut."""

import asyncio
import contextlib
import json
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from crdt.ids import CouncilId
from crdt.store.schema import open_store
from crdt.store.shelf import shelf_put
from net.peer_id import format_peer_id
from net.transport import PeerKey
from p2pcouncil.domain.records import Charter, Founder, Genesis, Signed, encode_record, genesis_message
from p2pcouncil.identity.keystore import Identity, Keystore
from p2pcouncil.peer.shelf import COUNCIL
from p2pcouncil.runtime.home import Home
from tests.e2e.fire.actor import free_port
from tests.e2e.fire.lined import Config
from tests.e2e.fire.lines import Lines

NAMES = ("Ada", "Ben", "Cem", "Dora", "Emil", "Fay", "Gus")
ANSWER_SECONDS = 60.0
UNTIL_SECONDS = 90.0
Answer = dict[str, Any]


def found(folder: Path, names: Sequence[str]) -> tuple[CouncilId, dict[str, str]]:
    """Found a society of several at one table: everybody signs, and everybody's home holds it.

    Returns:
        The society, and everybody's peer id.
    """
    identities: dict[str, Identity] = {}
    for name in names:
        Home(folder / name).prepare()
        keystore = Keystore(folder / name)
        keystore.create(name, "")
        identities[name] = keystore.load()
    roll = tuple(
        Founder(i.member, i.device_key.device, i.certificate.signature, i.device_key.vrf_public, i.name)
        for i in identities.values()
    )
    genesis = Genesis("Table of seven", "society", "society", "To test", b"", Charter(), roll, bytes(16))
    body = encode_record(genesis)
    council = CouncilId(genesis_message(body))
    signatures = tuple(i.device_key.sign(council) for i in identities.values())
    for name in names:
        with contextlib.closing(open_store(Home(folder / name).store_path)) as conn:
            shelf_put(conn, COUNCIL, council, encode_record(Signed(body, signatures)))
    return council, {name: format_peer_id(PeerKey(i.device_key.device)) for name, i in identities.items()}


@dataclass(slots=True)
class VotingPeer:
    """One peer's process.

    Attributes:
        name: whose.
        port: where it listens.
    """

    name: str
    port: int = 0
    _process: Process | None = None

    async def start(self, config: Config) -> None:
        """Start it, and wait until it is ready."""
        self.port = free_port()
        told = msgspec.json.encode(msgspec.structs.replace(config, port=self.port)).decode()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.e2e.voting_peer",
            told,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=os.environ,
        )
        assert (await self._answer()).get("ready"), f"{self.name}'s peer is not ready"

    async def do(self, what: str, **more: object) -> Answer:
        """Order something."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **more}).encode() + b"\n")
        return await self._answer()

    async def stop(self) -> None:
        """End it."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(15):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._process = None

    async def _answer(self) -> Answer:
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(ANSWER_SECONDS):
            line = await self._process.stdout.readline()
        assert line, f"{self.name}'s peer ended"
        found: Answer = json.loads(line)
        return found


@dataclass(slots=True)
class Table:
    """The peers of a society, and the lines between them."""

    peers: dict[str, VotingPeer]
    configs: dict[str, Config]
    lines: Lines
    asleep: set[str] = field(default_factory=set)

    async def all_do(self, names: Iterable[str], what: str, **more: object) -> dict[str, Answer]:
        """Order several the same."""
        listed = list(names)
        answers = await asyncio.gather(*(self.peers[name].do(what, **more) for name in listed))
        return dict(zip(listed, answers, strict=True))

    async def until(
        self, names: Iterable[str], is_so: Callable[[Answer], bool], **shown: object
    ) -> dict[str, Answer]:
        """Look at several until each shows something."""
        listed = list(names)
        deadline = time.monotonic() + UNTIL_SECONDS
        while True:
            answers = await self.all_do(listed, "show", **shown)
            if all(map(is_so, answers.values())):
                return answers
            assert time.monotonic() < deadline, f"it did not happen in time: {answers}"
            await asyncio.sleep(0.25)

    async def sleep(self, name: str) -> None:
        """Close somebody's lid for good, until `wake`."""
        await self.peers[name].stop()

    async def wake(self, name: str) -> None:
        """Start somebody's peer again."""
        await self.peers[name].start(self.configs[name])


@contextlib.asynccontextmanager
async def table(folder: Path, names: Sequence[str] = NAMES) -> AsyncIterator[Table]:
    """A society whose peers run; all end with the block."""
    council, peer_ids = await asyncio.to_thread(found, folder, names)
    peers = {name: VotingPeer(name) for name in names}
    lines = Lines(names, lambda name: peers[name].port)
    configs = {
        name: Config(
            str(folder / name),
            council.hex(),
            0,
            {peer_ids[other]: lines.port(name, other) for other in names if other != name},
            lines.port(next(other for other in names if other != name), name),
            "1",
        )
        for name in names
    }
    try:
        await lines.open()
        await asyncio.gather(*(peer.start(configs[name]) for name, peer in peers.items()))
        yield Table(peers, configs, lines)
    finally:
        await asyncio.gather(*(peer.stop() for peer in peers.values()))
        await lines.close()


async def open_vote(seven: Table, title: str, seconds: int, awake: Sequence[str]) -> str:
    """Propose, second and open; returns the vote's id once it runs with everybody who is awake."""
    proposer, seconder = seven.peers[awake[0]], seven.peers[awake[1]]
    proposal = (await proposer.do("propose", title=title))["id"]
    deadline = time.monotonic() + UNTIL_SECONDS
    while not (await seconder.do("holds", id=proposal))["holds"]:
        assert time.monotonic() < deadline, "the proposal did not spread"
        await asyncio.sleep(0.1)
    await seconder.do("second", id=proposal)
    deadline = time.monotonic() + UNTIL_SECONDS
    while True:
        answer = await proposer.do("open", id=proposal, seconds=seconds)
        if "id" in answer:
            break
        assert time.monotonic() < deadline, answer
        await asyncio.sleep(0.1)
    issue = str(answer["id"])
    await seven.until(
        awake, lambda shown: shown["status"] == "running" and shown["closes_ms"] is not None, id=issue
    )
    return issue
