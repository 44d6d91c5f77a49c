"""Going on elsewhere: a council that takes over from one whose register has come to an end.

When more tellers are gone than a register can do without, or two pages of one number are certified, nobody can write
the next page. Then more than half of the last page's roll may go on in a successor: a council whose founding names that
page, lists its whole roll, and is signed by member keys. Among those who sign are so many of the page's next committee
that the others are too few to write another page. Whoever signs tells no more in the old council, so it can't go on
beside its successor unless some of them lie.

Source: DESIGN section 6, "When it stalls".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crdt.ids import CouncilId, MemberId
from p2pcouncil.domain.records import NOBODY, Genesis, Signed, SuccessorGenesis, encode_record
from p2pcouncil.domain.register.chain import Chain


@dataclass(frozen=True, slots=True)
class Successor:
    """A council that members want to go on in.

    Attributes:
        council: its id, which they sign.
        body: its founding as it is signed; empty while nobody's entry that is held carries it.
        genesis: the same, read; None while it is not held.
        signatures: by member, ascending.
    """

    council: CouncilId
    body: bytes
    genesis: SuccessorGenesis | None
    signatures: Mapping[MemberId, bytes]


@dataclass(frozen=True, slots=True)
class Support:
    """How much a successor has of what it needs.

    Attributes:
        signed, needed: members of the roll who signed, and how many have to.
        tellers_signed, tellers_needed: the same of those who would write the next page.
    """

    signed: int
    needed: int
    tellers_signed: int
    tellers_needed: int

    @property
    def is_enough(self) -> bool:
        """Whether the council goes on there."""
        return self.signed >= self.needed and self.tellers_signed >= self.tellers_needed


def why_unfit(before: Genesis, chain: Chain, genesis: SuccessorGenesis) -> str:
    """Why a founding does not go on from where a register ends; empty if it does.

    A register that has a later page did not end: whoever signed a successor from an earlier one tells again.

    Args:
        before: the founding of the council whose register has come to an end.
        chain: its register up to its last page.
        genesis: the successor's founding.
    """
    if (chain.number, chain.page) != (genesis.succeeds.number, genesis.succeeds.page):
        return "It goes on from another page than the last one that is here."
    as_before = (before.kind, before.level, before.parent, chain.charter)
    if (genesis.kind, genesis.level, genesis.parent, genesis.charter) != as_before:
        return "It is another kind of council, or has another charter."
    if {MemberId(founder.member) for founder in genesis.roll} != chain.roll.keys():
        return "It lists other members than that page does."
    if len(chain.next_committee().members & set(genesis.succeeds.tellers)) < tellers_needed(chain):
        return "It names too few of the old tellers to tell on."
    return ""


def tellers_needed(chain: Chain) -> int:
    """How many of those who would write the next page have to go on, so that the others are too few to write it."""
    committee = chain.next_committee()
    return len(committee.tellers) - committee.quorum + 1


def support_of(chain: Chain, signers: Mapping[MemberId, object]) -> Support:
    """How many of those who have to sign did.

    Args:
        chain: the register up to the page that the successor goes on from.
        signers: members who signed it.
    """
    return Support(
        signed=len(signers.keys() & chain.roll.keys()),
        needed=len(chain.roll) // 2 + 1,
        tellers_signed=len(signers.keys() & chain.next_committee().members),
        tellers_needed=tellers_needed(chain),
    )


def signed_founding(successor: Successor) -> bytes:
    """The founding with the signatures that are held, as it is kept and handed on."""
    assert successor.genesis is not None, "a founding is put together once its text is held"
    given = (successor.signatures.get(MemberId(f.member), NOBODY) for f in successor.genesis.roll)
    return encode_record(Signed(successor.body, tuple(given)))
