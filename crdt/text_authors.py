"""Who wrote what in a text: the history of its changes, and the authors of the text as it stands.

Automerge does not tell which operation a character came from, so the order of the characters is worked out
here from the insertions: each stands after the one that it names, and of several the one with the highest id
comes first (the order of replicated growable arrays, which Automerge follows).
"""

from dataclasses import dataclass

from crdt.ids import ChangeHash, LaneId
from crdt.op_columns import HEAD, OpId
from crdt.text_guard import TextGuard


@dataclass(frozen=True, slots=True)
class TextAuthorship:
    """One saved edit."""

    hash: ChangeHash
    lane: LaneId
    seq: int
    inserted: int
    """Code points inserted; `deleted` counts those deleted."""
    deleted: int


@dataclass(frozen=True, slots=True)
class TextRun:
    """A stretch of the text by one writer."""

    text: str
    lane: LaneId


def list_authorship(guard: TextGuard) -> list[TextAuthorship]:
    """List the edits, each after all that it builds on; equal sets of changes give equal lists."""
    return [
        TextAuthorship(held.hash, held.lane, held.seq, held.inserted, held.deleted)
        for held in guard.graph.in_order()
        if held.lane != guard.origin
    ]


def list_runs(guard: TextGuard) -> list[TextRun]:
    """Cut the current text into runs by one writer each; joined, they are the text."""
    followers: dict[str | OpId, list[OpId]] = {}
    shown: dict[OpId, bytes | None] = {}
    for element, op, stands in guard.elements():
        others = followers.get(op.key)
        if others is None:
            followers[op.key] = [element]
        else:
            others.append(element)
        shown[element] = op.value if stands else None
    runs: list[TextRun] = []
    characters: list[bytes] = []
    writer = b""
    stack = sorted(followers.get(HEAD, ()))
    while stack:
        element = stack.pop()
        after = followers.get(element)
        if after is not None:
            stack.extend(after if len(after) == 1 else sorted(after))
        value = shown[element]
        if value is None:
            continue
        if element[1] != writer and characters:
            runs.append(TextRun(b"".join(characters).decode("utf-8"), LaneId(writer)))
            characters = []
        writer = element[1]
        characters.append(value)
    if characters:
        runs.append(TextRun(b"".join(characters).decode("utf-8"), LaneId(writer)))
    return runs
