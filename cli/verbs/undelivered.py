"""`starter.py undelivered`: the notices that did not reach their candidate, of open and of closed candidacies."""

from datetime import date
from typing import Any

from cli import exits, output, tables
from cli.options import day, option, verb
from cli.printing import EMAIL, NAME, Printing, printing_options
from cli.recorded import record_for_reading
from client import scheme
from client.scheme import check_designation
from domain.vocabulary import AttentionKind, UndeliveredCause
from record import undelivered
from record.database import reading
from record.undelivered import Undelivered
from views import words

COLUMNS = ("at", "candidate", NAME, EMAIL, "designation", "status", "notice", "cause")
FIELDS = (
    *("at", "candidate_id", NAME, EMAIL, "designation", "status", "closed", "enrolment"),
    *("notice", "about", "cause", "command"),
)
"""The fields of `--json`, in their order."""

_ABOUT = "Lists every notice that did not reach its candidate, the newest first."
_HELP = f"""\
columns: at (when that was known, in the body's zone), candidate, name, email (the address of today), designation,
         status, notice, cause: {", ".join(UndeliveredCause)}
--json:  an array of at (instant), candidate_id, name, email (null once it was erased), designation, status, closed
         (whether the candidacy is), enrolment, notice, about (the event of `timeline` that the notice is about), cause,
         command (what shows the person, and what the notice was about)
--csv:   the same fields, a row for each

An open candidacy also asks for attention, until somebody has dealt with the notice: `attention --kind
{AttentionKind.NOTICE_UNDELIVERABLE}` says what to do. It stays in this list afterwards. A closed candidacy asks for
nothing and takes no message: write to the candidate yourself. The record answers.

examples:
  ./starter.py undelivered --closed --since 2026-11-22
  ./starter.py undelivered --json
"""


@verb("undelivered", _ABOUT, _HELP)
@option("--closed", is_flag=True, help="of closed candidacies only, which ask for no attention")
@option("--since", type=day, metavar="DAY", help="only what was given up on this day (in the body's zone) or later")
@option("--designation", multiple=True, metavar="CODE", help="of this one only; may be repeated")
@printing_options("print one JSON array")
def command(closed: bool, since: date | None, designation: tuple[str, ...], printing: Printing) -> int:
    """Ask the record, and show the notices."""
    for code in designation:
        check_designation(code)
    zone = scheme.facts().zone
    with reading(record_for_reading()) as connection:
        found = list(
            undelivered.undelivered(connection, since=since, zone=zone, designations=designation, closed=closed)
        )
    if printing.for_people:
        if found:
            columns = printing.columns(COLUMNS)
            tables.table(columns, [printing.cells(COLUMNS, _row(one, zone)) for one in found])
        output.say(_summary(found))
    else:
        printing.documents(FIELDS, map(_document, found))
    return exits.DONE


def _row(one: Undelivered, zone: str) -> tuple[str, ...]:
    who = (one.candidate_id, one.name or "", one.email or "", one.designation)
    return output.minute(one.at, zone) or "", *who, one.status, one.notice, one.cause


def _document(one: Undelivered) -> dict[str, Any]:
    return {**one._asdict(), "at": output.exact(one.at), "command": f"./starter.py person {one.candidate_id}"}


def _summary(found: list[Undelivered]) -> str:
    number = len(found)
    if not number:
        return "Every notice has reached its candidate, or is still being sent."
    said = "1 notice was not delivered." if number == 1 else f"{number} notices were not delivered."
    closed = f" Of a closed candidacy: {words.UNDELIVERED[UndeliveredCause.CLOSED].advice}."
    return said + closed if any(one.closed for one in found) else said
