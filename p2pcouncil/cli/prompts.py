"""Asking a person at the terminal: passphrases, the recovery phrase, longer texts in their editor."""

import getpass
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from crdt.errors import LocalError
from p2pcouncil.cli.context import Context
from p2pcouncil.cli.errors import UsageError

CHECKED_WORDS = 3
MAX_INPUT_BYTES = 1_000_000
_EDITORS = ("nano", "vim", "vi", "notepad")


def new_passphrase(ctx: Context, file: Path | None, none: bool) -> str:
    """Get the passphrase for a new member key.

    Args:
        ctx: whether there is a person to ask.
        file: its first line is the passphrase.
        none: store no member key at all.

    Returns:
        The passphrase; empty for none.

    Raises:
        LocalError: both or neither are given and nobody can be asked, or the two typings differ.
    """
    if file is not None and none:
        raise UsageError(
            "A passphrase can't be in a file and not be at all.", "Leave one of the two options out."
        )
    if none:
        return ""
    if file is not None:
        return _first_line(file)
    if not ctx.is_interactive:
        raise UsageError(
            "Nobody is here to type a passphrase.",
            "Use --passphrase-file FILE, or --no-passphrase to store no key.",
        )
    ctx.note("The passphrase encrypts your member key on this laptop. Leave it empty to store no member key:")
    ctx.note("then only the recovery phrase brings it back.")
    first = getpass.getpass("Passphrase: ")
    if first and getpass.getpass("Again: ") != first:
        raise LocalError("The two passphrases differ.", "Run it again.")
    return first


def known_passphrase(ctx: Context, file: Path | None) -> str:
    """Get the passphrase of the member key stored here, or the recovery phrase in its place.

    Raises:
        LocalError: there is no file and nobody to ask.
    """
    if file is not None:
        return _first_line(file)
    if not ctx.is_interactive:
        raise UsageError("Nobody is here to type the passphrase.", "Use --passphrase-file FILE.")
    return getpass.getpass("Passphrase, or the 24 words: ")


def show_and_check_phrase(ctx: Context, words: Sequence[str]) -> None:
    """Show the recovery phrase, then ask for some of its words, until they are right."""
    while True:
        ctx.note(
            "\nWrite these words on paper, in this order. They are shown once, and nobody else has them:\n"
        )
        for line in phrase_lines(words):
            ctx.note(line)
        input("\nPress Enter when they are on paper. ")
        ctx.note("\033[2J\033[3J\033[H" if sys.stderr.isatty() else "")
        places = sorted(secrets.SystemRandom().sample(range(len(words)), CHECKED_WORDS))
        if all(input(f"Word {place + 1}: ").strip().casefold() == words[place] for place in places):
            ctx.note("Right. Keep the paper where only you find it.")
            return
        ctx.note("That is not the word. Compare your paper once more.")


def phrase_lines(words: Sequence[str]) -> list[str]:
    """The words with their numbers, four to a line."""
    return [
        "  "
        + "  ".join(f"{i + 1:>2} {words[i]:<9}" for i in range(start, min(start + 4, len(words)))).rstrip()
        for start in range(0, len(words), 4)
    ]


def read_phrase(ctx: Context, file: Path | None) -> tuple[str, ...]:
    """Get the recovery phrase that somebody has on paper.

    Raises:
        LocalError: there is no file and nobody to ask.
    """
    if file is not None:
        return tuple(read_text(file).split())
    if not ctx.is_interactive:
        raise UsageError(
            "Nobody is here to type the recovery phrase.", "Use --phrase-file FILE; - reads standard input."
        )
    return tuple(getpass.getpass("The recovery phrase, all words in one line (not shown): ").split())


def read_text(file: Path) -> str:
    """Read a text file, or standard input for ``-``.

    Raises:
        LocalError: too large, or not text.
        OSError: it can't be read.
    """
    data = sys.stdin.buffer.read(MAX_INPUT_BYTES + 1) if str(file) == "-" else _head(file)
    if len(data) > MAX_INPUT_BYTES:
        raise LocalError(f"{file} is larger than {MAX_INPUT_BYTES:,} bytes.", "Shorten it.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LocalError(f"{file} is not UTF-8 text.", "Save it as UTF-8, and try again.") from error


def edit_text(ctx: Context, text: str) -> str:
    """Let a person change a text in their editor (``$VISUAL``, ``$EDITOR``, else what is installed).

    Raises:
        LocalError: nobody is there, there is no editor, or it ended with an error.
    """
    if not ctx.is_interactive:
        raise UsageError("Nobody is here to write in an editor.", "Give the text with --text or --file.")
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or next(filter(shutil.which, _EDITORS), "")
    command = shlex.split(named)
    if not command or shutil.which(command[0]) is None:
        raise LocalError("There is no editor to open.", "Set EDITOR, or give the text with --text or --file.")
    with tempfile.TemporaryDirectory(prefix="p2pcouncil-") as folder:
        file = Path(folder) / "proposal.md"
        file.write_text(text, encoding="utf-8")
        if subprocess.run([*command, str(file)], check=False).returncode != 0:
            raise LocalError("The editor ended with an error; nothing was changed.", "Try again.")
        return read_text(file)


def _head(file: Path) -> bytes:
    with file.open("rb") as source:
        return source.read(MAX_INPUT_BYTES + 1)


def _first_line(file: Path) -> str:
    line = read_text(file).partition("\n")[0].rstrip("\r")
    if not line:
        raise LocalError(f"The first line of {file} is empty.", "Write the passphrase on it.")
    return line
