"""A plain text that many write together, offline too: what is accepted of it, and how it reads.

The text is a pure function of the set of changes given, whatever order they came in. When a writer forks its
lane (two valid changes at one seq), `TextDocument.rebuild` leaves out what the fork reaches. A vote names a
`TextVersion`: an exact text, which later edits never touch. Source: DESIGN section 3.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from crdt.automerge_binding import TextReplica
from crdt.change_codec import ChangeHead, hash_of_raw, read_change_head
from crdt.change_graph import MissingDependency
from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, LaneId, TextId
from crdt.text_authors import TextAuthorship, TextRun, list_authorship, list_runs
from crdt.text_edit import batch_splices, find_splices
from crdt.text_forks import find_forks, is_forked, reach_of_forks
from crdt.text_guard import (
    LIMITS,
    MAX_CHANGE_BYTES,
    MAX_CHANGE_OPS,
    MAX_DEPS,
    MAX_PAST_INSERTS,
    TextGuard,
    genesis_change,
    is_admitted,
)

NEW_TEXT_HINT = "Start a new text with what you want to keep of this one."


@dataclass(frozen=True, slots=True)
class TextVersion:
    """An exact text: one spelling per version, so that all who vote on it name the same bytes."""

    text_id: TextId
    heads: tuple[ChangeHash, ...]
    """Ascending, none in the past of another."""
    sha256: bytes
    """Of the text at the heads, in UTF-8."""


class TextDocument:
    """One text with everything accepted of it."""

    def __init__(self, text_id: TextId) -> None:
        self.text_id = text_id
        self._guard = TextGuard(text_id)
        self._replica = TextReplica(text_id)
        genesis = genesis_change(text_id)
        self._raws: dict[ChangeHash, bytes] = {hash_of_raw(genesis): genesis}
        self._forked: dict[LaneId, int] = {}
        self._excluded: set[ChangeHash] = set()
        self._refused: dict[ChangeHash, str] = {}
        self._runs: list[TextRun] | None = None

    @classmethod
    def rebuild(
        cls,
        text_id: TextId,
        changes: Iterable[tuple[LaneId, bytes]],
        forked: Mapping[LaneId, int] | None = None,
    ) -> "TextDocument":
        """Make the document that a set of changes stands for, in whatever order they are given.

        Left out are every change of a forked lane from its lowest forked seq on, and all that builds on one
        left out. To read one branch of a fork, give the changes without those of the other.

        Args:
            text_id: the text.
            changes: each with the lane whose signature it carries; without the genesis.
            forked: by lane, the lowest seq known to be forked. Forks among `changes` are found here.

        Returns:
            The document. `refused` says which changes are not valid, or miss what they build on, and why.

        Raises:
            RemoteError: bytes among the changes are no change at all (no envelope would carry them).
        """
        document = cls(text_id)
        given: dict[ChangeHash, tuple[LaneId, bytes, ChangeHead]] = {}
        for lane, raw in changes:
            change = read_change_head(raw, LIMITS)
            if change.actor == lane:
                given[change.hash] = (lane, raw, change)
            else:
                document._refused[change.hash] = "the change is written under another lane than its signer's"
        document._refused = {key: why for key, why in document._refused.items() if key not in given}
        decoded = [change for _, _, change in given.values()]
        document._forked = find_forks(decoded, forked or {})
        document._excluded = reach_of_forks(decoded, document._forked)
        # A valid change numbers its operations above all of its past; one that lies about it is refused.
        for change_hash in sorted(given, key=lambda key: (given[key][2].start_op, key)):
            lane, raw, _ = given[change_hash]
            if change_hash not in document._excluded:
                try:
                    document._accept(lane, raw)
                except RemoteError as error:
                    document._refused[change_hash] = str(error)
        return document

    @property
    def excluded(self) -> frozenset[ChangeHash]:
        """Changes left out for a fork: those on its branches, and those that build on them."""
        return frozenset(self._excluded)

    @property
    def refused(self) -> Mapping[ChangeHash, str]:
        """Changes given to `rebuild` that are not valid or miss a dependency, with the reason."""
        return dict(self._refused)

    def holds(self, change: ChangeHash) -> bool:
        """Whether a change is part of the text."""
        return change in self._raws

    def raw(self, change: ChangeHash) -> bytes:
        """The bytes of a change that is part of the text.

        Raises:
            LocalError: it is not.
        """
        if change not in self._raws:
            raise LocalError("that change is not part of this text")
        return self._raws[change]

    def apply(self, lane: LaneId, raw: bytes) -> bool:
        """Take a change into the text.

        Args:
            lane: whose signature the change carries.
            raw: its bytes.

        Returns:
            True when it is part of the text now (or was before), False when it is left out for a fork.

        Raises:
            MissingDependency: hold it until `missing` have been applied.
            ForkedLane: it is valid, but another change holds its place: `rebuild` from all changes.
            RemoteError: it is not valid, now or ever.
        """
        if self._raws.get(hash_of_raw(raw)) == raw:
            return True
        if self._forked:
            change = read_change_head(raw, LIMITS)
            if is_forked(change, self._forked) or not self._excluded.isdisjoint(change.deps):
                self._excluded.add(change.hash)
                return False
        self._accept(lane, raw)
        return True

    def heads(self) -> tuple[ChangeHash, ...]:
        """The changes that no other builds on, ascending; for an empty text, its genesis."""
        return self._guard.graph.heads

    def text(self) -> str:
        """The text as it stands."""
        return self._replica.text()

    def text_at(self, heads: Iterable[ChangeHash]) -> str:
        """The text as it stood at some heads.

        Raises:
            MissingDependency: some of them are not held.
        """
        wanted = sorted(heads)
        self._guard.graph.require(wanted)
        return self._replica.text(wanted)

    def version(self) -> TextVersion:
        """Name the text as it stands."""
        return TextVersion(self.text_id, self.heads(), _digest(self.text()))

    def validate_version(self, version: TextVersion) -> None:
        """Check that a version is one of this text, spelled in the only way.

        Raises:
            MissingDependency: its heads are not held yet, so that nothing can be said.
            RemoteError: it is not a version of this text.
        """
        if version.text_id != self.text_id:
            raise RemoteError("the version names another text")
        if not 1 <= len(version.heads) <= MAX_DEPS or list(version.heads) != sorted(set(version.heads)):
            raise RemoteError("the version does not list its heads in order")
        heads = self._guard.graph.require(version.heads)
        if any(self._guard.graph.is_covered(head, heads) for head in heads):
            raise RemoteError("the version names a head that another head builds on")
        if _digest(self.text_at(version.heads)) != version.sha256:
            raise RemoteError("the version names another text than the one at its heads")

    def edit(self, lane: LaneId, new_text: str, base: Iterable[ChangeHash] | None = None) -> list[bytes]:
        """Make the changes with which a lane turns the text into another; the document stays as it is.

        The author signs and stores them in order, and `apply` then takes them in.

        Args:
            lane: the writer.
            new_text: what the text shall be. Line ends are folded to newlines.
            base: the heads that the author saw while writing; what others wrote since is merged, not undone.
                None takes the text as it stands.

        Returns:
            Raw changes, each building on the one before; none when nothing differs.

        Raises:
            LocalError: the text may not be so, or this lane may not write; the hint says what to do.
        """
        new_text = new_text.replace("\r\n", "\n").replace("\r", "\n")
        _validate_new_text(new_text)
        if lane in self._forked:
            raise LocalError("this lane was forked, so nobody can build on it", NEW_TEXT_HINT)
        replica = self._replica if base is None else self._replica_at(sorted(base), lane)
        splices = find_splices(replica.text(), new_text)
        max_ops = MAX_CHANGE_OPS
        raws = replica.write(lane, batch_splices(splices, max_ops))
        while any(len(raw) > MAX_CHANGE_BYTES for raw in raws):
            max_ops //= 2
            raws = replica.write(lane, batch_splices(splices, max_ops))
        trial = self._guard if len(raws) == 1 else self._guard.copy()
        try:
            for raw in raws:
                checked = trial.check(raw, lane)
                if trial is not self._guard:
                    trial.commit(checked)
        except RemoteError as error:
            raise LocalError(f"the edit can't be made: {error}", NEW_TEXT_HINT) from error
        return raws

    def history(self) -> list[TextAuthorship]:
        """Every edit, each after all that it builds on, in an order that depends on the set alone."""
        return list_authorship(self._guard)

    def blame(self) -> list[TextRun]:
        """The text as it stands, in runs by one writer each; worked out once for each state of the text."""
        if self._runs is None:
            self._runs = list_runs(self._guard)
        return list(self._runs)

    def _accept(self, lane: LaneId, raw: bytes) -> None:
        checked = self._guard.check(raw, lane)
        self._guard.commit(checked)
        self._runs = None
        self._raws[checked.held.hash] = raw
        self._replica.add(checked.held.hash, checked.held.deps, raw)

    def _replica_at(self, heads: list[ChangeHash], lane: LaneId) -> TextReplica:
        """Build the text as somebody saw it who held no more than these heads and what is before them."""
        graph = self._guard.graph
        if tuple(heads) == self.heads():
            return self._replica
        try:
            graph.require(heads)
        except MissingDependency as error:
            raise LocalError(
                "the version that you started from is not held here", "Open the text anew."
            ) from error
        seen = graph.past_hashes(heads)
        own = graph.lane(lane)
        if own and own[-1].hash not in seen:
            raise LocalError(
                "you have saved another edit of this text since you opened it", "Open the text anew."
            )
        replica = TextReplica(self.text_id)
        for held in graph.in_order():
            if held.hash in seen and held.deps:
                replica.add(held.hash, held.deps, self._raws[held.hash])
        return replica


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8")).digest()


def _validate_new_text(text: str) -> None:
    if len(text) > MAX_PAST_INSERTS:
        raise LocalError(
            f"the text is {len(text)} characters long; {MAX_PAST_INSERTS} is the most",
            "Shorten it, or split it into several texts.",
        )
    refused = {character for character in set(text) if not is_admitted(character)}
    if refused:
        position = min(text.index(character) for character in refused)
        line = text.count("\n", 0, position) + 1
        raise LocalError(
            f"line {line} holds the control character U+{ord(text[position]):04X}, which a text can't hold",
            "Remove it and save again.",
        )
