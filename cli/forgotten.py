"""What the record knows of candidacies that Temporal does not have, or no longer has after its retention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from cli import exits
from cli.recorded import record_for_reading
from client.candidacy import Candidacy
from client.errors import NeverBegan, NotFound
from domain.identity import read_workflow_id
from record import persons
from record.closed import closed_under
from record.database import reading
from record.errors import RecordError

# There is no record here, or none that can be read. Then nobody can say more than Temporal does.
_UNKNOWN = (RecordError, exits.BadInput)


def closed(candidacies: Iterable[Candidacy]) -> Mapping[str, str]:
    """Of these candidacies, the workflow ids of those that are closed in the record, each with its status.

    Empty where there is no record.
    """
    try:
        with reading(record_for_reading()) as connection:
            return closed_under(connection, (one.workflow_id for one in candidacies))
    except _UNKNOWN:
        return {}


def stop(error: NotFound) -> exits.Stop:
    """How a command ends where Temporal does not have the candidacy that it needs: with what the record knows of it."""
    if isinstance(error, NeverBegan):
        return exits.of(error)
    designation, candidate_id = read_workflow_id(error.workflow_id)
    candidacy = Candidacy(candidate_id, designation)
    status = closed([candidacy]).get(candidacy.workflow_id)
    if status is None:
        return exits.of(error, of_person(candidacy.candidate_id))
    see = f"see `status {candidacy.candidate_id} {candidacy.designation}`"
    return exits.of(candidacy.closed(status), [f"Temporal no longer has it; {see}."])


def of_person(candidate_id: str) -> list[str]:
    """What to do where Temporal has no candidacy of this person, and the record has one."""
    try:
        with reading(record_for_reading()) as connection:
            known = persons.enrolments_of(connection, [candidate_id], datetime.now(UTC))
    except _UNKNOWN:
        return []
    if known and all(one.view.erased_at for one in known):
        return [f"The record has one, of which name and addresses were erased: see `person {candidate_id}`."]
    return [f"The record has one: see `person {candidate_id}`."] if known else []
