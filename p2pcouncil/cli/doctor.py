"""The verb that looks after this laptop's own data."""

import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from p2pcouncil.cli.as_json import Json, plain
from p2pcouncil.cli.context import Ctx
from p2pcouncil.cli.errors import FoundDamagedError
from p2pcouncil.cli.groups import NETWORK, add_verb
from p2pcouncil.cli.show import plural, table, wrap

if TYPE_CHECKING:
    from p2pcouncil.runtime.checkup import Finding
    from p2pcouncil.runtime.doctor import Checkup

Flag = Parameter(negative="")
_SHOW_EVERY = 500
"""Steps between two lines of progress: often enough to see that it goes on."""


def register(app: App) -> None:
    """Add the verb."""
    add_verb(app, doctor, NETWORK)


def doctor(*, repair: Annotated[bool, Flag] = False, ctx: Ctx) -> None:
    """Check this laptop's own data: keys, data file, every entry. With --repair, save what can be saved of it.

    Without --repair nothing at all is changed. A repair keeps the damaged file aside, takes over every entry that
    still verifies, and lets this laptop go on in a new feed; what is lost here comes back from other members as soon
    as you are connected. Exit code 0 if all is sound or was repaired, 5 if something is damaged.

    Examples:
        p2pcouncil doctor

        p2pcouncil doctor --repair

    Args:
        repair: Close files that stand open to others, and replace a damaged data file.
        ctx: Whose peer, and how to speak.
    """
    # Only here, for these modules take a while to load and no other verb needs them.
    from p2pcouncil.runtime.checkup import Level
    from p2pcouncil.runtime.doctor import look
    from p2pcouncil.runtime.doctor import repair as repair_home

    progress = _Progress(is_shown=sys.stderr.isatty() and not ctx.json)
    try:
        found = repair_home(ctx.home, progress.show) if repair else look(ctx.home, progress.show)
    finally:
        progress.end()
    data = _json_of(found)
    if found.is_healthy:
        ctx.say(_lines(found), data)
        return
    if not ctx.json:
        ctx.say(_lines(found), data)
    damage = [finding for finding in found.findings if finding.level is Level.DAMAGED]
    hints = [finding.hint for finding in damage if finding.hint]
    raise FoundDamagedError(
        f"{plural(len(damage), 'thing is', 'things are')} damaged: {' '.join(f.sentence for f in damage)}",
        hints[0] if hints else "Run `p2pcouncil doctor --repair`; it keeps the damaged file aside.",
        data,
    )


class _Progress:
    """A line on the terminal that is written over and over while something long goes on."""

    def __init__(self, *, is_shown: bool) -> None:
        self._is_shown = is_shown
        self._last = ("", 0)

    def show(self, what: str, done: int, total: int) -> None:
        """Say how far it is."""
        before, at = self._last
        if self._is_shown and (what != before or done - at >= _SHOW_EVERY):
            print(f"\r\x1b[K{what}: {done:,} of {total:,}", end="", file=sys.stderr, flush=True)
            self._last = (what, done)

    def end(self) -> None:
        """Leave no trace of it."""
        if self._is_shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _lines(found: "Checkup") -> list[str]:
    lines: list[str] = []
    for finding in found.findings:
        lines += _finding_lines(finding)
    if found.councils:
        lines.append("Councils:")
        lines += table(
            (
                (
                    council.name,
                    plural(council.entries, "entry", "entries"),
                    plural(council.members, "member"),
                    plural(council.texts, "text"),
                    f"state {council.state_hash[:12]}",
                    "; ".join(council.faults) or "sound",
                )
                for council in found.councils
            ),
            "  ",
        )
    if found.is_healthy:
        lines.append("Nothing is damaged." if found.kept_aside is None else "Repaired.")
    return lines


def _finding_lines(finding: "Finding") -> list[str]:
    mark = finding.level.value
    lines = wrap(f"{mark.upper() if mark == 'damaged' else mark}: {finding.sentence}")
    return lines + (wrap(finding.hint, "    ") if finding.hint else [])


def _json_of(found: "Checkup") -> Json:
    return {
        "healthy": found.is_healthy,
        "findings": [
            {"level": f.level.value, "sentence": f.sentence, "hint": f.hint} for f in found.findings
        ],
        "councils": plain(found.councils),
        "kept_aside": plain(found.kept_aside),
    }
