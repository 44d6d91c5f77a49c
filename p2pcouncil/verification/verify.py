"""Verifying: from the records of a bundle to a report.

The steps, in order: read what can be read; check every envelope's signature, once; put each lane in order; fold; turn
every page again; check what tellers are said to have said; then count every vote and add up every planning round anew.
Nothing is believed that is not worked out here from bytes and signatures.

Source: docs/protocol.md, "Verifying a bundle".
"""

from collections.abc import Iterable

from crdt.envelope import EnvelopeGroup, salvage_groups
from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, CouncilId
from crdt.signatures import CheckAll, check_all
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.domain.records import SuccessorGenesis, read_genesis, read_join
from p2pcouncil.verification.held import Held, body_of, count
from p2pcouncil.verification.lanes import LaneRead, read_lanes
from p2pcouncil.verification.pages_check import check_end, check_pages
from p2pcouncil.verification.report import Chapter, CouncilReport, Finding, Report, fails, holds, noted
from p2pcouncil.verification.rounds_check import check_rounds
from p2pcouncil.verification.sayings_check import SayingsCheck
from p2pcouncil.verification.votes_check import check_vote

GENESIS, JOIN, ENVELOPES = b"G", b"J", b"E"
"""Kinds of records, as the protocol has them; whoever reads a file bounds their size."""
NAME_CELLS = 64


class Verification:
    """What a bundle holds, checked.

    Attributes:
        report: everything that was found.
        councils: what is held of each council that has a founding in it, in the order of the report.
    """

    def __init__(
        self, records: Iterable[tuple[bytes, bytes]], damage: str = "", check: CheckAll = check_all
    ) -> None:
        """Verify records of a bundle.

        Args:
            records: kind and body of each, in order.
            damage: what is wrong with the file that they were read from; empty if nothing is.
            check: checks signatures.
        """
        found: list[Finding] = [fails("file", damage)] if damage else []
        foundings: dict[CouncilId, bytes] = {}
        groups: list[EnvelopeGroup] = []
        for kind, body in records:
            try:
                if kind == GENESIS:
                    foundings.setdefault(read_genesis(body)[0], body)
                elif kind == JOIN:
                    read_join(body)
            except RemoteError as error:
                found.append(fails("record", str(error)))
            if kind == ENVELOPES:
                readable, unreadable = salvage_groups(body, len(body))
                groups += readable
                found += [
                    fails("unreadable", f"Something in it can't be read: {clean_line(u.reason, 300)}")
                    for u in unreadable
                ]
        lanes = read_lanes(groups, check)
        groups.clear()
        self.councils: list[Held] = []
        reports: list[CouncilReport] = []
        for council in sorted(foundings):
            try:
                held = Held(foundings[council], lanes.pop(council, {}))
            except LocalError as error:
                found.append(fails("rules", f"{error} {error.hint}"))
                continue
            self.councils.append(held)
            reports.append(_check_council(held))
        if lanes:
            found.append(
                fails("no-founding", f"{count(len(lanes), 'council')} in it has entries and no founding.")
            )
        if not foundings:
            found.append(fails("empty", "There is no council in it."))
        self.report = Report(tuple(found), tuple(reports))


def verify(records: Iterable[tuple[bytes, bytes]], damage: str = "", check: CheckAll = check_all) -> Report:
    """Verify records of a bundle; see `Verification`."""
    return Verification(records, damage, check).report


def _check_council(held: Held) -> CouncilReport:
    state = held.state
    said = SayingsCheck(held)
    entries = sum(len(r.kept) + len(r.beyond) + len(r.unkept) for r in held.lanes.values())
    chapters = [
        Chapter("Founding", tuple(_founding(held))),
        Chapter("Feeds", tuple(_feeds(held, entries))),
    ]
    end = check_end(held, said)
    convicted = said.convictions()
    if end or convicted:
        chapters.append(Chapter("Register", (*end, *convicted)))
    issues = sorted({*state.register.entered(), *(issue.hash for issue in state.issues())})
    return CouncilReport(
        council=state.council,
        name=clean_line(state.genesis.name, NAME_CELLS),
        state_hash=held.state_hash(),
        is_whole=held.is_whole,
        entries=entries,
        chapters=tuple(chapters),
        pages=check_pages(held, said),
        votes=tuple(check_vote(held, said, ChangeHash(issue)) for issue in issues),
        rounds=check_rounds(held, said),
    )


def _founding(held: Held) -> list[Finding]:
    genesis = held.state.genesis
    founders = [founder.member for founder in genesis.roll]
    if isinstance(genesis, SuccessorGenesis):
        return [_succession(held, genesis)]
    return [
        holds(
            "founding",
            f"“{clean_line(genesis.name, NAME_CELLS)}” was founded by {held.named(founders)}, and each of "
            "them signed it. "
            f"Its id is {held.state.council.hex()}.",
        )
    ]


def _succession(held: Held, genesis: SuccessorGenesis) -> Finding:
    name, before = clean_line(genesis.name, NAME_CELLS), genesis.succeeds
    members = count(len(genesis.roll), "member")
    return holds(
        "founding",
        f"“{name}” goes on for the council {before.council.hex()}, from its page {before.number}. More than half of "
        f"the {members} that it lists signed it with their member keys. That they are the members of that page is "
        f"said by that council's own register: verify it as well. Its id is {held.state.council.hex()}.",
    )


def _feeds(held: Held, entries: int) -> list[Finding]:
    found = [
        holds(
            "signatures",
            f"{count(entries, 'envelope')} of {count(len(held.lanes), 'lane')} are signed by a device that a member "
            "certified, each naming the one before it.",
        )
    ]
    for read in held.lanes.values():
        found += _lane(held, read)
    if held.strangers:
        found.append(
            noted(
                "strangers",
                f"{count(held.strangers, 'envelope')} of people whom nobody lets in count for nothing.",
            )
        )
    rejected = held.state.rejected
    if rejected:
        found.append(
            noted(
                "refused",
                f"{count(len(rejected), 'entry', 'entries')} break a rule and count for nothing; every peer "
                "sees that.",
            )
        )
    waiting = held.state.waiting()
    if waiting:
        found.append(
            noted(
                "waiting", f"{count(len(waiting), 'entry', 'entries')} wait for others that are not in here."
            )
        )
    return found


def _lane(held: Held, read: LaneRead) -> list[Finding]:
    """What is wrong with one lane."""
    who = held.name(read.header.member)
    found: list[Finding] = []
    altered = set()
    for envelope in read.forged:
        altered.add(envelope.seq)
        body = body_of(envelope)
        what = f" (as it stands: {body.__struct_config__.tag})" if body is not None else ""
        found.append(
            fails(
                "altered-envelope",
                f"The envelope at place {envelope.seq} of {who}'s feed{what} was altered: their device did "
                "not sign it "
                "as it stands here.",
            )
        )
    for gap in read.gaps:
        missing = [seq for seq in range(gap.first, gap.last + 1) if seq not in altered]
        if missing:
            places = f"place {missing[0]}" if len(missing) == 1 else f"places {missing[0]} to {missing[-1]}"
            found.append(
                fails(
                    "missing-envelope",
                    f"{who}'s feed lacks {count(len(missing), 'envelope')} at {places}: what follows names "
                    "what stood there.",
                )
            )
    if read.forked_at:
        found.append(
            noted(
                "fork",
                f"{who}'s feed is forked at place {read.forked_at}: their device signed two things for one "
                "place. What "
                "stands there and above counts for nothing, but for what a page named before.",
            )
        )
    return found
