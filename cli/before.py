"""What the record knows of people who are about to be enrolled: earlier enrolments, and persons who may be the same."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cli import output
from cli.recorded import record_for_reading
from client.enrolment import Enrolment
from record import lookalikes
from record.closed import closed_under
from record.database import reading
from record.errors import Missing, OlderTables, RecordError
from record.lookalikes import New
from record.search import Kind

_SHARED = {Kind.ID: None, Kind.EMAIL: "e-mail address", Kind.PURCHASE: "purchase reference"}


class Alike(NamedTuple):
    """The new one with this number, and who may be the same: `shared` is what both have, None if the ids look alike."""

    number: int
    enrolled: str
    shared: str | None


class Known(NamedTuple):
    """The closed candidacies, each workflow id with the status, and who may be somebody who is enrolled already.

    `unknown` says why nothing is known, where there is no record.
    """

    closed: Mapping[str, str] = {}
    alike: Sequence[Alike] = ()
    unknown: str | None = None

    def say(self) -> None:
        """Say on stderr that there is no record. It matters only where a server was reached that enrols somebody."""
        if self.unknown:
            output.say(f"Noted: {self.unknown}")


def of(registrations: Mapping[int, Enrolment]) -> Known:
    """What the record knows of these registrations, by their numbers.

    Without a record nothing is known. Where it cannot be asked, a line on stderr says so.
    """
    people = [
        New(number, one.candidacy.candidate_id, one.email, one.purchase_reference)
        for number, one in registrations.items()
    ]
    ids = [one.candidacy.workflow_id for one in registrations.values()]
    try:
        with reading(record_for_reading()) as connection:
            closed = closed_under(connection, ids)
            alike = lookalikes.lookalikes(connection, people)
    except OlderTables as error:
        return _cannot_be_asked(error)
    except Missing:
        # Where Temporal runs in containers, the record may be there and not here.
        return Known(unknown="there is no record here, so nobody was compared with people enrolled before.")
    except RecordError as error:
        return _cannot_be_asked(error)
    return Known(closed, [Alike(one.number, one.enrolled, _SHARED[one.kind]) for one in alike])


def _cannot_be_asked(error: RecordError) -> Known:
    output.say(f"Noted: the record cannot be asked who was enrolled before ({error}).")
    return Known()
