"""An ambush: the liars hold the network for a while, and lead the honest into the situations that locks are there for.

Some tellers precommit to a page, one of them alone learns that it is decided, and nobody else knows of the prevotes
for it. Then another page comes up: by a proposer who knows nothing of the first (a lock that is forgotten lets it
pass), or with prevotes from a round before (a lock that an older quorum frees lets it pass). Either way a forgotten
lock makes two pages of one number. Whatever does not go as planned ends the ambush.
"""

from collections.abc import Callable, Iterable, Sequence

from p2pcouncil.domain.register.pages import encode_page, page_hash
from p2pcouncil.domain.register.sayings import AnySaying, PageProposal, Precommit, Prevote, Said, read_saying
from p2pcouncil.domain.register.shot import Step, Wait
from tests.sim.register.people import Person
from tests.sim.register.teller import Item, Laptop, Opening, Told
from tests.sim.register.world import World, another_opening, told_by

VoteKind = type[Prevote] | type[Precommit]


class Ambush:
    """The state of one: who is to lock, who is to know nothing, and what everybody said so far.

    Attributes:
        locked: a quorum less those who lie.
        victim: the one of them that learns of the decision; None before.
        blind: the honest others.
    """

    def __init__(self, world: World, locks: int, breaks: int) -> None:
        """Lay it.

        Args:
            world: in which nothing was said yet.
            locks: the round whose page some lock on. Its proposer is among them, or lies.
            breaks: the round whose page is to break the lock. Its proposer is blind, or lies.
        """
        self.world = world
        self.random = world.random
        self.chain = next(iter(world.tellers.values())).first
        self.committee = self.chain.next_committee()
        self.liars = {liar.member: liar for liar in world.liars}
        honest = list(world.tellers.values())
        self.random.shuffle(honest)
        first, last = self.committee.proposer(locks).member, self.committee.proposer(breaks).member
        honest.sort(key=lambda laptop: (laptop.me.member != first, laptop.me.member == last))
        size = max(0, self.committee.quorum - len(world.liars))
        self.locked, self.blind = honest[:size], honest[size:]
        self.victim: Laptop | None = None
        self.pool: list[tuple[AnySaying, Told]] = []

    @property
    def is_possible(self) -> bool:
        """Whether it takes honest tellers to lock, and leaves some blind; not if far too many lie."""
        return bool(self.locked and self.blind)

    @property
    def others(self) -> list[Laptop]:
        """The honest who don't learn of the decision."""
        return [laptop for laptop in (*self.locked, *self.blind) if laptop is not self.victim]

    def tell(self, to: Iterable[Laptop], items: Sequence[Item]) -> None:
        """Some hear this now. The honest hear of an opening sooner or later; of what liars said perhaps never."""
        self.world.said += [item for item in items if isinstance(item, Opening)]
        for laptop in to:
            for item in items:
                self._note(laptop.take(item))

    def time_out(self, laptops: Iterable[Laptop], step: Step, round_: int) -> None:
        for laptop in laptops:
            if Wait(step, round_) in laptop.teller.waits:
                self._note(laptop.time_out(Wait(step, round_)))

    def lies(self, say: Callable[[Person], AnySaying]) -> list[Told]:
        return [told_by(liar, liar.sign(say(liar))) for liar in self.world.liars]

    def prevotes(self, round_: int, value: bytes) -> list[Told]:
        return self.lies(lambda liar: Prevote(self.chain.council, liar.member, 1, round_, value))

    def precommits(self, round_: int, value: bytes) -> list[Told]:
        clock_ms = self.world.now_ms
        return self.lies(lambda liar: Precommit(self.chain.council, liar.member, 1, round_, value, clock_ms))

    def said(self, kind: VoteKind, round_: int) -> list[Told]:
        """What the honest said of a kind in a round."""
        return [told for saying, told in self.pool if isinstance(saying, kind) and saying.round == round_]

    def proposal(self, round_: int, knows: Laptop) -> Told | None:
        """The proposal of a round: the honest proposer's, or a liar's, of the page that somebody would draft."""
        liar = self.liars.get(self.committee.proposer(round_).member)
        if liar is None:
            made = [
                told
                for saying, told in self.pool
                if isinstance(saying, PageProposal) and saying.round == round_
            ]
            return made[0] if made else None
        draft = knows.teller.draft(knows.clock_ms())
        if draft is None:
            return None
        return self.propose(liar, round_, encode_page(draft.page), -1)

    def propose(self, liar: Person, round_: int, data: bytes, valid_round: int) -> Told:
        said = PageProposal(self.chain.council, liar.member, 1, round_, page_hash(data), valid_round)
        told = told_by(liar, data, liar.sign(said))
        self.pool.append((said, told))
        return told

    def fail(self, round_: int) -> None:
        """A round comes to nothing for those who did not see it decided, and they go on to the next one."""
        self.time_out(self.others, Step.PROPOSE, round_)
        self.tell(self.others, [*self.said(Prevote, round_), *self.prevotes(round_, b"")])
        self.time_out(self.others, Step.PREVOTE, round_)
        self.tell(self.others, [*self.said(Precommit, round_), *self.precommits(round_, b"")])
        self.time_out(self.others, Step.PRECOMMIT, round_)

    def lock(self, round_: int, proposal: Told) -> None:
        """Some precommit to a page, and one of them learns that it is decided."""
        value = value_of(proposal)
        self.tell(self.locked, [proposal])
        self.tell(self.locked, [*self.said(Prevote, round_), *self.prevotes(round_, value)])
        self.victim = self.random.choice(self.locked)
        self.tell([self.victim], [*self.said(Precommit, round_), *self.precommits(round_, value)])
        # A proof is no secret, and a page without it would look bad.
        liar = self.random.choice(self.world.liars)
        self.tell(self.blind, [told_by(liar, *(item for item in proposal.items if isinstance(item, bytes)))])

    def finish(self, round_: int, proposal: Told) -> None:
        """Everybody but the victim is asked for another page."""
        value = value_of(proposal)
        self.tell(self.others, [proposal])
        self.tell(self.others, [*self.said(Prevote, round_), *self.prevotes(round_, value)])
        self.tell(self.others, [*self.said(Precommit, round_), *self.precommits(round_, value)])

    def _note(self, items: Sequence[Item]) -> None:
        self.world.send(items)
        for told in items:
            if isinstance(told, Told):
                said = [item for item in told.items if isinstance(item, Said)]
                self.pool += [(read_saying(item), told) for item in said]


