"""A story file: read, checked as a whole before anything starts, and found among those that are shipped.

A story is data. An unknown kind of step, a name that nobody introduced or a second proposal under one key is an error
that names the file and the step.
"""

import tomllib
from pathlib import Path
from typing import Annotated, TypeVar, assert_never, cast

import msgspec

from crdt.errors import LocalError
from crdt.ids import MemberId
from p2pcouncil.plan_files.terms_file import read_terms
from p2pcouncil.scenario.plan_steps import (
    AdoptPlan,
    AwaitRound,
    BeginPlan,
    ExpectPlan,
    ExplainPrice,
    FileStep,
    PlanStep,
    ProposeConsumption,
    ProposeProduction,
    ProposeTable,
    PublishTechniques,
    ReportResult,
    Rounds,
    ShowPrices,
    SolveTable,
    TakeSuggestion,
)
from p2pcouncil.scenario.speakers import speakers_of
from p2pcouncil.scenario.spoiling import WAYS
from p2pcouncil.scenario.step import Key, Step, Text
from p2pcouncil.scenario.steps import (
    AnyStep,
    Comment,
    Edit,
    Expect,
    Found,
    Join,
    Kill,
    Open,
    Propose,
    Report,
    Review,
    Second,
    Settle,
    Start,
    Stop,
    Tell,
    Together,
    Verify,
    Vote,
)
from p2pcouncil.text_files.errors import TextFileError

PEOPLE_MAX = 12
STEPS_MAX = 200
BYTES_MAX = 1_000_000
SHIPPED = "bakery"

StepT = TypeVar("StepT", bound=Step)


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody in a story.

    Attributes:
        key: the short name that steps use.
        name: their display name.
        about: who they are, in half a sentence.
        late: whether their peer starts only when a step says so.
    """

    key: Key
    name: Text
    about: str = ""
    late: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: Text
    intro: str
    people: list[Person]
    steps: list[dict[str, object]]
    peers: Annotated[int, msgspec.Meta(ge=1, le=PEOPLE_MAX)] = PEOPLE_MAX


class Story(msgspec.Struct, frozen=True):
    """A story that was checked.

    Attributes:
        title: its name.
        intro: what it is about.
        people: who takes part, in the order of introduction.
        steps: what happens, in order; texts that stand in files of their own were read into them.
        peers: with how many people it is played, if nobody says otherwise; the others are spoken for by these.
    """

    title: str
    intro: str
    people: tuple[Person, ...]
    steps: tuple[AnyStep, ...]
    peers: int

    def person(self, key: str) -> Person:
        """Somebody by their key; the story was checked, so they exist."""
        return next(person for person in self.people if person.key == key)


def shipped_story(name: str = SHIPPED) -> Path:
    """Find a story that comes with the program: in the installed package, or beside it in a checkout.

    Raises:
        LocalError: it is in neither place.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "scenarios", package.parent / "scenarios"):
        path = folder / f"{name}.toml"
        if path.is_file():
            return path
    raise LocalError(f"The story “{name}” did not come with this program.", "Install p2pcouncil anew.")


def read_story(path: Path) -> Story:
    """Read and check a story.

    Args:
        path: a TOML file.

    Returns:
        The story; every name in it is known where it is used.

    Raises:
        LocalError: it can't be read, or something in it is wrong; the message names the file and the step.
    """
    try:
        data = path.read_bytes()
        if len(data) > BYTES_MAX:
            raise LocalError(f"{path} is larger than {BYTES_MAX:,} bytes.", "Make the story shorter.")
        file = msgspec.convert(tomllib.loads(data.decode("utf-8")), _File)
    except OSError as error:
        raise LocalError(f"The story {path} can't be read: {error.strerror}.", "Check the name.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise LocalError(
            f"{path} is no story: {error}.", "See scenarios/bakery.toml for how one is written."
        ) from error
    if not 1 <= len(file.people) <= PEOPLE_MAX or not 1 <= len(file.steps) <= STEPS_MAX:
        raise LocalError(
            f"{path} has {len(file.people)} people and {len(file.steps)} steps.",
            f"A story has 1 to {PEOPLE_MAX} people and 1 to {STEPS_MAX} steps.",
        )
    steps = tuple(_read_step(path, number, raw) for number, raw in enumerate(file.steps, start=1))
    story = Story(file.title, file.intro, tuple(file.people), steps, min(file.peers, len(file.people)))
    _Names(path, story).check()
    return story


def _read_step(path: Path, number: int, raw: dict[str, object]) -> AnyStep:
    if "do" not in raw:
        raise LocalError(f"{path}, step {number}: it doesn't say what to do.", 'Add `do = "…"`.')
    try:
        step = cast(AnyStep, msgspec.convert(raw, AnyStep))
    except msgspec.ValidationError as error:
        raise LocalError(
            f"{path}, step {number} ({raw['do']}): {error}.", "See p2pcouncil/scenario/steps.py."
        ) from error
    if isinstance(step, Together):
        parts = tuple(_with_text(path, number, part) for part in step.steps)
        return msgspec.structs.replace(step, steps=parts)
    return _with_text(path, number, step)


