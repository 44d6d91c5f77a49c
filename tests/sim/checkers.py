"""What must hold, whatever happened: apart from what people and the world do, and from the code that is checked.

Each checker yields a sentence for every violation. `AT_ANY_TIME` holds at every moment, `WHEN_QUIET` when the network
is whole and everybody had time to hear everything.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from weakref import WeakKeyDictionary

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from crdt.envelope import signed_message
from crdt.ids import ChangeHash, CouncilId, DeviceId, LaneId, MemberId, TextId
from crdt.keys import LaneKind, certificate_message
from crdt.store.rows import Cursor, StoredEnvelope, read_new
from crdt.text import TextDocument
from p2pcouncil.domain.outcomes import Status
from p2pcouncil.domain.planning.round_result import proposals_before, sum_round
from p2pcouncil.domain.register.plan_rounds import held_rounds
from p2pcouncil.peer.events import Row
from p2pcouncil.peer.hearsay import MAX_GOSSIPED
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.showing.issues import show_tally
from p2pcouncil.peer.showing.people import People
from p2pcouncil.peer.showing.proposals import show_proposal
from p2pcouncil.peer.world import MAX_DEVICES_REMEMBERED
from tests.sim.disk_connection import DiskConnection
from tests.sim.laptop import Laptop
from tests.sim.limits import SMALL
from tests.sim.society import Society

Checker = Callable[[Society], Iterator[str]]


_rows: WeakKeyDictionary[DiskConnection, tuple[int, list[StoredEnvelope]]] = WeakKeyDictionary()


def rows_of(laptop: Laptop) -> list[StoredEnvelope]:
    """All that a laptop's store holds, of every council; read anew when anything was written since."""
    changes, rows = _rows.get(laptop.conn, (-1, []))
    if changes != laptop.conn.total_changes:
        rows = read_new(laptop.conn, Cursor(), 1 << 30).envelopes
        _rows[laptop.conn] = laptop.conn.total_changes, rows
    return rows


def forks_of(laptop: Laptop) -> dict[LaneId, int]:
    """Where lanes are forked, as a laptop's store says."""
    found = laptop.conn.execute("SELECT id, fork_seq FROM lane WHERE fork_seq IS NOT NULL")
    return {LaneId(lane): seq for lane, seq in found}


def equal_sets_give_equal_hashes(society: Society) -> Iterator[str]:
    """Laptops whose stores hold the same entries and forks, and that folded them all, are in the same state."""
    by_set: dict[tuple[frozenset[ChangeHash], frozenset[tuple[LaneId, int]]], list[Laptop]] = {}
    for laptop in filter(lambda laptop: laptop.has_folded, _readable(society)):
        rows = frozenset(row.envelope.hash for row in rows_of(laptop))
        by_set.setdefault((rows, frozenset(forks_of(laptop).items())), []).append(laptop)
    for some in by_set.values():
        hashes = {laptop.place(society.council).state_hash() for laptop in some}
        if len(hashes) > 1:
            names = ", ".join(laptop.title for laptop in some)
            yield f"{names} hold the same entries and are in {len(hashes)} different states"


def nobody_is_misquoted(society: Society) -> Iterator[str]:
    """Every row was signed by its device, and by an honest device only if that device meant it."""
    honest = {laptop.signer.device: laptop for laptop in society.laptops.values()}
    for laptop in _readable(society):
        rows = rows_of(laptop)
        for header in {row.envelope.lane: row.header for row in rows}.values():
            word = header.certificate
            if not _holds(word.member, certificate_message(word.member, header.device), word.signature):
                yield f"{laptop.title} keeps entries of a device that its member never certified"
        for row in rows:
            device, message = row.header.device, signed_message(row.envelope.lane, row.envelope.hash)
            owner = honest.get(device)
            if not _holds(device, message, row.envelope.signature):
                yield f"{laptop.title} keeps an entry that device {device.hex()[:8]} did not sign"
            elif owner is not None and message not in owner.signer.signed:
                yield f"{laptop.title} keeps an entry that {owner.title} never wrote"
            elif owner is not None and row.header.member != owner.member:
                yield f"{laptop.title} keeps an entry of {owner.title} under another member's name"


def what_was_kept_is_kept(society: Society) -> Iterator[str]:
    """What a laptop once committed stays in its store, but for what a fork takes back on every laptop alike."""
    for laptop in _readable(society):
        held = {row.envelope.hash for row in rows_of(laptop)}
        forks = forks_of(laptop)
        for change in sorted(set(society.ledger.kept(laptop.title)) - held):
            where = society.ledger.where[change]
            if where.seq < forks.get(where.lane, where.seq + 1):
                yield f"{laptop.title} lost entry {change.hex()[:8]} at place {where.seq} of its lane"


