"""Hands the events of a candidacy over to the record, in order, without making anything wait for it.

Events ride along with the next notice: its activity records them as well. That costs no history event. They are handed
over by an activity of their own only where no notice is due, or where a notice cannot be sent for a while. A record
that cannot be reached stops neither decisions nor notices; the events wait in the journal, which never cuts them before
they are recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.requests import NoticeAnswer, RecordRequest
    from domain.effects import Notify
    from domain.events import BaseEvent, ContactUpdated, Registered, type_of
    from domain.notices import only_a_newer_build_knows
    from workflows import calls, traces, waits
    from workflows.journal import Journal

# A change of a certificate must be recorded within seconds, also while the mail server is down.
_PATIENCE = timedelta(seconds=10)
# What one request may hold, so that it stays far below the 2 MB of a payload.
_EVENTS_A_REQUEST = 100
_BYTES_A_REQUEST = 256 * 1024


class Along:
    """What an activity takes along to the record, and what it answers."""

    def __init__(self, journal: Journal, to_record: RecordRequest | None) -> None:
        self._journal = journal
        self._recorded_before = journal.recorded
        self.to_record = to_record

    def answered(self, answer: NoticeAnswer) -> None:
        """Notes what is recorded now, and what is still to be recorded."""
        if answer.recorded is not None and self.to_record is not None:
            note(self._journal, self.to_record, self._recorded_before, answer.recorded)
        if answer.delivery is not None:
            self._journal.deliveries.append(answer.delivery)
        self._journal.deliveries.extend(answer.deliveries)


class Recorder:
    """Hands the events of one journal over to the record."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        # The number of the last event that a notice has taken along; its answer is awaited.
        self._on_its_way = 0
        self._recording = False
        self._handing_over = False
        self.task = asyncio.create_task(self._keep())
        """Its errors are errors of the run."""

    async def hand_over(self) -> None:
        """Begins nothing more. What is being recorded is taken back, or its end is awaited if an attempt is being made.

        The next run records what this one does not know to be recorded.
        """
        self._handing_over = True
        if self._recording:
            # An activity that was scheduled in this moment must have begun to wait, or it would not hear of it.
            await waits.until(lambda: True)
        if self._recording:
            traces.current().gave_command()
            self.task.cancel()
            await waits.until(lambda: not self._recording)

    @contextmanager
    def along(self) -> Iterator[Along]:
        """For an activity that can take events along: while it is under way, nobody else hands these over."""
        to_record = None if self._recording or self._journal.is_recorded else next_request(self._journal)
        if to_record is not None:
            self._on_its_way = _last_of(to_record)
        try:
            yield Along(self._journal, to_record)
        finally:
            if to_record is not None:
                self._on_its_way = 0

    async def _keep(self) -> None:
        """Hands over what waits: by the next notice where one is due, and else by an activity of its own."""
        while not self._handing_over:
            await waits.until(self._waits)
            await traces.others_go_first(traces.TURNS_BEFORE_THE_RECORDER)
            if self._notice_is_due() and self._waits():
                await self._be_patient_with_notices()
            elif self._waits():
                await self._record()

    async def _be_patient_with_notices(self) -> None:
        """Waits until the last notice is out that takes events along, and records alone what waits after ten seconds.

        Notices go out one after another, and each takes along what has come meanwhile. So one timer is begun for all of
        them. It is cancelled when the last of them is out, because a timer that fires costs a workflow task.
        """
        why = "time for the notice that takes events along to the record"
        await traces.until(lambda: not self._notice_is_due(), _PATIENCE, why)
        if self._notice_is_due() and self._waits():
            await self._record()

    def _waits(self) -> bool:
        """Whether something is to be recorded that no notice has taken along."""
        journal = self._journal
        return not self._handing_over and (
            journal.state.sequence > max(journal.recorded, self._on_its_way) or bool(journal.deliveries)
        )

    def _notice_is_due(self) -> bool:
        return any(
            isinstance(effect, Notify) and not only_a_newer_build_knows(effect) for effect in self._journal.outbox
        )

    async def _record(self) -> None:
        request, recorded_before = next_request(self._journal), self._journal.recorded
        self._recording = True
        try:
            note(self._journal, request, recorded_before, await calls.record_events(request))
        except (asyncio.CancelledError, calls.Failed):
            if not self._handing_over:
                raise
        finally:
            self._recording = False


def next_request(journal: Journal) -> RecordRequest:
    """What is to be recorded next: the oldest events that are not recorded, as many as one request may hold."""
    waiting = journal.unrecorded
    documents: list[dict[str, Any]] = []
    size = 0
    for event in waiting[:_EVENTS_A_REQUEST]:
        size += len(event.model_dump_json(exclude_defaults=True))
        if documents and size > _BYTES_A_REQUEST:
            break
        documents.append(_document(event))
    taken = waiting[: len(documents)]
    oldest = bool(taken) and taken[0] is journal.events[0] and taken[0].sequence > journal.recorded + 1
    # Among the events that the candidacy has forgotten, there may have been a change of the contact details.
    changed = oldest or any(isinstance(event, Registered | ContactUpdated) for event in taken)
    return RecordRequest(
        workflow_id=journal.state.workflow_id,
        enrolment=journal.state.enrolment,
        events=documents,
        oldest=oldest,
        contact=journal.contact if changed or not journal.recorded else None,
        deliveries=list(journal.deliveries),
    )


def _document(event: BaseEvent) -> dict[str, Any]:
    return {"type": type_of(event), **event.model_dump(mode="json", exclude_defaults=True)}


def _last_of(request: RecordRequest) -> int:
    return int(request.events[-1]["sequence"]) if request.events else 0


def note(journal: Journal, request: RecordRequest, recorded_before: int, recorded: int) -> None:
    """Notes how far the record has come, as it has answered. It was at `recorded_before` when the request was made.

    It may have come less far than it once had, because somebody has put yesterday's database back. Then the events that
    the candidacy still has are recorded once more.

    It may also have more than was sent, because somebody has reset the workflow, which decides now what it decided
    before. So an answer confirms no event that was not sent: the next one must meet the recorded one, and be refused if
    it is another.
    """
    if recorded < recorded_before:
        journal.recorded = recorded
    else:
        journal.recorded = max(journal.recorded, min(recorded, _last_of(request)))
    journal.deliveries = [one for one in journal.deliveries if one not in request.deliveries]
