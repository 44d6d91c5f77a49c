"""An invitation as one line of text, or a QR code: how somebody outside finds a council and may knock.

It travels through chat apps, mail, paper and voices. So the letters are those of base32 in one case, which
hold no 0, 1, 8 or 9 to be mistaken; line breaks and quotes don't matter; a length and a checksum tell a
torn line from a typo. The payload is deflated, because the addresses of a peer repeat its id.

Whoever holds the line holds the one-time key: it is as good as the sponsor's word, once.

Layout: ``p2pc1:`` then base32 of length (2 bytes, big-endian, of the body), body (deflated msgpack array),
checksum (4 bytes of a domain hash over length and body).

Source: DESIGN section 5 (joining); RFC 4648, section 6 (base32); RFC 1951 (deflate).
"""

import base64
import binascii
import io
import re
import unicodedata
import zlib

import msgspec
import segno
from nacl.signing import SigningKey

from crdt.errors import LocalError
from crdt.ids import HASH_BYTES, CouncilId, domain_hash

PREFIX = "p2pc1:"
NAME_CHARS_MAX = 64
ADDRESSES_MAX = 8
ADDRESS_CHARS_MAX = 256
TEXT_CHARS_MAX = 16_384
"""Bound on what is looked at when somebody pastes the wrong thing."""
QR_COLUMNS_MAX = 80
CHECKSUM_DOMAIN = "p2pcouncil/invitation/1"

_LENGTH_BYTES = 2
_CHECKSUM_BYTES = 4
_BODY_BYTES_MAX = 4_096
_QR_BORDER = 2
_QR_VERSION_MAX = (QR_COLUMNS_MAX - 2 * _QR_BORDER - 17) // 4
# What people type for letters of the alphabet that look alike; the digits themselves don't occur in base32.
_TYPED = str.maketrans("018", "olb")


