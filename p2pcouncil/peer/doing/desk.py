"""Where a command is worked out: whose peer, which key, what time it is, and the questions that all of them ask."""

from collections.abc import Callable
from dataclasses import dataclass

from crdt.errors import LocalError, RemoteError
from crdt.ids import ChangeHash, CouncilId
from crdt.keys import Signer
from p2pcouncil.domain.outcomes import ProposalState
from p2pcouncil.domain.plain_text import clean_line
from p2pcouncil.peer.core import Peer
from p2pcouncil.peer.events import Effect
from p2pcouncil.peer.place import Place
from p2pcouncil.peer.world import Me

SHOWN_CELLS = 100


@dataclass(frozen=True, slots=True)
class Deed:
    """What to carry out, and what to tell the user when it is done.

    Attributes:
        effects: in order; what they write is committed before the user hears of it.
        message: one sentence.
        id: what was made; None stands for the hash of the first entry written.
        lines: further lines for the user.
    """

    effects: tuple[Effect, ...]
    message: str
    id: bytes | None = b""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a command is worked out.

    Attributes:
        peer: whose state the commands are checked against.
        signer: this device's key; signs records (the store signs entries).
        draw: gives so many random bytes.
        now_ms: this laptop's clock, claimed in what is written and read by no rule.
        generation: in a council, the generation of our feed that is written to now.
    """

    peer: Peer
    signer: Signer
    draw: Callable[[int], bytes]
    now_ms: int
    generation: int = 0

    @property
    def me(self) -> Me:
        """Who we are.

        Raises:
            LocalError: there is no identity yet.
        """
        if self.peer.world.me is None:
            raise LocalError("There is no identity on this laptop yet.", "Run `p2pcouncil init` first.")
        return self.peer.world.me

    def place(self, council: CouncilId, *, as_member: bool = True) -> Place:
        """A council held here, to which we belong unless that is not asked for.

        Raises:
            LocalError: it is not held, or nobody vouched for us yet.
        """
        place = self.peer.world.places.get(council)
        if place is None:
            raise LocalError(
                "This laptop doesn't hold that council.",
                "See `p2pcouncil councils`; join one with an invitation.",
            )
        if as_member and not place.state.is_admitted(self.me.member):
            raise LocalError(
                f"You are not a member of “{shown(place.state.genesis.name)}” yet: somebody has to vouch for you.",
                "Tell a member your four-word fingerprint, and ask them to vouch.",
            )
        return place

    def proposal(self, proposal: ChangeHash) -> tuple[Place, ProposalState]:
        """A proposal, named by its own hash or its vote's, and its council.

        Raises:
            LocalError: it is not held, or we don't belong to its council.
        """
        place = self.peer.world.place_of_entry(proposal)
        if place is None:
            raise LocalError("This laptop doesn't hold that proposal.", "See `p2pcouncil inbox`.")
        issue = place.issue(proposal)
        found = place.proposal(issue.proposal if issue else proposal)
        if found is None:
            raise LocalError("The proposal of that vote is not here yet.", "Wait until this peer caught up.")
        self.place(place.council)
        return place, found

    def check_duty(self, place: Place) -> None:
        """Check that this device votes for us in a council.

        Raises:
            LocalError: another one does.
        """
        duty = place.state.duty(self.me.member)
        if duty.device is None and place.state.member(self.me.member).joins == 0:
            raise LocalError(
                "The vouch that let you in does not count: whoever gave it had left, or it was taken back.",
                "Ask another member to vouch for you.",
            )
        if duty.device is None:
            raise LocalError(
                "None of your devices votes in this council: you were vouched for with more than one of them.",
                "Say which one does, with `p2pcouncil device take-over`.",
            )
        if duty.device != self.me.device:
            raise LocalError(
                "Another of your devices votes for you in this council.",
                "Vote there, or take the duty over with `p2pcouncil device take-over`.",
            )


def shown(text: str) -> str:
    """A stranger's text, made safe for a sentence of ours."""
    return clean_line(text, SHOWN_CELLS)


def sentence_of(error: RemoteError) -> str:
    """An error's words as a sentence."""
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
