"""Shell completion of verbs and options."""

from pathlib import Path
from typing import Literal

from cyclopts import App
from cyclopts.completion.detect import ShellDetectionError

from crdt.errors import LocalError
from p2pcouncil.cli.context import Ctx
from p2pcouncil.cli.groups import PROGRAM, add_verb
from p2pcouncil.cli.show import wrap

Shell = Literal["bash", "zsh", "fish"]
_HINT = "Name it with --shell bash, zsh or fish."


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    completion = App(name="completion", help="Let your shell complete verbs and options.", group=PROGRAM)
    app.command(completion)

    async def install(*, shell: Shell | None = None, output: Path | None = None, ctx: Ctx) -> None:
        """Install the completion for your shell.

        Examples:
            p2pcouncil completion install

        Args:
            shell: bash, zsh or fish; found out, if left out.
            output: Where to write it, instead of the shell's usual place.
            ctx: Whose peer, and how to speak.
        """
        try:
            path = app.install_completion(shell=shell, output=output, add_to_startup=output is None)
        except ShellDetectionError as error:
            raise LocalError("It is not clear which shell this is.", _HINT) from error
        message = f"Installed in {path}. Start a new shell to use it."
        ctx.say(wrap(message), {"message": message, "file": path})

    async def show(*, shell: Shell | None = None, ctx: Ctx) -> None:
        """Print the completion script.

        Examples:
            p2pcouncil completion show --shell fish

        Args:
            shell: bash, zsh or fish; found out, if left out.
            ctx: Whose peer, and how to speak.
        """
        try:
            script = app.generate_completion(shell=shell)
        except ShellDetectionError as error:
            raise LocalError("It is not clear which shell this is.", _HINT) from error
        ctx.say([script], {"script": script})

    add_verb(completion, install)
    add_verb(completion, show)