def nothing_grows_without_bound(society: Society) -> Iterator[str]:
    """Queues, pools and tables stay within their bounds."""
    for laptop in _readable(society):
        peer, place = laptop.peer, laptop.place(society.council)
        pairs = len(peer.world.connected) * len(peer.world.places)
        (waiting,) = laptop.conn.execute("SELECT count(*) FROM orphan").fetchone()
        devices: dict[MemberId, set[DeviceId]] = {}
        texts = Counter[DeviceId]()
        for header in {row.envelope.lane: row.header for row in rows_of(laptop)}.values():
            devices.setdefault(header.member, set()).add(header.device)
            texts[header.device] += header.kind is LaneKind.TEXT
        sizes = {
            "devices of a member": (
                max(map(len, devices.values()), default=0),
                SMALL["crdt.lane_bounds.MAX_DEVICES_PER_MEMBER"],
            ),
            "text lanes of a device": (
                max(texts.values(), default=0),
                SMALL["crdt.lane_bounds.MAX_TEXT_LANES_PER_DEVICE"],
            ),
            "orphans": (waiting, SMALL["crdt.store.orphans.MAX_ORPHANS"]),
            "pulls": (len(peer.pulling._running), pairs),
            "questions of pulls": (len(peer.pulling._asks), 2 * pairs + 8),
            "gossip being checked": (len(peer.hearsay._gossiped), MAX_GOSSIPED),
            "joins that wait": (
                len(peer.lobby.waiting(place.council)),
                SMALL["p2pcouncil.peer.lobby.MAX_LOBBY"],
            ),
            "devices remembered": (len(peer.world.last_seen_ms), MAX_DEVICES_REMEMBERED),
            "problems remembered": (len(peer.world.problems), MAX_DEVICES_REMEMBERED),
            "bytes of strangers": (laptop._strangers._total, SMALL["p2pcouncil.runtime.strangers.MAX_BYTES"]),
        }
        for name, (size, bound) in sizes.items():
            if size > bound:
                yield f"{laptop.title}: {size} {name}, and {bound} is the bound"


def honest_peers_are_not_blamed(society: Society) -> Iterator[str]:
    """Nobody who kept to the rules is dropped for what they sent."""
    honest = {laptop.signer.device: laptop.title for laptop in society.laptops.values()}
    for laptop in society.laptops.values():
        for device, reason in laptop.dropped:
            if device in honest:
                yield f"{laptop.title} dropped {honest[device]}, who is honest: {reason}"


def everybody_is_equal(society: Society) -> Iterator[str]:
    """All who can reach each other hold the same set, and are in the same state."""
    inside = society.inside()
    states = {laptop.place(society.council).state_hash() for laptop in inside}
    sets = {laptop.place(society.council).index.fingerprint() for laptop in inside}
    if len(states) == 1 and len(sets) == 1:
        return
    yield f"{len(inside)} laptops end in {len(states)} states and {len(sets)} sets"
    everything = set[ChangeHash]()
    held: dict[str, set[ChangeHash]] = {}
    for laptop in inside:
        held[laptop.title] = {row.envelope.hash for row in rows_of(laptop)}
        everything |= held[laptop.title]
    for laptop in inside:
        peers = ", ".join(sorted(_title(society, device) for device in laptop.peer.world.connected))
        missing = sorted(everything - held[laptop.title])
        named = ", ".join(f"{change.hex()[:8]}" for change in missing[:6])
        forks = {lane.hex()[:8]: seq for lane, seq in sorted(forks_of(laptop).items())}
        yield (
            f"  {laptop.title}: holds {len(held[laptop.title])}, lacks {len(missing)} ({named}), forks {forks},"
            f" connected to {peers or 'nobody'}"
        )


def nothing_acknowledged_is_lost(society: Society) -> Iterator[str]:
    """What somebody was told is kept is with everybody, unless a copied laptop contradicted it."""
    ledger, inside = society.ledger, society.inside()
    copies = {laptop.title for laptop in society.laptops.values() if laptop.is_copy}
    for laptop in inside:
        held = {row.envelope.hash for row in rows_of(laptop)}
        forks = forks_of(laptop)
        place = laptop.place(society.council)
        for change, title in ledger.acknowledged.items():
            author = society.laptops[title]
            if change in held or change in ledger.perished or not place.state.is_admitted(author.member):
                continue
            where = ledger.where[change]
            is_cut = forks.get(where.lane, where.seq + 1) <= where.seq
            if not (is_cut and title in copies):
                yield f"{laptop.title} lacks entry {change.hex()[:8]}, which {title} was told is kept"


