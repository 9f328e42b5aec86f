"""The start of a candidacy: reads and checks its input, loads its scheme, opens its journal (rules 22, 24)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from domain.calendar import ZONE_RULES
    from domain.commands import Register, Registration
    from domain.formats import UnknownRegistration
    from domain.identity import workflow_id_of
    from domain.messages import InvalidMessage, Problem, check_times, parse
    from domain.scheme import Programme
    from runtime.metrics import REGISTRATION
    from workflows import calls
    from workflows.journal import Journal
    from workflows.payloads import payload_bytes, read_document


def read_start(payloads: Sequence[RawValue]) -> Registration | Journal:
    """The start input: a registration, or the journal of the run before.

    A run that moved to another build before its scheme was loaded has handed its registration on.

    Raises:
        InvalidMessage: it is not a registration, or it does not fit this workflow's id.
        Unreadable: another build has handed it over, and this build cannot read it.
    """
    if workflow.info().continued_run_id:
        # Plain JSON and not a message: numbers that a newer build has added stay numbers when they are written.
        document = json.loads(payload_bytes(REGISTRATION, payloads))
        # A journal of any format says which one it has, and a registration says nothing of the kind.
        if "format" in document:
            return _read_journal(document)
        try:
            return _read_registration(payloads)
        except InvalidMessage as error:
            raise UnknownRegistration(", ".join(problem.field for problem in error.problems)) from None
    return _read_registration(payloads)


def _read_registration(payloads: Sequence[RawValue]) -> Registration:
    registration = parse(Registration, REGISTRATION, read_document(REGISTRATION, payloads))
    problems = list(_id_problems(registration))
    try:
        check_times(REGISTRATION, registration, workflow.now())
    except InvalidMessage as error:
        problems += error.problems
    if problems:
        raise InvalidMessage(REGISTRATION, problems)
    return registration


def _read_journal(document: Mapping[str, Any]) -> Journal:
    """The journal of the run before.

    An error here fails the workflow task, and never the workflow. The server repeats the task until a build takes it
    that can read the journal, so the candidacy waits unharmed.
    """
    journal = Journal.read(document)
    if journal.zone_rules > ZONE_RULES:
        workflow.logger.warning(
            "the zone rules of this build, %s, are older than those of the run before, %s: dates that were computed"
            " stay, new ones follow the older rules",
            ZONE_RULES,
            journal.zone_rules,
        )
    return journal


def _id_problems(registration: Registration) -> Iterator[Problem]:
    """What does not fit the workflow id, which names the candidate and the designation as well."""
    expected = workflow_id_of(registration.designation, registration.candidate_id)
    workflow_id = workflow.info().workflow_id
    if workflow_id == expected:
        return
    # An id with the same candidate differs in the designation: misspelt, or written in another case.
    field = "designation" if workflow_id.endswith(f":{registration.candidate_id}") else "candidate_id"
    yield Problem(field=field, problem=f"the workflow id must be {expected}")


async def register(registration: Registration) -> Journal:
    """Loads the scheme and opens the journal. The candidacy keeps this programme, whatever the scheme file says later.

    Raises:
        InvalidMessage: the scheme has no such designation, or no such advancement.
    """
    try:
        programme = await calls.load_programme(registration.designation)
    except calls.Failed as failed:
        raise InvalidMessage(REGISTRATION, [Problem(field="designation", problem=str(failed))]) from failed
    _check_path(registration, programme)
    info = workflow.info()
    command = Register(
        workflow_id=info.workflow_id,
        enrolment=info.first_execution_run_id,
        candidate_id=registration.candidate_id,
        designation=registration.designation,
        programme=programme,
        purchase=registration.purchase,
        experience=registration.experience,
        advances_from=registration.advances_from,
    )
    return Journal.open(command, registration.contact, workflow.now())


def _check_path(registration: Registration, programme: Programme) -> None:
    """Checks that an advancement comes from a designation that leads here, and from the same candidate (rule 22).

    Raises:
        InvalidMessage: it does not.
    """
    lower = registration.advances_from
    if lower is None:
        return
    if lower.designation not in programme.advances_from:
        problem = f"{lower.designation} does not advance to {registration.designation}"
        raise InvalidMessage(REGISTRATION, [Problem(field="advances_from.designation", problem=problem)])
    expected = workflow_id_of(lower.designation, registration.candidate_id)
    if lower.workflow_id != expected:
        problem = f"must be {expected}"
        raise InvalidMessage(REGISTRATION, [Problem(field="advances_from.workflow_id", problem=problem)])
