"""Hands events over to the record. Running this twice is harmless: an event that is recorded already changes nothing.

A record that cannot be reached stops no notice. Whoever sends one only tries, and what could not be recorded comes
again with the next request.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Connection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.heartbeats import heartbeating
from activities.record_writer import RecordWriter
from activities.requests import RECORD_EVENTS, NoticeRequest, RecordAnswer, RecordRequest
from domain.events import EVENTS
from domain.formats import CHAIN
from domain.personal import Delivery
from record import deliveries, store
from record.errors import Conflict, Gap, RecordError
from record.events import Candidacy, Recorded
from record.opening import open_record
from runtime import metrics

T = TypeVar("T")


async def prepare(url: str) -> None:
    """Makes the tables of the record at this address before the first event needs them, so that commands find them.

    A record that cannot be reached now gets its tables with the first event.
    """
    with contextlib.suppress(RecordError):
        await asyncio.to_thread(lambda: open_record(url).dispose())


class Recording:
    """Writes to the record at one address. The first write makes the tables."""

    def __init__(self, url: str) -> None:
        self._writer = RecordWriter(url)

    @activity.defn(name=RECORD_EVENTS)
    async def record_events(self, request: RecordRequest) -> RecordAnswer:
        """Record events of a candidacy. The server repeats the attempt until the record takes them.

        Raises:
            ApplicationError: of type RecordUnavailable or RecordConflict, for another attempt.
        """
        try:
            async with heartbeating():
                return RecordAnswer(recorded=await self._record(request))
        except Conflict as error:
            # Another attempt may succeed once a person has looked: see docs/record.md.
            raise ApplicationError(str(error), type="RecordConflict") from None
        except RecordError as error:
            raise ApplicationError(str(error), type="RecordUnavailable") from None

    async def record_if_possible(self, request: RecordRequest | None) -> int | None:
        """The number of the last recorded event; None if there was nothing to record, or it could not be recorded."""
        if request is None:
            return None
        try:
            return await self._record(request)
        except RecordError as error:
            activity.logger.warning("events not recorded", extra={"reason": type(error).__name__})
            return None

    async def deliver_if_possible(self, request: NoticeRequest, message_id: str) -> Delivery | None:
        """Records that a notice went out. Returns what is still to be recorded if the record cannot be reached."""
        if not request.workflow_id:
            return None  # a build before the record has asked for the notice
        delivery = Delivery(
            about=request.about,
            notice=request.notice,
            message_id=message_id,
            sent_at=datetime.now(UTC),
            email=request.to_email,
        )
        candidacy = Candidacy(request.workflow_id, request.enrolment)
        try:
            await self._carry_out(lambda connection: deliveries.keep(connection, candidacy, delivery))
        except RecordError as error:
            activity.logger.warning("delivery not recorded", extra={"reason": type(error).__name__})
            return delivery
        return None

    async def _record(self, request: RecordRequest) -> int:
        """The number of the last recorded event.

        Raises:
            RecordError: nothing of the request is recorded.
        """
        recorded = await self._carry_out(lambda connection: _append(connection, request))
        metrics.recorded(activity.metric_meter(), len(request.events))
        return recorded

    async def _carry_out(self, work: Callable[[Connection], T]) -> T:
        """Does this in the thread of the record.

        Raises:
            RecordError: it could not be done.
        """
        meter = activity.metric_meter()
        try:
            return await asyncio.wrap_future(self._writer.write(work))
        except RecordError as error:
            metrics.record_failed(meter, "conflict" if isinstance(error, Conflict) else "unavailable")
            raise
        except Exception as error:
            # A fault of ours in the record must stop no notice either. What was to be recorded comes again.
            metrics.record_failed(meter, "fault")
            activity.logger.exception("the record has a fault")
            raise RecordError(
                f"the record has a fault ({type(error).__name__}); the worker's log has it whole"
            ) from error


def _append(connection: Connection, request: RecordRequest) -> int:
    candidacy = Candidacy(request.workflow_id, request.enrolment)
    events = [Recorded.of(EVENTS.validate_python(CHAIN.event(one, request.format))) for one in request.events]
    try:
        recorded = store.append_in(connection, candidacy, events, request.contact, oldest=request.oldest)
    except Gap as gap:
        return gap.recorded  # somebody has put an older database back: the candidacy sends what comes after this
    for delivery in request.deliveries:
        deliveries.keep(connection, candidacy, delivery)
    return recorded
