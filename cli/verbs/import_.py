"""`starter.py import`: enrols the candidates of a file, by the thousand."""

import argparse
from typing import TYPE_CHECKING

from cli.bulk.options import add_options

if TYPE_CHECKING:
    from temporalio.client import Client

_ABOUT = """\
Enrols the candidates of a CSV file, as spreadsheets write it. The whole file is checked first; where any row is bad,
nothing is started. Run again, it goes on where it was interrupted, and does nothing twice.

The outcome file FILE.outcome.csv, beside the input, has a line for each row: registered, already enrolled,
refused: why, failed: why, bad: why, or not reached.
"""
_EXAMPLE = """\
columns, in any order (others are ignored):
  candidate_id, name, email, designation                      required
  purchase_reference, purchased_at                            where testing is purchased already
  role, started_on, ended_on, attested_by                     experience, where it is known already
  publish                                                     true or false

example:
  ./starter.py import candidates.csv --dry-run
  ./starter.py import candidates.csv
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "import",
        help="enrol the candidates of a file",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="CSV; - for stdin")
    parser.add_argument("--skip-bad", action="store_true", help="leave bad rows out instead of starting nothing")
    parser.add_argument("--re-enrol", action="store_true", help="open a new candidacy where one is closed")
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Checks the whole file, then enrols row by row."""
    from cli import input_files
    from cli.bulk import act

    sheet = input_files.read_registrations(args.file)
    problems = act.without_bad_rows(sheet, args.file, skip=args.skip_bad)

    from cli.bulk.enrolling import Enrolling
    from cli.session import connected

    async def work(client: "Client") -> int:
        return await Enrolling(client, args).carry_out(sheet.entries, problems)

    return connected(work)
