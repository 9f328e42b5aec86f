"""What a candidacy writes into its history: nothing that was not needed."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError

from runtime.embedded import free_port
from tests.scheme import worker_settings
from tests.waiting import eventually
from tests.workflows.journeys import DOMAINS, LEADERSHIP, PEOPLE, Candidate
from tests.workflows.outside import SlowMailbox, mail_server
from worker import build_worker

UPSERT = "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"
UPDATE = Counter(
    WORKFLOW_TASK_SCHEDULED=1,
    WORKFLOW_TASK_STARTED=1,
    WORKFLOW_TASK_COMPLETED=1,
    WORKFLOW_EXECUTION_UPDATE_ACCEPTED=1,
    WORKFLOW_EXECUTION_UPDATE_COMPLETED=1,
)
NOTICE = Counter(
    ACTIVITY_TASK_SCHEDULED=1,
    ACTIVITY_TASK_STARTED=1,
    ACTIVITY_TASK_COMPLETED=1,
    WORKFLOW_TASK_SCHEDULED=1,
    WORKFLOW_TASK_STARTED=1,
    WORKFLOW_TASK_COMPLETED=1,
    # The task that learns of it gives no other command (workflows/traces.py).
    WORKFLOW_PROPERTIES_MODIFIED=1,
)
# An activity that hands events over to the record costs what a notice costs.
ALONE = NOTICE


def _days_ago(days: int) -> datetime:
    return datetime.now(tz=UTC) - timedelta(days=days)


async def _registered(candidate: Candidate, outbox: Path) -> None:
    await candidate.start(
        purchase={"reference": "INV-1", "purchased_at": _days_ago(5).isoformat()},
        experience={"role": "Director", "started_on": "2020-01-01"},
    )
    await candidate.has("ExperienceMet")
    await _quiet(candidate, outbox, 2)


async def _quiet(candidate: Candidate, outbox: Path, notices: int, alone: int = 0) -> None:
    """Waits until so many notices are out, and the workflow knows it.

    `alone` is the number of activities that handed events over to the record without a notice.
    """
    await candidate.outbox_sent(outbox, notices)

    async def known() -> bool:
        if await candidate.effects() != notices + alone + 1:  # the scheme is loaded too
            return False
        counts = await candidate.counts()
        return counts["WORKFLOW_TASK_SCHEDULED"] == counts["WORKFLOW_TASK_COMPLETED"]

    await eventually(known, "every notice is known to be out")


async def test_a_message_costs_its_own_events_and_no_more(client: Client, tmp_path: Path) -> None:
    candidate = Candidate(client, "CCSL", "economy-1")
    async with build_worker(client, worker_settings(outbox=tmp_path)):
        await _registered(candidate, tmp_path)
        before = await candidate.counts()

        # No notice, no attribute, no alarm changes: an update and its task. No notice takes the event to the record.
        await candidate.send("update_contact", email="new@example.org", message_id="m-1")
        await _quiet(candidate, tmp_path, 2, alone=1)
        assert await candidate.counts() - before == UPDATE + ALONE

        before = await candidate.counts()
        assert (await candidate.send("update_contact", email="new@example.org", message_id="m-1"))["duplicate"]
        assert await candidate.counts() - before == UPDATE

        # A notice, but neither attributes nor alarm.
        before = await candidate.counts()
        await candidate.send("record_self_assessment", domain=PEOPLE, percentage="60")
        await _quiet(candidate, tmp_path, 3, alone=1)
        assert await candidate.counts() - before == UPDATE + NOTICE

        # One upsert: one more assessment passed. The timer is not touched.
        before = await candidate.counts()
        await candidate.result(PEOPLE, taken_at=_days_ago(1))
        await _quiet(candidate, tmp_path, 4, alone=1)
        assert await candidate.counts() - before == UPDATE + NOTICE + Counter({UPSERT: 1})

        # An invalid update is answered without a trace in the history.
        before = await candidate.counts()
        with pytest.raises(WorkflowUpdateFailedError):
            await candidate.send("extend_deadline", until="tomorrow")
        after = await candidate.counts()
        assert (after - before)[UPSERT] == 0
        assert (after - before)["WORKFLOW_EXECUTION_UPDATE_ACCEPTED"] == 0

        # The deadline moves, and with it the timer: one is cancelled, one started.
        before = await candidate.counts()
        deadline = (datetime.fromisoformat((await candidate.status())["testing_deadline"]) + timedelta(days=30)).date()
        await candidate.send("extend_deadline", until=str(deadline), reason="storm damage", approved_by="M. Vogel")
        await _quiet(candidate, tmp_path, 5, alone=1)
        moved = Counter({UPSERT: 1, "TIMER_CANCELED": 1, "TIMER_STARTED": 1})
        assert await candidate.counts() - before == UPDATE + NOTICE + moved


async def test_the_history_of_a_strategic_leader_holds_nothing_unexpected(client: Client, tmp_path: Path) -> None:
    candidate = Candidate(client, "CCSL", "economy-2")
    async with build_worker(client, worker_settings(outbox=tmp_path)):
        await _registered(candidate, tmp_path)
        for number, domain in enumerate(DOMAINS, start=1):
            await candidate.result(domain, taken_at=_days_ago(1))
            await _quiet(candidate, tmp_path, 2 + number)
        await candidate.submit()
        await _quiet(candidate, tmp_path, 7)
        await candidate.review()
        await candidate.stands("certified")
        await _quiet(candidate, tmp_path, 9)
        counts = await candidate.counts()
        tasks = counts["WORKFLOW_TASK_SCHEDULED"]
        assert counts == Counter(
            {
                "WORKFLOW_EXECUTION_STARTED": 1,
                "WORKFLOW_TASK_SCHEDULED": tasks,
                "WORKFLOW_TASK_STARTED": tasks,
                "WORKFLOW_TASK_COMPLETED": tasks,
                "WORKFLOW_EXECUTION_UPDATE_ACCEPTED": 6,
                "WORKFLOW_EXECUTION_UPDATE_COMPLETED": 6,
                # Loading the scheme; 9 notices, of which the two of the start go together, and the two of the end.
                "ACTIVITY_TASK_SCHEDULED": 8,
                "ACTIVITY_TASK_STARTED": 8,
                "ACTIVITY_TASK_COMPLETED": 8,
                # Who it is and the deadline; each assessment passed; under review; certified with its expiry.
                UPSERT: 7,
                # To the first reminder; after submitting nothing is left to remind of, so to the window's end; then
                # to the recertification window.
                "TIMER_STARTED": 3,
                "TIMER_CANCELED": 2,
                # Each task that only learned that a notice was sent.
                "WORKFLOW_PROPERTIES_MODIFIED": 7,
            }
        )
        assert tasks <= 1 + 6 + 8


async def test_what_is_decided_while_notices_go_out_costs_one_timer_that_ends_with_the_last_of_them(
    client: Client, tmp_path: Path
) -> None:
    candidate, mailbox, port = Candidate(client, "CCMA", "economy-4"), SlowMailbox("economy-4@"), free_port()
    settings = worker_settings(outbox=tmp_path, smtp_url=f"smtp://127.0.0.1:{port}")
    with mail_server(mailbox, port):
        async with build_worker(client, settings):
            await candidate.start(email="economy-4@example.org")
            await eventually(lambda: mailbox.subjects, "the mail server has the first mail")
            await candidate.send("confirm_purchase", reference="INV-1", purchased_at=_days_ago(3).isoformat())
            for domain in DOMAINS[:2]:
                await candidate.result(domain, taken_at=_days_ago(1))
            mailbox.may_answer.set()
            await eventually(lambda: len(mailbox.subjects) == 4, "every mail is out")

            async def all_known() -> bool:
                if await candidate.effects() != 5:
                    return False
                counts = await candidate.counts()
                return counts["WORKFLOW_TASK_SCHEDULED"] == counts["WORKFLOW_TASK_COMPLETED"]

            await eventually(all_known, "every notice is known to be out")
            counts = await candidate.counts()
    # The scheme; the first notice; the three that waited behind it, which cost one activity.
    assert counts["ACTIVITY_TASK_SCHEDULED"] == 3
    # The alarm clock begins with the registration, and anew with the purchase.
    assert (counts["TIMER_STARTED"], counts["TIMER_CANCELED"], counts["TIMER_FIRED"]) == (3, 2, 0)


async def test_a_signal_that_comes_while_a_notice_goes_out_costs_its_task_and_one_timer(
    client: Client, tmp_path: Path
) -> None:
    """The timer is the command of the task, so that nothing is counted in the memo beside it."""
    candidate, mailbox, port = Candidate(client, "CCMA", "economy-5"), SlowMailbox("economy-5@"), free_port()
    settings = worker_settings(outbox=tmp_path, smtp_url=f"smtp://127.0.0.1:{port}")
    with mail_server(mailbox, port):
        async with build_worker(client, settings):
            bought = {"reference": "INV-1", "purchased_at": _days_ago(3).isoformat()}
            await candidate.start(email="economy-5@example.org", purchase=bought)
            await eventually(lambda: mailbox.subjects, "the mail server has the first mail")
            before = await candidate.counts()
            await candidate.signal("record_self_assessment", domain=PEOPLE, percentage="60")
            await candidate.has("SelfAssessmentRecorded")
            assert await candidate.counts() - before == Counter(
                WORKFLOW_EXECUTION_SIGNALED=1,
                WORKFLOW_TASK_SCHEDULED=1,
                WORKFLOW_TASK_STARTED=1,
                WORKFLOW_TASK_COMPLETED=1,
                TIMER_STARTED=1,
            )
            mailbox.may_answer.set()
            await eventually(lambda: len(mailbox.subjects) == 3, "every mail is out")


async def test_search_attributes_are_what_the_query_says_after_every_step(client: Client, tmp_path: Path) -> None:
    candidate = Candidate(client, "CCMA", "economy-3")
    async with build_worker(client, worker_settings(outbox=tmp_path)):
        await candidate.start()
        await candidate.has("Registered")
        assert (await _shown(candidate))["CertificationStatus"] == ["awaiting_purchase"]
        await candidate.send("confirm_purchase", reference="INV-1", purchased_at=_days_ago(3).isoformat())
        for number, domain in enumerate(DOMAINS, start=1):
            await candidate.result(domain, taken_at=_days_ago(1))
            shown = await _shown(candidate)
            assert shown["AssessmentsPassed"] == [number]
            assert shown["CertificationStatus"] == [(await candidate.status())["status"]]
        await candidate.result(LEADERSHIP, "20", taken_at=_days_ago(1), result_id="H-1", passed=True)
        assert (await _shown(candidate))["NeedsAttention"] == ["held-result:H-1"]
        await candidate.send("withdraw")
        await candidate.ended()
        shown = await _shown(candidate)
        assert shown["CertificationStatus"] == ["withdrawn"]
        assert not shown.get("NeedsAttention")
        assert not shown.get("NextDeadline")


async def _shown(candidate: Candidate) -> dict[str, list[object]]:
    described = await candidate.handle.describe()
    return {name: list(values) for name, values in described.search_attributes.items()}
