"""Ballots that put options in order with the keyboard; the sign before an option is its rank: [ 1]."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from p2pcouncil.domain.tally.choice import Choice
from tui.widgets.ballot import Ballot


class RankedBallot(Ballot):
    """Ranks, equal ones allowed; what has none comes last."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *[Binding(str(n), f"rank({n})", "Rank", show=n == 1, key_display="1-9") for n in range(1, 10)],
        Binding("plus,equals_sign,left", "move(-1)", "Better", key_display="+"),
        Binding("minus,right", "move(1)", "Worse", key_display="-"),
        Binding("0,backspace", "rank(0)", "No rank", key_display="0"),
        Binding("enter,space", "select", "Next free rank"),
    ]

    def __init__(self, options: tuple[str, ...], choice: Choice | None) -> None:
        """Offer options, with the ranks that the voter gave before."""
        super().__init__(options, choice)
        self._ranks = {option: rank for rank, tier in enumerate(choice or (), start=1) for option in tier}

    def mark(self, option: int) -> str:
        """The rank in a box."""
        return f"[{self._ranks.get(option, ' '):>2}]"

    def action_pick(self, option: int) -> None:
        """Give the next free rank, or take the rank away."""
        worst = max(self._ranks.values(), default=0)
        self._set_rank(option, 0 if option in self._ranks else worst + 1)

    def action_rank(self, rank: int) -> None:
        """Rank the option under the cursor; 0 takes its rank away."""
        if self.highlighted is not None:
            self._set_rank(self.highlighted, rank)

    def action_move(self, by: int) -> None:
        """Rank the option under the cursor one better or worse."""
        if self.highlighted is None:
            return
        rank = self._ranks.get(self.highlighted)
        unranked = max(self._ranks.values(), default=0) + 1
        self._set_rank(
            self.highlighted, min(max((rank or unranked) + (by if rank else 0), 1), len(self._labels))
        )

    def _set_rank(self, option: int, rank: int) -> None:
        self._ranks.pop(option, None)
        if rank:
            self._ranks[option] = rank
        tiers = sorted(set(self._ranks.values()))
        self.set_choice(
            tuple(tuple(sorted(o for o, given in self._ranks.items() if given == tier)) for tier in tiers)
        )


class OrderBallot(RankedBallot):
    """Ranks that each hold one option; to rank one puts it in its place and moves the others down."""

    def _set_rank(self, option: int, rank: int) -> None:
        order = sorted((o for o in self._ranks if o != option), key=lambda o: self._ranks[o])
        if rank:
            order.insert(min(rank, len(order) + 1) - 1, option)
        self._ranks = {o: place for place, o in enumerate(order, start=1)}
        self.set_choice(tuple((o,) for o in order))
