"""The entry point: reads the command line, runs a verb, and says in a sentence and an exit code what went wrong."""

import asyncio
import difflib
import inspect
import os
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from p2pcouncil.cli.context import Context
from p2pcouncil.cli.errors import CheckFailedError, ExitCode, exit_code_of, expected, hint_of, words_of
from p2pcouncil.cli.everywhere import apart
from p2pcouncil.cli.groups import EVERYWHERE, PROGRAM
from p2pcouncil.cli.interface import interface
from p2pcouncil.runtime.home import Home

CHAPTERS = {
    "identity": ("init", "recover", "device"),
    "councils": ("found", "leave", "councils", "council"),
    "joining": ("invite", "join", "vouch"),
    "proposals": ("propose", "edit", "show", "comment", "second", "withdraw"),
    "votes": ("open", "vote", "tally", "inbox"),
    "register": ("pages", "report", "feedback", "review", "object", "succeed", "duty"),
    "count": ("count",),
    "plans": ("plan", "propose-production", "propose-consumption"),
    "techniques": ("technique",),
    "prices": ("price",),
    "network": ("serve", "peers", "status"),
    "files": ("export", "import", "log"),
    "verify": ("verify",),
    "doctor": ("doctor",),
    "story": ("demo", "scenario"),
    "batch": ("batch",),
    "completion": ("completion",),
}
"""The modules that bring verbs, in the order of the help page, with the verbs of each: to run one, the other modules
need not be loaded, which takes longer than most verbs do."""
EPILOGUE = (
    "Names: a council, proposal or person may be named by the first letters of its id or any part of its name that "
    "fits only one.\n\n"
    "Exit codes: 0 done; 1 it can't be done, and the sentence says why; 2 the command line was not understood; "
    "3 no network, or others did not answer in time; 4 verification failed; 5 the data on this laptop is damaged; "
    "130 interrupted."
)


def make_app(chapters: Iterable[str] = CHAPTERS) -> App:
    """Put the verbs together.

    Args:
        chapters: which of them; a program with all of them knows what to say of any command line.
    """
    app = App(
        name="p2pcouncil",
        help="Decide and plan together without a server. Without a verb, the terminal interface opens.",
        help_epilogue=EPILOGUE,
        help_format="markdown",
        version=lambda: version("p2pcouncil"),
        default_command=interface,
    )
    app["--help"].group = PROGRAM
    app["--version"].group = PROGRAM
    for chapter in chapters:
        import_module(f"p2pcouncil.cli.{chapter}").register(app)
    app.meta.group_parameters = EVERYWHERE
    return app


def run(arguments: list[str] | None = None) -> None:
    """Run the program, and end the process with an exit code.

    Args:
        arguments: the command line without the program's name; None takes that of the process.
    """
    sys.exit(int(run_verb(sys.argv[1:] if arguments is None else arguments)))


def run_verb(arguments: list[str]) -> ExitCode:
    """Run one verb.

    Args:
        arguments: the command line without the program's name.

    Returns:
        How it ended; whatever went wrong has been said.
    """
    # Known before anything is parsed, so that a usage error is spoken in the wanted way, too.
    context = Context(Home.default(), "--json" in arguments)
    # Further back, free text that may begin with a hyphen would take what every verb takes.
    everywhere, verb = apart(arguments)
    arguments = everywhere + verb
    chapter = _chapter_of(verb)
    if chapter is not None:
        try:
            return _launch(make_app((chapter,)), arguments)
        except CycloptsError:
            pass  # Another verb may have been meant, or the words that say what is wrong need all of them.
    app = make_app()
    try:
        return _launch(app, arguments)
    except CycloptsError as error:
        context.complain(*_usage(app, verb, error), ExitCode.USAGE)
        return ExitCode.USAGE


def _chapter_of(arguments: list[str]) -> str | None:
    """Where the verb is that a command line seems to name; None if it names none, or asks about the program."""
    words = [word for word in arguments if not word.startswith("-")]
    if not words or words[0] == "completion":
        return None
    return next((chapter for chapter, verbs in CHAPTERS.items() if words[0] in verbs), None)


def _launch(app: App, arguments: list[str]) -> ExitCode:
    """Run the verb that a command line names.

    Raises:
        CycloptsError: it is not understood; nothing was run.
    """

    @app.meta.default
    def launch(
        *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        home: Path | None = None,
        json: Annotated[bool, Parameter(negative="")] = False,
        within: float = 0.0,
    ) -> ExitCode:
        """Read what every verb takes, then run the verb.

        Args:
            home: The folder of your peer: keys and data. Default: `P2PCOUNCIL_HOME`, else the platform's data folder.
            json: Write one JSON object to standard output instead of sentences, errors included.
            within: Wait up to so many seconds for what is named to arrive on this laptop.
            *tokens: The verb, and what follows it.
        """
        command, bound, injected = app.parse_args(tokens, exit_on_error=False, print_error=False)
        chosen = Context(Home(home) if home is not None else Home.default(), json, within)
        if "ctx" in injected:
            bound.arguments["ctx"] = chosen
        return _execute(command, bound, chosen)

    ended = app.meta(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    return ended if isinstance(ended, ExitCode) else ExitCode.OK


def _execute(command: Callable[..., object], bound: inspect.BoundArguments, context: Context) -> ExitCode:
    try:
        result = command(*bound.args, **bound.kwargs)
        if inspect.iscoroutine(result):
            asyncio.run(result)
    except BrokenPipeError:
        # Whoever read us has seen enough, like `head`; Python's own last flush must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except expected() as error:
        code = exit_code_of(error)
        found = error.data if isinstance(error, CheckFailedError) else None
        context.complain(words_of(error), hint_of(error), code, found)
        return code
    except (KeyboardInterrupt, EOFError, asyncio.CancelledError):
        context.complain("Interrupted.", "", ExitCode.INTERRUPTED)
        return ExitCode.INTERRUPTED
    return ExitCode.OK


def _usage(app: App, arguments: list[str], error: CycloptsError) -> tuple[str, str]:
    """What was wrong with the command line, and where to read how it is meant."""
    verbs = [name for name in app if not name.startswith("-")]
    words = [word for word in arguments if not word.startswith("-")]
    verb = next((word for word in words if word in verbs), None)
    if verb is None and words:
        near = difflib.get_close_matches(words[0], verbs, n=1)
        hint = f"p2pcouncil {near[0]}" if near else "p2pcouncil --help"
        return f"There is no verb “{words[0][:40]}”.", hint
    return str(error), f"p2pcouncil {verb} --help" if verb else "p2pcouncil --help"


if __name__ == "__main__":
    run()
