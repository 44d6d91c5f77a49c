"""The network's side of the engine when this laptop's own disk stands in the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never

import pytest

from crdt.errors import LocalError
from crdt.ids import DeviceId
from p2pcouncil.peer.events import ReplyWithEnvelopes
from p2pcouncil.runtime.network import Network


class Unreadable:
    """A host whose store can't be read."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    @property
    def reader(self) -> "Unreadable":
        return self

    async def run(self, *_: object) -> Never:
        raise LocalError("The disk can't be read.", "Look at its cable.")

    @contextmanager
    def troubles(self) -> Iterator[None]:
        try:
            yield
        except LocalError as error:
            self.shown.append(str(error))


@pytest.mark.asyncio
async def test_a_question_that_this_disk_cannot_answer_is_shown_and_ends_nothing() -> None:
    host = Unreadable()
    network = Network(host, None)  # type: ignore[arg-type]
    await network.carry_out(ReplyWithEnvelopes(1, b"", (), 1, DeviceId(bytes(32))))
    assert host.shown == ["The disk can't be read."]
