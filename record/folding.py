"""Folds the recorded events of one candidacy into the rows of the read models. It reads and writes no database."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from domain import notices, rulebook
from domain.events import (
    Event,
    LaterEvent,
    NoticeSuperseded,
    NoticeUndeliverable,
    Registered,
    ResultEvent,
)
from domain.formats import FORMAT
from domain.identity import read_workflow_id
from domain.scheme import Programme
from domain.state import State
from record.deliveries import SUPERSEDED, WAITING
from record.events import Candidacy, Kept
from record.pieces import Pieces, Row
from record.sealing import pinned
from record.shape import SHAPE
from record.tables import instant_text
from views.figures import days_to_certificate, tries
from views.standing import status_view
from views.status import StatusView


@dataclass(frozen=True, slots=True)
class Pinned:
    """A programme, with the hash of its content, and the number of the format in which it was recorded."""

    digest: str
    format: int
    programme: Programme


@dataclass(slots=True)
class Fold:
    """The events of a candidacy, taken one after another, and the rows that follow from them.

    `state` is None before the registration. It stays None where the registration is not recorded, because the candidacy
    is older than the record, and is None again after a gap: then only what single events say is known. `certain` is
    False once an event came that only a newer build knows. This build goes on without it, and a build that knows it
    folds the events anew.

    `results` and `notices` are the rows of the events that this fold has taken; `ended` says when and how notices ended
    that are not among them.
    """

    candidacy: Candidacy
    state: State | None = None
    pinned: Pinned | None = None
    certain: bool = True
    first: Kept | None = None
    last: Kept | None = None
    without_state: Pieces | None = None
    results: list[Row] = field(default_factory=list)
    notices: dict[int, Row] = field(default_factory=dict)
    ended: dict[int, tuple[str, str]] = field(default_factory=dict)

    def take(self, added: Iterable[Kept]) -> None:
        """Takes these events, which follow those before.

        Raises:
            NewerFormat: a newer build recorded one of them, in a format that this build does not know.
        """
        for kept in added:
            event = kept.event.event()
            self._evolve(kept, event)
            self.first = self.first or kept
            self.last = kept
            self._follow_results(event)
            self._follow_notices(event)

    def _evolve(self, kept: Kept, event: Event | LaterEvent) -> None:
        if isinstance(event, LaterEvent):
            self.certain = False
        if self.last and kept.event.sequence != self.last.event.sequence + 1:
            self.without_state = self._without_state()
            self.state = None
        elif self.first is None and self.state is None and not isinstance(event, Registered):
            self.without_state = Pieces(self.candidacy)
        if self.without_state:
            self.without_state.take(event)
            return
        self.state = rulebook.evolve(self.state, event)
        if self.pinned is None or self.state.programme is not self.pinned.programme:
            digest = pinned(json.loads(kept.event.body))
            if digest:
                self.pinned = Pinned(digest, kept.event.format, self.state.programme)

    def _without_state(self) -> Pieces:
        """What is known after a gap."""
        certificate = self._view(datetime.fromisoformat(self.last.event.at), 0).certificate if self.last else None
        uncertified, gap_from = (certificate.gaps, certificate.gap_from) if certificate else ((), None)
        return Pieces(self.candidacy, self.certificate_row(), uncertified, gap_from)

    def _follow_results(self, event: Event | LaterEvent) -> None:
        if not isinstance(event, ResultEvent):
            return
        result = event.result
        self.results.append(
            {
                **self._key,
                "sequence": event.sequence,
                "type": type(event).__name__,
                "at": instant_text(event.at),
                "designation": read_workflow_id(self.candidacy.workflow_id).designation,
                "result_id": result.result_id,
                "revision": result.revision,
                "domain": result.domain,
                "taken_at": instant_text(result.taken_at),
                "outcome": result.outcome,
                "passed": result.passed,
                "percentage": result.score.shown if result.score else None,
                "source": result.source,
            }
        )

    def _follow_notices(self, event: Event | LaterEvent) -> None:
        if isinstance(event, NoticeUndeliverable | NoticeSuperseded):
            outcome = event.cause.value if isinstance(event, NoticeUndeliverable) else SUPERSEDED
            end(self.notices, self.ended, event.about, outcome, instant_text(event.at))
        if self.state is not None and notices.has_notice(event, self.state):
            self.notices[event.sequence] = {
                **self._key,
                "about": event.sequence,
                "notice": notices.notice_of(type(event)),
                "queued_at": instant_text(event.at),
                "outcome": WAITING,
                "ended_at": None,
            }

    @property
    def _key(self) -> Row:
        return {"workflow_id": self.candidacy.workflow_id, "enrolment": self.candidacy.enrolment}

    # --- rows of the whole ----------------------------------------------------------------------------------

    def state_row(self) -> Row | None:
        """The state, so that the next event can be folded into it; None where it is not known for certain."""
        if self.state is None or self.pinned is None or not self.certain:
            return None
        body = self.state.model_dump_json(exclude={"programme"}, exclude_defaults=True)
        programme = {"pinned": self.pinned.digest, "format": self.pinned.format}
        return {
            **self._key,
            "sequence": self.state.sequence,
            "format": FORMAT,
            "body": f'{{"programme":{json.dumps(programme, separators=(",", ":"))},{body[1:]}',
            "shape": SHAPE,
        }

    def candidacy_row(self) -> Row:
        """Where the candidacy stands after the last event."""
        first, last = self.first, self.last
        if first is None or last is None:
            raise ValueError(f"{self.candidacy}: no event was folded")
        at = datetime.fromisoformat(last.event.at)
        view = self._view(at, last.event.sequence)
        certificate = view.certificate
        days = days_to_certificate(view, "UTC")
        border = next((alarm.at for alarm in view.upcoming if alarm.border), None)
        return {
            **self._key,
            "candidate_id": view.candidate_id,
            "designation": view.designation,
            "path": view.path,
            "status": str(view.status),
            "registered_at": instant_text(view.registered_at or datetime.fromisoformat(first.event.at)),
            "assessments_passed": sum(one.status == "passed" for one in view.assessments.values()),
            "next_border_at": instant_text(border) if border else None,
            "next_alarm_at": instant_text(view.upcoming[0].at) if view.upcoming and view.upcoming[0].at else None,
            "attention": json.dumps(view.attention, ensure_ascii=False) if view.attention else None,
            "waits_for_review": self.state is not None and self.state.under_review is not None,
            "certificate_number": certificate.number if certificate else None,
            "certified_on": _day(certificate.certified_on) if certificate else None,
            "expires_on": _day(certificate.expires_on) if certificate else None,
            "closed_at": instant_text(view.closed.at) if view.closed and view.closed.at else None,
            "view": view.model_dump_json(),
            "tries": json.dumps(tries(view), sort_keys=True),
            "days_from_registration": days.from_registration if days else None,
            "days_from_purchase": days.from_purchase if days else None,
            "sequence": last.event.sequence,
            "position": last.position,
            "changed_at": instant_text(at),
        }

    def _view(self, at: datetime, sequence: int) -> StatusView:
        if self.state:
            return status_view(self.state, "", at)
        return (self.without_state or Pieces(self.candidacy)).view(sequence, at)

    def certificate_row(self) -> Row | None:
        """The certificate; None where none was granted, as far as the record knows."""
        if self.without_state:
            return self.without_state.certificate
        state = self.state
        if state is None or state.certificate is None:
            return None
        certificate = state.certificate
        return {
            "number": certificate.number,
            **self._key,
            "candidate_id": state.candidate_id,
            "designation": state.designation,
            "certified_on": certificate.certified_on.isoformat(),
            "expires_on": certificate.expires_on.isoformat(),
            "expires_at": instant_text(certificate.expires_at),
            "cycle": certificate.cycle,
            "suspended_at": instant_text(state.suspension.since) if state.suspension else None,
            "ended_at": instant_text(state.closed_at) if state.closed and state.closed_at else None,
            "ended": state.closed.value if state.closed else None,
            "superseded_by": state.superseded_by,
        }


def end(known: dict[int, Row], others: dict[int, tuple[str, str]], about: int, outcome: str, at: str) -> None:
    """Enters that the notice about this event has ended: in its row, or among the others where it is not at hand."""
    if about in known:
        known[about] |= {"outcome": outcome, "ended_at": at}
    else:
        others[about] = (outcome, at)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
