"""`starter.py results`: a vendor's feed of results, corrections, no-shows and voids."""

import click

from cli import forgotten, input_files
from cli.bulk import rows
from cli.bulk.carrying import carry_out
from cli.bulk.options import FileOptions, Options, bulk_options, file_options
from cli.options import VerbOfRows, option, verb
from cli.session import connected
from client.bulk import delivering, outcomes
from client.candidacy import Candidacy
from client.connection import Client
from feeds.checking import Entry
from feeds.results import Reading, Result, Scale

_ABOUT = """\
Delivers the results of a vendor's feed: scores, no-shows, voids and corrections in one file, CSV or JSON lines. The
whole file is checked first; where any row is bad, nothing is sent. A feed may be delivered again, whole, as often as
you like: nothing changes after the first time.

The outcome file FEED.outcome.csv, beside the input, has a line for each row: taken: events, held: why, duplicate,
refused: why, unknown (no such candidacy; the next run tries again), closed, failed: why, bad: why, or not reached;
and before it, what an earlier run said. A row that was closed or unknown before does not make the exit code 1 again.
With --dry-run each candidacy is asked what would come of its rows: would be taken, would be held, would be refused.
"""
_EXAMPLE = """\
columns of CSV, fields of JSON lines, in any order (other columns are ignored):
  candidate_id, designation, result_id, domain, taken_at      required
  revision                                                    2 and higher for corrections
  outcome                                                     scored (the default), no_show, voided
  percentage | points and out_of | form and responses         one of them, for scored
  passed, source, message_id                                  optional

One candidate's result_id and revision stand in one row, or in rows with the same content.

example:
  ./starter.py results overnight.csv --dry-run
  ./starter.py results overnight.csv
  fetch-results | ./starter.py results -
"""


@verb("results", _ABOUT, _EXAMPLE, VerbOfRows)
@click.argument("file", metavar="FEED", help="CSV or JSON lines; - for stdin")
@file_options
@option("--fractions", is_flag=True, help="the percentages are fractions: 0.815 means 81.5 %")
@option("--percent", is_flag=True, help="the percentages are percentages, although none is above 1")
@bulk_options
def command(file: str, fractions: bool, percent: bool, reading: FileOptions, options: Options) -> int:
    """Check the whole feed, then deliver it candidacy by candidacy."""
    scale = _scale(fractions=fractions, percent=percent)
    sheet = input_files.read_results(file, Reading(reading.order, scale))
    bad = rows.without_bad(sheet, file, reading.choice())
    files = outcomes.files_of(file, "results", rows.style(sheet), chosen=options.outcome, dry_run=options.dry_run)

    async def work(client: Client) -> int:
        results = [_result(entry) for entry in sheet.entries]
        closed = forgotten.closed({result.candidacy for result in results})
        plan = delivering.plan(client, results, bad, files, closed, dry_run=options.dry_run)
        return await carry_out(plan, "Dry run" if options.dry_run else "Delivering", options)

    return connected(work)


def _result(entry: Entry[Result]) -> delivering.Result:
    candidacy, says = Candidacy(entry.candidate_id, entry.designation), entry.says
    return delivering.Result(
        entry.row, candidacy, entry.payload, entry.digest, says.result_id, says.revision, says.message_id
    )


def _scale(*, fractions: bool, percent: bool) -> Scale | None:
    if fractions and percent:
        raise click.UsageError("--fractions and --percent do not go together", click.get_current_context())
    return Scale.FRACTIONS if fractions else Scale.PERCENT if percent else None
