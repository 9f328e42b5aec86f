"""Messages that race a run's end, on a real server: every sender gets a receipt, every message counts once."""

import asyncio
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner

import worker
import workflows.certification
from runtime.embedded import free_port
from tests.scheme import worker_settings
from tests.waiting import PATIENCE, eventually
from tests.workflows.journeys import Candidate
from tests.workflows.outside import SlowMailbox, mail_server
from tests.workflows.seeds import plant, recertifying
from tests.workflows.senders import Senders
from trials.histories import runs_of


async def _runs_without_a_fault(candidate: Candidate) -> int:
    """Counts the runs, back to the first; in none of them has a task failed by its own fault."""
    runs = [run async for run, _ in runs_of(candidate.client, candidate.workflow_id, PATIENCE)]
    assert [run.failed_tasks for run in runs] == [[]] * len(runs)
    return len(runs)


async def test_messages_racing_a_recertification_are_answered_and_taken_once(client: Client, tmp_path: Path) -> None:
    holder = Candidate(client, "CCMA", "race-1")
    async with worker.build_worker(client, worker_settings(outbox=tmp_path)):
        await plant(holder, recertifying(holder))
        before = await holder.run_id()
        senders = Senders(holder)
        approval = {"submission_id": "E-1", "reviewer": "R. Viewer", "verdict": "approved"}
        await senders.all_at_once(40, senders.update("approval", "review_recertification", **approval))
        await senders.check(40)
        await holder.continued(before)
        status = await holder.status()
        assert (status["certificate"]["cycle"], status["status"], status["attention"]) == (2, "certified", [])
        assert (await holder.types()).count("Recertified") == 1
        assert senders.receipts["approval"][0]["events"] == ["Recertified"]
        assert await _runs_without_a_fault(holder) == 3


