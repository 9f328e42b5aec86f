"""What is known of a candidacy of which events are missing: those before the record began, or those of a gap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from domain.events import (
    CandidacyClosed,
    CertificateDates,
    Certified,
    Event,
    LaterEvent,
    Recertified,
    Reinstated,
    Superseded,
    Suspended,
)
from domain.identity import read_workflow_id
from record.events import Candidacy
from record.tables import instant_text
from views.status import CertificateView, ClosedView, GapView, StatusView

UNKNOWN = "unknown"
"""The status of a candidacy of which events are missing, until an event says that it is closed."""

Row = dict[str, Any]


@dataclass(slots=True)
class Pieces:
    """What single events say of a candidacy whose state is not known, because events before them are not recorded.

    `certificate` is the row of its certificate, as it was before the gap and as the events after it say; `uncertified`
    are the times without certification that are known in the same way.
    """

    candidacy: Candidacy
    certificate: Row | None = None
    uncertified: tuple[GapView, ...] = ()
    gap_from: date | None = None
    closed: CandidacyClosed | None = None

    def take(self, event: Event | LaterEvent) -> None:
        """Takes the next event."""
        if isinstance(event, CandidacyClosed):
            self.closed = event
        if isinstance(event, Certified):
            self.certificate = {**self._new_certificate(event), **_dates(event)}
        if self.certificate is None:
            return
        if isinstance(event, Recertified):
            self.certificate |= _dates(event)
            self.gap_from = event.gap_from
            if event.gap_from and event.gap_to:
                self.uncertified = (*self.uncertified, GapView(from_=event.gap_from, to=event.gap_to))
        if isinstance(event, Suspended | Reinstated):
            self.certificate["suspended_at"] = instant_text(event.at) if isinstance(event, Suspended) else None
        if isinstance(event, Superseded):
            self.certificate["superseded_by"] = event.by_number
        if isinstance(event, CandidacyClosed):
            self.certificate |= {"ended_at": instant_text(event.at), "ended": event.status.value}

    def _new_certificate(self, event: Certified) -> Row:
        named = read_workflow_id(self.candidacy.workflow_id)
        return {
            "number": event.number,
            "workflow_id": self.candidacy.workflow_id,
            "enrolment": self.candidacy.enrolment,
            "candidate_id": named.candidate_id,
            "designation": named.designation,
            "certified_on": event.certified_on.isoformat(),
            "suspended_at": None,
            "ended_at": None,
            "ended": None,
            "superseded_by": None,
        }

    def view(self, sequence: int, at: datetime) -> StatusView:
        """What is known at this instant, as the `status` query answers it. `sequence` is that of the last event."""
        named, row = read_workflow_id(self.candidacy.workflow_id), self.certificate
        return StatusView(
            candidate_id=named.candidate_id,
            designation=named.designation,
            path="",
            status=self.closed.status if self.closed else UNKNOWN,
            certificate=CertificateView(
                number=row["number"],
                certified_on=date.fromisoformat(row["certified_on"]),
                expires_on=date.fromisoformat(row["expires_on"]),
                cycle=row["cycle"],
                in_force=_in_force(row, at),
                gap_from=self.gap_from,
                gaps=self.uncertified,
            )
            if row
            else None,
            closed=ClosedView(at=self.closed.at, why=self.closed.reason) if self.closed else None,
            upcoming=(),
            matters=(),
            sequence=sequence,
        )


def _in_force(row: Row, at: datetime) -> bool:
    return not (row["suspended_at"] or row["ended_at"]) and instant_text(at) < row["expires_at"]


def _dates(event: CertificateDates) -> Row:
    return {
        "expires_on": event.expires_on.isoformat(),
        "expires_at": instant_text(event.expires_at),
        "cycle": event.cycle,
    }
