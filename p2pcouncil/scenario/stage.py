"""What a story has come to so far: who acts in it, and what its steps made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from p2pcouncil.scenario.processes import Actor

LOOK_AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Stage:
    """Shared by those who play the steps of one story.

    Attributes:
        actors: by the key of their person.
        tell: takes each sentence of the story.
        councils: ids by the key of a council.
        members: the keys of those who are in, by the key of a council.
        proposals: ids by the key of a proposal.
        proposed_in: the key of its council, by the key of a proposal.
        failures: what was not as the story expects, as sentences.
    """

    actors: Mapping[str, Actor]
    tell: Callable[[str], None]
    councils: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    proposals: dict[str, str] = field(default_factory=dict)
    proposed_in: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def members_of(self, proposal: str) -> Sequence[str]:
        """The keys of those in whose council a proposal is."""
        return self.members[self.proposed_in[proposal]]

    def fail(self, sentence: str) -> None:
        """Note, and tell at once, that something is not as the story expects."""
        self.failures.append(sentence)
        self.tell(f"    {sentence}")

    def running(self, keys: Sequence[str]) -> list[str]:
        """Those of these people whose peers run."""
        return [key for key in keys if self.actors[key].is_running]
