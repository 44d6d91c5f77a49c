"""Moments in words, held against Python's own calendar."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from p2pcouncil.domain.moments import day, moment


@given(st.integers(0, 253_402_300_799_999))
def test_the_calendar_agrees_with_pythons(time_ms: int) -> None:
    then = datetime.fromtimestamp(time_ms // 1_000, UTC)
    assert moment(time_ms) == then.strftime(f"{then.year:04}-%m-%d %H:%M:%S UTC")
    assert day(time_ms) == moment(time_ms)[:10]


def test_a_liars_time_is_shown_and_nothing_breaks() -> None:
    assert day(1 << 53) == "287396-10-12"
