"""The recovery phrase: a member's key as words that a person can write on paper.

The words are those of BIP-39, with its checksum, so that a slip of the pen is noticed. The key isn't
derived as a wallet's would be: a domain hash of the entropy is enough, since the entropy is random and
full-length, and the same words typed into a wallet give an unrelated key.

Source: BIP-39, https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki.
"""

import difflib
import re
from collections.abc import Sequence

from mnemonic import Mnemonic
from nacl.utils import random as random_bytes

from crdt.errors import LocalError
from crdt.ids import domain_hash
from p2pcouncil.domain.fingerprint import word_list
from p2pcouncil.domain.plain_text import clean_line

ENTROPY_BYTES = 32
WORD_COUNTS = (12, 24)
MEMBER_SEED_DOMAIN = "p2pcouncil/member-seed/1"
_PREFIX_CHARS = 4
"""BIP-39 chose words that differ within their first four letters."""
_WORD_CELLS_MAX = 24


def new_entropy() -> bytes:
    """32 random bytes from the operating system: a new member's secret."""
    return random_bytes(ENTROPY_BYTES)


def encode_phrase(entropy: bytes) -> tuple[str, ...]:
    """Write entropy as words.

    Args:
        entropy: 16 or 32 bytes.

    Returns:
        12 or 24 English words.

    Raises:
        LocalError: another number of bytes.
    """
    if len(entropy) not in (16, 32):
        raise LocalError("A recovery phrase stands for 16 or 32 bytes.", "Pass entropy of that length.")
    return tuple(Mnemonic("english").to_mnemonic(entropy).split(" "))


def decode_phrase(phrase: str | Sequence[str]) -> bytes:
    """Read a recovery phrase as a person types it.

    Capitals, commas, line breaks and numbers in front of words are forgiven, and the first four letters of
    a word are enough, since they are unique.

    Args:
        phrase: 12 or 24 words, as one text or one by one.

    Returns:
        16 or 32 bytes of entropy.

    Raises:
        LocalError: a word that isn't in the list, another number of words, or a checksum that doesn't fit.
    """
    text = phrase if isinstance(phrase, str) else " ".join(phrase)
    typed = (part.strip("()\"'“”") for part in re.split(r"[\s,;.:]+", text.lower()))
    words = [word for word in typed if word and not word.isdigit()]
    complete = [_complete(word, place) for place, word in enumerate(words, start=1)]
    if len(complete) not in WORD_COUNTS:
        raise LocalError(
            f"The recovery phrase has {len(complete)} words.",
            "It is 12 or 24 words long: compare with what you wrote down, word by word.",
        )
    mnemonic = Mnemonic("english")
    if not mnemonic.check(" ".join(complete)):
        raise LocalError(
            "Every word is in the list, but they don't belong together.",
            "Two words may be swapped, or one may be another of the list: compare each word and the order.",
        )
    return bytes(mnemonic.to_entropy(complete))


def member_seed(entropy: bytes) -> bytes:
    """The Ed25519 seed of the member whose recovery phrase this is; 32 bytes."""
    return domain_hash(MEMBER_SEED_DOMAIN, entropy)


def _complete(word: str, place: int) -> str:
    words = word_list()
    if word in words:
        return word
    starts = [known for known in words if known.startswith(word)]
    if len(word) >= _PREFIX_CHARS and len(starts) == 1:
        return starts[0]
    near = difflib.get_close_matches(word[:_WORD_CELLS_MAX], words, n=3, cutoff=0.6) or starts[:3]
    hint = f"Did you mean {' or '.join(near)}?" if near else "The words are English ones; check the spelling."
    raise LocalError(
        f"Word {place}, “{clean_line(word, _WORD_CELLS_MAX)}”, is not in the list of words.", hint
    )
