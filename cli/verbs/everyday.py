"""The short verbs for everyday messages (`result`, `hold resolve`, …): parsers and payloads, from the table."""

import argparse
import json
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from cli import arguments, exits, sending
from cli.everyday import GROUPS, VERBS, Flag, Verb
from client.errors import InvalidFields

_NUMBER = re.compile(r"[0-9]{1,18}")
_ACTIVITY = ("title", "completed_on", "uri", "hours")


class _AsWritten(str):
    """A JSON text that goes into the payload as it is."""


class _Activities(argparse.Action):
    """Collects the activities, each `TITLE DAY [URI [HOURS]]`."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        given = list(values or ())
        if not 2 <= len(given) <= len(_ACTIVITY):
            parser.error(f"argument {option_string}: give TITLE DAY [URI [HOURS]], not {len(given)} words")
        # An empty URI leaves it out, so that hours may be told without one.
        activity = {field: word for field, word in zip(_ACTIVITY, given, strict=False) if word}
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or ()), activity])


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds every verb of the table, each built only when it is used (`cli.lazy`)."""
    for first, one in {verb.words[0]: verb for verb in VERBS}.items():
        if told := GROUPS.get(first):
            verbs.add_parser(first, help=told, description=_sentence(told), fill=partial(_fill_group, first))
        else:
            _add(verbs, one)


def _fill_group(first: str, group: argparse.ArgumentParser) -> None:
    verbs = group.add_subparsers(metavar="VERB", required=True)
    for verb in VERBS:
        if verb.words[0] == first:
            _add(verbs, verb)
    if first == "hold":
        from cli.verbs import attention

        attention.add_hold_list(verbs)


def _add(verbs: Any, verb: Verb) -> None:
    verbs.add_parser(
        verb.words[-1],
        help=verb.help,
        description="\n".join(filter(None, (_sentence(verb.help), verb.note))),
        epilog=_examples(verb),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        fill=partial(_fill, verb),
    )


def _fill(verb: Verb, parser: argparse.ArgumentParser) -> None:
    arguments.add_candidacy(parser)
    for flag in verb.flags:
        _add_flag(parser, flag)
    parser.add_argument("--message-id", metavar="ID", help="the same id with the same content counts once")
    if verb.question:
        parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="print the receipt as one JSON document")
    parser.set_defaults(run=run, verb=verb)


def _add_flag(parser: argparse.ArgumentParser, flag: Flag) -> None:
    if flag.kind == "switch":
        parser.add_argument(flag.option, dest=flag.field, action=argparse.BooleanOptionalAction, help=flag.help)
    elif flag.kind == "activities":
        one_way = parser.add_mutually_exclusive_group(required=flag.required)
        told = "title, day, and if you like its address and hours ('' for no address); repeat it for each activity"
        one_way.add_argument(
            "--activity", dest=flag.field, nargs="+", action=_Activities, metavar=("TITLE", "DAY"), help=told
        )
        one_way.add_argument(flag.option, dest=flag.field, metavar=flag.shown, help=flag.help)
    else:
        parser.add_argument(
            flag.option,
            dest=flag.field,
            required=flag.required,
            choices=flag.choices or None,
            metavar=flag.shown,
            help=flag.help,
        )


def run(args: argparse.Namespace) -> int:
    """Makes the payload, asks where that is wanted, sends it and tells the receipt."""
    verb: Verb = args.verb
    from client.candidacy import Candidacy
    from client.scheme import check_designation

    check_designation(args.designation)
    candidacy = Candidacy(args.candidate, args.designation)
    text = payload(args)
    if verb.question and not args.yes:
        sending.ask(verb.question.format(candidacy))
    try:
        return sending.send(
            candidacy, verb.message, text, as_json=args.json, again="give it the same flags and --message-id {}"
        )
    except InvalidFields as error:
        notes = [in_flags(verb, one.field, one.problem) for one in error.errors]
        raise exits.BadInput(error.sentence, notes, **exits.of(error).facts) from error


def payload(args: argparse.Namespace) -> bytes:
    """The JSON text that these arguments make. Raises `exits.BadInput` where one is a gap, and
    `client.errors.NotJson` where one is no JSON text.
    """
    verb: Verb = args.verb
    _check_filled(args, verb)
    message: dict[str, Any] = {}
    if args.message_id is not None:
        message["message_id"] = args.message_id
    for flag in verb.flags:
        value = _value(args, flag)
        if value is None:
            continue
        *path, field = flag.field.split(".")
        inside = message
        for name in path:
            inside = inside.setdefault(name, {})
        inside[field] = value
    return _json(message).encode()


def _check_filled(args: argparse.Namespace, verb: Verb) -> None:
    """What was copied from `attention` and not filled in would stand on the timeline for good."""
    from cli import advice

    texts = [(flag.option, vars(args)[flag.field]) for flag in verb.flags if flag.kind == "text"]
    gaps = [f"{option}: fill in {given}" for option, given in texts if given and advice.is_gap(given)]
    if gaps:
        raise exits.BadInput("The command still has gaps:", gaps)


def _value(args: argparse.Namespace, flag: Flag) -> Any:
    given = vars(args)[flag.field]
    if flag.kind in ("json", "activities") and isinstance(given, str):
        return _read(flag, given)
    # What is no number goes out as it is: the engine says what is wrong with it, and with everything else.
    return int(given) if flag.kind == "whole" and given and _NUMBER.fullmatch(given) else given


def _read(flag: Flag, source: str) -> _AsWritten:
    from client.payloads import parsed

    text = sending.read(source).removeprefix(b"\xef\xbb\xbf")
    parsed(text, flag.option)
    return _AsWritten(text.decode())


def _json(value: Any) -> str:
    if isinstance(value, _AsWritten):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_json(inside)}" for name, inside in value.items()) + "}"
    return json.dumps(value)


def in_flags(verb: Verb, field: str, problem: str) -> str:
    """What the engine says is wrong with a field, said of the flag that fills it."""
    for flag in verb.flags:
        if field == flag.field:
            return f"{flag.option}: {problem}"
        if field.startswith(f"{flag.field}."):
            return f"{_inside(flag, field.removeprefix(f'{flag.field}.'))}: {problem}"
    if field == "message_id":
        return f"--message-id: {problem}"
    # About several fields together: they are named in the sentence.
    options = {flag.field.rpartition(".")[2]: flag.option for flag in verb.flags}
    return re.sub(r"\w+", lambda word: options.get(word[0], word[0]), problem)


def _inside(flag: Flag, rest: str) -> str:
    if flag.kind != "activities":
        return f"{flag.option} ({rest})"
    number, _, part = rest.partition(".")
    return f"--activity {int(number) + 1}{f' ({part})' if part else ''}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _examples(verb: Verb) -> str:
    """Ready to copy; a line that begins with a space goes on with the one before."""
    lines = (line if line.startswith(" ") else f"./starter.py {line}" for line in verb.example.splitlines())
    return "\n  ".join(("example:", *lines)) + "\n"