class Invitation(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What an invited person needs.

    Attributes:
        council: the council to join, 32 bytes.
        council_name: what it calls itself, for people; proves nothing.
        secret: seed of the one-time Ed25519 key that the join is signed with, 32 bytes.
        addresses: multiaddrs of peers to dial, at most 8, the most promising first.
        sponsor_name: display name of the member who invites; proves nothing.
        page_hash: the sponsor's latest page of the register, 32 bytes.
    """

    council: CouncilId
    council_name: str
    secret: bytes
    addresses: tuple[str, ...]
    sponsor_name: str
    page_hash: bytes

    @property
    def invite_key(self) -> bytes:
        """The public half of the one-time key, as the sponsor's invite entry names it; 32 bytes."""
        return bytes(SigningKey(self.secret).verify_key)

    def __repr__(self) -> str:
        return f"Invitation(council={self.council.hex()[:8]}…, council_name={self.council_name!r})"


def encode_invitation(invitation: Invitation) -> str:
    """Write an invitation as one line.

    Args:
        invitation: within the limits.

    Returns:
        ``p2pc1:`` and some hundreds of lower-case letters and digits.

    Raises:
        LocalError: a part of it is out of its limits.
    """
    _validate(invitation)
    packed = msgspec.msgpack.encode(invitation)
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = compressor.compress(packed) + compressor.flush()
    framed = len(body).to_bytes(_LENGTH_BYTES, "big") + body
    return PREFIX + _to_base32(framed + _checksum(framed))


def decode_invitation(text: str) -> Invitation:
    """Read an invitation as somebody pastes or types it, perhaps with other words around it.

    Args:
        text: anything; what precedes ``p2pc1:`` or follows the invitation's own length is left alone.

    Returns:
        The invitation, within its limits. Its names are a stranger's: clean them before they are shown.

    Raises:
        LocalError: it isn't one, is torn, mistyped or from a later version; the hint says what to do.
    """
    data = _unframe(_letters(text))
    decompressor = zlib.decompressobj(-15)
    try:
        packed = decompressor.decompress(data, _BODY_BYTES_MAX)
        if not decompressor.eof or decompressor.unused_data:
            raise _unreadable()
        invitation = msgspec.msgpack.decode(packed, type=Invitation)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable() from error
    _validate(invitation)
    return invitation


def qr_text(invitation: Invitation) -> str:
    """Draw an invitation as a QR code in half-block characters, for a terminal with light text on dark.

    If it is too long for 80 columns, addresses are left out from the end of the list: the first are the most
    promising, and peers exchange further ones.

    Args:
        invitation: within the limits.

    Returns:
        Lines of at most 80 characters, without escape sequences; each ends in a newline.

    Raises:
        LocalError: it doesn't fit even with a single address.
    """
    shortest = min(1, len(invitation.addresses))
    for count in range(len(invitation.addresses), shortest - 1, -1):
        line = encode_invitation(msgspec.structs.replace(invitation, addresses=invitation.addresses[:count]))
        # Upper case takes QR's alphanumeric mode, a third smaller than bytes; reading ignores case.
        try:
            code = segno.make_qr(line.upper(), error="l", mode="alphanumeric")
        except segno.DataOverflowError:
            continue
        if int(code.version) <= _QR_VERSION_MAX:
            drawing = io.StringIO()
            code.terminal(drawing, border=_QR_BORDER, compact=True)
            return drawing.getvalue()
    raise LocalError(
        "The invitation is too long for a QR code on a terminal.",
        "Send the line of text instead, or shorten the names in it.",
    )


def _letters(text: str) -> str:
    """The base32 letters after the prefix, whatever surrounds them."""
    start = re.search(r"p2pc([0-9]+)\s*:", text[:TEXT_CHARS_MAX].lower())
    if start is None:
        raise _not_an_invitation(text)
    if start[1] != "1":
        raise LocalError(
            "The invitation was made by a later version of this program.",
            "Upgrade p2pcouncil, or ask the sponsor for an invitation for version 1.",
        )
    # Mail and chat wrap lines, quote them with ">", and insert characters that nobody sees.
    kept = (
        character
        for character in text[:TEXT_CHARS_MAX].lower()[start.end() :]
        if not character.isspace() and character not in ">\"'`*_" and unicodedata.category(character) != "Cf"
    )
    return "".join(kept).translate(_TYPED)


def _unframe(letters: str) -> bytes:
    """Check length and checksum, and return the body."""
    head = _from_base32(letters[:4])
    if len(head) < _LENGTH_BYTES:
        raise _torn(None)
    total = _LENGTH_BYTES + int.from_bytes(head[:_LENGTH_BYTES], "big") + _CHECKSUM_BYTES
    length = -(-total * 8 // 5)
    if length > 8 * _BODY_BYTES_MAX // 5:
        raise _mistyped()
    if len(letters) < length:
        raise _torn(length - len(letters))
    framed = _from_base32(letters[:length])
    if (
        _to_base32(framed) != letters[:length]
        or _checksum(framed[:-_CHECKSUM_BYTES]) != framed[-_CHECKSUM_BYTES:]
    ):
        raise _mistyped()
    return framed[_LENGTH_BYTES:-_CHECKSUM_BYTES]


def _checksum(framed: bytes) -> bytes:
    return domain_hash(CHECKSUM_DOMAIN, framed)[:_CHECKSUM_BYTES]


def _to_base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def _from_base32(letters: str) -> bytes:
    try:
        return base64.b32decode(letters.upper() + "=" * (-len(letters) % 8))
    except (binascii.Error, ValueError) as error:
        raise _mistyped() from error


def _validate(invitation: Invitation) -> None:
    """Check an invitation's limits, ours before it is sent and a stranger's after it was read."""
    hint = "Ask the sponsor to make a new invitation."
    hashes = (invitation.council, invitation.secret, invitation.page_hash)
    if any(len(value) != HASH_BYTES for value in hashes):
        raise LocalError("The invitation's council, key or page has a wrong size.", hint)
    for name in (invitation.council_name, invitation.sponsor_name):
        if not 1 <= len(name) <= NAME_CHARS_MAX or any(
            "\ud800" <= character < "\ue000" for character in name
        ):
            raise LocalError(f"A name in the invitation is not 1 to {NAME_CHARS_MAX} characters long.", hint)
    if len(invitation.addresses) > ADDRESSES_MAX:
        raise LocalError(f"The invitation has more than {ADDRESSES_MAX} addresses.", hint)
    for address in invitation.addresses:
        is_plain = address.isascii() and address.isprintable() and " " not in address
        if not (is_plain and address.startswith("/") and len(address) <= ADDRESS_CHARS_MAX):
            raise LocalError("An address in the invitation is not a multiaddr.", hint)


def _not_an_invitation(text: str) -> LocalError:
    start = text[:TEXT_CHARS_MAX].strip(" \t\r\n\"'`<>")
    if start.startswith("p2pcouncil bundle") or start.endswith(".p2pc"):
        return LocalError(
            "This is a bundle, not an invitation.", "Read it with: p2pcouncil import, and the file's name."
        )
    if start.startswith(("/ip4/", "/ip6/", "/dns")):
        return LocalError(
            "This is an address, not an invitation.",
            "Ask a member for an invitation: a line that starts with p2pc1:",
        )
    if len(re.findall(r"\b[a-z]{3,8}\b", start.lower())) in (12, 24):
        return LocalError(
            "This looks like a recovery phrase, not an invitation.",
            "Never send those words to anybody. An invitation starts with p2pc1:",
        )
    return LocalError(
        "This is not an invitation.", "An invitation is a line that starts with p2pc1: — copy all of it."
    )


def _torn(missing: int | None) -> LocalError:
    lost = "nearly all of it" if missing is None else f"its last {missing} characters"
    return LocalError(
        f"The invitation is cut off: {lost} did not arrive.",
        "Copy the whole line, from p2pc1: to its end.",
    )


def _mistyped() -> LocalError:
    return LocalError(
        "The invitation has a typo: its checksum does not fit.",
        "Copy it again rather than typing it, or ask the sponsor to send it again.",
    )


def _unreadable() -> LocalError:
    return LocalError(
        "The invitation is whole, but its content makes no sense to this version.",
        "Ask the sponsor to make a new one; if that fails too, upgrade p2pcouncil.",
    )
