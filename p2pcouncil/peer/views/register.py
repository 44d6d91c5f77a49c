"""What a person can see of a council's register: its pages, its tellers, and how it stands."""

from dataclasses import dataclass

from crdt.ids import CouncilId
from p2pcouncil.peer.views.people import PersonView


@dataclass(frozen=True, slots=True)
class PageView:
    """A page of a register.

    Attributes:
        id: its hash.
        time: page time in words; empty for page 1, which has none.
        did: what it changed, a sentence each.
        signers: whose signatures on it are held; at least `quorum` of `tellers`.
        round: in which it was decided; 0 when all went well at once.
    """

    number: int
    id: bytes
    time: str
    did: tuple[str, ...]
    signers: tuple[PersonView, ...]
    tellers: int
    quorum: int
    round: int


@dataclass(frozen=True, slots=True)
class SpokenView:
    """What a teller said about the next page; `told` is empty for nothing."""

    person: PersonView
    round: int
    told: str


@dataclass(frozen=True, slots=True)
class OfficeView:
    """An office and who holds it."""

    name: str
    holders: tuple[PersonView, ...]


@dataclass(frozen=True, slots=True)
class SuccessorView:
    """A council in which members want to go on, since this one's register has come to an end.

    Attributes:
        id: its council id.
        page: number of the page that it goes on from.
        signers: who signed it.
        tellers: who tells there at first.
        is_complete: whether enough members signed, so that the council goes on there.
        line: how it stands, in a sentence.
    """

    id: CouncilId
    page: int
    signers: tuple[PersonView, ...]
    tellers: tuple[PersonView, ...]
    is_complete: bool
    line: str


@dataclass(frozen=True, slots=True)
class RegisterView:
    """A council's register.

    Attributes:
        number: of the last page; 0 while only the founding stands.
        time: page time in words; empty before page 2.
        broken: number of the page of which two are certified; 0 if there is none.
        pages: the last ones, newest first.
        next_number, tellers, quorum, liars: who decides the next page, and how many of them it takes or may lie.
        waiting: what waits for a page, a sentence each.
        line: how it stands, in a sentence.
        my_part: what this laptop does for it, in a sentence.
        can_pledge: 'on' if I can go on duty as a teller, 'off' if I can go off it, empty if neither.
        convicted: who was caught in a lie.
        parameters: figures that decisions set, by name.
        offices: who was elected to what.
        successors: councils in which members want to go on, and can as the register stands, by id.
        can_go_on: whether I can sign one of them, or write one because the next page waits for tellers who are silent.
    """

    council: CouncilId
    council_name: str
    number: int
    time: str
    broken: int
    pages: tuple[PageView, ...]
    next_number: int
    tellers: tuple[SpokenView, ...]
    quorum: int
    liars: int
    waiting: tuple[str, ...]
    line: str
    my_part: str
    convicted: tuple[PersonView, ...]
    parameters: tuple[tuple[str, str], ...]
    offices: tuple[OfficeView, ...]
    can_pledge: str = ""
    successors: tuple[SuccessorView, ...] = ()
    can_go_on: bool = False
