"""The one module that touches Automerge.

The Rust core panics or aborts on crafted bytes, and a panic poisons its document. So only changes that our
own codec and guard have accepted come here; they are applied in bulk (one by one is quadratic); the heads are
compared after each time; and a document that fails is thrown away and built again from the changes, which are
the truth.
Source: DESIGN section 3, measured on automerge 0.2.0.dev4.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, cast

from automerge.core import ROOT, Document, Message, ScalarType, SyncState

from crdt.change_codec import hash_of_raw
from crdt.errors import LocalError
from crdt.feed_change import derive_change
from crdt.ids import ChangeHash, LaneId, TextId
from crdt.leb128 import encode_unsigned
from crdt.text_edit import Splice
from crdt.text_guard import TEXT_KEY, TextGuard, genesis_change

REINSTALL_HINT = (
    "Install the version that constraints.txt pins: pip install --force-reinstall automerge==0.2.0.dev4"
)

GOLDEN_FEED_HASH = bytes.fromhex("1f6b210519c9adcb3c8d3aa93621cfcaf9aeb30635cc7a92b64c78a047711a9a")
GOLDEN_TEXT_HASH = bytes.fromhex("dbdbb38e34b9fec766ba6f6cf2ac3c520060a07317fcdf59d46b06942baba4db")
"""What `check_binding` must come to: all hashes of all councils rest on these bytes."""

T = TypeVar("T")


class _Splicing(Protocol):
    """The call of a transaction that the binding's type stubs leave out."""

    def splice_text(self, obj: bytes, position: int, deleted: int, inserted: str) -> None: ...


class AutomergeFailure(LocalError):
    """Automerge panicked or disagrees with our own reckoning; the document at hand is not to be used."""


def _contained(call: Callable[[], T]) -> T:
    """Call into Rust, and turn its panics and errors into `AutomergeFailure`."""
    try:
        return call()
    except BaseException as error:
        # A panic arrives as pyo3's PanicException, which derives from BaseException and can't be imported.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise AutomergeFailure(f"Automerge failed: {error}", REINSTALL_HINT) from error


def _apply(document: Document, raws: Sequence[bytes]) -> None:
    """Apply changes in bulk: the binding has no call for it, but takes a sync message that carries them."""
    blob = b"".join(raws)
    # A version 2 message with no heads, no needs, no Bloom filter, and one blob of changes.
    message = b"\x43\x00\x00\x00\x01" + encode_unsigned(len(blob)) + blob
    _contained(lambda: document.receive_sync_message(SyncState(), Message.decode(message)))


class TextReplica:
    """One text in Automerge, built when it is first read."""

    def __init__(self, text_id: TextId) -> None:
        genesis = genesis_change(text_id)
        self._actor = bytes(text_id)
        self._raws = [genesis]
        self._known = {hash_of_raw(genesis)}
        self._heads = {hash_of_raw(genesis)}
        self._applied = 0
        self._document: Document | None = None
        self._text: str | None = None
        """What the text was when it was last read; None once something was added."""

    def add(self, change: ChangeHash, deps: Sequence[ChangeHash], raw: bytes) -> None:
        """Queue a change that the guard accepted, after all those that it builds on."""
        self._raws.append(raw)
        self._known.add(change)
        self._heads.difference_update(deps)
        self._heads.add(change)
        self._text = None

    def text(self, heads: Sequence[ChangeHash] | None = None) -> str:
        """Read the text, now or as it stood at some heads.

        Raises:
            LocalError: a head is not held. Automerge would read an empty text.
            AutomergeFailure: Automerge fails even on a document built afresh.
        """
        if heads is not None and not self._known.issuperset(heads):
            raise LocalError("that version of the text is not held here")
        if heads is not None:
            at = [bytes(head) for head in heads]
            return self._read(lambda document: document.text(_text_object(document), at))
        if self._text is None:
            self._text = self._read(lambda document: document.text(_text_object(document)))
        return self._text

    def write(self, lane: LaneId, batches: Sequence[Sequence[Splice]]) -> list[bytes]:
        """Make the changes that a lane would write next, one per batch, each on top of the one before.

        The replica itself stays as it is: the changes count once they are signed, stored and added.

        Args:
            lane: the writer.
            batches: splices in order; positions hold in the text spliced so far.

        Returns:
            Raw changes.

        Raises:
            AutomergeFailure: Automerge refuses the splices.
        """
        return self._read(lambda document: _write(document, lane, batches))

    def _read(self, use: Callable[[Document], T]) -> T:
        """Use the document; when it fails, throw it away and use one built afresh, once."""
        try:
            return self._use(use)
        except AutomergeFailure:
            self._document, self._applied = None, 0
            return self._use(use)

    def _use(self, use: Callable[[Document], T]) -> T:
        document = self._document
        if document is None:
            document = self._document = _contained(lambda: Document(self._actor))
            self._applied = 0
        if self._applied < len(self._raws):
            _apply(document, self._raws[self._applied :])
            if set(_contained(document.get_heads)) != self._heads:
                raise AutomergeFailure("Automerge holds other changes than it was given", REINSTALL_HINT)
            self._applied = len(self._raws)
        return _contained(lambda: use(document))


