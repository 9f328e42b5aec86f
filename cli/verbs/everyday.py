"""The short verbs for everyday messages (`result`, `hold resolve`, …): commands and payloads, from the table."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import click

from cli import advice, confirming, exits, sending
from cli.everyday import VERBS, Flag, Verb, sentence
from cli.options import CANDIDATE, OPTIONAL_DESIGNATION, Option, note_json
from cli.options import Verb as Command
from cli.session import connected
from client import whose
from client.candidacy import Candidacy
from client.connection import Client
from client.errors import InvalidFields
from client.payloads import parsed
from feeds import dates, explain
from feeds.explain import Explain
from feeds.spreadsheets import damaged_id

DATES: Mapping[str, Explain] = {"DAY": dates.day, "INSTANT": dates.instant, "DAY|INSTANT": dates.day_or_instant}
"""How a day or an instant that was refused is explained, by what the help calls the value of the flag."""
NUMBERS: Mapping[str, Explain] = {"PERCENT": explain.percentage, "POINTS": explain.number}
"""How a number with a comma or a percent sign is explained, by what the help calls the value of the flag."""
NOTHING: Mapping[str, Any] = {}

_NUMBER = re.compile(r"[0-9]{1,18}")
_ACTIVITY = ("title", "completed_on", "uri", "hours")
_ACTIVITY_FLAG = "--activity"
# Joins the words of one activity into one value for click. No argument of a process can contain this character.
_BETWEEN = "\0"

_VERBS = {" ".join(verb.words): verb for verb in VERBS}


class _AsWritten(str):
    """A JSON text that goes into the payload as it is."""


# --- commands


def command(words: str) -> click.Command:
    """The command of one verb of the table."""
    verb = _VERBS[words]
    return _Command(
        verb.words[-1],
        callback=partial(run, verb),
        params=list(_params(verb)),
        help="\n".join(filter(None, (sentence(verb.help), verb.note))),
        epilog=examples(verb),
    )


def _params(verb: Verb) -> Iterator[click.Parameter]:
    yield click.Argument(["candidate"], **CANDIDATE)
    yield click.Argument(["designation"], **OPTIONAL_DESIGNATION)
    for flag in verb.flags:
        yield from _options(flag)
    yield Option(["--message-id"], metavar="ID", help="the same id with the same content counts once")
    if verb.question:
        yield Option(["--yes"], is_flag=True, help="do not ask")
    help = "print the receipt as one JSON document"
    yield Option(["--json", "as_json"], is_flag=True, help=help, callback=note_json)


def _options(flag: Flag) -> Iterator[click.Parameter]:
    if flag.kind == "switch":
        yield Option([f"{flag.option}/--no-{flag.option[2:]}", flag.key], default=None, help=flag.help)
    elif flag.kind == "yes":
        yield Option([flag.option, flag.key], is_flag=True, flag_value=True, default=None, help=flag.help)
    elif flag.kind == "activities":
        help = "title, day, and if you like its address and hours ('' for no address); repeat it for each activity"
        shown = "TITLE DAY [URI [HOURS]]"
        yield Option([_ACTIVITY_FLAG, "activity"], multiple=True, type=_activity, metavar=shown, help=help)
        yield Option([flag.option, flag.key], metavar=flag.shown, help=flag.help)
    else:
        kind = click.Choice(flag.choices) if flag.choices else None
        shown = "|".join(flag.choices) or flag.shown
        yield Option([flag.option, flag.key], required=flag.required, type=kind, metavar=shown, help=flag.help)


class _Command(Command):
    """Reads the words of each `--activity`, two to four of them, as one value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As the base class."""
        if any(param.name == "activity" for param in self.params):
            args = list(_joined(args))
        return super().parse_args(ctx, args)


def _joined(args: Sequence[str]) -> Iterator[str]:
    words = list(args)
    while words:
        yield (first := words.pop(0))
        if first == _ACTIVITY_FLAG:
            end = next((place for place, one in enumerate(words) if one.startswith("--")), len(words))
            yield _BETWEEN.join(words[:end])
            del words[:end]


def _activity(text: str) -> dict[str, str]:
    given = text.split(_BETWEEN) if text else []
    if not 2 <= len(given) <= len(_ACTIVITY):
        raise click.BadParameter(f"give TITLE DAY [URI [HOURS]], not {len(given)} word{'' if len(given) == 1 else 's'}")
    # An empty URI leaves it out, so that hours may be given without one.
    return {field: word for field, word in zip(_ACTIVITY, given, strict=False) if word}


# --- what a verb does


def run(
    verb: Verb,
    candidate: str,
    designation: str | None,
    message_id: str | None,
    as_json: bool,
    yes: bool = False,
    **given: Any,
) -> int:
    """Make the payload, ask where the verb has a question, send it and show the receipt."""
    whose.check_named(designation)
    text = payload(verb, given, message_id)
    candidacy = Candidacy(candidate, designation) if designation else _the_one_of(candidate)
    if verb.question and not yes:
        confirming.ask(verb.question.format(candidacy))
    try:
        return sending.send(
            candidacy, verb.message, text, as_json=as_json, again="give it the same flags and --message-id {}"
        )
    except InvalidFields as error:
        notes = [in_flags(verb, one.field, one.problem, given) for one in error.errors]
        raise exits.BadInput(error.sentence, notes, **exits.of(error).facts) from error


def _the_one_of(candidate: str) -> Candidacy:
    """The person's one open candidacy; the question before a message, and the receipt, name its designation."""
    found: list[Candidacy] = []

    async def work(client: Client) -> int:
        found.append(await whose.meant(client, candidate, None, to_send=True))
        return exits.DONE

    connected(work)
    return found[0]


