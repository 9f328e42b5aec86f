"""Reads the command line, runs the verb and ends the process with its exit code."""

import argparse
import errno
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn, Protocol, cast

from cli import exits, lazy, output
from client.errors import ClientError

MODULES = (
    "setup",
    "register",
    "send",
    "everyday",
    "import_",
    "results",
    "message",
    "status",
    "timeline",
    "list",
    "due",
    "attention",
    "summary",
    "dev",
    "demo",
)
"""Modules of `cli.verbs`, each with one verb or some of a kind; this is also their order in `--help`."""

_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO)
_EPILOG = """\
exit codes: 0 done, 1 refused by the rules, closed or not found, 2 bad usage or input,
3 Temporal cannot be reached or no worker answers

Temporal is found by TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, a profile or temporal.toml
(default localhost:7233).
"""


class Verb(Protocol):
    """What a module of `cli.verbs` offers."""

    def add_parser(self, verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
        """Adds the parser of each verb.

        Its default `run` does it and answers the exit code; it raises `exits.Stop`, or an error of `client.errors`.
        """


def parser() -> argparse.ArgumentParser:
    """The parser of every verb. Cheap: no verb has imported what it needs to run yet."""
    top = argparse.ArgumentParser(
        prog="starter.py",
        description="Certpath: runs a professional certification programme, on Temporal.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kind: type[argparse.ArgumentParser] = lazy.Parser
    verbs = top.add_subparsers(metavar="VERB", required=True, parser_class=kind)
    for name in MODULES:
        cast(Verb, importlib.import_module(f"cli.verbs.{name}")).add_parser(verbs)
    return top


def verbs() -> list[str]:
    """The words that may come first."""
    (subparsers,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return list(subparsers.choices)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and end the process."""
    output.prepare()
    args = parser().parse_args(arguments)
    code = _run(args)

    from runtime.process import leave

    leave(code)


def _run(args: argparse.Namespace) -> int:
    try:
        try:
            code: int = args.run(args)
            sys.stdout.flush()
        except (exits.Stop, ClientError) as error:
            stop = exits.of(error) if isinstance(error, ClientError) else error
            code = _report(stop, as_document=getattr(args, "json", False))
    except BrokenPipeError:
        # `starter.py list | head -1`: whoever read us has seen enough.
        return exits.DONE
    except Exception as error:  # noqa: BLE001 - never out by way of a crashing interpreter exit
        if isinstance(error, OSError) and error.errno in _FULL:
            output.say(f"The output cannot be written: {error.strerror}.")
        else:
            import traceback

            traceback.print_exc()  # a defect of ours: told whole
        return exits.REFUSED
    return code


def _report(stop: exits.Stop, *, as_document: bool) -> int:
    output.say(stop.sentence)
    for note in stop.notes:
        output.say(f"  {note}")
    if as_document:
        output.document(stop.document)
        sys.stdout.flush()
    return stop.code