async def test_messages_racing_run_after_run_are_answered_and_taken_once(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Outside the sandbox, where the limit can be changed: a run now ends when twelve messages have arrived. It takes
    # those that race its end as well. Of messages that are all sent at once, one run may therefore take any number; so
    # they are sent in waves, and each wave ends at least one run.
    monkeypatch.setattr(worker, "workflow_runner", UnsandboxedWorkflowRunner)
    monkeypatch.setattr(workflows.certification, "_MESSAGES_A_RUN", 12)
    holder = Candidate(client, "CCMA", "race-2")
    async with worker.build_worker(client, worker_settings(outbox=tmp_path)):
        await plant(holder, recertifying(holder))
        senders = Senders(holder)
        for wave in range(6):
            before = await holder.run_id()
            await senders.all_at_once(10, first=10 * wave)
            await holder.continued(before)
        await senders.check(60)
        assert (await holder.status())["attention"] == ["review-waiting"], "the evidence is still under review"
        assert await _runs_without_a_fault(holder) > 6


async def test_what_is_refused_in_the_race_is_on_the_timeline_too(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "workflow_runner", UnsandboxedWorkflowRunner)
    monkeypatch.setattr(workflows.certification, "_MESSAGES_A_RUN", 10)
    holder = Candidate(client, "CCMA", "race-3")
    async with worker.build_worker(client, worker_settings(outbox=tmp_path)):
        await plant(holder, recertifying(holder, submission=None))
        await asyncio.gather(
            *(holder.signal("no_such_message", number=number) for number in range(25)),
            *(holder.signal("acknowledge", attention=f"nothing-{number}", by="M. Vogel") for number in range(25)),
        )
        await holder.has("MessageRefused", 50)
        refused = [entry for entry in await holder.timeline() if entry["type"] == "MessageRefused"]
        assert len(refused) == 50
        assert len({entry["sha256"] for entry in refused}) == 50


async def test_a_life_goes_on_when_the_worker_dies_at_the_handover(client: Client, tmp_path: Path) -> None:
    holder = Candidate(client, "CCMA", "race-4")
    settings = worker_settings(outbox=tmp_path)
    async with worker.build_worker(client, settings):
        await plant(holder, recertifying(holder))
        before = await holder.run_id()
    approval = {"submission_id": "E-1", "reviewer": "R. Viewer", "verdict": "approved"}
    await holder.signal("review_recertification", **approval)
    for number in range(30):
        await holder.signal("update_contact", name=f"Ana {number}")
    async with worker.build_worker(client, settings):
        await holder.continued(before)
        await holder.has("ContactUpdated", 30)
        assert (await holder.status())["name"] == "Ana 29"


@pytest.mark.usefixtures("_either_order")
async def test_a_holder_whose_cancellation_was_refused_continues_as_new_and_refuses_again(
    client: Client, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    holder = Candidate(client, "CCMA", f"cancel-1-{request.node.callspec.id.replace(' ', '-')}")
    async with worker.build_worker(client, worker_settings(outbox=tmp_path)):
        await plant(holder, recertifying(holder))
        await holder.handle.cancel()
        await holder.has("MessageRefused")
        await holder.approve("E-1")
        status = await holder.status()
        assert (status["certificate"]["cycle"], status["attention"]) == (2, ["cancel-refused"])
        # The server takes one cancellation a run; the new run has its own.
        await holder.handle.cancel()
        await holder.has("MessageRefused", 2)
        assert (await holder.status())["status"] == "certified"


async def test_what_closes_a_candidacy_while_it_is_handed_over_is_told_by_the_next_run(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "workflow_runner", UnsandboxedWorkflowRunner)
    monkeypatch.setattr(workflows.certification, "_MESSAGES_A_RUN", 3)
    port, mailbox = free_port(), SlowMailbox("handover-1@")
    settings = worker_settings(outbox=tmp_path, smtp_url=f"smtp://127.0.0.1:{port}")
    with mail_server(mailbox, port):
        async with worker.build_worker(client, settings):
            holder = Candidate(client, "CCMA", "handover-1")
            await plant(holder, recertifying(holder, submission=None))
            await holder.send("request_advancement", purchase={"reference": "INV-9"})
            higher = Candidate(client, "CCOM", "handover-1")
            await eventually(higher.exists, "the advancement is opened")
            await higher.has("PurchaseConfirmed")
            first = await higher.run_id()
            for number in range(3):
                await higher.signal("update_contact", name=f"Ana {number}")

            async def taken_back() -> bool:
                return (await higher.counts())["ACTIVITY_TASK_CANCEL_REQUESTED"] == 1

            await eventually(taken_back, "the run is handing over, and waits for the mail that is on its way")
            # It closes the candidacy, and has to be told to the holder's.
            receipt = await higher.send("withdraw", reason="another job")
            assert (receipt["status"], await higher.run_id()) == ("withdrawn", first)
            mailbox.may_answer.set()
            assert await higher.ended() == "withdrawn"
            assert await higher.run_id() != first
            await holder.has("AdvancementEnded")


async def test_the_ledger_remembers_the_newest_500_messages(client: Client, tmp_path: Path) -> None:
    holder = Candidate(client, "CCMA", "ledger-1")
    carried = recertifying(holder)
    entry = {"digest": "0" * 20, "status": "certified", "events": ["ContactUpdated"], "sequence": 3}
    carried["ledger"] = {f"old-{number}": entry for number in range(500)}
    async with worker.build_worker(client, worker_settings(outbox=tmp_path)):
        await plant(holder, carried)
        assert await holder.refused("update_contact", publish=True, message_id="old-0") == "message-id-reused"
        await holder.send("update_contact", name="Ana the First", message_id="new-1")
        # The oldest id is forgotten, the second oldest is not.
        assert (await holder.send("update_contact", publish=True, message_id="old-0"))["duplicate"] is False
        assert await holder.refused("update_contact", publish=True, message_id="old-2") == "message-id-reused"


def test_a_past_is_what_the_engine_would_have_lived(client: Client) -> None:
    """The seeds stand on the domain alone; this keeps them honest about what a run hands over."""
    holder = Candidate(client, "CCSL", "seed-1")
    carried = recertifying(holder)
    assert carried["format"] == 1
    assert [event["type"] for event in carried["events"]][-2:] == ["ReminderDue", "RecertificationSubmitted"]
