"""Techniques of a table as a member publishes them: within the bounds of an entry, each error with its place."""

from collections.abc import Mapping

from p2pcouncil.domain.entry import MAX_NOTE_CHARS
from p2pcouncil.domain.planning.judging import judge_technique
from p2pcouncil.domain.planning.said import MAX_INPUTS, Named, PublishTechnique
from p2pcouncil.domain.rejections import Refused
from p2pcouncil.plan_files.listing import HOUR
from p2pcouncil.plan_files.table_file import TableFile
from p2pcouncil.text_files.errors import TextFileError
from p2pcouncil.text_files.lines import quoted

NAME_CHARS, UNIT_CHARS = 64, 16


def entries_of(found: TableFile, most: Mapping[str, int], note: str) -> tuple[PublishTechnique, ...]:
    """What publishes the techniques of a table; the time that they claim is set when they are written.

    Args:
        found: the table.
        most: per product the most that can be made of it in a period, in millionths; of what is left out the table
            says it.
        note: where the figures of those techniques come from of which the table does not say it.

    Raises:
        TextFileError: what can't be right or does not fit into an entry, and where it stands.
    """
    found.check_part()
    return tuple(_entry(found, at, most, note) for at in range(len(found.techniques)))


def _entry(found: TableFile, at: int, most: Mapping[str, int], note: str) -> PublishTechnique:
    """A technique of a table as an entry says it."""
    technique, name = found.techniques[at], found.names[at] or found.techniques[at].product
    line, column = found.heads[at]
    if technique.by_products:
        raise TextFileError(
            f"{quoted(technique.product)} is made together with something else.",
            "Enter them as one product, or share inputs and hours between two techniques.",
            line,
            column,
        )
    inputs, labour, given_off = technique.inputs, technique.hours, technique.pollutants
    for what, number in (
        ("inputs", len(inputs)),
        ("kinds of work", len(labour)),
        ("pollutants", len(given_off)),
    ):
        if number > MAX_INPUTS:
            raise TextFileError(
                f"{quoted(technique.product)} has {number} {what}; a technique has at most {MAX_INPUTS}.",
                "Sum up those that matter least.",
                line,
                column,
            )
    named = [
        technique.product,
        name,
        *(i.name for i in inputs),
        *(h.kind for h in labour),
        *(g.name for g in given_off),
    ]
    units = [technique.unit, *(i.unit for i in inputs), *(g.unit for g in given_off)]
    for text, limit in (*((text, NAME_CHARS) for text in named), *((text, UNIT_CHARS) for text in units)):
        if not 0 < len(text) <= limit:
            raise TextFileError(
                f"{quoted(text)} is too long, or empty.", f"Use 1 to {limit} characters.", line, column
            )
    told = (found.notes[at] if found.notes else "") or note.strip()
    if len(told) > MAX_NOTE_CHARS:
        raise TextFileError(
            f"The note has {len(told):,} characters; at most {MAX_NOTE_CHARS:,} fit.", "Shorten it.", line
        )
    entry = PublishTechnique(
        0,
        name,
        technique.product,
        technique.unit,
        technique.output,
        tuple(Named(item.name, item.unit, item.quantity) for item in inputs if item.quantity),
        tuple(Named(work.kind, HOUR, work.hours) for work in labour if work.hours),
        tuple(Named(item.name, item.unit, item.quantity) for item in given_off if item.quantity),
        most.get(technique.product, found.capacities[at] if found.capacities else 0),
        told,
    )
    verdict = judge_technique(entry)
    if isinstance(verdict, Refused):
        raise TextFileError(f"{quoted(technique.product)}: {verdict.detail}", "Correct it.", line, column)
    return entry
