"""`status` and `timeline` of one candidacy from the record, where no workflow answers."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from cli import exits, main
from cli.main import Captured
from domain.events import ResultResolved
from domain.formats import FORMAT
from record import store, timelines
from record.database import reading
from record.events import Recorded
from tests.formats.lives import Who
from tests.record.lives import append_batch, deliver, lived
from views.entries import TimelineEntry

ANA = Who("C-1", "3f2a-first", "Ana Ruiz", "ana@example.org")
AGAIN = Who("C-1", "9b1c-again", "Ana Vogel", "vogel@example.org")
Run = Callable[..., Captured]


@pytest.fixture
def run(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on this record, where no Temporal server listens."""
    monkeypatch.setenv("CERTPATH_RECORD_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    return lambda *arguments: main.captured(arguments)


def document(done: Captured) -> Any:
    assert done.code == exits.DONE, done.err
    return json.loads(done.out)


def test_status_is_that_of_the_record_where_temporal_does_not_answer(engine: Engine, run: Run) -> None:
    life = lived("certified", ANA).append(engine)
    code = life.candidacy.workflow_id.split(":")[1]
    answer = document(run("status", "C-1", code, "--json"))
    record = answer.pop("record")
    assert (record["workflow_id"], record["enrolment"]) == (life.candidacy.workflow_id, "3f2a-first")
    assert "127.0.0.1:1" in record["why"]
    assert (answer["status"], answer["name"], answer["sequence"]) == ("certified", "Ana Ruiz", life.state.sequence)
    shown = run("status", "C-1")
    assert "Ana Ruiz" in shown.out
    assert f"This is from the record, up to event {life.state.sequence} of " in shown.err


def test_an_earlier_enrolment_is_shown_by_its_id(engine: Engine, run: Run) -> None:
    lived("withdrawn", ANA).append(engine)
    lived("many-results", AGAIN).append(engine)
    first = document(run("status", "C-1", "CCSL", "--enrolment", "3f2a", "--json"))
    assert (first["status"], first["name"], first["record"]["why"]) == ("withdrawn", "Ana Ruiz", None)
    events = document(run("timeline", "C-1", "CCSL", "--enrolment", "3f2a-first", "--json"))
    assert "Withdrawn" in {event["type"] for event in events}


@pytest.mark.parametrize(("enrolment", "code"), [("7", exits.REFUSED), ("", exits.BAD_INPUT)])
def test_an_enrolment_that_is_not_there_or_not_the_only_one_is_named(
    engine: Engine, run: Run, enrolment: str, code: int
) -> None:
    lived("withdrawn", ANA).append(engine)
    lived("many-results", AGAIN).append(engine)
    done = run("status", "C-1", "CCSL", "--enrolment", enrolment)
    assert done.code == code
    assert "3f2a-first: CCSL, withdrawn" in done.err
    assert "9b1c-again: CCSL, " in done.err
    listed = json.loads(run("status", "C-1", "CCSL", "--enrolment", enrolment, "--json").out)["error"]["enrolments"]
    assert [one["enrolment"] for one in listed] == ["3f2a-first", "9b1c-again"]
    assert listed[0]["status"] == "withdrawn"


def test_several_candidacies_are_listed_where_none_is_named(engine: Engine, run: Run) -> None:
    lived("withdrawn", ANA).append(engine)
    lived("refused", AGAIN).append(engine)
    done = run("status", "C-1", "--json")
    assert done.code == exits.BAD_INPUT
    assert {one["designation"]: one["status"] for one in json.loads(done.out)["error"]["candidacies"]} == {
        "CCSL": "withdrawn",
        "CCMA": "refused",
    }


def test_whom_the_record_does_not_know_either_is_answered_as_before(run: Run) -> None:
    done = run("status", "C-9", "CCSL", "--json")
    assert done.code == exits.UNREACHABLE
    assert json.loads(done.out)["error"]["kind"] == "unreachable"


def test_without_a_record_the_workflow_s_error_stands(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("CERTPATH_RECORD_URL", f"sqlite:///{tmp_path}/none.db")
    done = run("status", "C-1", "CCSL", "--json")
    assert (done.code, json.loads(done.out)["error"]["kind"]) == (exits.UNREACHABLE, "unreachable")
    assert "The record cannot say more" in done.err


# --- the timeline


def test_the_recorded_timeline_has_every_event_and_every_mail(engine: Engine, run: Run) -> None:
    life = lived("many-results", ANA).append(engine)
    at = datetime(2024, 3, 1, 15, 30, tzinfo=UTC)
    with reading(engine) as connection:
        about = connection.execute(text("SELECT min(about) FROM notices WHERE outcome = 'waiting'")).scalar_one()
    deliver(engine, life, about, at, "purchase-confirmed")
    events = document(run("timeline", "C-1", "CCSL", "--json"))
    numbered = [event for event in events if event["sequence"]]
    assert [event["sequence"] for event in numbered] == list(range(1, life.state.sequence + 1))
    assert [(event["type"], event["at"], event["about"]) for event in events if not event["sequence"]] == [
        ("NoticeSent", "2024-03-01T15:30:00Z", about)
    ]
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    assert ANA.email not in json.dumps(events)


def test_the_answer_of_a_workflow_is_completed_with_older_events_and_with_mails(engine: Engine) -> None:
    life = lived("many-results", ANA).append(engine)
    deliver(engine, life, 1, datetime(2024, 3, 1, 15, 30, tzinfo=UTC), "registered")
    with reading(engine) as connection:
        whole = timelines.timeline(connection, life.candidacy)
        events = [entry for entry in whole if entry.sequence]
        assert len(events) < len(whole)
        older = TimelineEntry.of(0, events[5].document()["at"], "Older", "5 older events are left out", omitted=5)
        for answer in (events, [older, *events[5:]]):
            assert timelines.completed(connection, life.candidacy, answer) == whole


def test_the_answer_of_another_enrolment_or_of_one_that_is_far_ahead_stays_as_it_is(engine: Engine) -> None:
    first = lived("many-results", ANA).append(engine)
    deliver(engine, first, 1, datetime(2024, 3, 1, 15, 30, tzinfo=UTC), "registered")
    again = [TimelineEntry.of(1, "2031-01-01T00:00:00Z", "Registered", "Registered for CCSL")]
    ahead = [TimelineEntry.of(first.state.sequence + 9, "2031-01-01T00:00:00Z", "Suspended", "Suspended")]
    with reading(engine) as connection:
        for answer in (again, ahead, []):
            assert timelines.completed(connection, first.candidacy, answer) == answer


def test_the_table_says_when_and_where_a_test_was_taken_and_who_decided(engine: Engine, run: Run) -> None:
    life = lived("many-results", ANA).append(engine)
    shown = run("timeline", "C-1", "CCSL")
    assert "From the record" not in shown.out
    assert "taken on 2024-" in shown.out
    assert "at Test Center 7" in shown.out
    decided = next(event for event in life.events if isinstance(event, ResultResolved))
    assert f"by {decided.by}" in shown.out
    only = document(run("timeline", "C-1", "CCSL", "--type", "ResultResolved", "--json"))
    assert {event["type"] for event in only} == {"ResultResolved"}


def test_the_timeline_in_csv_has_a_row_for_each_event(engine: Engine, run: Run) -> None:
    lived("held-of-a-vendor", Who("C-1", "run-1")).append(engine)
    events = document(run("timeline", "C-1", "CCSL", "--json"))
    rows = list(csv.DictReader(io.StringIO(run("timeline", "C-1", "CCSL", "--csv").out.removeprefix("\ufeff"))))
    wanted = ("sequence", "at", "type", "summary", "effective_on")
    assert [tuple(row) for row in rows] == [wanted] * len(events)
    assert [[row[field] for field in wanted] for row in rows] == [
        [str(event.get(field) or "") if field == "effective_on" else str(event[field]) for field in wanted]
        for event in events
    ]
    none = run("timeline", "C-1", "CCSL", "--type", "Revoked", "--csv")
    assert (none.code, none.out.removeprefix("\ufeff").splitlines()) == (exits.DONE, [",".join(wanted)])


def test_events_that_are_not_recorded_are_mentioned(engine: Engine) -> None:
    life = lived("many-results", ANA)
    older = sum(len(batch.events) for batch in life.batches[:3])
    for batch in life.batches[3:]:
        append_batch(engine, life.candidacy, batch, oldest=batch is life.batches[3])
    with reading(engine) as connection:
        first, *others = timelines.timeline(connection, life.candidacy)
    assert (first.type, first.document()["omitted"], first.sequence) == ("Older", older, 0)
    assert others[0].sequence == older + 1


def test_an_event_that_only_a_newer_build_can_read_is_shown_as_such(engine: Engine) -> None:
    life = lived("testing", ANA)
    batch = life.batches[0]
    newer = [replace(Recorded.of(event), format=FORMAT + 1) for event in batch.events]
    store.append(engine, life.candidacy, newer, batch.contact)
    with reading(engine) as connection:
        entries = timelines.timeline(connection, life.candidacy)
    assert [entry.type for entry in entries] == [event.type for event in newer]
    assert all("a newer build" in entry.summary for entry in entries)
