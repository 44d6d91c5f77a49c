"""Writing a table into a file: which one, where to, and what stands there already goes only after a question."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from crdt.errors import LocalError
from p2pcouncil.peer.plan_exports import file_name, proposals_table, techniques_table, unit_table
from p2pcouncil.peer.session import FileThereError
from p2pcouncil.peer.views.plans import PlanView, TechniqueView
from tui.screens.base import CouncilScreen
from tui.screens.dialogs import AskDialog, ChoiceDialog, ConfirmDialog

TECHNIQUES = "How things are made"


@dataclass(frozen=True, slots=True)
class Offer:
    """A table that can be written: what it is called, a name for its file, and how it is made."""

    label: str
    name: str
    table: Callable[[], str]


def offers_of(view: PlanView | None, techniques: Sequence[TechniqueView]) -> Iterator[Offer]:
    """What can be written of a plan: what all councils propose, what each of mine does, and how things are made."""
    if view is not None:
        yield Offer("What all councils propose", file_name([view.title]), partial(proposals_table, view))
        for unit in (view.units[at] for at in view.mine):
            named = file_name([view.title, unit.name])
            yield Offer(f"What {unit.name} proposes", named, partial(unit_table, unit))
    if techniques:
        yield Offer(TECHNIQUES, file_name(["techniques"]), partial(techniques_table, techniques))


async def export_table(screen: CouncilScreen, offers: Sequence[Offer], first: str = "") -> None:
    """Ask which table and where to, and write it; in a worker.

    Args:
        screen: on top of which is asked.
        offers: what there is; of a single one nobody is asked which.
        first: the label under the cursor.
    """
    labels = [offer.label for offer in offers]
    at: int | None = labels.index(first) if first in labels else 0
    if len(offers) > 1:
        explained = "As CSV: a spreadsheet opens it, and what you change in it can be read in again."
        at = await screen.app.push_screen_wait(
            ChoiceDialog("Export which table?", explained, labels, at or 0)
        )
    if at is None:
        return
    offer, told = offers[at], "Where to? A leading ~ stands for your home folder."
    typed = f"~/{offer.name}"
    while path := await screen.app.push_screen_wait(AskDialog(offer.label, told, "Write it", value=typed)):
        typed = path
        try:
            target = await _write(screen, Path(path), offer.table().encode())
        except LocalError as error:
            told = f"{error} {error.hint}"
            continue
        if target is not None:
            screen.app.say(f"Written to {target}.")
            return
        told = "Give it another name."


async def _write(screen: CouncilScreen, path: Path, content: bytes) -> Path | None:
    """Write a file; None if one is there that has to stay."""
    try:
        return await screen.session.write_file(path, content)
    except FileThereError as error:
        explained = f"{error} What stands in it is lost when it is replaced."
        dialog = ConfirmDialog("Replace the file?", explained, "Replace it", "Give another name")
        if not await screen.app.push_screen_wait(dialog):
            return None
        return await screen.session.write_file(path, content, replace=True)
