"""Who speaks in the terms of a planning period: keys of a story's people, and the names that the terms need."""

import re
from collections.abc import Mapping

_SPEAKER = re.compile(r'^(\s*speaker\s*=\s*)"([^"\n]*)"', re.MULTILINE)


def speakers_of(terms: str) -> tuple[str, ...]:
    """The keys that terms name as speakers, each once, in their order."""
    return tuple(dict.fromkeys(key for _, key in _SPEAKER.findall(terms)))


def named_speakers(terms: str, names: Mapping[str, str]) -> str:
    """The same terms with another word for each speaker.

    Args:
        terms: as a story has them.
        names: by key; a key without one stays.
    """
    return _SPEAKER.sub(lambda found: f'{found[1]}"{names.get(found[2], found[2])}"', terms)
