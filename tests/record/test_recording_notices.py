"""What the activity that sends a notice writes into the record: the events that it takes along, and its delivery."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.delivery import Carrier, MailServer, Outbox
from activities.notices import Notices
from activities.recording import Recording
from activities.requests import Notice, NoticeAnswer, NoticeRequest, RecordAnswer, RecordRequest
from activities.waiting import WaitingNotices
from domain.events import BaseEvent, Suspended, type_of
from record import store
from record.database import writing
from record.events import Candidacy, Recorded
from record.tables import CONTACTS, DELIVERIES, NOTICES
from runtime import logs, metrics
from runtime.embedded import free_port
from tests.formats.lives import Life
from tests.record.lives import append_batch, deliver, lived
from tests.unit.activities import notice_samples
from tests.unit.activities.test_waiting_notices import Clock
from tests.waiting import eventually
from tests.workflows.outside import SlowMailbox, mail_server
from workflows.recording import Along, next_request

LIFE = lived("certified")
ID = LIFE.candidacy
FIRST = LIFE.batches[0]
"""The registration, with its first notice."""
LATER = datetime(2099, 1, 1, tzinfo=UTC)
OWNER = {"workflow_id": ID.workflow_id, "enrolment": ID.enrolment}


@pytest.fixture
def recording(engine: Engine) -> Iterator[Recording]:
    recording = Recording(engine.url.render_as_string(hide_password=False))
    yield recording
    recording.close()


def along(events: Sequence[BaseEvent] = FIRST.events) -> RecordRequest:
    """These events, as a notice takes them along."""
    documents = [{"type": type_of(one), **one.model_dump(mode="json", exclude_defaults=True)} for one in events]
    its: dict[str, Any] = {**OWNER, "events": documents, "contact": FIRST.contact}
    return RecordRequest(**its)


def notice(about: int, to_record: RecordRequest | None) -> NoticeRequest:
    """The notice about this event."""
    its: dict[str, Any] = {**OWNER, "about": about, "to_record": to_record}
    return notice_samples.request(key=f"{ID}:{about}", to_email="ana@example.org", **its)


async def sent(recording: Recording, request: NoticeRequest, carrier: Carrier) -> NoticeAnswer:
    return await ActivityEnvironment().run(Notices(carrier, recording).send_notice, request)


def recorded(engine: Engine) -> list[int]:
    return [one.event.sequence for one in store.of_candidacy(engine, ID)]


def outcomes(engine: Engine) -> dict[int, str]:
    with engine.connect() as connection:
        return {row.about: row.outcome for row in connection.execute(select(NOTICES))}


def deliveries(engine: Engine) -> dict[int, str]:
    """The instants of the deliveries, by the event."""
    with engine.connect() as connection:
        return {row.about: row.sent_at for row in connection.execute(select(DELIVERIES))}


@contextmanager
def commits() -> Iterator[list[None]]:
    """Counts the transactions of every engine that are committed."""
    counted: list[None] = []

    def count(_connection: object) -> None:
        counted.append(None)

    event.listen(Engine, "commit", count)
    yield counted
    event.remove(Engine, "commit", count)


async def test_a_notice_its_delivery_and_the_events_before_it_cost_one_transaction(
    engine: Engine, recording: Recording, tmp_path: Path
) -> None:
    await ActivityEnvironment().run(recording.record_events, along([]))  # so that the record is open
    with commits() as counted:
        answer = await sent(recording, notice(1, along()), Outbox(tmp_path))
    assert len(counted) == 1
    assert answer == NoticeAnswer(recorded=len(FIRST.events))
    assert recorded(engine) == [one.sequence for one in FIRST.events]
    assert outcomes(engine)[1] == "sent"
    assert deliveries(engine).keys() == {1}


def together(about: int, *behind: int) -> NoticeRequest:
    """The notice about an event, those about other events behind it, and what is to be recorded."""
    following = [Notice(**dict(notice(one, None))) for one in behind]
    return notice(about, along()).model_copy(update={"following": following})


async def test_notices_that_go_out_together_are_recorded_in_one_transaction(
    engine: Engine, recording: Recording, tmp_path: Path
) -> None:
    await ActivityEnvironment().run(recording.record_events, along([]))  # so that the record is open
    with commits() as counted:
        answer = await notice_samples.attempt().run(Notices(Outbox(tmp_path), recording).send_notice, together(1, 3))
    assert len(counted) == 1
    assert answer == NoticeAnswer(recorded=len(FIRST.events), following=1)
    assert deliveries(engine).keys() == {1, 3}
    assert (outcomes(engine)[1], outcomes(engine)[3]) == ("sent", "sent")


async def test_a_record_that_is_away_leaves_every_delivery_to_the_next_request(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    away = Recording(f"sqlite:///{tmp_path / 'file' / 'record.db'}")
    answer = await notice_samples.attempt().run(Notices(Outbox(tmp_path / "outbox"), away).send_notice, together(1, 3))
    assert (answer.recorded, answer.following) == (None, 1)
    assert [one.about for one in answer.deliveries] == [1, 3]
    assert len(list((tmp_path / "outbox").iterdir())) == 2


async def test_a_notice_that_takes_nothing_along_is_recorded_as_sent(
    engine: Engine, recording: Recording, tmp_path: Path
) -> None:
    append_batch(engine, ID, FIRST)
    assert outcomes(engine)[1] == "waiting"
    assert await sent(recording, notice(1, None), Outbox(tmp_path)) == NoticeAnswer()
    assert outcomes(engine)[1] == "sent"


async def test_the_first_delivery_counts_also_when_its_event_is_recorded_with_the_second(
    engine: Engine, recording: Recording, tmp_path: Path
) -> None:
    first = datetime(2020, 1, 1, tzinfo=UTC)
    deliver(engine, LIFE, 1, first)
    await sent(recording, notice(1, along()), Outbox(tmp_path))
    assert deliveries(engine) == {1: "2020-01-01T00:00:00.000000+00:00"}
    with engine.connect() as connection:
        assert set(connection.execute(select(NOTICES.c.ended_at)).scalars()) >= {deliveries(engine)[1]}


async def test_the_events_of_a_notice_that_cannot_be_sent_are_recorded(
    engine: Engine, recording: Recording, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ApplicationError, match="outbox"):
        await sent(recording, notice(1, along()), Outbox(tmp_path / "file"))
    assert recorded(engine) == [one.sequence for one in FIRST.events]
    assert outcomes(engine)[1] == "waiting"


async def test_a_mail_server_that_keeps_a_notice_waiting_does_not_keep_its_events_from_the_record(
    engine: Engine, recording: Recording
) -> None:
    mailbox, port = SlowMailbox("ana@"), free_port()
    with mail_server(mailbox, port):
        sending = asyncio.create_task(sent(recording, notice(1, along()), MailServer(f"smtp://127.0.0.1:{port}")))
        await eventually(lambda: recorded(engine), "the events are recorded")
        assert mailbox.subjects, "the mail server has the mail, and has not answered"
        assert not sending.done()
        assert deliveries(engine) == {}
        mailbox.may_answer.set()
        assert await sending == NoticeAnswer(recorded=len(FIRST.events))
    assert len(mailbox.subjects) == 1
    assert outcomes(engine)[1] == "sent"


async def test_events_that_contradict_the_record_do_not_hide_that_a_notice_went_out(
    engine: Engine, recording: Recording, tmp_path: Path
) -> None:
    append_batch(engine, ID, FIRST)
    other = Suspended(sequence=1, at=FIRST.events[0].at, reason="a", by="b", attention_at=FIRST.events[0].at)
    assert await sent(recording, notice(1, along([other])), Outbox(tmp_path)) == NoticeAnswer()
    assert next(one.event.type for one in store.of_candidacy(engine, ID)) == "Registered"
    assert outcomes(engine)[1] == "sent"


async def test_a_delivery_is_kept_also_where_the_record_lacks_events_before_it(
    engine: Engine, recording: Recording, tmp_path: Path
) -> None:
    append_batch(engine, ID, FIRST)
    last = LIFE.batches[-1].events[-1]
    answer = await sent(recording, notice(last.sequence, along([last])), Outbox(tmp_path))
    assert answer == NoticeAnswer(recorded=len(FIRST.events))
    store.append(engine, ID, [Recorded.of(one) for one in LIFE.events[len(FIRST.events) :]])
    assert outcomes(engine)[last.sequence] == "sent"


async def test_a_record_that_lacks_the_first_events_wants_everything_and_gets_it_with_the_contact_details(
    engine: Engine, recording: Recording, tmp_path: Path
) -> None:
    """A copy was put back that was made before the enrolment."""
    last = LIFE.batches[-1].events[-1]
    late = along([last]).model_copy(update={"contact": None})
    assert await sent(recording, notice(last.sequence, late), Outbox(tmp_path)) == NoticeAnswer(recorded=0)
    assert recorded(engine) == []
    assert await ActivityEnvironment().run(recording.record_events, along(LIFE.events)) == RecordAnswer(
        recorded=last.sequence
    )
    assert recorded(engine) == [one.sequence for one in LIFE.events]
    assert outcomes(engine)[last.sequence] == "sent"
    with engine.connect() as connection:
        assert connection.execute(select(CONTACTS.c.email)).scalars().all() == [FIRST.contact.email]


async def test_a_candidacy_that_has_forgotten_its_first_events_sends_the_oldest_that_it_has_when_asked_for_everything(
    engine: Engine, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[object] = []
    monkeypatch.setattr(metrics, "record_failed", lambda *reason: failed.append(reason))
    life = Life.begun("CCSL").passes()
    journal = life.journal
    del journal.events[:3]
    journal.recorded = journal.state.sequence - 1
    for wanted in ((False, None, 1), (True, journal.contact, len(journal.events))):
        request = next_request(journal)
        assert (request.oldest, request.contact, len(request.events)) == wanted
        answer = await ActivityEnvironment().run(recording.record_events, request)
        Along(journal, request).answered(NoticeAnswer(recorded=answer.recorded))
    assert journal.is_recorded
    candidacy = Candidacy(journal.state.workflow_id, journal.state.enrolment)
    kept = [one.event.sequence for one in store.of_candidacy(engine, candidacy)]
    assert kept == [one.sequence for one in journal.events]
    assert failed == []


@pytest.mark.parametrize("why", ["cancel_requested", "worker_shutdown", "timed_out"])
async def test_a_notice_that_went_out_counts_as_sent_also_where_its_attempt_is_cancelled_before_the_record_answers(
    engine: Engine, recording: Recording, tmp_path: Path, why: str
) -> None:
    await ActivityEnvironment().run(recording.record_events, along([]))  # so that the record is open
    attempt = ActivityEnvironment()
    with writing(engine):  # nobody else can write
        notices = Notices(Outbox(tmp_path), recording)
        sending = asyncio.create_task(attempt.run(notices.send_notice, notice(1, along())))
        await eventually(lambda: list(tmp_path.glob("*.eml")), "the mail is out")
        attempt.cancel(ActivityCancellationDetails(**{why: True}))
        answer = await sending
    assert answer.recorded is None
    (delivery,) = answer.deliveries
    again = along().model_copy(update={"deliveries": [delivery]})
    await eventually(lambda: ActivityEnvironment().run(recording.record_if_possible, again), "it is recorded")
    assert recorded(engine) == [one.sequence for one in FIRST.events]
    assert outcomes(engine)[1] == "sent"
    assert deliveries(engine) == {1: delivery.sent_at.isoformat(timespec="microseconds")}


async def failed(recording: Recording, folder: Path, attempt: int, waiting: WaitingNotices) -> ApplicationError:
    """The failure of an attempt to write a notice into an outbox that is no folder."""
    file = folder / "file"
    file.write_text("no folder")
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)
    notices = Notices(Outbox(file), recording, waiting=waiting)
    with pytest.raises(ApplicationError) as caught:
        await environment.run(notices.send_notice, notice(1, along()))
    assert caught.value.type == "NoticeDeferred"
    return caught.value


@pytest.mark.parametrize(("attempt", "pause"), [(1, timedelta(seconds=1)), (12, timedelta(minutes=1))])
async def test_a_notice_whose_events_could_not_be_recorded_either_is_tried_again_after_a_minute_at_most(
    tmp_path: Path, attempt: int, pause: timedelta
) -> None:
    clock = Clock()
    waiting = WaitingNotices(clock)
    (tmp_path / "elsewhere").write_text("no folder")
    away = Recording(f"sqlite:///{tmp_path / 'elsewhere' / 'record.db'}")
    error = await failed(away, tmp_path, attempt, waiting)
    away.close()
    assert error.next_retry_delay == pause
    assert waiting.oldest(LATER) > timedelta(0)
    clock.seconds += pause.total_seconds() * 1.1 + 61
    assert waiting.oldest(LATER) == timedelta(0), "by then, another worker has made the next attempt"


async def test_a_notice_whose_events_were_recorded_is_tried_again_as_its_policy_says(
    engine: Engine, recording: Recording, tmp_path: Path
) -> None:
    clock = Clock()
    waiting = WaitingNotices(clock)
    error = await failed(recording, tmp_path, 12, waiting)
    assert error.next_retry_delay is None
    assert recorded(engine) == [one.sequence for one in FIRST.events]
    clock.seconds += timedelta(minutes=15).total_seconds()
    assert waiting.oldest(LATER) > timedelta(0)


@pytest.fixture
def refusing(engine: Engine) -> Iterator[None]:
    """The database refuses every row of contact details, as if our code had a fault."""
    # SQLAlchemy would quote the values of the statement, and PostgreSQL itself those of the refused row.
    refuse, undo = {
        "sqlite": (
            "CREATE TRIGGER no_contacts BEFORE INSERT ON contacts BEGIN SELECT RAISE(ABORT, 'refused'); END",
            "DROP TRIGGER no_contacts",
        ),
        "postgresql": (
            "ALTER TABLE contacts ADD CONSTRAINT no_contacts CHECK (name = 'Nobody') NOT VALID",
            "ALTER TABLE contacts DROP CONSTRAINT no_contacts",
        ),
    }[engine.dialect.name]
    with writing(engine) as connection:
        connection.exec_driver_sql(refuse)
    yield
    with writing(engine) as connection:
        connection.exec_driver_sql(undo)


@pytest.mark.usefixtures("refusing")
async def test_a_fault_in_the_record_is_logged_with_its_place_and_without_a_name(
    recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ApplicationError) as failed:
        await ActivityEnvironment().run(recording.record_events, along())
    assert "the record has a fault (IntegrityError); the worker's log says where" in str(failed.value)
    assert failed.value.__cause__ is None, "it would stand in the history"
    (line,) = (one for one in caplog.records if "the record has a fault" in one.getMessage())
    logged = logs.formatter("json").format(line)
    assert "IntegrityError" in logged
    assert "record/store.py" in logged
    assert FIRST.contact.name not in logged
