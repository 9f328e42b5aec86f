"""`starter.py send`: one message to one candidacy."""

import argparse

from cli import arguments, sending
from cli.everyday import MESSAGES

_EXAMPLE = """\
example:
  ./starter.py send C-1001 CCSL record_assessment_result \\
    '{"result_id": "R-1", "domain": "people-management", "taken_at": "2026-11-20T15:00:00Z",
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
    arguments.add_candidacy(parser)
    parser.add_argument("message", metavar="MESSAGE", type=sending.message_name, help="its name, see below")
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
    from client.candidacy import Candidacy
    from client.scheme import check_designation

    check_designation(args.designation)
    candidacy = Candidacy(args.candidate, args.designation)
    return sending.send(candidacy, args.message, sending.read(args.payload), as_json=args.json)
