"""Four words that stand for a member's key, to compare keys by voice and to tell namesakes apart.

A display name is free to choose, so it proves nothing. The words come from a hash of the key, and finding
another key with the same four takes about 2⁴⁴ tries. That stops a prank and not a state: whoever vouches
compares all four, and signatures are always checked against the whole key.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import lru_cache

from mnemonic import Mnemonic

from crdt.ids import MemberId, domain_hash
from p2pcouncil.domain.plain_text import clean_line

WORDS = 4
WORD_BITS = 11
NAME_CELLS_MAX = 40
"""Width that a display name may take on a screen, in terminal cells."""
SUFFIX_WORDS_MIN = 2
"""Words shown beside a namesake's name; more if those are equal too."""
FINGERPRINT_DOMAIN = "p2pcouncil/fingerprint/1"
UNNAMED = "unnamed"

# Letters of other scripts that a casefolded Latin name is commonly forged with, and digits taken for letters.
# Too long a list does no harm: it only shows words where none were needed.
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕһԁԛԝкмнтвьαβεζημρικνοτυχγω01l|ı",
    "aeopcyxijshdqwkmhtbbabezhmpiknotuxywoiiii",
)


@lru_cache(maxsize=1)
def word_list() -> tuple[str, ...]:
    """The 2048 English words of BIP-39, in order; the first four letters of each are unique."""
    return tuple(Mnemonic("english").wordlist)


@lru_cache(maxsize=16384)
def fingerprint(member: MemberId) -> str:
    """The four words of a member's key.

    Args:
        member: 32 bytes.

    Returns:
        Four English words joined by hyphens, from the first 44 bits of the key's hash.
    """
    words = word_list()
    bits = int.from_bytes(domain_hash(FINGERPRINT_DOMAIN, member)[:6], "big") >> 4
    indexes = (bits >> WORD_BITS * (WORDS - 1 - place) & (1 << WORD_BITS) - 1 for place in range(WORDS))
    return "-".join(words[index] for index in indexes)


def tell_apart(names: Mapping[MemberId, str]) -> dict[MemberId, str]:
    """Label members so that no two labels look alike.

    Names count as equal if they differ in case, width, spaces or letters that are commonly mistaken for
    each other. Namesakes get the first words of their fingerprints. So does whoever is named as if a
    fingerprint followed, lest "Ada (apple-river)" pass for the Ada whose words those are.

    Args:
        names: display names as their owners chose them, of any length and content.

    Returns:
        For each member, in ascending order of id, one line that is safe for a terminal.
    """
    cleaned = {member: clean_line(names[member], NAME_CELLS_MAX) or UNNAMED for member in sorted(names)}
    namesakes: defaultdict[str, list[MemberId]] = defaultdict(list)
    for member, name in cleaned.items():
        namesakes[_look(name)].append(member)
    labels = dict(cleaned)
    for alike in namesakes.values():
        name = cleaned[alike[0]]
        if len(alike) > 1 or unicodedata.category(name[-1]) == "Pe":
            for member, suffix in _suffixes(alike).items():
                labels[member] = f"{cleaned[member]} ({suffix})"
    return labels


def _look(name: str) -> str:
    """What a hasty reader sees: names with the same look could be taken for each other."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(folded.split()).translate(_LOOKALIKES).replace("rn", "m")


def _suffixes(alike: list[MemberId]) -> dict[MemberId, str]:
    """For each namesake the fewest first words that no other has; the key, if even fingerprints are equal."""
    suffixes: dict[MemberId, str] = {}
    for count in range(SUFFIX_WORDS_MIN, WORDS + 1):
        words = {member: _first_words(member, count) for member in alike}
        shared = Counter(words.values())
        for member in alike:
            if shared[words[member]] == 1:
                suffixes.setdefault(member, words[member])
    return {member: suffixes.get(member, member.hex()) for member in alike}


def _first_words(member: MemberId, count: int) -> str:
    return "-".join(fingerprint(member).split("-")[:count])
