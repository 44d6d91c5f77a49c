"""The port between a user interface and the running peer.

The terminal interface and the command line hold a `Session` and know nothing of stores, networks or loops. Reading
is synchronous and cheap (views of what is in memory); doing is asynchronous and ends with `Done` or a `LocalError`.
"""

from collections.abc import AsyncIterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from crdt.errors import LocalError
from crdt.ids import ChangeHash, CouncilId
from p2pcouncil.domain.planning.hour_tree import HourNode
from p2pcouncil.domain.planning.table import Table
from p2pcouncil.peer.commands import Command, Done
from p2pcouncil.peer.views.councils import CouncilView
from p2pcouncil.peer.views.inbox import InboxItem
from p2pcouncil.peer.views.network import NetworkView, StatusView
from p2pcouncil.peer.views.people import IdentityView
from p2pcouncil.peer.views.plans import PlanView, TechniqueView
from p2pcouncil.peer.views.proposals import ProposalView
from p2pcouncil.peer.views.register import RegisterView


class FileThereError(LocalError):
    """A file would be written where one is already."""

    def __init__(self, name: str) -> None:
        """Say which.

        Args:
            name: the file's, as it can be shown.
        """
        super().__init__(
            f"There is a file {name} already.", "Give another name, or say that it may be replaced."
        )


class Session(Protocol):
    """A running peer, as an interface sees it."""

    def identity(self) -> IdentityView | None:
        """Who I am, or None before the first run is done."""
        ...

    async def create_identity(self, name: str, passphrase: str) -> tuple[str, ...]:
        """Make a member key and this laptop's device key.

        Args:
            name: display name.
            passphrase: encrypts the member key on this laptop; empty means that the key is not stored at all,
                and only the recovery phrase brings it back.

        Returns:
            The 24 words of the recovery phrase, to be shown once and checked.

        Raises:
            LocalError: an identity exists already, or the name is unusable.
        """
        ...

    async def recover_identity(self, words: Sequence[str], name: str, passphrase: str) -> Done:
        """Bring a member back from the recovery phrase: a new device on this laptop.

        Raises:
            LocalError: words that are not in the list, a wrong check, an identity that exists already.
        """
        ...

    def status(self) -> StatusView:
        """Everything in a glance."""
        ...

    def inbox(self) -> tuple[InboxItem, ...]:
        """What waits for me, by my priorities, then what is nearest to its deadline."""
        ...

    def councils(self) -> tuple[CouncilView, ...]:
        """The councils that this peer holds, in tree order."""
        ...

    def council(self, council: CouncilId) -> CouncilView:
        """One council.

        Raises:
            LocalError: not held here.
        """
        ...

    def proposals(self, council: CouncilId | None = None) -> tuple[ProposalView, ...]:
        """Proposals of one council or all, newest claim first.

        Texts, edits, comments, rolls and ballots are left out of the list: see `proposal`.
        """
        ...

    def proposal(self, proposal: ChangeHash) -> ProposalView:
        """One proposal with its text, versions and vote; also found by its issue's id.

        Raises:
            LocalError: not held here.
        """
        ...

    def register(self, council: CouncilId) -> RegisterView:
        """A council's register: its pages, who signed them, and what the next one waits for.

        Raises:
            LocalError: not held here.
        """
        ...

    def plans(self, council: CouncilId | None = None) -> tuple[PlanView, ...]:
        """Planning periods of one council or all, in tree order, the last one first."""
        ...

    def plan(self, plan: ChangeHash) -> PlanView:
        """One planning period, by the vote that decided on it, or by that vote's proposal.

        Raises:
            LocalError: not held here.
        """
        ...

    def plan_table(self, plan: ChangeHash) -> Table | None:
        """What goods take by the round that is shown of a planning period; None if nothing in it has a labour value.

        It is worked out on the spot, which can take long.

        Raises:
            LocalError: not held here.
        """
        ...

    async def hours(self, plan: ChangeHash, product: str, threshold: Fraction) -> HourNode | None:
        """The tree of hours behind a product by the round that is shown of a planning period; None if it has no value.

        Args:
            plan: the vote that decided on it.
            product: its name.
            threshold: share of its hours below which an input is part of the rest.

        Raises:
            LocalError: not held here.
        """
        ...

    def techniques(self, council: CouncilId) -> tuple[TechniqueView, ...]:
        """How things can be made, as members of a council published it.

        Raises:
            LocalError: not held here.
        """
        ...

    def network(self) -> NetworkView:
        """How this peer stands in the network."""
        ...

    def priorities(self) -> tuple[str, ...]:
        """The tags that come first in my inbox."""
        ...

    async def submit(self, command: Command) -> Done:
        """Do something. When it returns, what it wrote is committed on this laptop.

        Raises:
            LocalError: it can't be done; the hint says what to do instead.
        """
        ...

    async def export_bundle(self, path: Path, council: CouncilId | None = None) -> Done:
        """Write everything held (of one council) into a file that can be carried by hand."""
        ...

    async def import_bundle(self, path: Path) -> Done:
        """Take in a file made by `export_bundle`; what does not verify is refused and named."""
        ...

    async def read_file(self, path: Path, bytes_max: int) -> bytes:
        """The bytes of a file on this laptop: terms of a plan, a table of techniques.

        Args:
            path: where it is; a leading ~ stands for the home folder.
            bytes_max: more than can be used; of a larger file one byte more is read, so that its reader says so.

        Raises:
            LocalError: there is no such file, or it can't be read.
        """
        ...

    async def write_file(self, path: Path, content: bytes, *, replace: bool = False) -> Path:
        """Write a file on this laptop, in whole: a table to be worked on elsewhere.

        Args:
            path: where to; a leading ~ stands for the home folder.
            content: all of it.
            replace: whether a file that is there may go.

        Returns:
            Where it is now, from the root.

        Raises:
            FileThereError: there is one of that name, and it may not go.
            LocalError: it can't be written.
        """
        ...

    def changes(self) -> AsyncIterator[None]:
        """Yields whenever something may look different; coalesced."""
        ...
