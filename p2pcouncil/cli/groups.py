"""The chapters of the help page in reading order, and how a verb enters one, examples included."""

import inspect
from collections.abc import Callable, Coroutine
from typing import Any

from cyclopts import App, Group

ME = Group("Yourself", sort_key=1)
COUNCILS = Group("Councils", sort_key=2)
PROPOSALS = Group("Proposals", sort_key=3)
VOTES = Group("Votes", sort_key=4)
PLANS = Group("Plans and prices", sort_key=5)
NETWORK = Group("Network and files", sort_key=6)
STORIES = Group("Stories", sort_key=7)
PROGRAM = Group("Program", sort_key=8)
EVERYWHERE = Group("With every verb", sort_key=9)

_HEADING = "Examples:"
_NEXT_HEADING = "Args:"


def add_verb(
    app: App,
    verb: Callable[..., Coroutine[Any, Any, None] | None],
    group: Group | None = None,
    name: str | None = None,
) -> None:
    """Add a verb to the command line; its docstring is its help page.

    Args:
        app: the program, or a verb with verbs below it.
        verb: an async function, or a plain one that has nothing to wait for; the examples in its docstring end the
            help page.
        group: the chapter.
        name: if it can't be the function's.
    """
    epilogue = examples_of(verb)
    if group is None:
        app.command(verb, name=name, help_epilogue=epilogue)
    else:
        app.command(verb, name=name, group=group, help_epilogue=epilogue)


def examples_of(verb: Callable[..., object]) -> str:
    """The examples of a verb's docstring as a block of Markdown; empty if there are none."""
    _, found, rest = (inspect.getdoc(verb) or "").partition(_HEADING)
    if not found:
        return ""
    lines = [line.strip() for line in rest.partition(_NEXT_HEADING)[0].splitlines()]
    return "\n".join([_HEADING, "", *(f"    {line}" for line in lines if line)])
