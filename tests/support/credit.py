"""The window credit that yamux streams of this process give."""

import pytest
from libp2p.stream_muxer.yamux.yamux import YamuxStream


def note_credit(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that takes the bytes of each frame of credit from now on."""
    given: list[int] = []
    give = YamuxStream.send_window_update

    async def noted(stream: YamuxStream, increment: int, skip_lock: bool = False) -> None:
        given.append(increment)
        await give(stream, increment, skip_lock)

    monkeypatch.setattr(YamuxStream, "send_window_update", noted)
    return given
