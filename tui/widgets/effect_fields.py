"""What a form asks about an effect: what a decision does by itself, and the few fields that it needs for that."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from crdt.errors import LocalError
from crdt.ids import MemberId
from p2pcouncil.domain.effects import (
    CHARTER_TERMS,
    AdmitMember,
    ChangeCharter,
    Effect,
    Elect,
    Promise,
    Recall,
    RecogniseCouncil,
    RemoveMember,
    SetParameter,
)
from p2pcouncil.domain.plain_text import validate_line
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.people import PersonView
from tui.widgets.field import Field, one_line
from tui.widgets.picker import Picker

NAME_CHARS_MAX = 64
VALUE_CHARS_MAX = 120
EFFECTS: tuple[tuple[type[Effect] | None, str], ...] = (
    (None, "nothing"),
    (Promise, "somebody sees to it"),
    (ChangeCharter, "the charter changes"),
    (RemoveMember, "a member is taken off the roll"),
    (AdmitMember, "a newcomer is let in although somebody objects"),
    (RecogniseCouncil, "a council below is recognised"),
    (Elect, "the winners hold an office"),
    (Recall, "somebody holds an office no longer"),
    (SetParameter, "a figure or a rule of ours is set"),
)
_FIELDS: dict[str, tuple[type[Effect], ...]] = {
    "#for-member": (Promise, RemoveMember, Recall),
    "#for-due": (Promise,),
    "#for-term": (ChangeCharter,),
    "#for-amount": (ChangeCharter,),
    "#for-newcomer": (AdmitMember,),
    "#for-below": (RecogniseCouncil,),
    "#for-office": (Elect, Recall),
    "#for-parameter": (SetParameter,),
    "#for-setting": (SetParameter,),
}
"""Which effects ask for which field."""
_TERMS = tuple(CHARTER_TERMS)
_NOBODY = "nobody is there to choose"


class EffectFields(Vertical):
    """The picker “What it does by itself”, and below it what the choice needs."""

    DEFAULT_CSS = "EffectFields { height: auto; }"

    def __init__(self, council: CouncilView | None, below: Sequence[CouncilView]) -> None:
        """Begin with no effect.

        Args:
            council: before which the proposal comes; None while there is none to choose.
            below: all councils known here, in which those below it are found.
        """
        super().__init__()
        self._all = tuple(below)
        self._members: tuple[PersonView, ...] = ()
        self._newcomers: tuple[PersonView, ...] = ()
        self._below: tuple[CouncilView, ...] = ()
        self._read(council)

    def compose(self) -> ComposeResult:
        """Lay all fields; those that the choice does not need are hidden."""
        yield Field("What it does by itself", Picker([label for _, label in EFFECTS], id="effect"))
        yield Field("Who", Picker(_names(self._members), id="member"), id="for-member")
        yield Field("By when", one_line(id="due", placeholder="2027-03-31"), id="for-due")
        yield Field("Which term", Picker([_term(term) for term in _TERMS], id="term"), id="for-term")
        amount = one_line(id="amount", restrict="[0-9]{0,9}")
        yield Field("Its new value", amount, help_text="Lengths are in seconds.", id="for-amount")
        yield Field("Who", Picker(_names(self._newcomers), id="newcomer"), id="for-newcomer")
        yield Field("Which council", Picker(self._councils(), id="below"), id="for-below")
        office = one_line(id="office", placeholder="treasurer")
        told = "In an election each option is a member's name."
        yield Field("Which office", office, help_text=told, id="for-office")
        yield Field("Its name", one_line(id="parameter", placeholder="repair fund"), id="for-parameter")
        yield Field("Its value", one_line(id="setting", placeholder="1,900 euros"), id="for-setting")

    def on_mount(self) -> None:
        """Hide what nothing needs."""
        self._reveal()

    def offer(self, council: CouncilView) -> None:
        """Offer the people and councils of another council."""
        self._read(council)
        self.query_one("#member", Picker).offer(_names(self._members))
        self.query_one("#newcomer", Picker).offer(_names(self._newcomers))
        self.query_one("#below", Picker).offer(self._councils())

    def effect(self, options: tuple[str, ...], today: date) -> Effect | None:
        """What the fields say.

        Args:
            options: the proposal's options: of an election the candidates, by name.
            today: our own date; a promise is due later.

        Raises:
            LocalError: something is missing, or is not what it should be; the field in question has the focus.
        """
        kind = self._kind()
        if kind is Promise:
            return Promise(self._chosen(self._members, "member").member, self._due_ms(today))
        if kind is ChangeCharter:
            return ChangeCharter(_TERMS[self._index("term")], int(self._typed("amount", "The new value")))
        if kind is RemoveMember:
            return RemoveMember(self._chosen(self._members, "member").member)
        if kind is AdmitMember:
            return AdmitMember(self._chosen(self._newcomers, "newcomer").member)
        if kind is RecogniseCouncil:
            if not self._below:
                raise LocalError("No council below this one is known here.", "Found or announce it first.")
            return RecogniseCouncil(self._below[self._index("below")].id)
        if kind is Elect:
            candidates = tuple(self._candidate(option) for option in options)
            return Elect(self._typed("office", "The office"), candidates)
        if kind is Recall:
            who = self._chosen(self._members, "member").member
            return Recall(self._typed("office", "The office"), who)
        if kind is SetParameter:
            name = self._typed("parameter", "The name")
            return SetParameter(name, self._typed("setting", "The value", VALUE_CHARS_MAX))
        return None

    @on(Picker.Changed, "#effect")
    def _reveal(self) -> None:
        kind = self._kind()
        for field, kinds in _FIELDS.items():
            self.query_one(field).display = kind in kinds
        if kind is not None and self.query_one("#effect").has_focus:
            self.call_after_refresh(self.scroll_visible, animate=False)

    def _kind(self) -> type[Effect] | None:
        return EFFECTS[self._index("effect")][0]

    def _read(self, council: CouncilView | None) -> None:
        members = council.members if council is not None else ()
        requests = council.requests if council is not None else ()
        self._members = tuple(member.person for member in members if not member.is_coming)
        coming = [member.person for member in members if member.is_coming]
        self._newcomers = tuple({p.member: p for p in (*coming, *(r.person for r in requests))}.values())
        self._below = tuple(
            other for other in self._all if council is not None and other.parent == council.id
        )

    def _councils(self) -> list[str]:
        return [council.name for council in self._below] or ["no council below is known here"]

    def _index(self, name: str) -> int:
        return self.query_one(f"#{name}", Picker).index

    def _chosen(self, people: tuple[PersonView, ...], name: str) -> PersonView:
        if not people:
            self.query_one(f"#{name}").focus()
            raise LocalError("There is nobody to choose.", "Choose something else that the decision does.")
        return people[self._index(name)]

    def _typed(self, name: str, what: str, limit: int = NAME_CHARS_MAX) -> str:
        field = self.query_one(f"#{name}", Input)
        if not field.value.strip():
            field.focus()
        return validate_line(field.value, what, limit)

    def _due_ms(self, today: date) -> int:
        field = self.query_one("#due", Input)
        try:
            due = date.fromisoformat(field.value.strip())
        except ValueError:
            due = None
        if due is None or due <= today:
            field.focus()
            raise LocalError("By when is no day to come.", "Write it like 2027-03-31.") from None
        return int(datetime.combine(due, time(), UTC).timestamp()) * 1_000

    def _candidate(self, option: str) -> MemberId:
        named = [who for who in self._members if who.name.casefold() == option.casefold()]
        if len(named) != 1:
            names = ", ".join(who.name for who in self._members)
            raise LocalError(
                f"The option “{option}” is no member's name.", f"Candidates are members, by name: {names}."
            )
        return named[0].member


def _names(people: Sequence[PersonView]) -> list[str]:
    return [f"{who.name} ({who.fingerprint})" for who in people] or [_NOBODY]


def _term(term: str) -> str:
    least, most = CHARTER_TERMS[term]
    return f"{term.replace('_', ' ')}, {least} to {most:,}"
