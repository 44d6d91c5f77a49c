"""Signature checks, each done once however many peers of a simulation want the answer."""

from collections.abc import Sequence

from crdt.signatures import Signed, check_all


class Signatures:
    """Remembers what `crdt.signatures.check_all` said."""

    def __init__(self) -> None:
        self._known: dict[Signed, bool] = {}

    def check(self, signed: Sequence[Signed]) -> list[bool]:
        """Answer as `check_all` does; a `crdt.signatures.CheckAll`."""
        unknown = list(dict.fromkeys(each for each in signed if each not in self._known))
        self._known.update(zip(unknown, check_all(unknown), strict=True))
        return [self._known[each] for each in signed]
