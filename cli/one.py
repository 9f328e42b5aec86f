"""Answers a question about one candidacy: its workflow does, or else the record, which then says so.

The record answers where the workflow does not: because Temporal has deleted it, no worker of its build runs, or
Temporal cannot be reached. It alone knows an enrolment before the newest one (`--enrolment`).
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from cli import exits, output
from cli.options import F, option
from cli.recorded import record_for_reading
from cli.session import connected
from client import scheme, whose
from client.candidacy import Candidacy
from client.connection import Client
from client.errors import ClientError, NotFound, NoWorker, Unreachable, Unreadable, WhichDesignation
from domain.identity import read_workflow_id
from record import persons
from record.database import reading
from record.errors import RecordError
from record.persons import Enrolled


class Asked(NamedTuple):
    """Whom a command is about: `enrolment` is the id of one, or its beginning; None for the newest one."""

    candidate: str
    designation: str | None
    enrolment: str | None

    def __str__(self) -> str:
        return f"{self.candidate} for {self.designation}" if self.designation else self.candidate


def enrolment_option(function: F) -> F:
    """The option `--enrolment`."""
    return option(
        "--enrolment",
        metavar="ID",
        help="this enrolment of a candidate who was enrolled again, by its id or the beginning of it; see `person`",
    )(function)


_FORGOTTEN = "Temporal does not have this candidacy any more."


def answered(
    asked: Asked,
    live: Callable[[Client, Candidacy], Awaitable[int]],
    recorded: Callable[[Connection, Enrolled, str], int],
) -> int:
    """The exit code of the one that answers.

    `live` asks the workflow. `recorded` reads the record; the text that it gets says why the workflow does not answer,
    and is empty where the record was asked for.
    """
    whose.check_named(asked.designation)
    if asked.enrolment is not None:
        with reading(record_for_reading()) as connection:
            return recorded(connection, _chosen(connection, asked), "")

    async def work(client: Client) -> int:
        return await live(client, await whose.meant(client, asked.candidate, asked.designation))

    try:
        return connected(work)
    except (NotFound, NoWorker, Unreachable, Unreadable) as error:
        return _instead(asked, error, recorded)


def _instead(asked: Asked, error: ClientError, recorded: Callable[[Connection, Enrolled, str], int]) -> int:
    """The answer of the record. Raises the workflow's own error where the record does not know the candidacy either."""
    try:
        with reading(record_for_reading()) as connection:
            found = _found(connection, asked)
            if found:
                why = _FORGOTTEN if isinstance(error, NotFound) else error.sentence
                return recorded(connection, _newest(asked, found), why)
    except RecordError as missing:
        raise exits.of(error, [f"The record cannot say more: {missing}."]) from error
    raise error


def say_so(one: Enrolled, why: str) -> None:
    """Says on stderr that the record answers, and why."""
    until = output.minute(one.changed_at, one.view.zone or scheme.facts().zone)
    reason = f"{why} " if why else ""
    output.say(f"{reason}This is from the record, up to event {one.view.sequence} of {until}.")


def facts(one: Enrolled, why: str) -> dict[str, Any]:
    """The same for machines."""
    return {**one.candidacy.document, "changed_at": output.exact(one.changed_at), "why": why or None}


def _found(connection: Connection, asked: Asked) -> list[Enrolled]:
    """The enrolments that may be meant, the oldest first."""
    now = datetime.now(UTC)
    if asked.designation:
        workflow_id = Candidacy(asked.candidate, asked.designation).workflow_id
        return persons.enrolments_under(connection, workflow_id, now)
    return persons.enrolments_of(connection, [asked.candidate], now)


def _newest(asked: Asked, found: list[Enrolled]) -> Enrolled:
    newest = {one.view.designation: one for one in found}
    if len(newest) > 1:
        raise WhichDesignation(asked.candidate, [(code, str(one.view.status)) for code, one in newest.items()])
    return found[-1]


def _chosen(connection: Connection, asked: Asked) -> Enrolled:
    """The enrolment that was named."""
    found = _found(connection, asked)
    wanted = asked.enrolment or ""
    named = [one for one in found if one.candidacy.enrolment.startswith(wanted)]
    exact = [one for one in named if one.candidacy.enrolment == wanted]
    if len(exact or named) == 1:
        return (exact or named)[0]
    enrolments = [
        {
            "enrolment": one.candidacy.enrolment,
            "designation": read_workflow_id(one.candidacy.workflow_id).designation,
            "status": str(one.view.status),
        }
        for one in (named or found)
    ]
    known = [f"{one['enrolment']}: {one['designation']}, {one['status']}" for one in enrolments]
    if not known:
        raise exits.NotFound(f"The record has no candidacy of {asked}.")
    if named:
        several = f"--enrolment {wanted}: several begin like this; write more of the id:"
        raise exits.BadInput(several, known, enrolments=enrolments)
    raise exits.NotFound(
        f"The record has no enrolment {wanted} of {asked}; it has these:", known, enrolments=enrolments
    )
