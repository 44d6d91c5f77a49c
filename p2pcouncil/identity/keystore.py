"""The key files of one laptop, in a directory that only its owner can enter.

===============  =====================================================================================
``device.key``   the device's seed, as it is: the peer has to sign without anybody typing a passphrase
``member.key``   the member's seed under a passphrase; absent if only the recovery phrase keeps it
``member.json``  public: member, display name, and the member's certificate of this device
===============  =====================================================================================

``member.json`` is written last: with it there is an identity, without it there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from crdt.errors import DamagedError, LocalError
from crdt.ids import MemberId
from crdt.keys import DeviceCertificate, is_certified
from p2pcouncil.domain.plain_text import validate_line
from p2pcouncil.identity.files import make_private_directory, read_private_file, write_new_file
from p2pcouncil.identity.keys import DeviceKey, MemberKey
from p2pcouncil.identity.phrase import decode_phrase, encode_phrase, new_entropy
from p2pcouncil.identity.sealed import (
    MODERATE,
    Cost,
    SealedSeed,
    open_seed,
    seal_seed,
    validate_passphrase,
    validate_sealed,
)

NAME_CHARS_MAX = 64
DEVICE_FILE = "device.key"
MEMBER_FILE = "member.key"
PROFILE_FILE = "member.json"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """Who writes on this laptop.

    Attributes:
        name: display name.
        certificate: the member's word for this device.
        device_key: signs for this device.
    """

    name: str
    certificate: DeviceCertificate
    device_key: DeviceKey

    @property
    def member(self) -> MemberId:
        """The member whose laptop this is."""
        return self.certificate.member


class _AnyFile(msgspec.Struct, frozen=True):
    version: int


class _DeviceFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    seed: str


class _MemberFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    sealed: SealedSeed


class _ProfileFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    name: str
    member: str
    certificate: str


_File = TypeVar("_File", _DeviceFile, _MemberFile, _ProfileFile)


class Keystore:
    """The key files in one directory."""

    def __init__(self, directory: Path, cost: Cost = MODERATE) -> None:
        """Look at a directory; nothing is read or made yet.

        Args:
            directory: where the key files are or will be.
            cost: of one guess of the passphrase, for files written from now on.
        """
        self._directory = directory
        self._cost = cost

    def exists(self) -> bool:
        """Whether there is an identity here."""
        return (self._directory / PROFILE_FILE).exists()

    def is_member_key_stored(self) -> bool:
        """Whether a passphrase brings the member key back; else only the recovery phrase does."""
        return (self._directory / MEMBER_FILE).exists()

    def create(self, name: str, passphrase: str) -> tuple[str, ...]:
        """Make a new member and this laptop's device.

        Args:
            name: display name, at most 64 characters.
            passphrase: encrypts the member key; empty: it isn't stored at all.

        Returns:
            The 24 words of the recovery phrase. They exist nowhere else: show them once, and check them.

        Raises:
            LocalError: an identity exists, the name or passphrase is unusable, or the files can't be written.
        """
        entropy = new_entropy()
        self._set_up(MemberKey.from_entropy(entropy), name, passphrase)
        return encode_phrase(entropy)

    def recover(self, phrase: str | Sequence[str], name: str, passphrase: str) -> None:
        """Bring a member back from the recovery phrase, with a new device key on this laptop.

        Args:
            phrase: 12 or 24 words.
            name: display name.
            passphrase: as in `create`.

        Raises:
            LocalError: the phrase has a slip, or as in `create`.
        """
        self._set_up(MemberKey.from_entropy(decode_phrase(phrase)), name, passphrase)

    def load(self) -> Identity:
        """Read who writes on this laptop.

        Raises:
            LocalError: there is no identity, a file is damaged or open to others, or they don't belong
                together.
        """
        if not self.exists():
            raise LocalError(
                f"There is no identity in {self._directory}.",
                "Create one, or recover yours with its 24 words.",
            )
        device_key = self._read_device_key()
        profile = self._read(PROFILE_FILE, _ProfileFile)
        try:
            member, signature = MemberId(bytes.fromhex(profile.member)), bytes.fromhex(profile.certificate)
        except ValueError as error:
            raise self._damaged(PROFILE_FILE) from error
        certificate = DeviceCertificate(member, device_key.device, signature)
        if not is_certified(certificate):
            raise LocalError(
                f"{PROFILE_FILE} and {DEVICE_FILE} in {self._directory} do not belong together.",
                "Restore both from the same backup, or recover with the 24 words in an empty home.",
            )
        return Identity(profile.name, certificate, device_key)

    def unlock_member_key(self, passphrase: str) -> MemberKey:
        """Decrypt the member key, to certify a device or disown one. Takes about a second, on purpose.

        Args:
            passphrase: as typed.

        Returns:
            The key; drop it as soon as it has signed.

        Raises:
            LocalError: the passphrase is wrong, the key isn't stored here, or a file is damaged.
        """
        if not self.is_member_key_stored():
            raise LocalError(
                "The member key is not stored on this laptop.", "Use the 24 words of the recovery phrase."
            )
        sealed = self._read(MEMBER_FILE, _MemberFile).sealed
        try:
            key = MemberKey(open_seed(sealed, passphrase))
        except ValueError as error:
            raise self._damaged(MEMBER_FILE) from error
        if key.member.hex() != self._read(PROFILE_FILE, _ProfileFile).member:
            raise LocalError(
                f"{MEMBER_FILE} in {self._directory} is another member's key.",
                "Restore it from this laptop's own backup, or use the 24 words.",
            )
        return key

    def check_member_key(self) -> None:
        """See whether the stored member key is well-formed; without the passphrase nobody can tell more.

        Raises:
            LocalError: its file is damaged or open to others.
        """
        if self.is_member_key_stored():
            try:
                validate_sealed(self._read(MEMBER_FILE, _MemberFile).sealed)
            except ValueError as error:
                raise self._damaged(MEMBER_FILE) from error

    def _set_up(self, member_key: MemberKey, name: str, passphrase: str) -> None:
        name = validate_line(name, "The display name", NAME_CHARS_MAX)
        if passphrase:
            validate_passphrase(passphrase)
        make_private_directory(self._directory)
        for file in (PROFILE_FILE, DEVICE_FILE, MEMBER_FILE):
            if (self._directory / file).exists():
                raise LocalError(
                    f"There is an identity, or a part of one, in {self._directory}: {file}.",
                    "Use it, or choose another home. Move the file away only if nobody needs it.",
                )
        device_key = DeviceKey.generate()
        certificate = member_key.certify(device_key.device)
        # The slow part comes before the first file, so that an interruption rarely leaves half an identity.
        sealed = seal_seed(member_key.secret_seed(), passphrase, self._cost) if passphrase else None
        profile = _ProfileFile(VERSION, name, certificate.member.hex(), certificate.signature.hex())
        written: list[str] = []
        try:
            self._write(DEVICE_FILE, _DeviceFile(VERSION, device_key.secret_seed().hex()))
            written.append(DEVICE_FILE)
            if sealed is not None:
                self._write(MEMBER_FILE, _MemberFile(VERSION, sealed))
                written.append(MEMBER_FILE)
            self._write(PROFILE_FILE, profile)
        except LocalError:
            for file in written:
                (self._directory / file).unlink(missing_ok=True)
            raise

    def _read_device_key(self) -> DeviceKey:
        try:
            return DeviceKey(bytes.fromhex(self._read(DEVICE_FILE, _DeviceFile).seed))
        except ValueError as error:
            raise self._damaged(DEVICE_FILE) from error

    def _write(self, file: str, content: _DeviceFile | _MemberFile | _ProfileFile) -> None:
        text = msgspec.json.format(msgspec.json.encode(content), indent=2)
        write_new_file(self._directory / file, text + b"\n")

    def _read(self, file: str, kind: type[_File]) -> _File:
        content = read_private_file(self._directory / file)
        try:
            if msgspec.json.decode(content, type=_AnyFile).version != VERSION:
                raise LocalError(
                    f"{self._directory / file} was written by another version of this program.",
                    "Upgrade p2pcouncil.",
                )
            return msgspec.json.decode(content, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._damaged(file) from error

    def _damaged(self, file: str) -> LocalError:
        return DamagedError(
            f"{self._directory / file} is damaged.",
            "Restore it from a backup, or recover with the 24 words in an empty home.",
        )
