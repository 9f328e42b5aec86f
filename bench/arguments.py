"""The command line of `python -m bench`."""

from __future__ import annotations

import argparse

_ABOUT = """\
Runs journeys of Certpath (CCSL, from registration to certificate, every notice written as an .eml file), and journeys
of a bare workflow that takes the same messages, upserts as many search attributes, keeps one timer and runs an activity
for each notice. The activities of the bare workflow carry a short key and do nothing. How many there are of each is
read from a recorded history of Certpath. A third side is Certpath without its record. The sides alternate. The workers
of each side are processes of their own, and only their CPU time is counted.
"""
_ON_ANOTHER_SERVER = """\
With --address the journeys run on that server, and all other measurements are left out, because they need no such
server. Use a namespace for trials: missing search attributes are registered in it. The journeys have task queues and
candidate ids of their own, which are new in each run, and their workflows are deleted at the end.
"""


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the arguments. Bad usage ends the process with exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=_ABOUT, epilog=_ON_ANOTHER_SERVER)
    parser.add_argument("--journeys", type=int, default=15, metavar="N", help="journeys of each side a round (15)")
    parser.add_argument("--rounds", type=int, default=4, metavar="N", help="rounds (4)")
    parser.add_argument("--at-once", type=int, default=8, metavar="N", help="journeys under way at once (8)")
    parser.add_argument(
        "--workers",
        type=numbers,
        default=[1],
        metavar="N[,N...]",
        help="worker processes for each side; with several numbers one contest for each (1)",
    )
    add_server(parser)
    parser.add_argument(
        "--record",
        nargs="?",
        const="",
        metavar="URL",
        help="measure the record alone, in a new SQLite file or in the empty database at URL, which is left full "
        "(half an hour)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="8 journeys in 2 rounds, and no cycles; a tenth of the record"
    )
    parser.add_argument("--exits", action="store_true", help="also 100 mixed runs of `starter.py` (a minute more)")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    parser.add_argument("--check", action="store_true", help="exit code 1 where a target is missed")
    given = parser.parse_args(arguments)
    if min(given.journeys, given.rounds, given.at_once) < 1:
        parser.error("--journeys, --rounds and --at-once must be at least 1")
    if given.record is not None and (given.address or given.exits):
        parser.error("--record measures the record alone: leave --address and --exits out")
    if given.exits and given.address:
        parser.error("--exits is measured on the embedded server: leave --address out")
    check_server(parser, given)
    if given.quick:
        given.journeys, given.rounds = 8, 2
    return given


def add_server(parser: argparse.ArgumentParser) -> None:
    """The options that name a server."""
    parser.add_argument("--address", metavar="HOST:PORT", help="a Temporal server (default: an embedded one)")
    parser.add_argument("--namespace", metavar="NAME", help="its namespace (default: as Temporal's settings say)")


def check_server(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """Ends the process if a namespace is named without a server."""
    if given.namespace and not given.address:
        parser.error("--namespace belongs to a server: name it by --address")


def numbers(text: str) -> list[int]:
    """Numbers of at least 1, separated by commas, each once and in the order given.

    Raises:
        argparse.ArgumentTypeError: the text is anything else.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and 0 < len(part) < 8 and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of whole numbers, such as 1,2,4")
    return list(dict.fromkeys(int(part) for part in parts))
