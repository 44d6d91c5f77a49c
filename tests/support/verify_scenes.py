"""A vote of five people from beginning to end, and what can be wrong with the bundle that carries it.

Each scene is the same honest story with one thing done otherwise, with real keys: by whoever made the file (who can
sign nothing), by a member, by a teller, or by all tellers together. Damage in the file is done by `Carried`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from crdt.ids import ChangeHash
from p2pcouncil.domain.effects import SetParameter
from p2pcouncil.domain.entries import Ballot, Open, Propose, Review
from p2pcouncil.domain.feed_entry import FeedEntry
from p2pcouncil.domain.register.certificates import Signer
from p2pcouncil.domain.register.pages import Page, Result, encode_page
from p2pcouncil.domain.register.sayings import Prevote
from p2pcouncil.domain.tally.choice import NO, YES
from tests.support.plan_scenes import PLAN_SCENES
from tests.support.voted_world import HOUR_MS, NAMES, Carried, VotedWorld, carried
from tests.support.world import MAJORITY, digest_of, version_of

IN_TIME = {"Ada": 1, "Ben": 2, "Cem": 1, "Dan": 1}
"""What tellers seal: Ben voted twice, Eve too late."""
TEXT = "We bake rye bread on Fridays."


@dataclass
class Scene:
    """The story as it was written.

    Attributes:
        world: who wrote what.
        issue: the vote.
        cast: ballots by name and number.
    """

    world: VotedWorld
    issue: FeedEntry
    cast: dict[tuple[str, int], FeedEntry] = field(default_factory=dict)


ChangePage = Callable[["Scene", Page], Page]


def story(
    *,
    before_seals: Callable[[Scene], None] | None = None,
    change_closing: ChangePage | None = None,
    late: bool = True,
    after: Callable[[Scene], None] | None = None,
    told: Callable[[bytes], bytes] | None = None,
) -> Scene:
    """Tell it.

    Args:
        before_seals: what somebody does while the vote is over and not yet sealed.
        change_closing: what tellers agree to write instead of what follows from the seals.
        late: whether Eve casts a ballot that nobody seals.
        after: what somebody does at the end.
        told: what the proposer's entry carries in place of the closing page.
    """
    world = VotedWorld()
    proposal = world.write(
        "Ada",
        Propose(
            world.now_ms(),
            digest_of("rye")[:16],
            "Rye on Fridays",
            "Bake rye bread once a week.",
            ("bread",),
            "",
            MAJORITY,
            (),
            SetParameter("bread", "rye"),
        ),
    )
    second = world.second("Ben", proposal, TEXT)
    issue = world.open("Ada", proposal, [second], TEXT)
    world.write_page(world.page(entered=(world.entered(issue, proposal),)))
    world.clock_ms += 1_000
    world.write_page(world.page())
    scene = Scene(world, issue)
    for name, number, choice in (
        ("Ada", 1, YES),
        ("Ben", 1, NO),
        ("Ben", 2, YES),
        ("Cem", 1, NO),
        ("Dan", 1, YES),
    ):
        scene.cast[name, number] = world.ballot(name, issue, choice, number)
    for name in NAMES:
        world.receipt(name, issue, IN_TIME)
    world.clock_ms += HOUR_MS
    if late:
        scene.cast["Eve", 1] = world.ballot("Eve", issue, NO, 1)
    if before_seals is not None:
        before_seals(scene)
    for name in NAMES:
        world.seal(name, issue, IN_TIME)
    closed, sheets = world.closed(issue)
    page = world.page(closed=(closed,))
    if change_closing is not None:
        page = change_closing(scene, page)
        if page.closed and page.closed[0].sheets != closed.sheets:
            sheets = scene_sheets(scene)
    told_page = told(encode_page(page)) if told is not None else None
    world.write_page(page, sheets, told_page, world.carried_seals(issue))
    if after is not None:
        after(scene)
    else:
        review(scene)
    return scene


def review(scene: Scene) -> None:
    """An overseer looks at it, and finds nothing wrong."""
    world = scene.world
    register = world.fold().issue(ChangeHash(scene.issue.hash)).register
    if register is None or not register.overseers:
        return
    name = world.name_of(register.overseers[0])
    world.write(
        name, Review(world.now_ms(), scene.issue.hash, world.chain.page, True, "I did the sum by hand.")
    )


# Who does what.


def wrong_sheet_of(scene: Scene) -> tuple[ChangeHash | None, ...]:
    """A list of ballots that leaves Cem's out."""
    _, sheet = scene.world.sheet(scene.issue)
    return tuple(None if name == scene.cast["Cem", 1].hash else name for name in sheet)


def scene_sheets(scene: Scene) -> tuple[object, ...]:
    return scene.world.closed(scene.issue, wrong_sheet_of(scene))[1]


def _with_wrong_sheet(scene: Scene, page: Page) -> Page:
    return msgspec.structs.replace(page, closed=(scene.world.closed(scene.issue, wrong_sheet_of(scene))[0],))


def _with_wrong_result(scene: Scene, page: Page) -> Page:
    (closed,) = page.closed
    return msgspec.structs.replace(
        page, closed=(msgspec.structs.replace(closed, result=Result("rejected", (), 4)),)
    )


