"""Candidacies move to the build that is current: asleep, busy, in a flood of messages, closed; and nothing is lost."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Engine
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionOptionsRequest
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateStage

from activities.recording import Recording
from client import finding
from client.list_language import Filter
from record.opening import open_record
from runtime.builds import Build
from runtime.embedded import EmbeddedServer, free_port
from tests.namespaces import new_namespace
from tests.scheme import worker_settings
from tests.waiting import PATIENCE, eventually
from tests.workflows.builds import DEPLOYMENT, build_of, is_on, make_current
from tests.workflows.journeys import OPERATIONS, PEOPLE, Candidate
from tests.workflows.outside import Mailbox, SlowMailbox, buyer, mail_server, marked, scoring, slow_key, write_to
from tests.workflows.senders import Senders
from worker import build_replayer, build_worker

EXPERIENCE = {"role": "Operations Manager", "started_on": "2020-01-01"}


@pytest_asyncio.fixture(scope="module")
async def client(embedded: EmbeddedServer) -> Client:
    """A client of a namespace of this file's own: once a build is current, workers without a build get nothing."""
    return await new_namespace(embedded)


@asynccontextmanager
async def at_work(client: Client, folder: Path, *builds: str, **changed: Any) -> AsyncIterator[None]:
    """A worker of each of these builds; the first one is made current."""
    settings = worker_settings(**{"outbox": folder / "outbox", **changed})
    async with contextlib.AsyncExitStack() as stack:
        for build in builds:
            await stack.enter_async_context(build_worker(client, settings, build=Build(DEPLOYMENT, build)))
        await make_current(client, builds[0])
        yield


async def certified(client: Client, candidate_id: str, designation: str = "CCMA") -> Candidate:
    holder = await buyer(client, candidate_id, designation)
    await holder.pass_all(datetime.now(tz=UTC))
    await holder.stands("certified")
    return holder


async def at_rest(candidate: Candidate, effects: int) -> None:
    """Waits until so many effects are carried out and no workflow task is left."""

    async def nothing_left() -> bool:
        if await candidate.effects() != effects:
            return False
        counts = await candidate.counts()
        return counts["WORKFLOW_TASK_SCHEDULED"] == counts["WORKFLOW_TASK_COMPLETED"]

    await eventually(nothing_left, f"{candidate.workflow_id} has nothing to do")


async def all_is_sent(candidate: Candidate, folder: Path, count: int) -> None:
    """Waits until the notices are out, so that the candidacy has nothing to do before its next alarm."""
    await candidate.outbox_sent(folder / "outbox", count)


async def test_a_sleeping_candidacy_moves_when_it_is_woken_and_sleeps_on_where_there_is_nothing_to_do(
    client: Client, tmp_path: Path
) -> None:
    async with at_work(client, tmp_path, "A", "B"):
        holder = await certified(client, "move-1")
        await all_is_sent(holder, tmp_path, 7)
        status, timeline = await holder.status(), await holder.timeline()
        assert await build_of(holder) == "A"

        async def as_if_older(name: str) -> None:
            """An older build refuses the update, which it does not know, and then gets the signal."""
            with pytest.raises(WorkflowUpdateFailedError):
                await holder.handle.execute_update("no_such_message")
            await holder.handle.signal(name)

        for build, wake in (("B", holder.handle.signal), ("A", holder.handle.execute_update), ("B", as_if_older)):
            before = await holder.run_id()
            await make_current(client, build)
            await wake("wake")
            await holder.continued(before)
            assert await build_of(holder) == build
            assert (await holder.status(), await holder.timeline()) == (status, timeline)
            counts = await holder.counts()
            assert counts["TIMER_STARTED"] == 1, "the alarm clock goes on"
            assert counts["ACTIVITY_TASK_SCHEDULED"] == 0, "no notice is sent again"
            moved_from = await client.get_workflow_handle(holder.workflow_id, run_id=before).fetch_history()
            await build_replayer(client.data_converter).replay_workflow(moved_from)

        # Where it runs on the current build already, it is woken for nothing.
        before = await holder.run_id()
        await holder.handle.signal("wake")
        await holder.handle.signal("wake", args=["with", {"two": "payloads"}])
        assert await holder.handle.execute_update("wake") is None
        assert await holder.handle.execute_update("wake", args=["with", {"two": "payloads"}]) is None
        receipt = await holder.send("update_contact", name="Ana R.")
        assert receipt["events"] == ["ContactUpdated"]
        assert (await holder.run_id(), (await holder.timeline())[:-1]) == (before, timeline)


