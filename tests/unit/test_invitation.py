"""An invitation survives chat, mail, paper and voices; what doesn't survive is explained."""

import base64
import hashlib
import textwrap
import zlib

import msgspec
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from crdt.errors import LocalError
from crdt.ids import CouncilId
from p2pcouncil.invitation import Invitation, decode_invitation, encode_invitation, qr_text

PEER = "12D3KooWGRUwwDtg1gZ1FoSqLvjBPiQXxpAfYpnTTs5xJYWcgXUd"
ADDRESSES = tuple(f"/ip4/{host}/tcp/4001/p2p/{PEER}" for host in ("192.168.1.20", "203.0.113.7", "127.0.0.1"))
INVITATION = Invitation(
    council=CouncilId(bytes(range(32))),
    council_name="Bäckerei am Markt",
    secret=bytes(range(32, 64)),
    addresses=ADDRESSES,
    sponsor_name="Łucja",
    page_hash=bytes(range(64, 96)),
)
LINE = encode_invitation(INVITATION)

hashes = st.binary(min_size=32, max_size=32)
names = st.text(min_size=1, max_size=64)
addresses = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=255).map(
    "/".__add__
)
invitations = st.builds(
    Invitation,
    council=hashes.map(CouncilId),
    council_name=names,
    secret=hashes,
    addresses=st.lists(addresses, max_size=8).map(tuple),
    sponsor_name=names,
    page_hash=hashes,
)


@settings(max_examples=150, deadline=None)
@given(invitations)
def test_every_invitation_goes_round(invitation: Invitation) -> None:
    line = encode_invitation(invitation)
    assert line.startswith("p2pc1:")
    assert set(line.removeprefix("p2pc1:")) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert decode_invitation(line) == invitation


def test_it_is_short_and_names_the_public_key() -> None:
    assert len(LINE) < 450
    assert INVITATION.invite_key == bytes(SigningKey(INVITATION.secret).verify_key)


def test_an_invitation_printed_by_accident_gives_nothing_away() -> None:
    assert INVITATION.secret.hex() not in repr(INVITATION)
    assert repr(INVITATION.secret) not in repr(INVITATION)
    assert str(INVITATION.secret) not in f"{INVITATION}"


@pytest.mark.parametrize(
    "pasted",
    [
        f"\n  {LINE}  \r\n",
        f'"{LINE}"',
        f"“{LINE}”",
        f"```\n{LINE}\n```",
        f"<{LINE}>",
        LINE.upper(),
        "\n".join(textwrap.wrap(LINE, 40)),
        "> " + "\n> ".join(textwrap.wrap(LINE, 40)),
        f"Join us: {LINE}. See you on Monday!",
        LINE[:6] + "\u200b".join(LINE[6:]),
        LINE[:6].replace(":", " : ") + LINE[6:],
        LINE[:6] + LINE[6:].replace("o", "0").replace("l", "1").replace("b", "8"),
    ],
)
def test_what_chat_and_mail_do_to_a_line_is_undone(pasted: str) -> None:
    assert decode_invitation(pasted) == INVITATION


@pytest.mark.parametrize(
    ("pasted", "message", "hint"),
    [
        ("", "not an invitation", "p2pc1:"),
        ("hello", "not an invitation", "p2pc1:"),
        (LINE.removeprefix("p2pc1:"), "not an invitation", "p2pc1:"),
        ("p2pc1:", "cut off: nearly all", "whole line"),
        (LINE[:-7], "its last 7 characters", "whole line"),
        (LINE[:60], "cut off", "whole line"),
        (LINE.replace("p2pc1", "p2pc2"), "later version", "Upgrade"),
        (LINE[:-1] + ("a" if LINE[-1] != "a" else "b"), "typo", "again"),
        (LINE[:50] + "9" + LINE[51:], "typo", "again"),
        (LINE[:50] + LINE[51] + LINE[50] + LINE[52:], "typo", "again"),
        ("p2pc1:" + "7" * 9999, "typo", "again"),
        ("p2pcouncil bundle 1\n\x00\x01", "bundle", "import"),
        ("/home/ada/stick.p2pc", "bundle", "import"),
        (ADDRESSES[0], "address", "p2pc1:"),
        ("legal winner thank year wave sausage worth useful legal winner thank yellow", "recovery", "Never"),
    ],
)
def test_what_went_wrong_is_explained(pasted: str, message: str, hint: str) -> None:
    with pytest.raises(LocalError) as caught:
        decode_invitation(pasted)
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_a_version_of_thousands_of_digits_is_explained_too() -> None:
    with pytest.raises(LocalError, match="later version"):
        decode_invitation("p2pc" + "9" * 5_000 + ":a")


