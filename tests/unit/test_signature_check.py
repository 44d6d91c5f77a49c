"""Checking signatures in another process changes nothing but who computes."""

import os
import signal
from collections.abc import Iterator

import pytest
from nacl.signing import SigningKey

from crdt.ids import DeviceId
from crdt.signatures import Signed, check_all
from p2pcouncil.runtime import signature_check
from p2pcouncil.runtime.signature_check import SLICE, WORTH_HANDING_OVER, SignatureCheck

KEY = SigningKey(bytes(31) + b"\1")
DEVICE = DeviceId(bytes(KEY.verify_key))


@pytest.fixture
def checker(monkeypatch: pytest.MonkeyPatch) -> Iterator[SignatureCheck]:
    """A checker that hands over, on a machine with two cores or more."""
    monkeypatch.setattr(signature_check, "cpu_count", lambda: 2)
    made = SignatureCheck()
    yield made
    made.close()


def signed(count: int) -> list[Signed]:
    """So many rightly signed messages."""
    messages = [number.to_bytes(86, "big") for number in range(count)]
    return [Signed(DEVICE, message, KEY.sign(message).signature) for message in messages]


def some_bad(count: int) -> list[Signed]:
    """Messages of which every fifth is not signed, in one of several ways."""
    items = signed(count)
    for at in range(0, count, 5):
        item = items[at]
        items[at] = (
            item._replace(signature=items[at - 1].signature),
            item._replace(message=item.message + b"!"),
            item._replace(device=DeviceId(bytes(32))),
            item._replace(device=DeviceId(b"short")),
            item._replace(signature=b""),
        )[at // 5 % 5]
    return items


def until_handed_over(checker: SignatureCheck) -> int:
    """Check until the process has taken part; its id."""
    for _ in range(50):
        assert all(checker.check(signed(WORTH_HANDING_OVER)))
        if checker._ready:
            assert checker._process is not None
            return checker._process.pid
    raise AssertionError("the process never came up")


def test_the_other_process_gives_the_same_answers(checker: SignatureCheck) -> None:
    until_handed_over(checker)
    for count in (WORTH_HANDING_OVER, SLICE * 3, SLICE * 4 + 7):
        items = some_bad(count)
        assert checker.check(items) == check_all(items)
        assert checker.check(items).count(False) == len(range(0, count, 5))


def test_a_few_are_checked_here(checker: SignatureCheck) -> None:
    items = some_bad(20)
    assert checker.check(items) == check_all(items)
    assert checker._process is None


def test_a_process_that_was_killed_is_not_missed(checker: SignatureCheck) -> None:
    for _ in range(5):
        os.kill(until_handed_over(checker), signal.SIGKILL)
        items = some_bad(SLICE * 3)
        assert checker.check(items) == check_all(items)
        if checker._failures >= signature_check.MAX_FAILURES:
            break


def test_a_process_that_hangs_is_given_up(checker: SignatureCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature_check, "ANSWER_SECONDS", 0.1)
    os.kill(until_handed_over(checker), signal.SIGSTOP)
    items = some_bad(SLICE * 3)
    assert checker.check(items) == check_all(items)
    assert checker._process is None


def test_a_process_that_reads_nothing_any_more_is_given_up(
    checker: SignatureCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signature_check, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(signature_check, "SLICES_AHEAD", 100)
    os.kill(until_handed_over(checker), signal.SIGSTOP)
    items = signed(1) * SLICE * 20
    assert all(checker.check(items))
    assert checker._process is None


@pytest.mark.parametrize(
    "answer", [b"", b"\1", b"\1" * (SLICE - 1), b"\1" * (SLICE - 1) + b"\2", b"\1" * (SLICE + 1)]
)
def test_an_answer_that_is_none_is_not_believed(checker: SignatureCheck, answer: bytes) -> None:
    class Liar:
        def send_bytes(self, data: bytes) -> None: ...

        def poll(self, timeout: float = 0) -> bool:
            return True

        def recv_bytes(self, maximum: int) -> bytes:
            if len(answer) > maximum:
                raise OSError("bad message length")
            return answer

        def close(self) -> None: ...

    until_handed_over(checker)
    assert checker._connection is not None
    checker._connection.close()
    checker._connection = Liar()  # type: ignore[assignment]
    items = some_bad(SLICE)
    assert checker.check(items) == check_all(items)


def test_closing_leaves_no_process(checker: SignatureCheck) -> None:
    until_handed_over(checker)
    process = checker._process
    checker.close()
    assert process is not None
    assert process.poll() is not None
