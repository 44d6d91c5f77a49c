"""What all entries have in common: the base of the shapes in `entries` and in `planning.said`."""

from typing import Annotated

import msgspec

MAX_NOTE_CHARS = 2_000


class Entry(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the entries.

    Attributes:
        claimed_at_ms: the author's clock, milliseconds since 1970; display only.
    """

    claimed_at_ms: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
