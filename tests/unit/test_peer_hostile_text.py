"""Whatever strangers write into names, titles, texts and answers: no view shows it uncleaned."""

import unicodedata
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.errors import LocalError
from crdt.ids import CouncilId, DeviceId
from p2pcouncil.domain.entries import Comment, Invite, Leave, Propose
from p2pcouncil.domain.tally.choice import YES
from p2pcouncil.domain.tally.method import Approval, YesNo
from p2pcouncil.peer import commands as c
from p2pcouncil.peer import shelf
from p2pcouncil.peer.events import Append, PeerConnected, PeerGone
from p2pcouncil.peer.showing.councils import show_councils
from p2pcouncil.peer.showing.inbox import show_inbox
from p2pcouncil.peer.showing.network import NetworkRole, show_status
from p2pcouncil.peer.showing.proposals import show_proposal
from p2pcouncil.runtime.history import _say
from tests.sim.node import Node
from tests.sim.simulation import Simulation

ATTACKS = (
    "\x1b[2J\x1b]52;c;cGF3bmVk\x07",
    "\u202eoN\u202c",
    "[bold red]Ada[/] [link=file:///etc]x[/link]",
    "a\u0300\u0301\u0302\u0303\u0304\u0305\u0306",
    "\u2066\u200b\ufeff\x00\x7f\x9b",
    "line\r\nbreak\u2028and\x0bmore\x85",
    "\ue000\U000e0041\U0010ffff",
    "A" * 60,
)
HOSTILE = st.lists(
    st.one_of(st.sampled_from(ATTACKS), st.text(st.characters(exclude_categories=["Cs"]), max_size=12)),
    min_size=1,
    max_size=4,
).map(lambda parts: "".join(parts))
KEPT_IN_BLOCKS = "\n\t\u200c\u200d"


def strings(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a view, with where it stands."""
    if isinstance(value, str):
        yield path, value
    elif is_dataclass(value):
        for field in fields(value):
            yield from strings(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, tuple | list):
        for item in value:
            yield from strings(item, path + "[]")


def check(value: object, name: str) -> None:
    for path, text in strings(value, name):
        is_block = path.endswith((".text", ".purpose", ".summary"))
        for character in text:
            bad = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
            assert not bad or (is_block and character in KEPT_IN_BLOCKS), f"{path} shows {text!r}"


def cut(text: str, chars: int) -> str:
    return text[:chars] or "x"


@settings(max_examples=60, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_view_shows_what_a_stranger_wrote_uncleaned(name: str, title: str, text: str) -> None:
    simulation = Simulation(1)
    council, (ada,) = simulation.society("Ada")
    eve = simulation.node("Eve", shown_as=cut(name, 64))
    zed = simulation.node("Zed", shown_as=cut(name[::-1], 64))
    simulation.let_in(council, ada, eve)
    zed.submit(c.JoinByInvitation(ada.submit(c.MakeInvitation(council)).lines[0]))
    made = hostile_entries(eve, council, title, text)
    child = CouncilId(found_hostile(eve, council, title, text))
    simulation.converge(council, [ada, eve])
    simulation.run(6_000)
    ada.submit(c.JoinCouncil(child))
    refused_by_a_liar(ada, child, text)

    check(show_status(ada.peer, NetworkRole(here=True, elsewhere=False), stored=True), "status")
    check(show_councils(ada.peer), "councils")
    check(show_inbox(ada.peer), "inbox")
    place = ada.place(council)
    assert place.state.proposals()
    assert any(request.member == zed.member for request, _ in ada.peer.requests(council))
    for found in place.state.proposals():
        check(show_proposal(ada.peer, place, found), "proposal")
    for entry in made:
        check(_say(ada.peer, council, entry), "log")  # type: ignore[arg-type]
    check(what_commands_say(ada, council, zed), "said")


def hostile_entries(eve: Node, council: CouncilId, title: str, text: str) -> tuple[object, ...]:
    """Proposals, comments and notes as only another program would write them."""
    method, options = Approval(quorum_permille=0), (cut(title, 119) + "1", cut(title, 119) + "2")
    entries = (
        Propose(0, b"n" * 16, cut(title, 120), cut(text, 600), (cut(title, 32),), title[:120], YesNo(0), ()),
        Propose(
            0, b"m" * 16, cut(title, 120), cut(text, 600), (cut(title, 32),), title[:120], method, options
        ),
        Invite(0, b"k" * 32, text[:120]),
    )
    eve._write([Append(council, entries)])
    eve.refresh()
    for found in eve.place(council).state.proposals():
        eve._write([Append(council, (Comment(0, found.hash, b"", cut(text, 4_000)),))])
        try:
            eve.submit(c.EditText(found.hash, text))
        except LocalError:
            eve.submit(c.EditText(found.hash, "".join(ch for ch in text if ch.isprintable()) or "x"))
    return (*entries, Leave(0, text[:4_000]))


def found_hostile(eve: Node, council: CouncilId, title: str, text: str) -> bytes:
    """A council below with a name that our own peer would refuse to found."""
    import p2pcouncil.peer.doing.membership as planning

    kept = planning.validate_line
    planning.validate_line = lambda given, what, size: given[:size]
    try:
        return eve.submit(c.FoundCouncil(cut(title, 64), "workers", "workplace", text[:1_000], council)).id
    finally:
        planning.validate_line = kept


def refused_by_a_liar(ada: Node, child: CouncilId, text: str) -> None:
    """A peer's refusal and a drop, worded by the peer."""
    pending = shelf.read(ada.peer.world.items(shelf.JOIN)[child], shelf.PendingJoin)
    worded = shelf.PendingJoin(child, pending.join, text, text, (), (), text[:300])
    ada._keep(shelf.JOIN, child, shelf.write(worded))
    liar = DeviceId(b"L" * 32)
    ada.handle(PeerConnected(liar))
    ada.handle(PeerGone(liar, text))


def what_commands_say(ada: Node, council: CouncilId, zed: Node) -> list[str]:
    said = []
    place = ada.place(council)
    yes_no = [found for found in place.state.proposals() if isinstance(found.method, YesNo)]
    commands: list[c.Command] = [c.VouchFor(council, zed.member)]
    for found in yes_no:
        commands += [c.AddComment(found.hash, "I see"), c.SecondProposal(found.hash), c.OpenVote(found.hash)]
        commands += [
            c.CastBallot(found.hash, YES),
            c.EditText(found.hash, "Better"),
            c.WithdrawProposal(found.hash),
        ]
    for command in commands:
        try:
            said.append(ada.submit(command).message)
        except LocalError as error:
            said.append(str(error))
    return said


def test_the_check_itself_finds_what_is_not_clean() -> None:
    for attack in ("\x1b[2J", "\u202e", "\u200b", "\ue000"):
        try:
            check((attack,), "probe")
        except AssertionError:
            continue
        raise AssertionError(f"{attack!r} went unnoticed")
