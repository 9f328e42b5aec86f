"""A record that takes a write and does not answer stops no notice; what could not be recorded comes again."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from temporalio.testing import ActivityEnvironment

from activities.recording import Recording
from activities.requests import NoticeRequest, RecordRequest
from domain.personal import Delivery
from record import store
from record.opening import open_record
from tests.waiting import PATIENCE, eventually

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
EVENT = {"type": "ContactUpdated", "sequence": 1, "at": NOON.isoformat(), "changed": ["name"]}
REQUEST = RecordRequest(workflow_id="certification:CCSL:C-1", enrolment="run-1", events=[EVENT])
NOTICE = NoticeRequest(
    key="1",
    notice="registered",
    queued_at=NOON,
    to_name="Ana",
    to_email="ana@example.org",
    facts={},
    workflow_id=REQUEST.workflow_id,
    enrolment=REQUEST.enrolment,
    about=1,
)

SENT = Delivery(about=1, notice="registered", message_id="<1@ciac-cert.org>", sent_at=NOON, email="ana@example.org")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The record answers once this is set, and until then as little as a PostgreSQL that somebody has frozen."""
    answers = threading.Event()

    def opened(url: str) -> Engine:
        answers.wait(PATIENCE)
        return open_record(url)

    monkeypatch.setattr("activities.record_writer.open_record", opened)
    yield answers
    answers.set()


async def test_a_record_that_never_answers_is_waited_for_once(tmp_path: Path, answers: threading.Event) -> None:
    url = f"sqlite:///{tmp_path / 'record.db'}"
    recording, worker = Recording(url, answer_seconds=0.1), ActivityEnvironment()
    assert await worker.run(recording.record_if_possible, REQUEST) is None
    recording.answer_seconds = PATIENCE * 10  # who waited again would wait so long
    assert await worker.run(recording.record_if_possible, REQUEST) is None
    answer = await worker.run(recording.record_notices, NOTICE, [SENT])
    assert answer.recorded is None
    assert answer.deliveries == [SENT]

    answers.set()
    again = REQUEST.model_copy(update={"deliveries": answer.deliveries})
    await eventually(lambda: worker.run(recording.record_if_possible, again), "the record has taken the event")
    engine = open_record(url)
    assert [kept.event.sequence for kept in store.since(engine, 0)] == [1]
    engine.dispose()
