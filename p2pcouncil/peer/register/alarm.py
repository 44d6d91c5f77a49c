"""When to ask a teller again though nothing new came: the earliest of the moments that its parts wait for."""

from dataclasses import dataclass


@dataclass(slots=True)
class Alarm:
    """One moment by this laptop's clock.

    Attributes:
        now_ms: what the clock says, milliseconds since 1970.
        at_ms: when to ask again; None for not before something new comes.
    """

    now_ms: int
    at_ms: int | None = None

    def set(self, at_ms: int) -> None:
        """Ask again then, or sooner. A moment that is over has had its chance."""
        if at_ms > self.now_ms:
            self.at_ms = at_ms if self.at_ms is None else min(at_ms, self.at_ms)