async def test_any_message_moves_a_candidacy_after_its_answer(client: Client, tmp_path: Path) -> None:
    async with at_work(client, tmp_path, "A", "B"):
        candidate = await buyer(client, "move-3")
        before = await candidate.run_id()
        await make_current(client, "B")
        receipt = await candidate.result(PEOPLE, taken_at=datetime.now(tz=UTC), message_id="m-1")
        await candidate.continued(before)
        await is_on(candidate, "B")
        again = await candidate.result(
            PEOPLE,
            taken_at=datetime.fromisoformat((await candidate.last("AssessmentPassed"))["result"]["taken_at"]),
            result_id="R-1",
            message_id="m-1",
        )
        assert (receipt["events"], again) == (["AssessmentPassed"], {**receipt, "duplicate": True})


async def test_a_result_that_is_being_scored_is_answered_before_its_candidacy_moves(
    client: Client, tmp_path: Path
) -> None:
    with slow_key(tmp_path / "keys") as pipe:
        async with at_work(client, tmp_path, "A", "B", answer_keys=pipe.parent):
            candidate = await buyer(client, "move-4")
            slow = asyncio.create_task(candidate.send("record_assessment_result", **marked(1)))
            await scoring(candidate)
            await make_current(client, "B")
            await candidate.handle.signal("wake")
            beside = await candidate.result(OPERATIONS, taken_at=datetime.now(tz=UTC))
            assert beside["events"] == ["AssessmentPassed"]
            assert (await build_of(candidate), slow.done()) == ("A", False)
            await asyncio.to_thread(write_to, pipe)
            assert (await slow)["events"] == ["AssessmentPassed"]
            await is_on(candidate, "B")
            assert (await candidate.types()).count("AssessmentPassed") == 2


async def test_notices_that_wait_are_sent_by_the_build_to_which_their_candidacy_moved_closed_or_not(
    client: Client, tmp_path: Path
) -> None:
    port, mailbox = free_port(), Mailbox("move-5")  # the mails of both
    async with at_work(client, tmp_path, "A", "B", smtp_url=f"smtp://127.0.0.1:{port}"):
        holder = await certified(client, "move-5")
        closed = await buyer(client, "move-5-closed")
        await closed.send("withdraw", reason="another job")
        await make_current(client, "B")
        for candidate in (holder, closed):
            await candidate.handle.signal("wake")
        for candidate in (holder, closed):
            await is_on(candidate, "B")
        assert (await closed.status())["status"] == "withdrawn"
        assert await closed.refused("update_contact", name="Ana R.") == "closed"
        with mail_server(mailbox, port):

            async def all_there() -> bool:
                return len(mailbox.subjects) >= 7 + 3

            assert await closed.ended() == "withdrawn"
            await eventually(all_there, "seven mails for the holder and three for the closed one")
        assert len(mailbox.subjects) == 7 + 3
        assert "NoticeUndeliverable" not in await closed.types()


