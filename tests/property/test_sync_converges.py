"""Two replicas that pull from each other hold the same set, whatever each held before."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crdt.envelope import EnvelopeGroup
from tests.store_support import Writer, chain, group, writer
from tests.sync_support import Replica, pull

WRITERS = [writer(f"sync {i}") for i in range(24)]


Sides = tuple[list[EnvelopeGroup], list[EnvelopeGroup]]


@st.composite
def lane_on_two_sides(draw: st.DrawFn, author: Writer) -> Sides:
    """A lane of which each side holds some: prefixes of one chain, and branches that part at a few places."""
    stem = chain(author, [b"%d" % i for i in range(draw(st.integers(0, 40)))])
    places = draw(st.lists(st.integers(0, len(stem)), min_size=1, max_size=2))
    sides = []
    for _ in range(2):
        held = [group(author, stem[: draw(st.sampled_from([0, *places, len(stem)]))])]
        for name in draw(st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=2)):
            at = draw(st.sampled_from(places))
            own = [name + b"%d" % i for i in range(draw(st.integers(1, 25)))]
            held.append(group(author, stem[:at] + chain(author, own, stem[at - 1] if at else None)))
        sides.append(held)
    return sides[0], sides[1]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), max_bytes=st.sampled_from([600, 5_000, 1_000_000]))
def test_one_pull_brings_all_that_the_other_side_holds(data: st.DataObject, max_bytes: int) -> None:
    ours, theirs, union = Replica(), Replica(), Replica()
    for author in data.draw(st.lists(st.sampled_from(WRITERS), max_size=24, unique_by=id)):
        left, right = data.draw(lane_on_two_sides(author))
        ours.take(left)
        theirs.take(right)
        union.take([*right, *left])
    assert pull(ours, lambda request: theirs.serve(request, max_bytes)).behind_at_end == 0
    assert ours.fingerprint() == union.fingerprint()
    assert pull(theirs, lambda request: ours.serve(request, max_bytes)).behind_at_end == 0
    assert theirs.fingerprint() == union.fingerprint()
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
