"""Events of the candidacy itself: its registration, purchase, window and end, and its contact details."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from domain.erasable import FreeText
from domain.events.base import Asked, BaseEvent
from domain.scheme import PinnedProgramme
from domain.stored import OR_A_LATER_ALARM, StoredStatus
from domain.types import Instant
from domain.vocabulary import AlarmKind


class Registered(BaseEvent):
    type: Literal["Registered"] = "Registered"
    candidate_id: str
    designation: str
    path: Literal["standard", "advancement"]
    workflow_id: str
    enrolment: str
    programme: PinnedProgramme
    advances_from: str | None = None
    abandons_at: Instant


class PurchaseConfirmed(BaseEvent):
    type: Literal["PurchaseConfirmed"] = "PurchaseConfirmed"
    reference: FreeText
    purchased_at: Instant
    window_opens_on: date
    deadline: date
    closes_at: Instant
    settles_at: Instant


class DeadlineExtended(BaseEvent):
    type: Literal["DeadlineExtended"] = "DeadlineExtended"
    deadline: date
    previous: date
    closes_at: Instant
    settles_at: Instant
    reason: FreeText
    approved_by: FreeText


class ReminderDue(BaseEvent):
    type: Literal["ReminderDue"] = "ReminderDue"
    due: Instant
    what: str
    about: Literal["testing", "certificate"]
    border: date


class TestingWindowClosed(BaseEvent):
    __test__ = False
    type: Literal["TestingWindowClosed"] = "TestingWindowClosed"
    deadline: date
    settles_at: Instant


class SettlementStarted(BaseEvent):
    """Every attempt at an assessment is used without a pass (rule 10)."""

    type: Literal["SettlementStarted"] = "SettlementStarted"
    domain: str
    attempts: int
    settles_at: Instant


class SettlementLifted(BaseEvent):
    """A correction or a decision gave an attempt back, or turned it into a pass."""

    type: Literal["SettlementLifted"] = "SettlementLifted"
    domain: str


class BorderDeferred(BaseEvent):
    """A deadline has passed, but what is still to be decided keeps the candidacy as it is (rules 3, 19).

    `deadline` is the exclusive end of the last day. `domain` is set where the settlement of one assessment is meant.
    The alarm `end` stands in events of older builds alone: today the last day of renewal has a settlement (R5).
    """

    type: Literal["BorderDeferred"] = "BorderDeferred"
    alarm: Annotated[
        Literal[AlarmKind.SETTLED, AlarmKind.EXHAUSTED, AlarmKind.LAPSE, AlarmKind.END, AlarmKind.RENEWAL_SETTLED],
        *OR_A_LATER_ALARM,
    ]
    deadline: Instant
    domain: str | None = None
    waits_for: str

    @property
    def asked(self) -> Asked:
        """The entry in `State.asked` that keeps the alarm of this deadline from ringing again."""
        return Asked(kind=self.alarm, at=self.deadline, domain=self.domain or "")


class CandidacyClosed(BaseEvent):
    type: Literal["CandidacyClosed"] = "CandidacyClosed"
    status: StoredStatus
    reason: FreeText
    by: FreeText | None = None


class Withdrawn(BaseEvent):
    """The candidacy was given up: by the office where `by` says who decided, else at the person's own request."""

    type: Literal["Withdrawn"] = "Withdrawn"
    reason: FreeText | None = None
    by: FreeText | None = None


class ContactUpdated(BaseEvent):
    """Which contact details changed. The details themselves are kept beside the state, not in events (rule 25)."""

    type: Literal["ContactUpdated"] = "ContactUpdated"
    changed: tuple[str, ...]


class Erased(BaseEvent):
    """The name, the addresses and the texts of this candidacy were erased (rule 25), when it was closed.

    It is the one event that the record appends itself, because the workflow has ended. The numbers say how much went:
    versions of the contact details, texts beside the events, and addresses to which notices had gone.
    """

    type: Literal["Erased"] = "Erased"
    by: FreeText
    reason: FreeText
    details: int
    texts: int
    addresses: int


CandidacyEvent = (
    Registered
    | PurchaseConfirmed
    | DeadlineExtended
    | ReminderDue
    | TestingWindowClosed
    | SettlementStarted
    | SettlementLifted
    | BorderDeferred
    | CandidacyClosed
    | Withdrawn
    | ContactUpdated
    | Erased
)