def evidence_reaches_all(society: Society) -> Iterator[str]:
    """Where honest laptops between them held two entries for one place, all of them know of the fork."""
    inside = society.inside()
    for where, changes in society.ledger.doubles().items():
        for laptop in inside:
            fork_seq = forks_of(laptop).get(where.lane)
            header = laptop.place(society.council).index.lane(where.lane)
            if header is not None and (fork_seq is None or fork_seq > where.seq):
                yield (
                    f"{laptop.title} does not know that place {where.seq} of lane {where.lane.hex()[:8]}"
                    f" holds {len(changes)} entries"
                )


def who_kept_to_the_rules_has_no_fork(society: Society) -> Iterator[str]:
    """No lane of a device is forked, unless its laptop was copied or an old backup was put back on it."""
    honest = {laptop.signer.device: laptop for laptop in society.laptops.values()}
    for laptop in society.inside():
        headers = {row.envelope.lane: row.header for row in rows_of(laptop)}
        for lane, seq in forks_of(laptop).items():
            owner = honest.get(headers[lane].device) if lane in headers else None
            if owner is not None and not owner.is_copy:
                yield f"{laptop.title} holds {owner.title} to have contradicted itself at place {seq}"


def from_scratch_is_the_same(society: Society) -> Iterator[str]:
    """The state that grew entry by entry equals the one that is made from the store at once, and in another order."""
    laptop = society.rng.choice(society.inside())
    place = laptop.place(society.council)
    new = read_new(laptop.conn, Cursor(), 1 << 30)
    rows = [
        Row(e.header, e.envelope, e.first_seen_ms)
        for e in new.envelopes
        if e.header.council == society.council
    ]
    lanes: dict[LaneId, list[Row]] = {}
    for row in rows:
        lanes.setdefault(row.envelope.lane, []).append(row)
    by_lane = [row for lane in sorted(lanes, reverse=True) for row in lanes[lane]]
    for name, order in (("at once", rows), ("lane by lane", by_lane)):
        again = Place(place.genesis_bytes)
        again.load(order, forks_of(laptop))
        if again.state_hash() != place.state_hash():
            yield f"{laptop.title}'s state made anew {name} is another than the one that grew"


def texts_are_equal_and_load(society: Society) -> Iterator[str]:
    """Every proposal's text reads the same on all laptops, and when it is put together anew."""
    inside = society.inside()
    proposals = inside[0].place(society.council).state.proposals()
    for found in proposals:
        documents = [laptop.place(society.council).text(found.text_id) for laptop in inside]
        if len({(document.text(), document.heads()) for document in documents}) > 1:
            yield f"the text of “{found.title}” differs between laptops"
        laptop = society.rng.choice(inside)
        again = _rebuilt(society, laptop, found.text_id)
        if (again.text(), again.heads()) != (documents[0].text(), documents[0].heads()):
            yield f"the text of “{found.title}” differs when {laptop.title} puts it together anew"


def the_last_ballot_counts(society: Society) -> Iterator[str]:
    """Of what somebody voted with one laptop that was never copied, what they were told last is kept counts.

    Once a page closed the vote, it is the page's word: whatever reached too few tellers before their clocks said that
    it was over does not count. That is checked where registers are played.
    """
    titles = set(society.laptops)
    for laptop in society.inside():
        state = laptop.place(society.council).state
        standing = {issue.hash: issue for issue in state.issues()}
        for (issue, member), (title, choice) in society.voted.items():
            voter = society.laptops[title]
            if issue not in standing or member not in standing[issue].roll:
                continue
            if standing[issue].status is Status.CLOSED:
                continue
            if voter.is_copy or f"{voter.name}'s other laptop" in titles:
                continue
            counted = state.ballot(issue, member)
            # A ballot during which the power failed is on the disk, or it is not.
            fit = {choice} | society.unanswered.get((issue, member), set())
            if counted is None or counted.choice not in fit:
                said = "nothing" if counted is None else str(counted.choice)
                yield f"{laptop.title} counts {said} for {title}, who voted {choice} last"


def everybody_sees_the_same(society: Society) -> Iterator[str]:
    """What people are shown of proposals and votes is the same everywhere, but for who looks."""
    inside = society.inside()
    seen = [_shown(laptop, society.council) for laptop in inside]
    for laptop, rows in zip(inside, seen, strict=True):
        for row, first in zip(rows, seen[0], strict=False):
            if row != first:
                yield f"{laptop.title} and {inside[0].title} see “{row[0]}” differently"
        if len(rows) != len(seen[0]):
            yield f"{laptop.title} sees {len(rows)} proposals, {inside[0].title} {len(seen[0])}"


