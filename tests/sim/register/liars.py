"""What liars do: whatever could hurt, and different things to different tellers."""

import msgspec

from crdt.ids import domain_hash
from p2pcouncil.domain.records import RULES_VERSION
from p2pcouncil.domain.register.pages import Closed, Left, Page, Result, encode_page, page_hash
from p2pcouncil.domain.register.sayings import (
    AnySaying,
    PageProposal,
    Precommit,
    Prevote,
    Receipt,
    Received,
    Seal,
)
from p2pcouncil.domain.register.sealing import pack_numbers
from tests.sim.register.teller import Laptop, Told
from tests.sim.register.world import World


def lie(world: World) -> None:
    """Liars say whatever could hurt, and different things to different tellers."""
    random = world.random
    liar = random.choice(world.liars)
    teller = random.choice(list(world.tellers.values()))
    chain = teller.minutes.chain
    number, issue = chain.number + 1, world.opening.issue
    round_ = teller.teller.round() + random.randrange(2)
    said = teller.minutes.said_about(number)
    values = [b"", *sorted({s.value for s in said if isinstance(s, PageProposal)})]
    told: list[AnySaying] = []
    match random.randrange(5):
        case 0:
            told.append(Prevote(chain.council, liar.member, number, round_, random.choice(values)))
        case 1:
            clock = world.now_ms + random.choice((-1, 1)) * random.randrange(10**9)
            told.append(Precommit(chain.council, liar.member, number, round_, random.choice(values), clock))
        case 2:
            data = forged_page(world, teller)
            if data is not None:
                world.whisper(Told(liar.member, (data,)), 0.5)
                turns = [
                    r
                    for r in (round_, round_ + 1)
                    if teller.minutes.shot.committee.proposer(r).member == liar.member
                ]
                round_ = turns[0] if turns else round_
                valid_round = random.choice((-1, -1, random.randint(-1, round_ - 1)))
                told.append(
                    PageProposal(chain.council, liar.member, number, round_, page_hash(data), valid_round)
                )
        case 3:
            numbers = [random.choice((0, 1, 2, 9)) for _ in world.members]
            told.append(Seal(chain.council, liar.member, issue, pack_numbers(numbers)))
        case _:
            cast = random.choice(world.cast) if world.cast and random.random() < 0.8 else None
            member = cast.member if cast else random.choice(world.members)
            received = Received(member, cast.number if cast else random.randint(1, 9))
            told.append(Receipt(chain.council, liar.member, issue, (received,)))
    for saying in told:
        if random.random() < 0.1:  # In the name of somebody else.
            saying = msgspec.structs.replace(saying, member=teller.me.member)
        world.whisper(Told(liar.member, (liar.sign(saying),)), random.choice((0.5, 1.0)))


def split(world: World) -> None:
    """A liar helps one teller alone over the line: to a lock, or to a decision that nobody else knows of."""
    random = world.random
    liar = random.choice(world.liars)
    laptop = random.choice(list(world.tellers.values()))
    chain, number = laptop.minutes.chain, laptop.minutes.number
    votes = [s for s in laptop.minutes.said_about(number) if isinstance(s, Prevote | Precommit) and s.value]
    if not votes:
        return
    vote = max(votes, key=lambda s: (isinstance(s, Precommit), s.round, s.value))
    saying: AnySaying = Prevote(chain.council, liar.member, number, vote.round, vote.value)
    if isinstance(vote, Precommit):
        saying = Precommit(chain.council, liar.member, number, vote.round, vote.value, world.now_ms)
    said = Told(liar.member, (liar.sign(saying),))
    world.said.append(said)
    world.send(laptop.take(said))


def forged_page(world: World, teller: Laptop) -> bytes | None:
    """A page by a liar: an honest draft if there is one, with what suits the liars of it."""
    random, minutes = world.random, teller.minutes
    drafted = teller.teller.draft(teller.clock_ms())
    if drafted is None and random.random() < 0.5:
        return None
    chain = minutes.chain
    place = (RULES_VERSION, chain.council, minutes.number, chain.page)
    page = Page(*place, minutes.certificate(), minutes.proof()) if drafted is None else drafted.page
    closed, left = page.closed, page.left
    vote = chain.votes.get(world.opening.issue)
    if vote is not None and vote.closes_ms is not None and random.random() < 0.5:
        seals = minutes.seals(vote.issue)
        some = sorted(seals)[: vote.committee.quorum]
        names = tuple(seals[t][0] for t in some)
        sheets = (domain_hash("test/sheet", bytes([random.randrange(256)])),)
        result = Result("passed", (), 1)
        closed = (Closed(vote.issue, tuple(some), names, sheets, result),) if some else ()
    elif random.random() < 0.3:
        left = (Left(random.choice(world.members), domain_hash("test/never", b"")),)
    return encode_page(
        msgspec.structs.replace(
            page,
            proof=page.proof if random.random() < 0.5 else b"",
            entered=page.entered if random.random() < 0.5 else (),
            closed=closed,
            left=left,
            convicted=(),
        )
    )
