"""`starter.py person`: everything about one person on one page, over all designations and enrolments."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from cli import advice, exits, output, tables
from cli.card_lines import Mark, Row
from cli.options import CANDIDATE, json_option, number, option, verb
from cli.recorded import record_for_reading
from client import scheme
from client.scheme import Facts
from domain.identity import alike, read_workflow_id
from domain.plurals import counted
from record import persons, search
from record.database import reading
from record.persons import Details, Enrolled, Mail, Person
from record.search import Kind

MAILS = 10

_ABOUT = """\
Shows one person over all designations and enrolments, open and closed: contact details as they are and as they were,
candidacies, certificates, what needs attention, and the last mails.
"""
_HELP = """\
--json:  candidate_id; contacts: an array of workflow_id, enrolment, name, email, publish, since, until (null for
         those of today); candidacies: an array of workflow_id, enrolment, changed_at and status (the answer of the
         query `status`); mails: an array of workflow_id, enrolment, notice, about (the number of the event),
         outcome, at, email, message_id, the newest first

examples:
  ./starter.py person C-1001
  ./starter.py person C-1001 --mails 100 --json
"""
_CONSENT = {True: "consents to the public register", False: "no consent to the public register"}


def _mails(text: str | int) -> int:
    return number(str(text), 0, 10_000)


@verb("person", _ABOUT, _HELP)
@click.argument("candidate", **CANDIDATE)
@option("--mails", type=_mails, default=MAILS, metavar="N", help=f"so many of the last mails: default {MAILS}")
@json_option("print the page as one JSON document")
def command(candidate: str, mails: int, as_json: bool) -> int:
    """Ask the record once and show the page."""
    engine = record_for_reading()
    with reading(engine) as connection:
        person = persons.person(connection, candidate, datetime.now(UTC), mails)
        others = [] if person else search.same(connection, Kind.ID, [candidate, alike(candidate)])
    if person is None:
        likely = sorted({hit.candidate_id for hit in others} - {candidate})
        hint = f"did you mean {' or '.join(likely[:3])}?" if likely else "`find` looks for a part of a name or an id."
        raise exits.NotFound(f"The record has no candidacy of {candidate}; {hint}")
    if as_json:
        output.document(_document(person))
    else:
        tables.card(_title(person), list(_rows(person, scheme.facts())))
    return exits.DONE


def _title(person: Person) -> str:
    return f"{person.candidate_id}  {person.enrolments[-1].view.name}"


def _rows(person: Person, known: Facts) -> Iterator[Row]:
    yield from _contact(person, known)
    for one in person.enrolments:
        yield from _candidacy(one, known)
    for number_, mail in enumerate(person.mails):
        yield _mail(mail, known, "" if number_ else "Mails")


def _contact(person: Person, known: Facts) -> Iterator[Row]:
    today = [one for one in person.details if one.until is None]
    for text, codes in _together(today).items():
        # Each candidacy has details of its own; one that was closed long ago may have others.
        where = "" if len(codes) == len(today) else f" ({', '.join(dict.fromkeys(codes))})"
        yield Row("Contact", f"{text}{where}")
    if not today:
        yield Row("Contact", "none: it was erased, or the record has never had it")
    former = [one for one in person.details if one.until is not None and _text(one) not in _together(today)]
    for one in sorted(former, key=lambda one: one.until or one.since, reverse=True):
        since, until = known.day_of(one.since), known.day_of(one.until or one.since)
        yield Row("Formerly", f"{_text(one)}, from {since} to {until} ({_code(one)})")


def _together(details: list[Details]) -> dict[str, list[str]]:
    """The designations by what their contact details say."""
    found: dict[str, list[str]] = {}
    for one in details:
        found.setdefault(_text(one), []).append(_code(one))
    return found


def _text(one: Details) -> str:
    return f"{one.name}, {one.email}, {_CONSENT[one.publish]}"


def _code(one: Details | Mail) -> str:
    return read_workflow_id(one.candidacy.workflow_id).designation


def _candidacy(one: Enrolled, known: Facts) -> Iterator[Row]:
    view = one.view
    parts = [str(view.status)]
    if view.registered_at:
        parts.append(f"registered {known.day_of(view.registered_at)}")
    if view.testing_deadline and not view.certificate and not view.closed_for_good:
        parts.append(f"testing until {view.testing_deadline}")
    if view.closed and view.closed.at:
        parts.append(f"closed {known.day_of(view.closed.at)}" + (f": {view.closed.why}" if view.closed.why else ""))
    mark: Mark = "none" if view.closed_for_good else "alert" if view.attention else "open"
    yield Row(view.designation, ", ".join(parts), mark)
    yield Row("", f"enrolment {one.candidacy.enrolment}, {counted(view.sequence, 'event')}")
    if certificate := view.certificate:
        force = "in force" if certificate.in_force else "not in force"
        dates = f"certified {certificate.certified_on}, expires {certificate.expires_on}, cycle {certificate.cycle}"
        yield Row("", f"certificate {certificate.number}, {force}: {dates}", "met" if certificate.in_force else "none")
    if not view.closed_for_good:
        for case in advice.cases(view):
            yield Row("", f"{case.attention}: {case.what or case.advice}", "alert")


def _mail(mail: Mail, known: Facts, label: str) -> Row:
    came = f"sent to {mail.email or 'an address that was erased'}" if mail.outcome == "sent" else mail.outcome
    moment = output.minute(mail.at, known.zone)
    return Row(label, f"{moment} {_code(mail)} {mail.notice}, about event {mail.about}: {came}")


def _document(person: Person) -> dict[str, Any]:
    return {
        "candidate_id": person.candidate_id,
        "contacts": [
            {
                **one.candidacy.document,
                "name": one.name,
                "email": one.email,
                "publish": one.publish,
                "since": output.exact(one.since),
                "until": output.exact(one.until) if one.until else None,
            }
            for one in person.details
        ],
        "candidacies": [
            {
                **one.candidacy.document,
                "changed_at": output.exact(one.changed_at),
                "status": one.view.document(),
            }
            for one in person.enrolments
        ],
        "mails": [
            {
                **mail.candidacy.document,
                "notice": mail.notice,
                "about": mail.about,
                "outcome": mail.outcome,
                "at": output.exact(mail.at),
                "email": mail.email,
                "message_id": mail.message_id,
            }
            for mail in person.mails
        ],
    }
