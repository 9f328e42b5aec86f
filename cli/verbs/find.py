"""`starter.py find`: persons by a part of a name, or by whatever else they are known by."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import click

from cli import csv_output, exits, output, tables
from cli.options import csv_option, json_option, number, option, verb
from cli.recorded import record_for_reading
from client import scheme
from record import persons, search
from record.database import reading
from record.persons import Enrolled
from record.search import Hit, Hits, Kind
from record.spelling import key_of

COLUMNS = ("candidate", "name", "e-mail", "found by", "designation", "status", "registered", "certificate")
OF_CANDIDACY = (
    "designation",
    "name",
    "email",
    "status",
    "registered_at",
    "certificate_number",
    "expires_on",
    "closed_at",
    "workflow_id",
    "enrolment",
)
FIELDS = ("candidate_id", "found_by", "found", *OF_CANDIDACY)
"""The columns of `--csv`: who was found and by what, and the fields of each candidacy."""
MOST = 50

_LONGEST = 200
_ABOUT = """\
Finds persons by a part of a name, of today or before, by e-mail address, candidate id, certificate number or purchase
reference, and shows all their candidacies, open and closed. Case, accents and hyphens do not matter.
"""
_HELP = """\
columns: candidate, name, e-mail (of today), found by (where it is not the name of today), designation, status,
         registered (day, in the body's zone), certificate; a row for each enrolment, the oldest first
--json:  persons: an array of candidate_id, found_by (kind, value) and candidacies, each with workflow_id, enrolment,
         designation, name, email, status, registered_at, certificate_number, expires_on, closed_at;
         more: whether others are found, too
--csv:   candidate_id, found_by (its kind), found (its value), and the fields of a candidacy; a row for each

Several words must all be in one name, address, id, number or reference. One or two letters are looked for at the
beginning of words; in a script without capital letters, such as Chinese, anywhere.

examples:
  ./starter.py find ruiz
  ./starter.py find ana ruiz --json
  ./starter.py find INV-77
  ./starter.py find example.org --limit 200 --csv > found.csv
"""


def _limit(text: str | int) -> int:
    return number(str(text), 1, 200)


@verb("find", _ABOUT, _HELP)
@click.argument("words", metavar="TEXT", nargs=-1, required=True)
@option("--limit", type=_limit, default=MOST, metavar="N", help=f"at most so many persons: default {MOST}, up to 200")
@csv_option()
@json_option("print the persons as one JSON document")
def command(words: tuple[str, ...], limit: int, as_csv: bool, as_json: bool) -> int:
    """Ask the record once and show who was found."""
    text = " ".join(words)
    if not key_of(text) or len(text) > _LONGEST:
        raise exits.BadInput(f"TEXT: write at least one letter or digit, and at most {_LONGEST} characters.")
    engine = record_for_reading()
    with reading(engine) as connection:
        hits = search.find(connection, text, limit)
        found = persons.enrolments_of(connection, [hit.candidate_id for hit in hits.found], datetime.now(UTC))
    by_person: defaultdict[str, list[Enrolled]] = defaultdict(list)
    for one in found:
        by_person[one.view.candidate_id].append(one)
    if as_json:
        output.document(_document(hits, by_person))
    elif as_csv:
        csv_output.table(FIELDS, _lines(hits, by_person))
    elif hits.found:
        tables.table(COLUMNS, [row for hit in hits.found for row in _rows(hit, by_person[hit.candidate_id])])
    if not hits.found:
        output.say("Nobody in the record is found by this text.")
    elif hits.more:
        persons_are = "1 person is" if len(hits.found) == 1 else f"{len(hits.found):,} persons are"
        output.say(f"More than {persons_are} found: write more of the text.")
    return exits.DONE


def _rows(hit: Hit, enrolments: list[Enrolled]) -> Iterator[tuple[str, ...]]:
    known = scheme.facts()
    if not enrolments:
        # Its events come from a newer build, which alone can read them.
        yield hit.candidate_id, "", "", _by(hit, ""), "", "", "", ""
    for one in enrolments:
        view = one.view
        registered = known.day_of(view.registered_at).isoformat() if view.registered_at else ""
        certificate = view.certificate.number if view.certificate else ""
        designation, status = view.designation, str(view.status)
        found_by = _by(hit, view.name)
        yield hit.candidate_id, view.name, one.email, found_by, designation, status, registered, certificate


def _by(hit: Hit, name: str) -> str:
    if hit.kind is Kind.ID or (hit.kind is Kind.NAME and hit.value == name):
        return ""
    return f"{hit.kind.words} {hit.value}"


def _lines(hits: Hits, by_person: dict[str, list[Enrolled]]) -> Iterator[list[Any]]:
    for hit in hits.found:
        # Where a newer build recorded the events, there is no candidacy to show, and the person stands there alone.
        for one in _candidacies(by_person.get(hit.candidate_id, ())) or [{}]:
            yield [hit.candidate_id, hit.kind, hit.value, *map(one.get, OF_CANDIDACY)]


def _document(hits: Hits, by_person: dict[str, list[Enrolled]]) -> dict[str, Any]:
    return {
        "persons": [
            {
                "candidate_id": hit.candidate_id,
                "found_by": {"kind": hit.kind, "value": hit.value},
                "candidacies": _candidacies(by_person.get(hit.candidate_id, ())),
            }
            for hit in hits.found
        ],
        "more": hits.more,
    }


def _candidacies(enrolments: Iterable[Enrolled]) -> list[dict[str, Any]]:
    return [
        {
            "workflow_id": one.candidacy.workflow_id,
            "enrolment": one.candidacy.enrolment,
            "designation": one.view.designation,
            "name": one.view.name or None,
            "email": one.email or None,
            "status": one.view.status,
            "registered_at": output.exact(one.view.registered_at) if one.view.registered_at else None,
            "certificate_number": one.view.certificate.number if one.view.certificate else None,
            "expires_on": _day(one),
            "closed_at": output.exact(one.view.closed.at) if one.view.closed and one.view.closed.at else None,
        }
        for one in enrolments
    ]


def _day(one: Enrolled) -> str | None:
    certificate = one.view.certificate
    return certificate.expires_on.isoformat() if certificate and certificate.expires_on else None
