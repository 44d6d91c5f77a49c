"""Two replicas that pull from each other hold the same set, whatever each held before."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store_support import Writer, chain, group, writer
from tests.sync_support import Replica, pull

WRITERS = [writer(f"sync {i}") for i in range(24)]


@st.composite
def lane_on_two_sides(draw: st.DrawFn, author: Writer) -> tuple[list[object], list[object]]:
    """A lane of which each side holds some: prefixes of one chain, or of branches that part somewhere."""
    stem = chain(author, [b"%d" % i for i in range(draw(st.integers(0, 40)))])
    sides = []
    for _ in range(2):
        at = draw(st.integers(0, len(stem)))
        own = draw(st.one_of(st.just(0), st.integers(0, 30)))
        name = draw(st.sampled_from([b"a", b"b", b"c"]))
        branch = chain(author, [name + b"%d" % i for i in range(own)], stem[at - 1] if at else None)
        more = draw(st.booleans())
        sides.append([group(author, stem[:at] + branch)] + ([group(author, stem)] if more else []))
    return sides[0], sides[1]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), max_bytes=st.sampled_from([600, 5_000, 1_000_000]))
def test_pulling_both_ways_converges(data: st.DataObject, max_bytes: int) -> None:
    ours, theirs = Replica(), Replica()
    for author in data.draw(st.lists(st.sampled_from(WRITERS), max_size=24, unique_by=id)):
        left, right = data.draw(lane_on_two_sides(author))
        ours.take(left)
        theirs.take(right)
    rounds = 0
    while ours.fingerprint() != theirs.fingerprint():
        rounds += 1
        assert rounds <= 2, "two pulls each way do not suffice"
        traffic = pull(ours, lambda request: theirs.serve(request, max_bytes))
        pull(theirs, lambda request: ours.serve(request, max_bytes))
        if rounds == 1 and max_bytes > 600:
            assert traffic.behind_at_end == 0
    assert pull(ours, theirs.serve).rounds == 1


MANY = [
    (author, chain(author, [b"%d" % i for i in range(3)])) for author in map(writer, map(str, range(300)))
]


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    left=st.lists(st.integers(0, 3), min_size=300, max_size=300),
    right=st.lists(st.integers(0, 3), min_size=300, max_size=300),
    lanes=st.integers(0, 300),
)
def test_many_lanes_converge(left: list[int], right: list[int], lanes: int) -> None:
    ours, theirs = Replica(), Replica()
    for side, lengths in ((ours, left), (theirs, right)):
        side.take([group(author, made[:n]) for (author, made), n in zip(MANY[:lanes], lengths, strict=False)])
    assert pull(ours, theirs.serve).behind_at_end == 0
    assert pull(theirs, ours.serve).behind_at_end == 0
    assert ours.fingerprint() == theirs.fingerprint()
