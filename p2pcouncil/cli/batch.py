"""Running verbs line by line in one process, for scripts: loading the program takes longer than most verbs do."""

import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from p2pcouncil.cli.context import Context, Ctx, File
from p2pcouncil.cli.errors import BatchEndedError, ExitCode
from p2pcouncil.cli.everywhere import apart
from p2pcouncil.cli.groups import PROGRAM, add_verb

_QUOTES = frozenset("'\"")


def register(app: App) -> None:
    """Add the verb of this chapter."""
    add_verb(app, batch, PROGRAM)


def batch(
    file: File = Path("-"), /, *, go_on: Annotated[bool, Parameter(negative="")] = False, ctx: Ctx
) -> None:
    r"""Run verbs from a file or standard input, one a line: quicker than starting the program for each.

    Words are quoted as in a shell, over several lines if need be, and a backslash at its end continues a line; empty
    lines, and those that begin with #, are skipped. Each line is run as soon as it is read. None of them can read
    standard input, and nobody is asked anything. With --json, what a line says is followed by an object that says how
    it ended: {"line": 3, "exit_code": 0}. The first line that fails ends the batch with its exit code.

    Examples:
        p2pcouncil batch evening.txt

        printf 'second bread\nvote bread yes\n' | p2pcouncil batch --json

    Args:
        file: The lines; - for standard input.
        go_on: Go on after a line that failed. The exit code is still that of the first that did.
        ctx: Whose peer, and how to speak.
    """
    if str(file) == "-" and sys.stdin.isatty():
        ctx.note("One verb a line, as you would type it after “p2pcouncil”; Ctrl-D on an empty line ends.")
    failed: list[tuple[int, ExitCode]] = []
    for number, words in _verbs(_lines(file)):
        code = _refuse(ctx, number) if words is None else _run(ctx, words)
        if ctx.json:
            ctx.say((), {"line": number, "exit_code": code})
        if code is not ExitCode.OK:
            failed.append((number, code))
        if failed and (not go_on or code is ExitCode.INTERRUPTED):
            break
    if failed:
        listed = ", ".join(str(number) for number, _ in failed)
        raise BatchEndedError(
            f"Line {listed} failed." if len(failed) == 1 else f"Lines {listed} failed.",
            "What the other lines did is done: mend what failed, and run only what is left.",
            failed[0][1],
        )


def _lines(file: Path) -> Iterator[str]:
    """The lines of a file, or of standard input, each as soon as it is there."""
    if str(file) == "-":
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")
        yield from iter(sys.stdin.readline, "")
        return
    with file.open(encoding="utf-8", errors="replace") as stream:
        yield from stream


def _verbs(lines: Iterable[str]) -> Iterator[tuple[int, list[str] | None]]:
    """The words of each verb with the number of its first line, from 1; None if its last quotation does not end."""
    begun: list[str] = []
    first, quote = 0, ""
    for number, line in enumerate(lines, start=1):
        if not first and (not line.strip() or line.lstrip().startswith("#")):
            continue
        first = first or number
        quote, is_continued = _end_of(line, quote)
        begun.append(line.rstrip("\r\n")[:-1] if is_continued else line)
        if quote or is_continued:
            continue
        if words := shlex.split("".join(begun)):
            yield first, words
        begun, first = [], 0
    if quote:
        yield first, None
    elif words := shlex.split("".join(begun)):
        yield first, words


def _end_of(line: str, quote: str) -> tuple[str, bool]:
    """The quotation that is open at the end of a line which begins in this one, and whether a backslash continues it.

    Line by line, for to have all that was begun read again and again would take minutes. In single quotes a backslash
    is one like any other character.
    """
    is_escaped = False
    for character in line.rstrip("\r\n"):
        if is_escaped:
            is_escaped = False
        elif character == "\\" and quote != "'":
            is_escaped = True
        elif character == quote:
            quote = ""
        elif character in _QUOTES and not quote:
            quote = character
    return quote, is_escaped


def _run(ctx: Context, words: Sequence[str]) -> ExitCode:
    """Run the verb of a line; what the batch was told of home, patience and JSON holds for it unless it says so itself.

    A batch in a batch is refused, since it could be the same one, over and over.
    """
    from p2pcouncil.cli.main import run_verb

    own, verb = apart(words)
    if verb[:1] == ["batch"]:
        ctx.complain("A batch can't run a batch.", "Put its lines here instead.", ExitCode.USAGE)
        return ExitCode.USAGE
    named = {word.partition("=")[0] for word in own}
    told = {"--home": str(ctx.home.path), "--within": str(ctx.within_seconds)}
    everywhere = [f"{name}={value}" for name, value in told.items() if name not in named]
    if ctx.json and "--json" not in named:
        everywhere.append("--json")
    with _nothing_to_read():
        return run_verb([*everywhere, *words])


def _refuse(ctx: Context, number: int) -> ExitCode:
    """Say why a line can't be run."""
    hint = "Close it; an apostrophe inside a word needs double quotes around it."
    ctx.complain(f"The quotation that begins in line {number} does not end.", hint, ExitCode.USAGE)
    return ExitCode.USAGE


@contextmanager
def _nothing_to_read() -> Iterator[None]:
    """Let a verb find standard input at its end: the lines that are left in it are not for that verb."""
    lines, sys.stdin = sys.stdin, TextIOWrapper(BytesIO())
    try:
        yield
    finally:
        sys.stdin = lines
