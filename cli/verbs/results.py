"""`starter.py results`: a vendor's feed of results, corrections, no-shows and voids."""

import click

from cli import input_files
from cli.bulk import rows
from cli.bulk.carrying import carry_out
from cli.bulk.options import Options, bulk_options
from cli.options import option, verb
from cli.session import connected
from client.bulk import delivering, outcomes
from client.connection import Client

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


@verb("results", _ABOUT, _EXAMPLE)
@click.argument("file", metavar="FEED", help="CSV or JSON lines; - for stdin")
@option("--skip-bad", is_flag=True, help="leave bad rows out instead of sending nothing")
@bulk_options
def command(file: str, skip_bad: bool, options: Options) -> int:
    """Check the whole feed, then deliver it candidacy by candidacy."""
    sheet = input_files.read_results(file)
    bad = rows.without_bad(sheet, file, skip=skip_bad)
    path = options.outcome or outcomes.beside(file, "results", dry_run=options.dry_run)

    async def work(client: Client) -> int:
        plan = delivering.plan(client, rows.good(sheet), bad, path, dry_run=options.dry_run)
        return await carry_out(plan, "Would deliver" if options.dry_run else "Delivering", options)

    return connected(work)