def _forge_a_seal(scene: Scene) -> None:
    """Dan seals in Eve's name, all ballots away."""
    scene.world.seal("Eve", scene.issue, {}, signer="Dan", carrier="Dan")


def _seal_twice(scene: Scene) -> None:
    """Cem seals something else first, and lets only Ben have it."""
    world = scene.world
    said = world.seal("Cem", scene.issue, {"Cem": 1})
    world.sealed.clear()
    world.tell("Ben", said)


def _convict(scene: Scene) -> None:
    """The next page holds Cem's two seals against him."""
    world = scene.world
    evidence = world.fold().register.minutes.convictions()
    world.write_page(world.page(convicted=evidence))


def _forge_a_vote(scene: Scene) -> None:
    """Dan prevotes for a page in Ben's name."""
    world = scene.world
    number = world.chain.number + 1
    said = world.say("Ben", Prevote(world.council, world.id("Ben"), number, 0, b""), signer="Dan")
    world.tell("Dan", said)


def _forge_a_precommit(scene: Scene) -> None:
    """Three sign a page, and Dan signs it in Eve's name, so that it looks like a quorum."""
    world = scene.world
    value = world.write_page(world.page(), silent=("Dan", "Eve"), blind=True)
    world.tell("Dan", world.say("Eve", world.commit("Eve", value), signer="Dan"))


def _sign_two_pages(scene: Scene) -> None:
    """All tellers sign two pages of one number: more lie than a register can stand."""
    world = scene.world
    page = world.page()
    world.write_page(msgspec.structs.replace(page, proof=b""), blind=True)
    world.write_page(page, blind=True)


def _forge_a_certificate(scene: Scene) -> None:
    """All tellers sign a page that carries a certificate with a false signature in Cem's name."""
    world = scene.world
    certificate = world.certificate
    assert certificate is not None
    signers = tuple(
        Signer(s.member, s.clock_ms, bytes(64)) if s.member == world.id("Cem") else s
        for s in certificate.signers
    )
    world.certificate = msgspec.structs.replace(certificate, signers=signers)
    world.write_page(world.page(), blind=True)


def _open_unseconded() -> Scene:
    """All tellers enter a vote on a text that nobody seconded."""
    world = VotedWorld()
    proposal = world.propose("Ada", "Rye on Fridays")
    second = world.second("Ben", proposal, TEXT)
    other = "We bake no bread at all."
    terms = msgspec.msgpack.decode(proposal.data or b"", type=Propose)
    issue = world.write(
        "Ada",
        Open(
            world.now_ms(),
            proposal.hash,
            version_of(other),
            other,
            terms.title,
            terms.summary,
            terms.method,
            (),
            (second.hash,),
            60,
        ),
    )
    world.write_page(world.page(entered=(world.entered(issue, proposal),)))
    return Scene(world, issue)


def _plain(scene: Scene) -> Carried:
    return carried(scene.world)


def _damaged(damage: Callable[[Scene, Carried], None]) -> Carried:
    scene = story()
    made = carried(scene.world)
    damage(scene, made)
    return made


def _alter_cem(scene: Scene, made: Carried) -> None:
    made.alter(scene.cast["Cem", 1], b"\x01\x91\x91\x01", b"\x01\x91\x91\x00")


def _fork(scene: Scene, made: Carried) -> None:
    """Somebody signs another ballot for the place of the one that counts; not who carries the seals."""
    name = next(name for name in ("Ada", "Dan") if name != scene.world.proposer)
    made.fork(scene.world, name, scene.cast[name, 1], Ballot(1, scene.issue.hash, 1, NO))


SCENES: dict[str, Callable[[], Carried]] = {
    "honest": lambda: _plain(story(late=False)),
    "late-ballot": lambda: _plain(story()),
    "altered-ballot": lambda: _damaged(_alter_cem),
    "removed-ballot": lambda: _damaged(lambda scene, made: made.remove(scene.cast["Cem", 1])),
    "forked-feed": lambda: _damaged(_fork),
    "forged-seal": lambda: _plain(story(before_seals=_forge_a_seal)),
    "sealed-twice": lambda: _plain(story(before_seals=_seal_twice)),
    "convicted": lambda: _plain(story(before_seals=_seal_twice, after=_convict)),
    "forged-vote": lambda: _plain(story(after=_forge_a_vote)),
    "forged-precommit": lambda: _plain(story(after=_forge_a_precommit)),
    "two-pages": lambda: _plain(story(after=_sign_two_pages)),
    "forged-certificate": lambda: _plain(story(after=_forge_a_certificate)),
    "altered-page": lambda: _plain(story(told=lambda data: data.replace(b"\xa6passed", b"\xa6failed"))),
    "wrong-sheet": lambda: _plain(story(change_closing=_with_wrong_sheet)),
    "wrong-result": lambda: _plain(story(change_closing=_with_wrong_result)),
    "unseconded-text": lambda: _plain(_open_unseconded()),
    **PLAN_SCENES,
}
"""By what is wrong: what a bundle of it carries. Of the first two nothing is, nor of those named “planned” alone."""