def planned_figures_follow_from_proposals(society: Society) -> Iterator[str]:
    """What pages say of planning rounds is what the proposals that they name come to, to the last digit.

    Where a feed is forked, a proposal that a page named may be gone; then it can't be added up again.
    """
    for laptop in _readable(society):
        if forks_of(laptop):
            continue
        state = laptop.place(society.council).state
        books = state._books
        for plan, period in state.register.chain.plans.items():
            named = proposals_before(books, ChangeHash(plan), len(period.rounds) + 1)
            for number, goods in held_rounds(state.register.chain, plan).items():
                if named is None:
                    yield f"{laptop.title} lacks what round {number} rests on"
                    continue
                prices = [figures.price_milli for figures in goods]
                again = sum_round(period.terms, named[:number], prices, state.facts.held).goods
                if again != goods:
                    yield f"{laptop.title} adds round {number} up to {again}, and its page says {goods}"


def everybody_knows_who_holds_it(society: Society) -> Iterator[str]:
    """Nobody is told that what they wrote is only on their laptop, when everybody has it."""
    if len(society.inside()) > 1:
        for laptop in society.inside():
            only_here = laptop.peer.holdings.only_here()
            if only_here and laptop.place(society.council).state.is_admitted(laptop.member):
                yield f"{laptop.title} believes that {only_here} of its entries are nowhere else"


AT_ANY_TIME: tuple[Checker, ...] = (
    equal_sets_give_equal_hashes,
    what_was_kept_is_kept,
    nothing_grows_without_bound,
    honest_peers_are_not_blamed,
)
WHEN_QUIET: tuple[Checker, ...] = (
    everybody_is_equal,
    nobody_is_misquoted,
    nothing_acknowledged_is_lost,
    evidence_reaches_all,
    who_kept_to_the_rules_has_no_fork,
    from_scratch_is_the_same,
    texts_are_equal_and_load,
    the_last_ballot_counts,
    everybody_sees_the_same,
    planned_figures_follow_from_proposals,
    everybody_knows_who_holds_it,
)


def _shown(laptop: Laptop, council: CouncilId) -> list[tuple[object, ...]]:
    """What people see of the proposals and votes, but for who looks and what their network is doing."""
    place = laptop.place(council)
    people = People(laptop.peer.world, place)
    rows: list[tuple[object, ...]] = []
    for found in place.state.proposals():
        view = show_proposal(laptop.peer, place, found)
        row: tuple[object, ...] = (
            view.title,
            view.text,
            [(run.text, run.author.name if run.author else "") for run in view.runs],
            view.edits and len(view.edits),
            [person.name for person in view.seconds],
            [(comment.author.name, comment.text, comment.depth) for comment in view.comments],
        )
        issue = place.issue(found.hash)
        if issue is not None:
            roll = [people.person(member).name for member in issue.roll]
            row += (show_tally(issue.tally, issue.options), issue.text, roll)
        rows.append(row)
    return rows


def _readable(society: Society) -> list[Laptop]:
    """Laptops whose store can be looked into now."""
    return [laptop for laptop in society.inside() if not laptop.is_off]


def _title(society: Society, device: DeviceId) -> str:
    titles = {laptop.signer.device: laptop.title for laptop in society.laptops.values()}
    return titles.get(device, f"hostile {device.hex()[:6]}")


def _rebuilt(society: Society, laptop: Laptop, text_id: TextId) -> TextDocument:
    """A text from a laptop's rows: without forked ends, and without what devices wrote after they were disowned."""
    forks = forks_of(laptop)
    rows = sorted(
        (row for row in rows_of(laptop) if row.header.subject == text_id),
        key=lambda row: (row.envelope.lane, row.envelope.seq),
    )
    disowned_from: dict[LaneId, int] = {}
    for row in rows:
        statement = laptop.place(society.council).state.duty(row.header.member).statement
        if statement is not None and row.header.device in statement.disowned:
            lane = row.envelope.lane
            kept = [until.seq for until in statement.until if until.device == lane]
            disowned_from[lane] = max(kept, default=0) + 1
    changes = [
        (row.envelope.lane, row.envelope.payload)
        for row in rows
        if row.envelope.seq < forks.get(row.envelope.lane, 1 << 40)
    ]
    return TextDocument.rebuild(text_id, changes, disowned_from)


@lru_cache(maxsize=1 << 18)
def _holds(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature holds, by a check of the checkers' own."""
    try:
        VerifyKey(key).verify(message, signature)
    except (BadSignatureError, ValueError):
        return False
    return True
