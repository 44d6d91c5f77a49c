"""What can happen in a planning period of a story.

A planning period goes by the key of the proposal that began it. Tables and terms stand in the story itself, or in a
file beside it; councils that plan are named as the terms name them.
"""

from typing import Annotated

import msgspec

from p2pcouncil.scenario.step import Key, Step, Text

Words = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
NOT_SOON = 90
"""Seconds after which a round that does not end is a failure: many times what it takes."""


class FileStep(Step, frozen=True, kw_only=True):
    """Base of steps that need a text: in the story, or in a file beside it, which is read with the story.

    Attributes:
        text: the text.
        file: a file's name, from the story's folder on.
    """

    text: str = ""
    file: str = ""


class PublishTechniques(FileStep, frozen=True, kw_only=True, tag="publish-techniques"):
    """Somebody publishes how things are made: a table as `technique publish` reads it.

    Attributes:
        capacity: the most that can be made of products, like “bread=600”.
    """

    who: Key
    council: Key
    capacity: tuple[str, ...] = ()
    note: str = ""


class BeginPlan(FileStep, frozen=True, kw_only=True, tag="begin-plan"):
    """Somebody proposes a planning period: terms as `plan begin` reads them, with keys of people for `speaker`."""

    who: Key
    council: Key
    proposal: Key


class ProposeProduction(Step, frozen=True, kw_only=True, tag="propose-production"):
    """Somebody says what a workers' council would make in the round that runs.

    Attributes:
        makes: as typed after `p2pcouncil propose-production COUNCIL`.
    """

    who: Key
    plan: Key
    council: Text
    makes: Words
    note: str = ""


class ProposeConsumption(Step, frozen=True, kw_only=True, tag="propose-consumption"):
    """Somebody says what a consumers' council would use in the round that runs, and what it offers.

    Attributes:
        wants, offers, limits: as typed after `p2pcouncil propose-consumption COUNCIL`.
    """

    who: Key
    plan: Key
    council: Text
    wants: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    note: str = ""


class ProposeTable(FileStep, frozen=True, kw_only=True, tag="propose-table"):
    """Somebody proposes for all councils that they speak for, from a table as `plan propose` reads it."""

    who: Key
    plan: Key
    note: str = ""


class TakeSuggestion(Step, frozen=True, kw_only=True, tag="take-suggestion"):
    """Somebody proposes what is suggested to the councils that they speak for."""

    who: Key
    plan: Key


class AwaitRound(Step, frozen=True, kw_only=True, tag="await-round"):
    """Wait until a page has closed the round in which something was said, and tell what it came to."""

    plan: Key
    within: int = NOT_SOON


class Rounds(Step, frozen=True, kw_only=True, tag="rounds"):
    """Round after round, people take what is suggested to them.

    Attributes:
        accept: who does.
        most: how many rounds; 0 for as long as there are some.
    """

    plan: Key
    accept: Annotated[tuple[Key, ...], msgspec.Meta(min_length=1)]
    most: int = 0
    within: int = NOT_SOON


class AdoptPlan(Step, frozen=True, kw_only=True, tag="adopt-plan"):
    """Somebody proposes that what the rounds came to is the plan of record."""

    who: Key
    plan: Key
    proposal: Key


class ReportResult(Step, frozen=True, kw_only=True, tag="report-result"):
    """Somebody reports what a council made, or used up, of the plan of record.

    Attributes:
        made: like “bread=120”.
    """

    who: Key
    plan: Key
    council: Text
    made: Text
    words: str = ""


class ShowPrices(Step, frozen=True, kw_only=True, tag="show-prices"):
    """The prices of a plan, as `price list` shows them to somebody."""

    who: Key
    plan: Key


class ExplainPrice(Step, frozen=True, kw_only=True, tag="explain-price"):
    """The tree of hours behind a price, as `price explain` shows it to somebody.

    Attributes:
        threshold: percent of the hours below which an input is not shown.
        depth: how many steps are followed.
    """

    who: Key
    plan: Key
    product: Text
    threshold: str = "3"
    depth: int = 4


class SolveTable(FileStep, frozen=True, kw_only=True, tag="solve-table"):
    """Labour values of a table that somebody has in a file, as `price solve` calculates them.

    Attributes:
        products: which of them are told.
    """

    who: Key
    products: Words


class ExpectPlan(Step, frozen=True, kw_only=True, tag="expect-plan"):
    """What a planning period has come to: the same with all peers that run, to the last digit.

    Attributes:
        stage: rounds, ended or adopted.
        balanced: whether the round that was taken has every good within the tolerance.
        made: what was reported of products so far, like “bread=2100”.
        within: how many seconds peers may take to come to the same.
    """

    plan: Key
    stage: str
    balanced: bool = False
    made: tuple[str, ...] = ()
    within: int = 60


PlanStep = (
    PublishTechniques
    | BeginPlan
    | ProposeProduction
    | ProposeConsumption
    | ProposeTable
    | TakeSuggestion
    | AwaitRound
    | Rounds
    | AdoptPlan
    | ReportResult
    | ShowPrices
    | ExplainPrice
    | SolveTable
    | ExpectPlan
)
