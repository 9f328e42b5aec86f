"""After an outage: messages first, then the alarms one by one, each with its own day (rule 5, architecture).

On the real server, with journals that are handed over with alarms long due: the time-skipping server's clock stands
still while a task waits for a worker.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from domain.calendar import add_days, day_of, end_of
from runtime.settings import ROOT
from tests.scheme import worker_settings
from tests.workflows.journeys import LEADERSHIP, Candidate, wire
from tests.workflows.seeds import Past, plant
from worker import build_worker

ZONE = "America/Chicago"
KEYS = ROOT / "examples" / "answer-keys"
DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(tz=UTC)


@asynccontextmanager
async def after(client: Client, outbox: Path, candidate: Candidate, past: Past, *signals: Any) -> AsyncIterator[None]:
    """The worker starts when everything of this past is due, and the messages of the outage are there."""
    await plant(candidate, past.journal.carried())
    for name, payload in signals:
        await candidate.signal(name, **payload)
    async with build_worker(client, worker_settings(outbox=outbox)):
        yield


async def test_of_the_reminders_missed_only_the_newest_goes_out(client: Client, tmp_path: Path) -> None:
    candidate = Candidate(client, "CCSL", "outage-1")
    past = Past(candidate, now() - 715 * DAY)
    assert past.journal.state.window
    async with after(client, tmp_path, candidate, past):
        await candidate.has("ReminderDue")
        await candidate.outbox_sent(tmp_path, 1)
        reminder = await candidate.last("ReminderDue")
        assert reminder["what"].startswith("30 days")
        assert reminder["effective_on"] == add_days(past.journal.state.window.deadline, -30).isoformat()
        assert (await candidate.types()).count("ReminderDue") == 1
        assert candidate.notices(tmp_path) == ["reminder-due"]
        assert (await candidate.status())["next"]["what"].startswith("reminder: 7 days")


async def test_a_message_from_the_outage_is_taken_before_the_alarms_that_fell_due(
    client: Client, tmp_path: Path
) -> None:
    candidate = Candidate(client, "CCMA", "outage-2")
    past = Past(candidate, now() - 800 * DAY).passes(but=LEADERSHIP)
    window = past.journal.state.window
    assert window
    assert window.settles_at < now()
    # Taken in the last second, delivered while window and settlement went by with nobody there.
    taken_at = wire(window.closes_at - timedelta(seconds=1))
    result = {"result_id": "LATE", "domain": LEADERSHIP, "taken_at": taken_at, "percentage": "70"}
    contact = {"email": "new@example.org"}
    messages = (("update_contact", contact), ("record_assessment_result", result))
    async with after(client, tmp_path, candidate, past, *messages):
        await candidate.has("Certified")
        types = await candidate.types()
        assert types[-3:] == ["ContactUpdated", "AssessmentPassed", "Certified"]
        assert {"TestingWindowClosed", "ReminderDue", "CandidacyClosed"}.isdisjoint(types)
        certified = await candidate.last("Certified")
        assert "effective_on" not in certified
        assert certified["effective_at"] == certified["at"]


async def test_years_without_a_worker_leave_every_border_on_its_own_day(client: Client, tmp_path: Path) -> None:
    candidate = Candidate(client, "CCMA", "outage-3")
    past = Past(candidate, now() - 1200 * DAY).certify()
    certificate = past.journal.state.certificate
    assert certificate
    before = past.journal.state.sequence
    async with after(client, tmp_path, candidate, past):
        await candidate.stands("lapsed")
        missed = [entry for entry in await candidate.timeline() if entry["sequence"] > before]
        assert [(entry["type"], entry["effective_on"]) for entry in missed] == [
            ("RecertificationWindowOpened", certificate.window_opens_on.isoformat()),
            ("CertificateExpired", add_days(certificate.expires_on, 1).isoformat()),
            ("CertificationLapsed", add_days(certificate.grace_ends_on, 1).isoformat()),
        ]
        status = await candidate.status()
        assert status["next"]["on"] == certificate.ends_on.isoformat()
        assert status["certificate"]["expires_on"] == certificate.expires_on.isoformat()
        found = (await candidate.handle.describe()).search_attributes
        assert found["NextDeadline"] == [end_of(certificate.ends_on, ZONE)]
        # The holder can no longer do what the notices of the opening and of the expiry would ask for (R12).
        await candidate.outbox_sent(tmp_path, 1)
        assert candidate.notices(tmp_path) == ["certification-lapsed"]


async def test_an_anniversary_in_the_outage_certifies_as_of_that_day(client: Client, tmp_path: Path) -> None:
    candidate = Candidate(client, "CCSL", "outage-4")
    begun = now() - 300 * DAY
    past = Past(candidate, begun, since=(begun - 200 * DAY).date()).certify(yet=False)
    (claim,) = past.journal.state.experience
    assert claim.met_on
    async with after(client, tmp_path, candidate, past):
        await candidate.stands("certified")
        certified = await candidate.last("Certified")
        day = claim.met_on.isoformat()
        assert (certified["effective_on"], certified["certified_on"], certified["anchor"]) == (day, day, day)
        assert (await candidate.status())["certificate"]["in_force"] is True


@pytest.mark.parametrize("message", [None, "update_contact"])
async def test_an_outage_over_the_whole_window_times_out_on_the_right_day(
    client: Client, tmp_path: Path, message: str | None
) -> None:
    candidate = Candidate(client, "CCSL", f"outage-5-{message}")
    past = Past(candidate, now() - 800 * DAY)
    window = past.journal.state.window
    assert window
    signals = [(message, {"email": "new@example.org"})] if message else []
    async with after(client, tmp_path, candidate, past, *signals):
        assert await candidate.ended() == "timed_out"
        types = [(entry["type"], entry.get("effective_on")) for entry in await candidate.timeline()]
        assert types[-2:] == [
            ("TestingWindowClosed", add_days(window.deadline, 1).isoformat()),
            ("CandidacyClosed", add_days(window.deadline, 15).isoformat()),
        ]
        assert "ReminderDue" not in await candidate.types()


async def test_an_abandoned_registration_is_closed_as_of_its_90th_day(client: Client, tmp_path: Path) -> None:
    candidate = Candidate(client, "CCSL", "outage-6")
    past = Past(candidate, now() - 200 * DAY, paid=False)
    async with after(client, tmp_path, candidate, past):
        assert await candidate.ended() == "abandoned"
        closed = await candidate.last("CandidacyClosed")
        assert closed["effective_on"] == day_of(past.journal.state.abandons_at, ZONE).isoformat()


async def test_no_border_rings_over_a_result_that_has_arrived_and_is_being_scored(
    client: Client, tmp_path: Path
) -> None:
    candidate = Candidate(client, "CCMA", "outage-scored")
    past = Past(candidate, now() - 800 * DAY).passes(but=LEADERSHIP)
    window = past.journal.state.window
    assert window
    assert window.settles_at < now()
    key = json.loads((KEYS / "LB-A.json").read_text())
    taken_at = wire(window.closes_at - timedelta(seconds=1))
    result = {"result_id": "LATE", "domain": LEADERSHIP, "taken_at": taken_at}
    await plant(candidate, past.journal.carried())
    await candidate.signal("record_assessment_result", **result, form=key["form"], responses=key["answers"])
    async with build_worker(client, worker_settings(outbox=tmp_path, answer_keys=KEYS)):
        await candidate.has("Certified")
        assert {"TestingWindowClosed", "CandidacyClosed"}.isdisjoint(await candidate.types())
