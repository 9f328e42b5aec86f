"""Hands events over to the record. Running this twice is harmless: an event that is recorded already changes nothing.

A record that cannot be reached stops no notice. Whoever sends one only tries, and what could not be recorded comes
again with the next request.
"""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.heartbeats import heartbeating
from activities.record_writer import RecordWriter
from activities.requests import RECORD_EVENTS, NoticeAnswer, NoticeRequest, RecordAnswer, RecordRequest
from domain.events import EVENTS
from domain.formats import CHAIN
from domain.personal import Delivery
from record import deliveries, store
from record.errors import Conflict, Gap, RecordError, Unavailable
from record.events import Candidacy, Recorded
from record.opening import open_record
from record.pipeline import Pipeline
from runtime import metrics

SOON_SECONDS = 2.0
"""After so long, the events are recorded without waiting for the notice any longer: a change of a certificate must be
recorded within seconds, whatever becomes of the mail."""
ANSWER_SECONDS = 15.0
"""So long a write is waited for. A database that is frozen, or whose machine is gone, takes one and never answers; the
attempt would be given up after two minutes, and the next one would send the mail again."""

T = TypeVar("T")


@dataclass(slots=True)
class Early:
    """What is recorded while a notice is being sent.

    Attributes:
        recording: answers with the number of the last recorded event; None if nothing was recorded.
        left_over: whether the notice failed, and its events could not be recorded either.
    """

    recording: asyncio.Task[int | None]
    left_over: bool = False


async def prepare(url: str) -> None:
    """Makes the tables of the record at this address before the first event needs them, so that commands find them.

    A record that cannot be reached now gets its tables with the first event.
    """
    with contextlib.suppress(RecordError):
        await asyncio.to_thread(lambda: open_record(url).dispose())


