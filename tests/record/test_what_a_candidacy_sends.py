"""What a candidacy hands over next: after a reset of its workflow, and to a record that has fallen back."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.recording import Recording
from activities.requests import NoticeAnswer, RecordRequest
from domain.events import BaseEvent, ContactUpdated, Suspended
from domain.personal import Delivery
from record import store
from record.events import Recorded
from tests.record.lives import lived
from workflows.journal import Journal
from workflows.recording import Along, next_request

LIFE = lived("certified")
ID = LIFE.candidacy
AT = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def recording(engine: Engine) -> Iterator[Recording]:
    recording = Recording(engine.url.render_as_string(hide_password=False))
    yield recording
    recording.close()


def journal(first: int, last: int, recorded: int) -> Journal:
    """That of a run that has the events from this number to that one, and knows that so many are recorded."""
    events = [event for event in LIFE.events if first <= event.sequence <= last]
    return Journal.model_validate(
        {"contact": LIFE.contact, "state": LIFE.state, "events": events, "recorded": recorded}
    )


def has(engine: Engine, last: int) -> None:
    """The record has the events up to this one."""
    events = [Recorded.of(event) for event in LIFE.events if event.sequence <= last]
    store.append(engine, ID, events, LIFE.batches[0].contact)


async def hand_over(recording: Recording, run: Journal) -> RecordRequest:
    """Sends what is to be recorded next, and takes in the answer."""
    request = next_request(run)
    along = Along(run, request)
    answer = await ActivityEnvironment().run(recording.record_events, request)
    along.answered(NoticeAnswer(recorded=answer.recorded))
    return request


def other(sequence: int) -> BaseEvent:
    """An event that was never recorded with this number."""
    return Suspended(sequence=sequence, at=AT, reason="a", by="b", attention_at=AT)


async def test_a_run_that_was_reset_meets_what_it_decides_otherwise_as_a_conflict(
    engine: Engine, recording: Recording
) -> None:
    has(engine, 9)
    run = journal(1, 7, recorded=6)  # event 7 was decided once more, as before
    await hand_over(recording, run)
    assert run.recorded == 7
    run.events += [other(8), other(9), other(10)]  # type: ignore[list-item]  # they are events of the union
    with pytest.raises(ApplicationError) as conflict:
        await hand_over(recording, run)
    assert conflict.value.type == "RecordConflict"
    assert run.recorded == 7
    assert [one.event.sequence for one in store.of_candidacy(engine, ID)] == list(range(1, 10))


async def test_a_delivery_confirms_no_event_that_a_run_has_not_sent(engine: Engine, recording: Recording) -> None:
    has(engine, 9)
    run = journal(1, 6, recorded=6)
    run.deliveries = [delivery()]
    request = await hand_over(recording, run)
    assert request.events == []
    assert (run.recorded, run.deliveries) == (6, [])


async def test_a_delivery_shows_that_the_record_has_fallen_back(engine: Engine, recording: Recording) -> None:
    has(engine, 4)
    run = journal(1, 9, recorded=9)
    run.deliveries = [delivery()]
    await hand_over(recording, run)
    assert (run.recorded, run.is_recorded) == (4, False)
    await hand_over(recording, run)
    assert [one.event.sequence for one in store.of_candidacy(engine, ID)] == list(range(1, 10))


def test_an_older_answer_that_comes_last_does_not_look_like_a_record_that_has_fallen_back() -> None:
    run = journal(1, 9, recorded=8)
    run.events.pop()
    run.deliveries = [delivery()]
    with_a_notice = Along(run, next_request(run))
    run.events.append(LIFE.events[8])  # type: ignore[arg-type]  # it is an event of the union
    Along(run, next_request(run)).answered(NoticeAnswer(recorded=9))
    with_a_notice.answered(NoticeAnswer(recorded=8))
    assert run.recorded == 9


def delivery() -> Delivery:
    return Delivery(about=1, notice="registered", message_id="<1@example.org>", sent_at=AT, email="ana@example.org")


def test_a_run_that_has_forgotten_events_sends_the_contact_details_with_its_oldest() -> None:
    run = journal(6, 9, recorded=2)
    assert not any(isinstance(event, ContactUpdated) for event in run.events)
    request = next_request(run)
    assert (request.oldest, request.contact) == (True, LIFE.contact)
    assert next_request(journal(6, 9, recorded=5)).contact is None
