"""`starter.py import`: enrols the candidates of a file, by the thousand."""

import click

from cli import before, exits, input_files, output
from cli.bulk import rows
from cli.bulk.carrying import carry_out
from cli.bulk.options import FileOptions, Options, bulk_options, file_options
from cli.options import VerbOfRows, option, verb
from cli.session import connected
from client.answers import worker_polls
from client.bulk import enrolling, outcomes
from client.candidacy import Candidacy
from client.connection import Client
from client.enrolment import Enrolment
from client.errors import ClientError
from feeds.checking import Entry
from feeds.registrations import Person

_ABOUT = """\
Enrols the candidates of a CSV file, as spreadsheets write it. The whole file is checked first; where any row is bad,
nothing is started. Run again, it goes on where it was interrupted, and does nothing twice.

The outcome file FILE.outcome.csv, beside the input, has a line for each row: registered, already enrolled,
refused: why, failed: why, bad: why, or not reached; and before it, what an earlier run said.
"""
_EXAMPLE = """\
columns, in any order (others are ignored):
  candidate_id, name, email, designation                      required
  purchase_reference, purchased_at (a day, or an instant)     where testing is purchased already
  role, started_on, ended_on, attested_by                     experience, where it is known already
  publish                                                     true or false

example:
  ./starter.py import candidates.csv --dry-run
  ./starter.py import candidates.csv
"""


@verb("import", _ABOUT, _EXAMPLE, VerbOfRows)
@click.argument("file", metavar="FILE", help="CSV; - for stdin")
@file_options
@option("--re-enrol", is_flag=True, help="open a new candidacy where one is closed")
@bulk_options
def command(file: str, re_enrol: bool, reading: FileOptions, options: Options) -> int:
    """Check the whole file, then enrol row by row."""
    sheet = input_files.read_registrations(file, reading.order)
    bad = rows.without_bad(sheet, file, reading.choice())
    files = outcomes.files_of(file, "import", rows.style(sheet), chosen=options.outcome, dry_run=options.dry_run)
    good = [_person(entry) for entry in sheet.entries]
    known = before.of({row.number: row.enrolment for row in good})
    enrolment = enrolling.Options(files, dry_run=options.dry_run, re_enrol=re_enrol, recorded=known.closed)

    async def work(client: Client) -> int:
        known.say()
        if not reading.allow_lookalikes:
            by_number = {row.number: row for row in good}
            recorded = [enrolling.Alike(by_number[one.number], one.enrolled, one.shared) for one in known.alike]
            rows.refuse_alike([*await enrolling.enrolled_alike(client, good), *recorded])
        plan = enrolling.plan(client, good, bad, enrolment)
        code = await carry_out(plan, "Dry run" if options.dry_run else "Registering", options)
        if code in (exits.DONE, exits.REFUSED) and not options.dry_run:
            await _say_if_no_worker(client)
        return code

    return connected(work)


def _person(entry: Entry[Person]) -> enrolling.Person:
    candidacy = Candidacy(entry.candidate_id, entry.designation)
    return enrolling.Person(entry.row, Enrolment(candidacy, entry.payload, entry.digest, *entry.says))


async def _say_if_no_worker(client: Client) -> None:
    try:
        if not await worker_polls(client):
            output.say("No worker is running: what is registered is safe, and waits for one (./worker.py).")
    except ClientError:
        return  # every row has its outcome; whether a worker runs is another question