def value_of(proposal: Told) -> bytes:
    """The page that a proposal names."""
    named = [read_saying(item) for item in proposal.items if isinstance(item, Said)]
    return next(saying.value for saying in named if isinstance(saying, PageProposal))


def ambush(world: World) -> None:
    """Lay one of the two."""
    (_with_a_new_page if world.random.random() < 0.5 else _with_an_older_quorum)(world)


def _with_a_new_page(world: World) -> None:
    """Round 0 locks, and the proposer of round 1, who knows nothing of it, has another page."""
    plan = Ambush(world, 0, 1)
    if not plan.is_possible:
        return
    plan.tell(plan.locked, [Opening(world.opening)])
    first = plan.proposal(0, plan.locked[0])
    if first is None:
        return
    plan.lock(0, first)
    other = another_opening(world)
    plan.tell(plan.blind, [Opening(world.opening), other])
    plan.fail(0)
    plan.tell(plan.others, [other])
    second = plan.proposal(1, plan.blind[0])
    if second is not None:
        plan.finish(1, second)


def _with_an_older_quorum(world: World) -> None:
    """Round 0 has hidden prevotes for one page, round 1 locks on another, and round 2 brings the hidden ones."""
    plan = Ambush(world, 1, 2)
    if not plan.is_possible:
        return
    everybody = [*plan.locked, *plan.blind]
    plan.tell(everybody, [Opening(world.opening)])
    first = plan.proposal(0, plan.locked[0])
    if first is None:
        return
    value = value_of(first)
    plan.tell(plan.locked, [first])
    plan.fail(0)
    plan.tell(everybody, [another_opening(world)])
    second = plan.proposal(1, plan.locked[0])
    if second is None:
        return
    plan.lock(1, second)
    hidden = [first, *plan.said(Prevote, 0), *plan.prevotes(0, value)]
    plan.tell(plan.blind, hidden)
    plan.fail(1)
    liar = plan.liars.get(plan.committee.proposer(2).member)
    data = next(item for item in first.items if isinstance(item, bytes))
    third = plan.proposal(2, plan.blind[0]) if liar is None else plan.propose(liar, 2, data, 0)
    if third is not None:
        plan.tell(plan.others, hidden)
        plan.finish(2, third)
