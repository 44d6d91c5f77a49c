"""Ballots to fill in with the keyboard: one option, many, points. Signs tell what is chosen: (•), [x], [ 3]."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList

from p2pcouncil.domain.tally.choice import BLANK, Choice, choice_of_points, points_of
from tui.content import ACCENT, MUTED, STRONG, join, line
from tui.widgets.keyed_list import KeyedList, Row


class Ballot(KeyedList):
    """A list of options that a choice grows from; `choice` is None until something was chosen."""

    class Changed(Message):
        """The choice is another one now."""

    def __init__(self, options: tuple[str, ...], choice: Choice | None) -> None:
        """Offer options.

        Args:
            options: all that a ballot indexes, cleaned.
            choice: what the voter chose before.
        """
        super().__init__(id="ballot")
        self.choice = choice
        self._labels = options

    def on_mount(self) -> None:
        """Draw the options as they were chosen before."""
        self._draw()
        listed = [option for tier in self.choice or () for option in tier]
        self.highlighted = listed[0] if listed else 0

    def set_choice(self, choice: Choice | None) -> None:
        """Take a choice and tell the screen."""
        self.choice = choice
        self._draw()
        self.post_message(self.Changed())

    def _draw(self) -> None:
        self.show([Row(str(option), self._row(option)) for option in range(len(self._labels))])

    def _row(self, option: int) -> Content:
        chosen = self.is_chosen(option)
        mark = Content.styled(self.mark(option), f"bold {ACCENT}" if chosen else MUTED)
        row: list[Content | str] = [mark, "  ", line(self._labels[option], STRONG if chosen else "")]
        note = self.note(option)
        return join([*row, "  ", line(note, MUTED)] if note else row)

    def note(self, option: int) -> str:
        """What stands behind an option; nothing, unless the method has something to say."""
        return ""

    def is_chosen(self, option: int) -> bool:
        """Whether the choice names the option."""
        return any(option in tier for tier in self.choice or ())

    def mark(self, option: int) -> str:
        """The sign before an option."""
        raise NotImplementedError

    def action_pick(self, option: int) -> None:
        """Do what choosing an option means here."""
        raise NotImplementedError

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose with Enter or space."""
        event.stop()
        self.action_pick(event.option_index)

    def action_pick_number(self, number: int) -> None:
        """Choose by number, from 1 on."""
        if number <= len(self._labels):
            self.highlighted = number - 1
            self.action_pick(number - 1)


_NUMBERS: list[BindingType] = [
    Binding(str(n), f"pick_number({n})", f"Choose {n}", show=False) for n in range(1, 10)
]


class OneBallot(Ballot):
    """Exactly one option."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "select", "Choose"), *_NUMBERS]

    def mark(self, option: int) -> str:
        """A round box."""
        return "(•)" if self.is_chosen(option) else "( )"

    def action_pick(self, option: int) -> None:
        """Choose it instead of another."""
        self.set_choice(((option,),))


class ManyBallot(Ballot):
    """Any number of options."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "select", "Approve or not"),
        Binding("0,backspace", "none", "Approve of none", key_display="0"),
        *_NUMBERS,
    ]

    def mark(self, option: int) -> str:
        """A square box."""
        return "[x]" if self.is_chosen(option) else "[ ]"

    def action_pick(self, option: int) -> None:
        """Approve, or take the approval back."""
        approved = set(self.choice[0]) if self.choice else set()
        approved ^= {option}
        self.set_choice((tuple(sorted(approved)),) if approved else BLANK)

    def action_none(self) -> None:
        """Approve of nothing, on purpose."""
        self.set_choice(BLANK)


class ProjectsBallot(ManyBallot):
    """Any number of projects, each with what it costs."""

    def __init__(self, options: tuple[str, ...], choice: Choice | None, costs: tuple[int, ...]) -> None:
        """Offer projects.

        Args:
            options: their names, cleaned.
            choice: what the voter chose before.
            costs: of each, in units of money.
        """
        super().__init__(options, choice)
        self._costs = costs

    def note(self, option: int) -> str:
        """The price."""
        return f"costs {self._costs[option]:,}"


class ScoreBallot(Ballot):
    """Points for each option; what has none gets 0."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *[Binding(str(n), f"points({n})", "Points", show=n == 1, key_display="0-9") for n in range(10)],
        Binding("plus,equals_sign,right", "more(1)", "More", key_display="+"),
        Binding("minus,left", "more(-1)", "Fewer", key_display="-"),
        Binding("backspace", "points(0)", "No points", show=False),
        Binding("enter,space", "select", "Most points or none"),
    ]

    def __init__(self, options: tuple[str, ...], choice: Choice | None, highest: int) -> None:
        """Offer options, with the points that the voter gave before.

        Args:
            options: their names, cleaned.
            choice: what the voter chose before.
            highest: most points for an option.
        """
        super().__init__(options, choice)
        self._highest = highest
        self._points = points_of(choice or (), highest)

    def mark(self, option: int) -> str:
        """The points in a box."""
        return f"[{self._points.get(option, 0):>2}]"

    def action_pick(self, option: int) -> None:
        """Give the most points, or take all back."""
        self._give(option, 0 if self._points.get(option) == self._highest else self._highest)

    def action_points(self, points: int) -> None:
        """Give the option under the cursor so many points, or the most that are allowed."""
        if self.highlighted is not None:
            self._give(self.highlighted, points)

    def action_more(self, by: int) -> None:
        """Give the option under the cursor a point more or fewer."""
        if self.highlighted is not None:
            self._give(self.highlighted, self._points.get(self.highlighted, 0) + by)

    def _give(self, option: int, points: int) -> None:
        self._points[option] = min(max(points, 0), self._highest)
        self.set_choice(choice_of_points(self._points, self._highest))
