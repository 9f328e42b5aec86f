"""`starter.py results`: a vendor's feed of results, corrections, no-shows and voids."""

import argparse
from typing import TYPE_CHECKING

from cli.bulk.options import add_options

if TYPE_CHECKING:
    from temporalio.client import Client

_ABOUT = """\
Delivers the results of a vendor's feed: scores, no-shows, voids and corrections in one file, CSV or JSON lines. The
whole file is checked first; where any row is bad, nothing is sent. A feed may be delivered again, whole, as often as
you like: nothing changes after the first time.

The outcome file FEED.outcome.csv, beside the input, has a line for each row: taken: events, held: why, duplicate,
refused: why, unknown (no such candidacy; the next run tries again), closed, failed: why, bad: why, or not reached.
"""
_EXAMPLE = """\
columns of CSV, fields of JSON lines, in any order (other columns are ignored):
  candidate_id, designation, result_id, domain, taken_at      required
  revision                                                    2 and higher for corrections
  outcome                                                     scored (the default), no_show, voided
  percentage | points and out_of | form and responses         one of them, for scored
  passed, source, message_id                                  optional

example:
  ./starter.py results overnight.csv --dry-run
  ./starter.py results overnight.csv
  fetch-results | ./starter.py results -
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "results",
        help="deliver a vendor's feed of results",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FEED", help="CSV or JSON lines; - for stdin")
    parser.add_argument("--skip-bad", action="store_true", help="leave bad rows out instead of sending nothing")
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Checks the whole feed, then delivers it candidacy by candidacy."""
    from cli import input_files
    from cli.bulk import rows

    sheet = input_files.read_results(args.file)
    bad = rows.without_bad(sheet, args.file, skip=args.skip_bad)

    from cli.bulk.carrying import carry_out
    from cli.session import connected
    from client.bulk import delivering, outcomes

    path = args.outcome or outcomes.beside(args.file, "results", dry_run=args.dry_run)

    async def work(client: "Client") -> int:
        plan = delivering.plan(client, rows.good(sheet), bad, path, dry_run=args.dry_run)
        return await carry_out(plan, "Would deliver" if args.dry_run else "Delivering", args)

    return connected(work)