def _with_text(path: Path, number: int, step: StepT) -> StepT:
    """A step with the text of the file that it names; others as they are."""
    if not isinstance(step, FileStep):
        return step
    if bool(step.text) == bool(step.file):
        raise LocalError(f"{path}, step {number}: it needs a text or a file.", "Give `text` or `file`.")
    if step.text:
        return step
    found = path.parent / step.file
    if not found.resolve().is_relative_to(path.parent.resolve()):
        raise LocalError(
            f"{path}, step {number}: {step.file} lies elsewhere.", "Put the file beside the story, or below."
        )
    try:
        with found.open(encoding="utf-8") as stream:
            text = stream.read(BYTES_MAX)
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(
            f"{path}, step {number}: {found} can't be read: {error}.", "Check the name."
        ) from error
    return cast(StepT, msgspec.structs.replace(step, text=text))


class _Names:
    """Walks a story, and knows at each step which names were introduced."""

    def __init__(self, path: Path, story: Story) -> None:
        self._path = path
        self._story = story
        self._people = {person.key for person in story.people}
        self._councils: set[str] = set()
        self._proposals: set[str] = set()
        self._plans: set[str] = set()
        self._number = 0

    def check(self) -> None:
        if len(self._people) != len(self._story.people):
            raise LocalError(f"{self._path}: two people have one key.", "Give each a key of their own.")
        for number, step in enumerate(self._story.steps, start=1):
            self._number = number
            for part in step.steps if isinstance(step, Together) else (step,):
                self._check(part)
        if not self._councils:
            raise LocalError(f"{self._path}: nobody founds a council.", "Add a step that does.")

    def _check(self, step: AnyStep) -> None:
        match step:
            case Tell() | Settle() | Together():
                pass
            case Start(who=who) | Stop(who=who) | Kill(who=who):
                self._known(self._people, "person", who)
            case Found(who=who, council=council, under=under):
                self._known(self._people, "person", who)
                if under:
                    self._known(self._councils, "council", under)
                self._new(self._councils, "council", council)
            case Join(who=who, council=council, sponsor=sponsor, vouchers=vouchers):
                self._known(self._people, "person", who, *vouchers, *([sponsor] if sponsor else []))
                self._known(self._councils, "council", council)
            case Propose(who=who, council=council, proposal=proposal):
                self._known(self._people, "person", who)
                self._known(self._councils, "council", council)
                self._new(self._proposals, "proposal", proposal)
            case Edit() | Comment() | Second() | Open() | Vote() | Report() | Verify():
                self._known(self._people, "person", step.who)
                self._known(self._proposals, "proposal", step.proposal)
                if isinstance(step, Edit) and bool(step.append) == bool(step.replace):
                    raise self._error(
                        "an edit either appends or replaces", "Give `append`, or `replace` and `by`."
                    )
                for how in step.spoilt if isinstance(step, Verify) else ():
                    self._known(set(WAYS), "way of spoiling a bundle", how)
            case Expect(who=who, proposal=proposal) | Review(who=who, proposal=proposal):
                self._known(self._people, "person", *who)
                self._known(self._proposals, "proposal", proposal)
            case _:
                self._check_plan(step)

    def _check_plan(self, step: PlanStep) -> None:
        match step:
            case PublishTechniques(who=who, council=council):
                self._known(self._people, "person", who)
                self._known(self._councils, "council", council)
            case BeginPlan(who=who, council=council, proposal=proposal, text=text):
                self._check_terms(text)
                self._known(self._people, "person", who, *speakers_of(text))
                self._known(self._councils, "council", council)
                self._new(self._proposals, "proposal", proposal)
                self._plans.add(proposal)
            case AdoptPlan(who=who, plan=plan, proposal=proposal):
                self._known(self._people, "person", who)
                self._known(self._plans, "plan", plan)
                self._new(self._proposals, "proposal", proposal)
            case SolveTable(who=who):
                self._known(self._people, "person", who)
            case Rounds(accept=who, plan=plan):
                self._known(self._people, "person", *who)
                self._known(self._plans, "plan", plan)
            case AwaitRound(plan=plan) | ExpectPlan(plan=plan):
                self._known(self._plans, "plan", plan)
            case (
                ProposeProduction()
                | ProposeConsumption()
                | ProposeTable()
                | TakeSuggestion()
                | ReportResult()
                | ShowPrices()
                | ExplainPrice()
            ):
                self._known(self._people, "person", step.who)
                self._known(self._plans, "plan", step.plan)
            case _:
                assert_never(step)

    def _check_terms(self, text: str) -> None:
        """Terms are read as `plan begin` reads them, with somebody for every speaker."""
        try:
            read_terms(text.encode(), lambda _: MemberId(bytes(32)))
        except TextFileError as error:
            raise self._error(f"the terms can't be used, line {error.line}: {error}", error.hint) from error

    def _known(self, names: set[str], what: str, *keys: str) -> None:
        for key in keys:
            if key not in names:
                listed = ", ".join(sorted(names)) or "none yet"
                raise self._error(f"there is no {what} “{key}”", f"Known here: {listed}.")

    def _new(self, names: set[str], what: str, key: str) -> None:
        if key in names:
            raise self._error(f"there is a {what} “{key}” already", "Choose another key.")
        names.add(key)

    def _error(self, message: str, hint: str) -> LocalError:
        return LocalError(f"{self._path}, step {self._number}: {message}.", hint)
