"""The requests of the workflow to its activities, and their answers. Histories of many years contain them.

So change them only by adding optional fields. Instants are UTC.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.formats import FORMAT
from domain.personal import ContactRecord, Delivery
from domain.scheme import PinnedProgramme
from domain.types import Instant, Score

LOAD_PROGRAMME = "load_programme"
SCORE_RESPONSES = "score_responses"
SEND_NOTICE = "send_notice"
RECORD_EVENTS = "record_events"
OPEN_ADVANCEMENT = "open_advancement"
SUPERSEDE_LOWER = "supersede_lower"
TELL_CANDIDACY = "tell_candidacy"


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ProgrammeRequest(Shape):
    """Asks for the current scheme's programme of one designation."""

    designation: str


class LoadedProgramme(Shape):
    """The programme. The candidacy keeps it from this answer."""

    programme: PinnedProgramme


class ScoringRequest(Shape):
    """Asks to mark the responses to a form against its answer key."""

    form: str
    domain: str
    responses: dict[str, str]


class ScoringAnswer(Shape):
    """The score, or in `unscored` why there is none, e.g. an unknown form. It shows nothing of the answer key."""

    score: Score | None = None
    unscored: str = ""


class RecordRequest(Shape):
    """Asks to record events of a candidacy, in their order. Events that are recorded already change nothing.

    Attributes:
        format: the number of the format in which the events are written (`domain/formats.py`).
        events: the events as JSON, each without the fields whose value is the default.
        oldest: whether the candidacy has forgotten every event before these, so that none of them can follow.
        contact: the contact details after these events; None where they have not changed.
        deliveries: notices that went out while the record could not be reached.
    """

    workflow_id: str
    enrolment: str
    format: int = FORMAT
    events: list[dict[str, Any]] = []
    oldest: bool = False
    contact: ContactRecord | None = None
    deliveries: list[Delivery] = []


class RecordAnswer(Shape):
    """The number of the last event that is recorded. The next one to record is the one after it."""

    recorded: int


class Notice(Shape):
    """One notice. Two with the same `key` are the same notice. `about` is the number of the event that it is about."""

    key: str
    notice: str
    queued_at: Instant
    to_name: str
    to_email: str
    facts: dict[str, Any]
    about: int = 0


class NoticeRequest(Notice):
    """Asks to send one notice, and then those that wait behind it.

    Attributes:
        to_record: is recorded with it, if the record can be reached.
        following: the notices that wait behind this one, in their order. They are sent as long as each goes out at
            once. The others are asked for again.
    """

    workflow_id: str = ""
    enrolment: str = ""
    to_record: RecordRequest | None = None
    following: list[Notice] = []


class NoticeAnswer(Shape):
    """The notice was sent. What could not be recorded is recorded with the next request.

    Attributes:
        recorded: the number of the last recorded event; None if nothing was to be recorded, or it could not be.
        delivery: what a build answered that sent one notice with each request, in place of `deliveries`.
        following: how many of the notices behind it were sent too.
        deliveries: the notices that were sent, if that could not be recorded.
    """

    recorded: int | None = None
    delivery: Delivery | None = None
    following: int = 0
    deliveries: list[Delivery] = []


class OpeningRequest(Shape):
    """Asks to open the workflow of the higher designation. Attempts for the same request have the same `key`."""

    key: str
    workflow_id: str
    registration: dict[str, Any]
    summary: str


class OpeningAnswer(Shape):
    """`refusal` is None if the workflow is open; otherwise it says why the workflow could not be opened."""

    refusal: str | None = None


class SupersedeRequest(Shape):
    """Asks the lower certificate to give way."""

    workflow_id: str
    by_workflow_id: str
    by_number: str
    at: Instant


class SupersedeAnswer(Shape):
    """The instant at which the lower certificate gave way; None if it did not, and then `reason` says why."""

    superseded_at: Instant | None = None
    reason: str = ""


class TellingRequest(Shape):
    """Asks to send a message of the contract to another candidacy, as a signal. `payload` has the message id."""

    workflow_id: str
    message: str
    payload: dict[str, str]