def payload(verb: Verb, given: Mapping[str, Any], message_id: str | None = None) -> bytes:
    """The JSON text that these flags make, by `Flag.key`.

    Raises `exits.BadInput` where one is a gap, a number that nobody can read, or an id that a spreadsheet has damaged,
    `click.UsageError` where the activities are given in no way or in both, and `client.errors.NotJson` where one is no
    JSON text.
    """
    _check_filled(verb, given)
    _check_ids(verb, given)
    _check_numbers(verb, given)
    message: dict[str, Any] = {}
    if message_id is not None:
        message["message_id"] = message_id
    for flag in verb.flags:
        value = _activities(flag, given) if flag.kind == "activities" else _value(flag, given[flag.key])
        if value is None:
            continue
        *path, field = flag.field.split(".")
        inside = message
        for name in path:
            inside = inside.setdefault(name, {})
        inside[field] = value
    return _json(message).encode()


def _check_filled(verb: Verb, given: Mapping[str, Any]) -> None:
    """A gap of a command copied from `attention` would otherwise be sent, and stay on the timeline for ever."""
    texts = [(flag.option, given[flag.key]) for flag in verb.flags if flag.kind == "text"]
    gaps = [f"{option}: fill in {text}" for option, text in texts if text and advice.is_gap(text)]
    if gaps:
        raise exits.BadInput("The command still has gaps:", gaps)


def _check_ids(verb: Verb, given: Mapping[str, Any]) -> None:
    """An id copied from a spreadsheet may have lost digits. One that is there already may look so, and is taken."""
    flags = [(flag.option, damaged_id(given[flag.key])) for flag in verb.flags if flag.new]
    if damaged := [f"{option}: {problem}" for option, problem in flags if problem]:
        raise exits.BadInput("A spreadsheet has changed what was copied:", damaged)


def _check_numbers(verb: Verb, given: Mapping[str, Any]) -> None:
    """A number with a comma or a percent sign is answered here, so that nobody needs a worker to be told what to write.

    Anything else is sent as it is: what the rules take, only they know.
    """
    texts = [(flag, given[flag.key]) for flag in verb.flags if flag.shown in NUMBERS]
    wrong = [(flag, text) for flag, text in texts if text and ("," in text or "%" in text)]
    if wrong:
        notes = [f"{flag.option}: {NUMBERS[flag.shown](text, '')}" for flag, text in wrong]
        raise exits.BadInput("A number cannot be read, so nothing was sent:", notes)


def _value(flag: Flag, given: Any) -> Any:
    if flag.kind == "json" and given is not None:
        return _read(flag, given)
    # A text that is no number is sent as it is: the engine then says what is wrong with this and with other fields.
    return int(given) if flag.kind == "whole" and given and _NUMBER.fullmatch(given) else given


def _activities(flag: Flag, given: Mapping[str, Any]) -> Any:
    one_by_one, together = given["activity"], given[flag.key]
    if bool(one_by_one) == (together is not None):
        raise click.UsageError(
            f"{_ACTIVITY_FLAG} and {flag.option} do not go together"
            if one_by_one
            else f"Give each activity with {_ACTIVITY_FLAG}, or all of them with {flag.option}",
            click.get_current_context(silent=True),
        )
    return _read(flag, together) if together is not None else list(one_by_one)


def _read(flag: Flag, source: str) -> _AsWritten:
    text = sending.read(source).removeprefix(b"\xef\xbb\xbf")
    parsed(text, flag.option)
    return _AsWritten(text.decode())


def _json(value: Any) -> str:
    if isinstance(value, _AsWritten):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_json(inside)}" for name, inside in value.items()) + "}"
    return json.dumps(value)


# --- the engine's words, said of the flags


def in_flags(verb: Verb, field: str, problem: str, given: Mapping[str, Any] = NOTHING) -> str:
    """What the engine says is wrong with a field, said of the flag that fills it.

    Where the flag was `given` a day or an instant in another form, the sentence says what to write.
    """
    for flag in verb.flags:
        if field == flag.field:
            explained = DATES.get(flag.shown)
            value = given.get(flag.key)
            return f"{flag.option}: {explained(value, problem) if explained and value else problem}"
        if field.startswith(f"{flag.field}."):
            return f"{_inside(flag, field.removeprefix(f'{flag.field}.'))}: {problem}"
    if field == "message_id":
        return f"--message-id: {problem}"
    # The problem concerns several fields, which its sentence names.
    options = {flag.field.rpartition(".")[2]: flag.option for flag in verb.flags}
    return re.sub(r"\w+", lambda word: options.get(word[0], word[0]), problem)


def _inside(flag: Flag, rest: str) -> str:
    if flag.kind != "activities":
        return f"{flag.option} ({rest})"
    number, _, part = rest.partition(".")
    return f"{_ACTIVITY_FLAG} {int(number) + 1}{f' ({part})' if part else ''}"


def examples(verb: Verb) -> str:
    """Ready to copy; a line that begins with a space goes on with the one before."""
    lines = (line if line.startswith(" ") else f"./starter.py {line}" for line in verb.example.splitlines())
    return "\n  ".join(("example:", *lines)) + "\n"
