"""`starter.py import`: enrols the candidates of a file, by the thousand."""

import argparse
from typing import TYPE_CHECKING

from cli import exits, output
from cli.bulk.options import add_options
from client.errors import ClientError

if TYPE_CHECKING:
    from temporalio.client import Client

    from client.bulk.enrolling import Options

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
    from cli.bulk import rows

    sheet = input_files.read_registrations(args.file)
    bad = rows.without_bad(sheet, args.file, skip=args.skip_bad)

    from cli.bulk.carrying import carry_out
    from cli.session import connected
    from client.bulk import enrolling

    options = _options(args)

    async def work(client: "Client") -> int:
        plan = enrolling.plan(client, rows.good(sheet), bad, options)
        code = await carry_out(plan, "Would register" if args.dry_run else "Registering", args)
        if code in (exits.DONE, exits.REFUSED) and not args.dry_run:
            await _tell_of_workers(client)
        return code

    return connected(work)


def _options(args: argparse.Namespace) -> "Options":
    from client.bulk import outcomes
    from client.bulk.enrolling import Options

    return Options(
        path=args.outcome or outcomes.beside(args.file, "import", dry_run=args.dry_run),
        lasting=args.outcome or outcomes.beside(args.file, "import", dry_run=False),
        dry_run=args.dry_run,
        re_enrol=args.re_enrol,
    )


async def _tell_of_workers(client: "Client") -> None:
    from client.answers import worker_polls

    try:
        if not await worker_polls(client):
            output.say("No worker is running: what is registered is safe, and waits for one (./worker.py).")
    except ClientError:
        return  # all is done and told; whether somebody works at it is another question
