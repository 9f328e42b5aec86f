"""Command lines read without being carried out."""

from collections.abc import Iterator
from unittest import mock

import click

from cli import main, options
from cli.everyday import VERBS, Verb
from cli.verbs import everyday


def parsed(*arguments: str) -> click.Context:
    """What the verb of these arguments would be called with: `params`, and the `command`.

    Raises `click.UsageError` where the command line is wrong.
    """
    with mock.patch.object(options.Verb, "invoke", lambda _command, context: context):
        verbs = main.Verbs()
        with verbs.make_context(main.PROGRAM, list(arguments), obj=options.Given()) as context:
            found: click.Context = verbs.invoke(context)
            return found


def payload_of(*arguments: str) -> bytes:
    """The payload that an everyday verb makes of these arguments. Raises as `cli.verbs.everyday.payload` does."""
    context = parsed(*arguments)
    return everyday.payload(verb_of(context), context.params, context.params["message_id"])


def verb_of(context: click.Context) -> Verb:
    """The line of the table that an everyday command was made of."""
    words = tuple(context.command_path.split()[1:])
    return next(verb for verb in VERBS if verb.words == words)


def help_of(words: str) -> str:
    """What `--help` of these words prints."""
    ended = main.captured([*words.split(), "--help"])
    assert (ended.code, ended.err) == (0, "")
    return ended.out


def options_of(command: click.Command) -> Iterator[str]:
    """Every flag of a command, the ones that switch off as well."""
    for param in command.params:
        if isinstance(param, click.Option):
            yield from (*param.opts, *param.secondary_opts)