class Recording:
    """Writes to the record at one address. The first write makes the tables."""

    def __init__(self, url: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._writer = RecordWriter(url)
        self.answer_seconds = answer_seconds
        # A write that was given up, and that the thread of the record still waits for.
        self._unanswered: Future[Any] | None = None
        # What is still being recorded of attempts that have answered. Otherwise nothing would keep it in memory.
        self._going_on: set[asyncio.Task[NoticeAnswer]] = set()

    def close(self) -> None:
        """Gives the connections back, after what is being written."""
        self._writer.close()

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
            what = {"events": len(request.events), "deliveries": len(request.deliveries)}
            activity.logger.warning("not recorded", extra={"reason": type(error).__name__, **what})
            return None

    @asynccontextmanager
    async def while_sending(self, request: RecordRequest | None) -> AsyncIterator[Early]:
        """For the sending of a notice that takes these events along. Records them before it ends, if it takes long.

        They are also recorded if it fails. If it succeeds soon, they are left to `record_notices`, which also waits for
        what has begun here: once the notice is out, the end of this block waits for nothing.
        """
        over = asyncio.Event()
        early = Early(asyncio.create_task(self._record_unless(over, request)))
        try:
            yield early
        except Exception:
            over.set()
            if await early.recording is None and await self.record_if_possible(request) is None:
                early.left_over = request is not None
            raise
        finally:
            over.set()

    async def record_notices(
        self, request: NoticeRequest, sent: Sequence[Delivery], early: Early | None = None
    ) -> NoticeAnswer:
        """Records that these notices of the request went out, if the record can be reached, with the events of it.

        From here on nothing may end the attempt as cancelled: the candidacy would take the notices for some that were
        not sent, and send them again, or report them as undeliverable. So whoever cancels the attempt while the record
        is slow gets the deliveries at once. What is being written goes on, and comes again with the next request, which
        changes nothing.

        `early` is what was recorded while the notices were sent.
        """
        following = len(sent) - 1
        if not request.workflow_id:
            return NoticeAnswer(following=following)  # a build before the record has asked for the notice
        recording = asyncio.create_task(self._record_deliveries(request, sent, early))
        self._going_on.add(recording)
        recording.add_done_callback(self._going_on.discard)
        try:
            return await asyncio.shield(recording)
        except asyncio.CancelledError:
            return NoticeAnswer(following=following, deliveries=list(sent))

    async def _record_deliveries(
        self, request: NoticeRequest, sent: Sequence[Delivery], early: Early | None
    ) -> NoticeAnswer:
        following = len(sent) - 1
        recorded = await early.recording if early else None
        if request.to_record and recorded is None:
            both = request.to_record.model_copy(update={"deliveries": [*request.to_record.deliveries, *sent]})
            recorded = await self.record_if_possible(both)
            if recorded is not None:
                return NoticeAnswer(recorded=recorded, following=following)
        # Events that contradict those of the record must not hide that the notices went out.
        alone = RecordRequest(workflow_id=request.workflow_id, enrolment=request.enrolment, deliveries=list(sent))
        kept = await self.record_if_possible(alone) is not None
        return NoticeAnswer(recorded=recorded, following=following, deliveries=[] if kept else list(sent))

    async def _record_unless(self, over: asyncio.Event, request: RecordRequest | None) -> int | None:
        """Records this, unless the notice is soon over. Returns None if it did not, or could not."""
        try:
            async with asyncio.timeout(SOON_SECONDS):
                await over.wait()
        except TimeoutError:
            return await self.record_if_possible(request)
        return None

    async def _record(self, request: RecordRequest) -> int:
        """The number of the last recorded event.

        Raises:
            RecordError: nothing of the request is recorded.
        """
        recorded = await self._carry_out(lambda pipeline: _append(pipeline, request))
        metrics.recorded(activity.metric_meter(), sum(int(one["sequence"]) <= recorded for one in request.events))
        return recorded

    async def _carry_out(self, work: Callable[[Pipeline], T]) -> T:
        """Does this in the thread of the record.

        Raises:
            RecordError: it could not be done.
        """
        meter = activity.metric_meter()
        try:
            return await self._answer(work)
        except RecordError as error:
            metrics.record_failed(meter, "conflict" if isinstance(error, Conflict) else "unavailable")
            raise
        except Exception as error:
            # A fault of ours in the record must stop no notice either. What was to be recorded comes again.
            metrics.record_failed(meter, "fault")
            fault, where = type(error).__name__, "".join(traceback.format_tb(error.__traceback__))
            # Without the error's text, which may quote a row, and in it a name (rule 25).
            activity.logger.error("the record has a fault", extra={"fault": fault, "where": where})
            raise RecordError(f"the record has a fault ({fault}); the worker's log says where") from error

    async def _answer(self, work: Callable[[Pipeline], T]) -> T:
        """The outcome of a write, unless the record takes too long. Then it may still be written, or comes again.

        Raises:
            Unavailable: there is no answer in time. Until there is one to the same write, nobody waits for another.
        """
        if self._unanswered and not self._unanswered.done():
            raise Unavailable("the record has not answered yet to an earlier write")
        write = self._writer.write(work)
        try:
            async with asyncio.timeout(self.answer_seconds) as patience:
                return await asyncio.wrap_future(write)
        except TimeoutError:
            if not patience.expired():
                raise
            if not write.cancel():  # one that only waits behind another is taken back
                self._unanswered = write
            raise Unavailable("the record does not answer") from None


def _append(pipeline: Pipeline, request: RecordRequest) -> int:
    candidacy = Candidacy(request.workflow_id, request.enrolment)
    events = [Recorded.of(EVENTS.validate_python(CHAIN.event(one, request.format))) for one in request.events]
    sent = request.deliveries
    try:
        return store.append_in(pipeline, candidacy, events, request.contact, sent, oldest=request.oldest)
    except Gap as gap:
        # Somebody has put an older database back: the candidacy sends what comes after this. That is everything, with
        # the contact details, if it was enrolled after the copy was made.
        deliveries.keep(pipeline, candidacy, sent)
        return gap.recorded
