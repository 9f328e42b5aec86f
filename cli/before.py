"""What the record knows of people who are about to be enrolled: earlier enrolments, and persons who may be the same."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cli import output
from cli.recorded import record_for_reading
from client.candidacy import Candidacy
from record import lookalikes
from record.database import reading
from record.errors import Missing, RecordError
from record.lookalikes import New
from record.search import Kind

_SHARED = {Kind.ID: None, Kind.EMAIL: "e-mail address", Kind.PURCHASE: "purchase reference"}


class Alike(NamedTuple):
    """The new one with this number, and who may be the same: `shared` is what both have, None if the ids look alike."""

    number: int
    enrolled: str
    shared: str | None


class Known(NamedTuple):
    """The closed candidacies, each workflow id with the status, and who may be somebody who is enrolled already."""

    closed: Mapping[str, str] = {}
    alike: Sequence[Alike] = ()


def of(registrations: Mapping[int, Mapping[str, Any]]) -> Known:
    """What the record knows of these registrations (the start input of the contract), by their numbers.

    Without a record nothing is known. Where it cannot be asked, a line on stderr says so.
    """
    people = [
        New(number, one["candidate_id"], one["email"], one.get("purchase", {}).get("reference"))
        for number, one in registrations.items()
    ]
    ids = [Candidacy(one["candidate_id"], one["designation"]).workflow_id for one in registrations.values()]
    try:
        with reading(record_for_reading()) as connection:
            closed = lookalikes.closed_under(connection, ids)
            alike = lookalikes.lookalikes(connection, people)
    except Missing:
        return Known()
    except RecordError as error:
        output.say(f"Noted: the record cannot be asked who was enrolled before ({error}).")
        return Known()
    return Known(closed, [Alike(one.number, one.enrolled, _SHARED[one.kind]) for one in alike])
