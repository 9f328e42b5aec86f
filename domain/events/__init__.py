"""Events: what has happened to a candidacy, in the past tense. The state is computed from them alone.

Instants are UTC, days are in the body's zone. `at` is when the engine decided. `effective_on` is set only if the event
counts from an earlier day: an alarm was handled late, after an outage, or a message was decided before an alarm that
was due. A date is computed once and written into an event; later rules read it there and never compute it again (rule
2). No event holds a name or an e-mail address of a candidate (rule 25): a text that people write is a `FreeText`, in
which addresses are masked (R9).

Each module has the events of one subject, and names them in a union at its end. Readers import them from here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import Field, SerializeAsAny, TypeAdapter, WrapValidator

from domain.events.advancement import (
    AdvancementEnded,
    AdvancementEvent,
    AdvancementRefused,
    AdvancementRequested,
    LowerGaveWay,
    Superseded,
)
from domain.events.assessments import (
    AssessmentEvent,
    AssessmentFailed,
    AssessmentPassed,
    NoShowRecorded,
    Replaced,
    ResultCorrected,
    ResultEvent,
    ResultFacts,
    ResultHeld,
    ResultRecorded,
    ResultResolved,
    ResultVoided,
    SelfAssessmentRecorded,
)
from domain.events.attention import (
    AttentionAcknowledged,
    AttentionEvent,
    AttentionRaised,
    MessageRefused,
    NoticeSuperseded,
    NoticeUndeliverable,
)
from domain.events.base import Asked, BaseEvent
from domain.events.candidacy import (
    BorderDeferred,
    CandidacyClosed,
    CandidacyEvent,
    ContactUpdated,
    DeadlineExtended,
    Erased,
    PurchaseConfirmed,
    Registered,
    ReminderDue,
    SettlementLifted,
    SettlementStarted,
    TestingWindowClosed,
    Withdrawn,
)
from domain.events.certificate import (
    CertificateDates,
    CertificateEvent,
    CertificateExpired,
    CertificationLapsed,
    Certified,
    Evidence,
    RecertificationReturned,
    RecertificationSubmitted,
    RecertificationWindowOpened,
    Recertified,
    Reinstated,
    RenewalClosed,
    Revoked,
    Suspended,
)
from domain.events.experience import ExperienceEvent, ExperienceMet, ExperienceRecorded
from domain.events.work_product import (
    RevisionOverdue,
    WorkProductEvent,
    WorkProductFailed,
    WorkProductPassed,
    WorkProductReturned,
    WorkProductSubmitted,
)

__all__ = [
    "EVENTS",
    "EVENT_TYPES",
    "AdvancementEnded",
    "AdvancementRefused",
    "AdvancementRequested",
    "Asked",
    "AssessmentFailed",
    "AssessmentPassed",
    "AttentionAcknowledged",
    "AttentionRaised",
    "BaseEvent",
    "BorderDeferred",
    "CandidacyClosed",
    "CertificateDates",
    "CertificateExpired",
    "CertificationLapsed",
    "Certified",
    "ContactUpdated",
    "DeadlineExtended",
    "Erased",
    "Event",
    "Evidence",
    "ExperienceMet",
    "ExperienceRecorded",
    "LaterEvent",
    "LowerGaveWay",
    "MessageRefused",
    "NoShowRecorded",
    "NoticeSuperseded",
    "NoticeUndeliverable",
    "PurchaseConfirmed",
    "RecertificationReturned",
    "RecertificationSubmitted",
    "RecertificationWindowOpened",
    "Recertified",
    "Registered",
    "Reinstated",
    "ReminderDue",
    "RenewalClosed",
    "Replaced",
    "ResultCorrected",
    "ResultEvent",
    "ResultFacts",
    "ResultHeld",
    "ResultRecorded",
    "ResultResolved",
    "ResultVoided",
    "RevisionOverdue",
    "Revoked",
    "SelfAssessmentRecorded",
    "SettlementLifted",
    "SettlementStarted",
    "StoredEvent",
    "Superseded",
    "Suspended",
    "TestingWindowClosed",
    "Withdrawn",
    "WorkProductFailed",
    "WorkProductPassed",
    "WorkProductReturned",
    "WorkProductSubmitted",
    "type_of",
]

Event = Annotated[
    CandidacyEvent
    | AssessmentEvent
    | ExperienceEvent
    | WorkProductEvent
    | CertificateEvent
    | AdvancementEvent
    | AttentionEvent,
    Field(discriminator="type"),
]

EVENT_TYPES: dict[str, type[BaseEvent]] = {kind.__name__: kind for kind in get_args(get_args(Event)[0])}
"""Every event that this build knows, by its type."""


class LaterEvent(BaseEvent):
    """An event of a type that only a newer build knows, with its fields as they were written. No rule reads it."""

    type: str


def _known_or_later(value: Any, read: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict) and value.get("type") not in EVENT_TYPES:
        return LaterEvent.model_validate(value)
    return value if isinstance(value, LaterEvent) else read(value)


if TYPE_CHECKING:
    StoredEvent = Event | LaterEvent
else:
    # For pydantic this is no union: an event of a known type that cannot be read is an error, and no unknown event.
    StoredEvent = Annotated[SerializeAsAny[Event], WrapValidator(_known_or_later)]
"""An event as a journal has it: one of a newer build is kept as it is."""

EVENTS: TypeAdapter[Event | LaterEvent] = TypeAdapter(StoredEvent)
"""Reads and writes any event."""


def type_of(event: BaseEvent) -> str:
    """The type of an event, as it is written."""
    return event.type if isinstance(event, LaterEvent) else type(event).__name__
