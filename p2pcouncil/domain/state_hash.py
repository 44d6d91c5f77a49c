"""The state hash: every entry with its verdict, and all that follows from them, in one hash.

What follows is a function of the entries, so hashing it as well proves nothing new about the set; it is there
to catch a fold that has gone wrong. Each entry and each subject is a leaf, and only leaves that changed are
hashed anew. The rule that an entry breaks is hashed by its name, so that better wording never looks like
another state.
"""

from collections.abc import Iterable
from typing import assert_never

from crdt.ids import ChangeHash, CouncilId, LaneId, MemberId, domain_hash
from p2pcouncil.domain.books import Books
from p2pcouncil.domain.canonical import LeafTree, encode_canonical
from p2pcouncil.domain.issues import Issue
from p2pcouncil.domain.outcomes import Subject, SubjectKind
from p2pcouncil.domain.readings import read_member, read_proposal
from p2pcouncil.domain.rejections import Accepted, Refused, Verdict, Waits

STATE_DOMAIN = "p2pcouncil/state/1"
SUBJECT_DOMAIN = "p2pcouncil/subject/1"
PLACE_DOMAIN = "p2pcouncil/place/1"
_VOTER = "voter"


class StateHash:
    """Keeps the hash of a council's books up to date."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._entries = LeafTree("entries")
        self._outcomes = LeafTree("outcomes")
        self._judged: set[ChangeHash] = set()
        self._touched: set[Subject] = set()
        self._recast: set[tuple[ChangeHash, MemberId]] = set()

    def note(
        self,
        judged: Iterable[ChangeHash],
        touched: Iterable[Subject],
        recast: Iterable[tuple[ChangeHash, MemberId]],
    ) -> None:
        """Take note of what changed: entries, subjects, and members' ballots on issues."""
        self._judged.update(judged)
        self._touched.update(touched)
        self._recast.update(recast)

    def settle(self, at_most: int) -> bool:
        """Do some of the work that `root` would do, so that it has less to do at once.

        Args:
            at_most: leaves to hash.

        Returns:
            Whether there is more to do.
        """
        books = self._books
        for _ in range(at_most):
            if self._judged:
                name = self._judged.pop()
                verdict = books.facts.verdicts.get(name)
                if verdict is None:
                    self._entries.drop(name)
                else:
                    self._entries.put(name, _encode_verdict(verdict))
            elif self._touched:
                subject = self._touched.pop()
                self._put(self._encode_subject(subject), subject.kind.value, subject.id)
            elif self._recast:
                issue, member = self._recast.pop()
                self._put(self._encode_voter(issue, member), _VOTER, issue, member)
            else:
                return self._entries.settle(at_most) or self._outcomes.settle(at_most)
        return True

    def root(self) -> bytes:
        """Hash of everything, 32 bytes."""
        while self.settle(1 << 20):
            pass
        council = self._books.facts.council
        return domain_hash(STATE_DOMAIN, council, self._entries.root(), self._outcomes.root())

    def _put(self, value: bytes, *subject: object) -> None:
        key = domain_hash(SUBJECT_DOMAIN, encode_canonical(*subject))
        if value:
            self._outcomes.put(key, value)
        else:
            self._outcomes.drop(key)

    def _encode_subject(self, subject: Subject) -> bytes:
        """What a subject comes to, in canonical bytes; empty if it comes to nothing."""
        books = self._books
        match subject.kind:
            case SubjectKind.COUNCIL:
                return b""  # The verdicts on entries say it all.
            case SubjectKind.MEMBER:
                member = MemberId(subject.id)
                duty = books.duty.of(member)
                is_known = books.duty.origin(member) is not None
                if not is_known and duty.statement is None:
                    return b""
                return encode_canonical(read_member(books, member) if is_known else None, duty)
            case SubjectKind.PROPOSAL:
                if subject.id not in books.proposals:
                    return b""
                read = read_proposal(books, ChangeHash(subject.id))
                return encode_canonical(read.status.value, read.issue, read.versions, read.comments)
            case SubjectKind.ISSUE:
                issue = books.issues.get(ChangeHash(subject.id))
                return self._encode_issue(issue) if issue else b""
            case SubjectKind.PLAN:
                return self._encode_plan(ChangeHash(subject.id))
            case SubjectKind.REGISTER:
                minutes = books.register.minutes
                if not (minutes.chain.number or minutes.broken):
                    return b""
                return encode_canonical(minutes.chain.number, minutes.chain.page, minutes.broken)
            case _:
                assert_never(subject.kind)

    def _encode_plan(self, plan: ChangeHash) -> bytes:
        """How far its rounds have come; what they came to stands on the pages."""
        period = self._books.register.chain.plans.get(plan)
        return b"" if period is None else encode_canonical(period.rounds, period.best, period.adopted_page)

    def _encode_issue(self, issue: Issue) -> bytes:
        entering = self._books.register.entering(issue.fact.hash)
        ended = (entering.page, entering.closed) if entering is not None else None
        return encode_canonical(issue.roll_digest, issue.tally().essence(), ended)

    def _encode_voter(self, issue: ChangeHash, member: MemberId) -> bytes:
        voter = self._books.voter(issue, member)
        return encode_canonical(voter.counted, tuple(sorted(voter.contested))) if voter else b""


def _encode_verdict(verdict: Verdict) -> bytes:
    match verdict:
        case Accepted():
            return b"accepted"
        case Waits():
            return b"waits"
        case Refused():
            return b"refused " + verdict.rule.name.encode("ascii")
        case _:
            assert_never(verdict)


def council_hash(council: CouncilId, fold: bytes, tips: Iterable[tuple[LaneId, int, bytes]]) -> bytes:
    """Hash of all that is held of a council, 32 bytes: of a text lane, the last change names all before it.

    Args:
        council: whose.
        fold: from `StateHash.root`; it covers the feeds.
        tips: per text lane that holds something below any fork: how many changes, and the hash of the last.
    """
    texts = b"".join(lane + count.to_bytes(4, "big") + tip for lane, count, tip in sorted(tips))
    return domain_hash(PLACE_DOMAIN, council, fold, texts)