def _text_object(document: Document) -> bytes:
    found = document.get(ROOT, TEXT_KEY)
    if found is None:
        raise AutomergeFailure("Automerge does not find the text in its document", REINSTALL_HINT)
    return found[1]


def _write(document: Document, lane: LaneId, batches: Sequence[Sequence[Splice]]) -> list[bytes]:
    scratch = document.fork()
    # A fork writes under a random actor until it is told otherwise.
    scratch.set_actor(lane)
    text = _text_object(scratch)
    raws: list[bytes] = []
    for batch in batches:
        with scratch.transaction() as transaction:
            splicing = cast(_Splicing, transaction)
            for splice in batch:
                splicing.splice_text(text, splice.position, splice.deleted, splice.inserted)
        change = scratch.get_last_local_change()
        if change is None:
            raise AutomergeFailure("Automerge recorded no change", REINSTALL_HINT)
        raws.append(change.raw_bytes)
    return raws


def check_binding() -> None:
    """Check at start-up that the installed Automerge writes the bytes that this program derives.

    Raises:
        LocalError: it does not; the hint says how to install the version that does.
    """
    lane = LaneId(bytes(range(32)))
    feed = _contained(lambda: _write_feed(lane))
    first, first_raw = derive_change(lane, 1, None, b"p2pcouncil")
    second, second_raw = derive_change(lane, 2, first, b"")
    if feed != [first_raw, second_raw] or second != GOLDEN_FEED_HASH:
        raise AutomergeFailure(
            "this Automerge writes other feed entries than p2pcouncil does", REINSTALL_HINT
        )
    text_id = TextId(bytes(32))
    replica, guard = TextReplica(text_id), TextGuard(text_id)
    batches = [[Splice(0, 0, "we decide\n")], [Splice(3, 2, "né"), Splice(0, 0, "😀")]]
    for raw in replica.write(lane, batches):
        checked = guard.check(raw, lane)
        guard.commit(checked)
        replica.add(checked.held.hash, checked.held.deps, raw)
    if guard.graph.heads != (GOLDEN_TEXT_HASH,) or replica.text() != "😀we nécide\n":
        raise AutomergeFailure("this Automerge writes other texts than p2pcouncil does", REINSTALL_HINT)


def _write_feed(lane: LaneId) -> list[bytes]:
    document = Document(lane)
    for seq, payload in enumerate((b"p2pcouncil", b""), 1):
        with document.transaction() as transaction:
            transaction.put(ROOT, f"{seq:010d}", ScalarType.Bytes, payload)
    return [change.raw_bytes for change in document.get_changes([])]
