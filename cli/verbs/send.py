"""`starter.py send`: one message to one candidacy."""

import argparse
import sys
from pathlib import Path

from cli import candidates, exits, sending
from cli.vocabulary import MESSAGES

_EXAMPLE = """\
example:
  starter.py send C-1001 CCSL record_assessment_result \\
    '{"result_id": "R-1", "domain": "people-management", "taken_at": "2026-11-22T15:00:00Z",
     "points": 49, "out_of": 60}'

messages:
  """


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "send",
        help="send any message of the contract",
        description="Sends one message, as an update: the answer says what came of it.",
        epilog=_EXAMPLE + "\n  ".join(MESSAGES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    candidates.add_arguments(parser)
    parser.add_argument("message", metavar="MESSAGE", type=_message, help="its name, see below")
    parser.add_argument(
        "payload",
        metavar="PAYLOAD",
        nargs="?",
        default="{}",
        help="a JSON object, @FILE, or - for stdin (default {})",
    )
    parser.add_argument("--json", action="store_true", help="print the receipt as one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Reads the payload, sends it and tells the receipt."""
    candidacy = candidates.Candidacy(args.candidate, args.designation)
    return sending.send(candidacy, args.message, _read(args.payload), as_json=args.json)


def _message(name: str) -> str:
    if name in MESSAGES:
        return name
    import difflib

    near = difflib.get_close_matches(name.replace("-", "_").lower(), MESSAGES, n=3)
    meant = f"did you mean {' or '.join(near)}?" if near else "see `starter.py send --help` for all"
    raise argparse.ArgumentTypeError(f"{name!r} is no message; {meant}")


def _read(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read()
    if not source.startswith("@"):
        return source.encode("utf-8", "surrogateescape")
    try:
        return Path(source[1:]).read_bytes()
    except OSError as error:
        raise exits.BadInput(f"{source[1:]} cannot be read: {error.strerror}") from error