@settings(max_examples=300, deadline=None)
@given(st.integers(6, len(LINE) - 1), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_any_one_wrong_letter_is_noticed(place: int, letter: str) -> None:
    mutant = LINE[:place] + letter + LINE[place + 1 :]
    if mutant == LINE:
        return
    with pytest.raises(LocalError):
        decode_invitation(mutant)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=100), st.text(max_size=100).map("p2pc1:".__add__)))
def test_any_text_at_all_is_explained(text: str) -> None:
    with pytest.raises(LocalError) as caught:
        decode_invitation(text)
    assert caught.value.hint


def forge(body: bytes) -> str:
    """A line that is whole, whatever its body; written apart from the codec, from its documented layout."""
    framed = len(body).to_bytes(2, "big") + body
    digest = hashlib.sha256(b"p2pcouncil/invitation/1\0" + len(framed).to_bytes(8, "big") + framed).digest()
    return "p2pc1:" + base64.b32encode(framed + digest[:4]).decode().rstrip("=").lower()


def deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(data) + compressor.flush()


def test_the_layout_is_the_documented_one() -> None:
    fields = [
        bytes(range(32)),
        "Bäckerei am Markt",
        bytes(range(32, 64)),
        ADDRESSES,
        "Łucja",
        bytes(range(64, 96)),
    ]
    assert decode_invitation(forge(deflate(msgspec.msgpack.encode(fields)))) == INVITATION


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_a_whole_line_with_any_content_is_an_error_and_no_crash(body: bytes, is_deflated: bool) -> None:
    with pytest.raises(LocalError):
        decode_invitation(forge(deflate(body) if is_deflated else body))


@pytest.mark.parametrize(
    "change",
    [
        {"council": b"short"},
        {"secret": bytes(33)},
        {"page_hash": b""},
        {"council_name": ""},
        {"sponsor_name": "x" * 65},
        {"addresses": ("/a",) * 9},
        {"addresses": ("/" + "a" * 256,)},
        {"addresses": ("no slash",)},
        {"addresses": ("/ip4/\x1b[2J",)},
    ],
)
def test_limits_hold_on_both_sides(change: dict[str, object]) -> None:
    wrong = msgspec.structs.replace(INVITATION, **change)
    with pytest.raises(LocalError):
        encode_invitation(wrong)
    with pytest.raises(LocalError):
        decode_invitation(forge(deflate(msgspec.msgpack.encode(wrong))))


def test_a_bomb_and_trailing_bytes_are_refused() -> None:
    packed = msgspec.msgpack.encode(INVITATION)
    for body in (
        deflate(bytes(10_000_000)),
        deflate(packed) + b"x",
        deflate(packed + b"x"),
        deflate(packed)[:-1],
    ):
        with pytest.raises(LocalError):
            decode_invitation(forge(body[:3000]))


def modules(drawing: str) -> list[list[int]]:
    """Read half blocks back into modules; dark is 1. The drawing's blocks are light."""
    halves = {" ": (1, 1), "▀": (0, 1), "▄": (1, 0), "█": (0, 0)}
    rows: list[list[int]] = []
    for line in drawing.splitlines():
        pairs = [halves[character] for character in line]
        rows += [[top for top, _ in pairs], [bottom for _, bottom in pairs]]
    return rows


def test_the_qr_code_holds_the_line() -> None:
    drawing = qr_text(INVITATION)
    assert set(drawing) <= set(" ▀▄█\n")
    rows = modules(drawing)
    expected = segno.make_qr(LINE.upper(), error="l", mode="alphanumeric").matrix
    side = len(expected)
    assert [row[2 : 2 + side] for row in rows[2 : 2 + side]] == [list(row) for row in expected]
    assert not any(rows[0] + rows[1])


def test_a_full_invitation_still_fits_a_terminal() -> None:
    full = msgspec.structs.replace(
        INVITATION,
        addresses=tuple(f"/ip4/10.0.{n}.{n * 7}/tcp/{4000 + n}/p2p/{PEER}" for n in range(8)),
        council_name="C" * 64,
        sponsor_name="S" * 64,
    )
    long = msgspec.structs.replace(
        INVITATION, addresses=tuple(f"/dns4/{n}/{hashlib.sha512(bytes([n])).hexdigest()}" for n in range(8))
    )
    for invitation in (full, long):
        lines = qr_text(invitation).splitlines()
        assert max(map(len, lines)) <= 80


def test_an_invitation_that_no_terminal_could_show_is_refused() -> None:
    noise = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(128))
    wide = msgspec.structs.replace(
        INVITATION,
        council_name=noise[:64],
        sponsor_name=noise[64:],
        addresses=("/" + "".join(chr(33 + (n * n * 31) % 90) for n in range(255)),),
    )
    with pytest.raises(LocalError, match="too long"):
        qr_text(wide)
