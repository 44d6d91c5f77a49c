"""What every verb takes, wherever it stands on a command line: whose home, how to speak, and how patient to be."""

from collections import deque
from collections.abc import Sequence


def apart(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell what every verb takes from the verb with what follows it."""
    first: list[str] = []
    rest: list[str] = []
    lacking: list[str] = []
    left = deque(arguments)
    while left:
        word = left.popleft()
        name, _, value = word.partition("=")
        if word == "--":
            return first, [*rest, *lacking, word, *left]
        if word == "--json" or (name in ("--home", "--within") and value):
            first.append(word)
        elif word in ("--home", "--within") and left and not left[0].startswith("--"):
            first += [word, left.popleft()]
        elif name in ("--home", "--within"):
            lacking.append(name)
        else:
            rest.append(word)
    # What lacks its value goes to the end, where nothing can be taken for one.
    return first, rest + lacking
