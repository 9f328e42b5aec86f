"""Every event of a candidacy gets into the record, in order and once, and a record that is away stops nothing."""

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from temporalio.client import Client

from record import store
from record.database import reading
from record.events import Candidacy, Kept
from record.opening import open_record
from record.tables import CONTACTS, DELIVERIES
from runtime.embedded import free_port
from tests.processes.evidence import expected_notices
from tests.scheme import worker_settings
from tests.waiting import eventually
from tests.workflows.journeys import DOMAINS, Candidate
from tests.workflows.outside import SlowMailbox, mail_server
from worker import build_worker


class Recorded:
    """The record of one test, beside its outbox."""

    def __init__(self, folder: Path) -> None:
        self.outbox = folder / "outbox"
        self.file = folder / "record.db"
        self.url = f"sqlite:///{self.file}"
        self._engine = open_record(self.url)

    @asynccontextmanager
    async def worker(self, client: Client, **settings: Any) -> AsyncIterator[None]:
        async with build_worker(client, worker_settings(outbox=self.outbox, record_url=self.url, **settings)):
            yield

    def events(self, candidate: Candidate) -> list[Kept]:
        """What is recorded of this candidate."""
        return [one for one in store.since(self._engine, 0) if one.candidacy.workflow_id == candidate.workflow_id]

    def rows(self, table: Any, candidate: Candidate) -> list[Any]:
        with reading(self._engine) as connection:
            return list(connection.execute(select(table).where(table.c.workflow_id == candidate.workflow_id)))

    async def has_all_of(self, candidate: Candidate) -> list[Kept]:
        """Waits until every event of the candidate is recorded, and every notice."""

        async def all_there() -> bool:
            recorded, sequence = self.events(candidate), (await candidate.status())["sequence"]
            return bool(recorded) and recorded[-1].event.sequence == sequence

        await eventually(all_there, "every event is recorded")
        recorded = self.events(candidate)
        assert [one.event.sequence for one in recorded] == list(range(1, len(recorded) + 1))
        assert [one.event.type for one in recorded] == await candidate.types()
        return recorded

    def copied(self, to: Path) -> Path:
        """A copy of the database as it is now."""
        with closing(sqlite3.connect(self.file)) as database, closing(sqlite3.connect(to)) as copy:
            database.backup(copy)
        return to

    def put_back(self, copy: Path) -> None:
        """Puts this copy in the place of the database, without the changes that still lie beside it."""
        self._engine.dispose()
        for file in self.file.parent.glob(f"{self.file.name}*"):
            file.unlink()
        shutil.copy(copy, self.file)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Somebody else writes to the database for the length of the block."""
        with closing(sqlite3.connect(self.file, isolation_level=None, check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")


def _days_ago(days: int) -> datetime:
    return datetime.now(tz=UTC) - timedelta(days=days)


async def _registered(candidate: Candidate) -> None:
    await candidate.start(
        purchase={"reference": "INV-1", "purchased_at": _days_ago(5).isoformat()},
        experience={"role": "Director", "started_on": "2020-01-01"},
    )
    await candidate.has("ExperienceMet")


async def test_a_life_is_recorded_whole_with_its_people_and_its_deliveries(client: Client, tmp_path: Path) -> None:
    record, candidate = Recorded(tmp_path), Candidate(client, "CCSL", "recorded-1")
    async with record.worker(client):
        await _registered(candidate)
        await candidate.send("update_contact", email="new@example.org")
        for domain in DOMAINS:
            await candidate.result(domain, taken_at=_days_ago(1))
        await candidate.submit()
        await candidate.review()
        await candidate.stands("certified")
        recorded = await record.has_all_of(candidate)
        wanted = expected_notices(await candidate.timeline())
        await eventually(
            lambda: sorted(row.about for row in record.rows(DELIVERIES, candidate)) == wanted,
            "every delivery is recorded",
        )
        assert len(candidate.notices(record.outbox)) == len(wanted)
    assert {one.candidacy for one in recorded} == {Candidacy(candidate.workflow_id, recorded[0].candidacy.enrolment)}
    first, today = sorted(record.rows(CONTACTS, candidate), key=lambda row: row.since)
    assert (first.email, today.email) == ("ana@example.org", "new@example.org")
    assert first.until == today.since
    assert today.until is None
    sent_to = {row.about: row.email for row in record.rows(DELIVERIES, candidate)}
    assert sent_to[1] == "ana@example.org"
    assert sent_to[max(sent_to)] == "new@example.org"
    personal = json.dumps([one.event.body for one in recorded])
    assert not any(text in personal for text in ("Ana", "example.org", "Director", "INV-1"))


async def test_a_record_that_is_away_stops_neither_decisions_nor_mail(client: Client, tmp_path: Path) -> None:
    record, candidate = Recorded(tmp_path), Candidate(client, "CCSL", "recorded-2")
    async with record.worker(client):
        await _registered(candidate)
        await record.has_all_of(candidate)
        known = len(record.events(candidate))
        with record.locked():
            for domain in DOMAINS:
                await candidate.result(domain, taken_at=_days_ago(1))
            # The registration, the purchase and four results: all are out while nothing can be recorded.
            await candidate.outbox_sent(record.outbox, 2 + len(DOMAINS))
            assert len(record.events(candidate)) == known
        await record.has_all_of(candidate)
        await eventually(
            lambda: len(record.rows(DELIVERIES, candidate)) == 2 + len(DOMAINS), "the deliveries are recorded later"
        )


async def test_what_comes_behind_a_notice_that_cannot_be_sent_is_recorded_alone_and_only_once(
    client: Client, tmp_path: Path
) -> None:
    record, candidate = Recorded(tmp_path), Candidate(client, "CCMA", "recorded-7")
    mailbox, port = SlowMailbox("recorded-7@", most=2), free_port()
    with mail_server(mailbox, port):
        async with record.worker(client, smtp_url=f"smtp://127.0.0.1:{port}"):
            await candidate.start(email="recorded-7@example.org")
            await eventually(lambda: mailbox.subjects, "the mail server has the first mail")
            await candidate.send("confirm_purchase", reference="INV-1", purchased_at=_days_ago(3).isoformat())
            await candidate.result(DOMAINS[0], taken_at=_days_ago(1))
            mailbox.may_answer.set()
            # The third notice has taken everything along before it failed.
            await record.has_all_of(candidate)
            await eventually(lambda: len(record.rows(DELIVERIES, candidate)) == 2, "two mails are out")
            await candidate.send("update_contact", name="Ana R.")
            await record.has_all_of(candidate)

            async def known() -> bool:
                return await candidate.effects() == 4

            await eventually(known, "it is known to be recorded")
            assert (await _activities(candidate)).count("record_events") == 1
            assert await _timers(candidate) == 1, "only the alarm clock runs"


async def _timers(candidate: Candidate) -> int:
    """How many timers run."""
    counts = await candidate.counts()
    return counts["TIMER_STARTED"] - counts["TIMER_FIRED"] - counts["TIMER_CANCELED"]


async def _activities(candidate: Candidate) -> list[str]:
    """The types of the activities of the newest run."""
    events = (await candidate.history()).events
    types = [event.activity_task_scheduled_event_attributes.activity_type.name for event in events]
    return [one for one in types if one]


async def test_events_are_recorded_although_the_mail_server_is_away(client: Client, tmp_path: Path) -> None:
    record, candidate = Recorded(tmp_path), Candidate(client, "CCMA", "recorded-3")
    record.outbox.write_text("not a folder: nothing can be delivered")
    async with record.worker(client):
        await _registered(candidate)
        for domain in DOMAINS:
            await candidate.result(domain, taken_at=_days_ago(1))
        await candidate.stands("certified")
        await record.has_all_of(candidate)
        assert record.rows(DELIVERIES, candidate) == []


async def test_yesterdays_record_gets_again_what_has_happened_since(client: Client, tmp_path: Path) -> None:
    record, candidate = Recorded(tmp_path), Candidate(client, "CCSL", "recorded-4")
    async with record.worker(client):
        await _registered(candidate)
        await record.has_all_of(candidate)
    yesterday = record.copied(tmp_path / "yesterday.db")
    known = len(record.events(candidate))
    async with record.worker(client):
        await candidate.result(DOMAINS[0], taken_at=_days_ago(1))
        await record.has_all_of(candidate)
    record.put_back(yesterday)
    assert len(record.events(candidate)) == known
    async with record.worker(client):
        await candidate.result(DOMAINS[1], taken_at=_days_ago(1))
        await record.has_all_of(candidate)


async def test_a_record_from_before_the_enrolment_gets_everything_again(client: Client, tmp_path: Path) -> None:
    record, candidate = Recorded(tmp_path), Candidate(client, "CCSL", "recorded-9")
    before = record.copied(tmp_path / "before.db")
    async with record.worker(client):
        await _registered(candidate)
        await record.has_all_of(candidate)
    record.put_back(before)
    assert record.events(candidate) == []
    async with record.worker(client):
        await candidate.result(DOMAINS[0], taken_at=_days_ago(1))
        recorded = await record.has_all_of(candidate)
        wanted = [one for one in expected_notices(await candidate.timeline()) if one > recorded[-2].event.sequence]
        await eventually(
            lambda: [row.about for row in record.rows(DELIVERIES, candidate)] == wanted,
            "the notice that went out after the copy was put back is kept",
        )
    assert [row.email for row in record.rows(CONTACTS, candidate)] == ["ana@example.org"]


async def test_a_closed_candidacy_ends_only_when_the_record_has_everything(client: Client, tmp_path: Path) -> None:
    record, candidate = Recorded(tmp_path), Candidate(client, "CCSL", "recorded-5")
    async with record.worker(client):
        await _registered(candidate)
        await record.has_all_of(candidate)
        with record.locked():
            await candidate.send("withdraw", reason="moved away")
            await candidate.outbox_sent(record.outbox, 3)
            await candidate.has("CandidacyClosed")
            assert (await candidate.handle.describe()).close_time is None
        assert await candidate.handle.result() == "withdrawn"
        await record.has_all_of(candidate)
