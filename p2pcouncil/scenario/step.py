"""What all kinds of steps share."""

from typing import Annotated

import msgspec

Key = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]


class Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """Base of the steps.

    Attributes:
        say: a sentence that is told before it happens.
    """

    say: str = ""
