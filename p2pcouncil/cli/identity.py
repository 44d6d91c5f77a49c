"""Verbs about oneself: a new identity, getting it back, its devices."""

from typing import Annotated

from cyclopts import App, Parameter

from crdt.errors import LocalError
from crdt.ids import DeviceId
from p2pcouncil.cli.context import Ctx, File
from p2pcouncil.cli.errors import UsageError
from p2pcouncil.cli.groups import ME, add_verb
from p2pcouncil.cli.prompts import (
    known_passphrase,
    new_passphrase,
    phrase_lines,
    read_phrase,
    show_and_check_phrase,
)
from p2pcouncil.cli.refs import Candidate, resolve
from p2pcouncil.cli.show import wrap
from p2pcouncil.cli.show_network import show_identity
from p2pcouncil.peer.commands import DisownDevice, TakeOverDuty
from p2pcouncil.peer.views.people import IdentityView

Flag = Parameter(negative="")


def register(app: App) -> None:
    """Add the verbs of this chapter."""
    add_verb(app, init, ME)
    add_verb(app, recover, ME)
    device = App(name="device", help="Your laptops: list, add, take the duty over, disown.", group=ME)
    app.command(device)
    add_verb(device, list_devices, name="list")
    add_verb(device, add_device, name="add")
    add_verb(device, take_over, name="take-over")
    add_verb(device, disown)


async def init(
    name: str,
    /,
    *,
    passphrase_file: File | None = None,
    no_passphrase: Annotated[bool, Flag] = False,
    phrase_shown: Annotated[bool, Flag] = False,
    ctx: Ctx,
) -> None:
    """Make your identity: a member key on paper, and a device key on this laptop.

    The recovery phrase of 24 words is shown once and checked. It is the only way back if this laptop is lost.

    Examples:
        p2pcouncil init "Ada Okafor"

        p2pcouncil init Ada --no-passphrase --phrase-shown --json

    Args:
        name: How others see you; it can be anything, and your fingerprint tells namesakes apart.
        passphrase_file: A file whose first line is the passphrase that encrypts the member key.
        no_passphrase: Store no member key on this laptop; only the recovery phrase brings it back.
        phrase_shown: Print the phrase and don't ask for its words: for scripts.
        ctx: Whose peer, and how to speak.
    """
    if not phrase_shown and not ctx.is_interactive:
        raise UsageError(
            "The recovery phrase has to be checked by a person at a terminal.",
            "In a script, use --phrase-shown.",
        )
    async with ctx.session() as session:
        if session.identity() is not None:
            raise LocalError(
                f"There is an identity in {ctx.home.path} already.",
                "Use it, or choose another home with --home.",
            )
        passphrase = new_passphrase(ctx, passphrase_file, no_passphrase)
        words = await session.create_identity(name, passphrase)
        me = _identity(session.identity())
    if not phrase_shown:
        show_and_check_phrase(ctx, words)
    message = f"You are {me.person.name}, fingerprint {me.person.fingerprint}."
    shown = ["Your recovery phrase, to be written on paper:", *phrase_lines(words)] if phrase_shown else []
    following = "Next: `p2pcouncil found NAME` for a new society, or `p2pcouncil join INVITATION`."
    phrase = list(words) if phrase_shown else None
    ctx.say(
        [*wrap(message), *shown, *wrap(following)], {"message": message, "phrase": phrase, "identity": me}
    )


async def recover(
    name: str,
    /,
    *,
    phrase_file: File | None = None,
    passphrase_file: File | None = None,
    no_passphrase: Annotated[bool, Flag] = False,
    ctx: Ctx,
) -> None:
    """Come back as the member that you are, from the recovery phrase: a new device on this laptop.

    Then join one of your councils again by any member's invitation or bundle, and run `p2pcouncil device take-over`
    so that this laptop votes for you.

    Examples:
        p2pcouncil recover "Ada Okafor"

        p2pcouncil recover Ada --phrase-file words.txt --no-passphrase

    Args:
        name: How others see you.
        phrase_file: A file with the words; - reads them from standard input.
        passphrase_file: A file whose first line is the passphrase that encrypts the member key.
        no_passphrase: Store no member key on this laptop.
        ctx: Whose peer, and how to speak.
    """
    words = read_phrase(ctx, phrase_file)
    passphrase = new_passphrase(ctx, passphrase_file, no_passphrase)
    async with ctx.session() as session:
        done = await session.recover_identity(words, name, passphrase)
        me = _identity(session.identity())
    ctx.say([*wrap(done.message), *done.lines], {"message": done.message, "identity": me})


async def list_devices(*, ctx: Ctx) -> None:
    """List your devices.

    Examples:
        p2pcouncil device list
    """
    async with ctx.session() as session:
        me = _identity(session.identity())
    ctx.say(show_identity(me), me)


async def add_device(
    name: str,
    /,
    *,
    phrase_file: File | None = None,
    ctx: Ctx,
) -> None:
    """Make this laptop one more device of yours, from the recovery phrase.

    Run it on the new laptop. It reads, drafts and comments as you; voting stays with the device that has the duty,
    until you move it here with `p2pcouncil device take-over`. The member key is not stored here.

    Examples:
        p2pcouncil device add "Ada Okafor"

    Args:
        name: How others see you.
        phrase_file: A file with the words; - reads them from standard input.
        ctx: Whose peer, and how to speak.
    """
    words = read_phrase(ctx, phrase_file)
    async with ctx.session() as session:
        done = await session.recover_identity(words, name, "")
        me = _identity(session.identity())
    ctx.say([*wrap(done.message), *done.lines], {"message": done.message, "identity": me})


async def take_over(*, passphrase_file: File | None = None, ctx: Ctx) -> None:
    """From now on this laptop votes for you, in every council held here; under the member key.

    Let this laptop catch up first: what your other laptop wrote and this one does not hold yet will not count any
    more, its vouches included.

    Examples:
        p2pcouncil device take-over

    Args:
        passphrase_file: A file whose first line is the passphrase, or the recovery phrase.
        ctx: Whose peer, and how to speak.
    """
    passphrase = known_passphrase(ctx, passphrase_file)
    async with ctx.session() as session:
        await ctx.do(session, TakeOverDuty(passphrase))


async def disown(device: str, /, *, passphrase_file: File | None = None, ctx: Ctx) -> None:
    """Say under the member key that a device is lost: nothing that it writes from now on counts.

    Examples:
        p2pcouncil device disown 3f9a1c22

    Args:
        device: The start of its id, from `p2pcouncil device list`.
        passphrase_file: A file whose first line is the passphrase, or the recovery phrase.
        ctx: Whose peer, and how to speak.
    """
    async with ctx.session() as session:
        me = _identity(session.identity())
        lost = _find_device(me, device)
        if lost == me.device:
            raise LocalError("That is this laptop.", "Disown it from another device of yours.")
        await ctx.do(session, DisownDevice(lost, known_passphrase(ctx, passphrase_file)))


def _identity(identity: IdentityView | None) -> IdentityView:
    if identity is None:
        raise LocalError("There is no identity on this laptop yet.", "Run `p2pcouncil init NAME` first.")
    return identity


def _find_device(me: IdentityView, ref: str) -> DeviceId:
    candidates = [Candidate(device, device, (device.hex()[:16],)) for device, _ in me.devices]
    return resolve(ref, candidates, "device", "device list")
