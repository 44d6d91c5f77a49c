"""What happens on either side while a pull runs."""

from crdt.sync import Pull
from crdt.sync_wire import decode_request
from tests.store_support import COUNCIL, chain, group, writer
from tests.sync_support import Replica

ALICE = writer("alice")
LANE = chain(ALICE, [bytes(200) + b"%d" % i for i in range(20)])
OTHER = chain(ALICE, [b"other"], LANE[3])


def served(replica: Replica, request: bytes | None, max_bytes: int = 1_000_000) -> bytes:
    assert request is not None
    return replica.serve(request, max_bytes)


def begun(held: int = 0) -> tuple[Replica, Replica, Pull]:
    """A pull that knows that the other side holds the whole lane, and has fetched nothing yet."""
    ours, theirs = Replica(), Replica()
    ours.take([group(ALICE, LANE[:held])])
    theirs.take([group(ALICE, LANE)])
    machine = Pull(COUNCIL, ours.index)
    assert machine.receive(served(theirs, machine.next_request())) == []
    return ours, theirs, machine


def test_what_gossip_brought_is_not_fetched_again() -> None:
    ours, _, machine = begun()
    assert machine.behind == 20
    ours.take([group(ALICE, LANE[:15])])
    assert machine.behind == 5
    request = machine.next_request()
    assert request is not None
    assert [(want.first, want.last) for want in decode_request(request).wants] == [(16, 20)]
    ours.take([group(ALICE, LANE)])
    assert machine.next_request() is None
    assert machine.behind == 0


def test_a_fork_found_here_ends_the_fetching_of_what_stands_above_it() -> None:
    ours, _, machine = begun(10)
    ours.take([group(ALICE, OTHER)])
    assert machine.next_request() is None
    assert machine.behind == 0


def test_a_fork_found_there_arrives_as_such_and_ends_the_fetching() -> None:
    ours, theirs, machine = begun()
    theirs.take([group(ALICE, OTHER)])
    ours.take(machine.receive(served(theirs, machine.next_request())))
    assert ours.fingerprint() == theirs.fingerprint()
    assert machine.next_request() is None
    assert machine.behind == 0


def test_a_fork_found_there_below_what_was_fetched_takes_the_rest_back() -> None:
    ours, theirs, machine = begun()
    ours.take(machine.receive(served(theirs, machine.next_request(), 2_500)))
    assert 4 < ours.index.total < 20
    theirs.take([group(ALICE, OTHER)])
    assert machine.receive(served(theirs, machine.next_request())) == []
    assert machine.next_request() is None
    again = Pull(COUNCIL, ours.index)
    while (request := again.next_request()) is not None:
        ours.take(again.receive(served(theirs, request)))
    assert ours.fingerprint() == theirs.fingerprint()


def test_what_the_other_side_gains_meanwhile_waits_for_the_next_pull() -> None:
    ours, theirs, machine = begun()
    theirs.take([group(ALICE, chain(ALICE, [b"late"], LANE[-1]))])
    ours.take(machine.receive(served(theirs, machine.next_request())))
    assert machine.next_request() is None
    assert ours.index.total == 20