async def test_a_closed_candidacy_that_must_tell_another_one_counts_as_left_until_it_has_moved_or_ended(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_work(client, tmp_path, "A", "B"):
        holder = await certified(client, "move-11")
        await holder.send("request_advancement", purchase={"reference": "INV-9"})
        higher = Candidate(client, "CCOM", "move-11")
        await eventually(higher.exists, "the advancement is opened")
        await higher.has("PurchaseConfirmed")
        before = await holder.types()

        async def left(build: str) -> int:
            elsewhere = Filter(not_on=(f"certpath:{build}",), candidate_id="move-11", designations=("CCOM",))
            return await finding.count(client, elsewhere)

        with monkeypatch.context() as patched:
            # No call of an activity reaches the other candidacy in this time.
            patched.setattr("activities.advancement._RPC", timedelta(microseconds=1))
            await higher.send("withdraw", reason="another job")
            await at_rest(higher, effects=4)  # with anything else left to do, it would move by itself
            await make_current(client, "B")

            async def found_elsewhere() -> bool:
                return await left("B") == 1

            await eventually(found_elsewhere, "the closed candidacy is found on the build before")
            await higher.handle.signal("wake")
            await is_on(higher, "B")

            async def nobody_left() -> bool:
                return await left("B") == 0

            await eventually(nobody_left, "it is found on the new build")
            assert ((await higher.status())["status"], await holder.types()) == ("withdrawn", before)
        assert await higher.ended() == "withdrawn"
        await holder.has("AdvancementEnded")
        assert await build_of(higher) == "B"
        await make_current(client, "A")

        async def nobody_left_again() -> bool:
            return await left("A") == 0

        await eventually(nobody_left_again, "it has ended, stays where it is, and counts no more")


async def test_a_notice_that_is_on_its_way_is_not_sent_again_after_the_move(client: Client, tmp_path: Path) -> None:
    port, mailbox = free_port(), SlowMailbox("move-9@")
    with mail_server(mailbox, port):
        async with at_work(client, tmp_path, "A", "B", smtp_url=f"smtp://127.0.0.1:{port}"):
            candidate = await buyer(client, "move-9")
            await eventually(lambda: mailbox.subjects, "the mail server has the first mail")
            await make_current(client, "B")
            await candidate.handle.signal("wake")

            async def taken_back() -> bool:
                return (await candidate.counts())["ACTIVITY_TASK_CANCEL_REQUESTED"] == 1

            await eventually(taken_back, "the notice is taken back, if it was not sent")
            assert await build_of(candidate) == "A"
            mailbox.may_answer.set()
            await is_on(candidate, "B")
            await eventually(lambda: len(mailbox.subjects) >= 2, "two mails")
            await candidate.send("withdraw", reason="another job")
            assert await candidate.ended() == "withdrawn"
    assert len(mailbox.subjects) == len(set(mailbox.subjects)) == 3


async def test_a_notice_that_went_out_is_not_sent_again_after_a_move_that_the_record_does_not_wait_for(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, mailbox, answers = free_port(), Mailbox("move-12@"), threading.Event()

    def opened(url: str) -> Engine:
        answers.wait(PATIENCE)
        return open_record(url)

    monkeypatch.setattr("activities.record_writer.open_record", opened)
    # The record takes a write and does not answer, and the attempt waits for it longer than the move for the notice.
    monkeypatch.setattr("activities.recording.Recording", partial(Recording, answer_seconds=PATIENCE))
    own_record = {"record_url": f"sqlite:///{tmp_path / 'record.db'}", "smtp_url": f"smtp://127.0.0.1:{port}"}
    with mail_server(mailbox, port):
        async with at_work(client, tmp_path, "A", "B", **own_record):
            candidate = await buyer(client, "move-12")
            await eventually(lambda: mailbox.subjects, "the first mail is out")
            await make_current(client, "B")
            await candidate.handle.signal("wake")
            await is_on(candidate, "B")
            assert not answers.is_set()
            answers.set()
            await candidate.send("withdraw", reason="another job")
            assert await candidate.ended() == "withdrawn"
            assert "NoticeUndeliverable" not in await candidate.types()
    assert len(mailbox.subjects) == len(set(mailbox.subjects)) == 3


@pytest.mark.usefixtures("_either_order")
@pytest.mark.parametrize("order", ["before the signal", "after the signal", "after the update"])
async def test_a_cancellation_that_comes_with_the_message_that_moves_a_candidacy_withdraws_it(
    client: Client, tmp_path: Path, order: str, request: pytest.FixtureRequest
) -> None:
    async with at_work(client, tmp_path, "A", "B"):
        candidate = await buyer(client, f"move-13-{request.node.callspec.id.replace(' ', '-')}")
        await candidate.outbox_sent(tmp_path / "outbox", 2)
        await at_rest(candidate, effects=3)
        first = await candidate.run_id()
        await make_current(client, "B")
    # Nobody works now, so that one workflow task brings both.
    waking: asyncio.Task[Any] | None = None
    if order == "after the update":
        waking = asyncio.create_task(candidate.handle.execute_update("wake"))
    elif order == "after the signal":
        await candidate.handle.signal("wake")
    await candidate.handle.cancel()
    if order == "before the signal":
        await candidate.handle.signal("wake")
    async with at_work(client, tmp_path, "B", "A"):
        assert await candidate.ended() == "withdrawn"
        if waking:
            assert await waking is None
        for run in (first, await candidate.run_id()):
            await build_replayer(client.data_converter).replay_workflow(await candidate.history(run))


async def test_a_candidacy_that_asks_its_lower_certificate_moves_when_it_has_the_answer(
    client: Client, tmp_path: Path
) -> None:
    settings = worker_settings(outbox=tmp_path / "outbox")
    async with at_work(client, tmp_path, "A", "B"):
        async with build_worker(client, settings, build=Build(DEPLOYMENT, "C")):
            holder = await certified(client, "move-7")
            await holder.send("request_advancement", purchase={"reference": "INV-9"}, experience=EXPERIENCE)
            higher = Candidate(client, "CCOM", "move-7")
            await eventually(higher.exists, "the advancement is opened")
            await higher.has("ExperienceMet")
            await at_rest(higher, effects=3)  # with anything left to do, it would move as well
            await make_current(client, "C")
            await holder.handle.signal("wake")
            await is_on(holder, "C")
        # Nobody works for the holder now, so that the question of the higher candidacy finds no answer.
        await make_current(client, "A")
        await higher.submit()
        await higher.review()
        await make_current(client, "B")
        await higher.handle.signal("wake")
        receipt = await higher.send("update_contact", name="Ana R.")
        assert (receipt["events"], await build_of(higher)) == (["ContactUpdated"], "A")
        async with build_worker(client, settings, build=Build(DEPLOYMENT, "C")):
            await higher.stands("certified")
            assert await holder.ended() == "superseded"
        await is_on(higher, "B")
        assert (await higher.last("Certified"))["effective_at"] == (await holder.last("Superseded"))["at"]


@asynccontextmanager
async def with_a_broken_scheme_on_a(client: Client, folder: Path) -> AsyncIterator[None]:
    """Workers of two builds: that of A, which is current, cannot read its scheme file, and that of B can."""
    broken = folder / "scheme.toml"
    broken.write_text("version = ")
    other = worker_settings(outbox=folder / "outbox")
    async with at_work(client, folder, "A", scheme=broken), build_worker(client, other, build=Build(DEPLOYMENT, "B")):
        yield


async def test_a_candidacy_whose_scheme_cannot_be_read_here_is_registered_by_the_other_build(
    client: Client, tmp_path: Path
) -> None:
    async with with_a_broken_scheme_on_a(client, tmp_path):
        candidate = Candidate(client, "CCMA", "move-10")
        await candidate.start()
        first = await candidate.run_id()
        assert (await candidate.status())["sequence"] == 0
        await make_current(client, "B")
        await candidate.handle.signal("wake")
        await is_on(candidate, "B")
        await candidate.has("Registered")
        described = (await candidate.handle.describe()).raw_description.workflow_execution_info
        assert (await candidate.run_id() != first, described.first_run_id) == (True, first)
        receipt = await candidate.send("confirm_purchase", reference="INV-1")
        assert receipt["events"] == ["PurchaseConfirmed"]
        await candidate.outbox_sent(tmp_path / "outbox", 2)
        assert candidate.notices(tmp_path / "outbox") == ["registered", "purchase-confirmed"]


async def test_where_messages_wait_for_a_scheme_that_cannot_be_read_the_emergency_override_loses_none(
    client: Client, tmp_path: Path
) -> None:
    """The candidacy does not move by itself, because an accepted update would fail at its sender. docs/upgrading.md."""
    async with with_a_broken_scheme_on_a(client, tmp_path):
        candidate = Candidate(client, "CCMA", "move-waiting")
        await candidate.start()
        first = await candidate.run_id()
        await candidate.signal("record_experience", **EXPERIENCE)
        paid = await candidate.handle.start_update(
            "confirm_purchase", {"reference": "INV-1"}, wait_for_stage=WorkflowUpdateStage.ACCEPTED
        )
        await make_current(client, "B")
        await candidate.handle.signal("wake")
        await candidate.handle.execute_update("wake")
        assert (await candidate.run_id(), await build_of(candidate)) == (first, "A")

        await override(candidate, "B")
        await candidate.has("Registered")
        assert (await paid.result())["events"] == ["PurchaseConfirmed"]
        assert await candidate.types() == ["Registered", "ExperienceRecorded", "ExperienceMet", "PurchaseConfirmed"]
        await is_on(candidate, "B")
        assert await candidate.run_id() == first
        await build_replayer(client.data_converter).replay_workflow(await candidate.history())
        # It has come to stay, and moves with the next build as everyone does.
        await make_current(client, "A")
        await candidate.handle.signal("wake")
        await candidate.continued(first)


async def override(candidate: Candidate, build: str) -> None:
    """As `temporal workflow update-options --versioning-override-behavior one_time` does it."""
    request = UpdateWorkflowExecutionOptionsRequest(namespace=candidate.client.namespace)
    request.workflow_execution.workflow_id = candidate.workflow_id
    target = request.workflow_execution_options.versioning_override.one_time.target_deployment_version
    target.deployment_name, target.build_id = "certpath", build
    request.update_mask.paths.append("versioning_override")
    await candidate.client.workflow_service.update_workflow_execution_options(request, retry=True)


async def test_messages_racing_a_move_are_answered_and_taken_once(client: Client, tmp_path: Path) -> None:
    async with at_work(client, tmp_path, "A", "B"):
        holder = await certified(client, "move-8")
        senders = Senders(holder)

        async def move(build: str) -> None:
            await make_current(client, build)
            await holder.handle.signal("wake")

        await senders.all_at_once(40, move("B"), move("A"), move("B"))
        await senders.check(40)
        # The three moves ran side by side, so that either build may be current now.
        await move("B")
        await is_on(holder, "B")
