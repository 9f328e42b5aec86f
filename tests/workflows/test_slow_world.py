"""When the world is slow or away: inquiries delay their own message only, effects delay nothing at all."""

import asyncio
import contextlib
import shutil
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner

import worker
import workflows.calls
import workflows.certification
from activities import delivery, hanging
from activities.advancement import Advancement
from activities.requests import OpeningRequest
from runtime.embedded import free_port
from tests.scheme import SCHEME_FILE, worker_settings
from tests.waiting import eventually
from tests.workflows.journeys import LEADERSHIP, OPERATIONS, PEOPLE, Candidate, World, local
from tests.workflows.outside import (
    KEY,
    HangingMailServer,
    Mailbox,
    SlowMailbox,
    buyer,
    mail_server,
    marked,
    scoring,
    slow_key,
    write_to,
)
from worker import build_worker

NOBODY = "smtp://127.0.0.1:1"
HOUR = timedelta(hours=1)


async def test_slow_scoring_delays_its_own_message_only(client: Client, tmp_path: Path) -> None:
    with slow_key(tmp_path / "keys") as pipe:
        settings = worker_settings(outbox=tmp_path / "outbox", answer_keys=pipe.parent)
        async with build_worker(client, settings):
            candidate = await buyer(client, "slow-1")
            slow = asyncio.create_task(candidate.send("record_assessment_result", **marked(1)))
            await scoring(candidate)
            behind = await candidate.result(OPERATIONS, taken_at=datetime.now(tz=UTC))
            assert behind["events"] == ["AssessmentPassed"]
            assert not slow.done()
            await asyncio.to_thread(write_to, pipe)
            assert (await slow)["events"] == ["AssessmentPassed"]
            assert (await candidate.status())["assessments"][PEOPLE]["percentage"] == "100.00"
            await candidate.send("withdraw")
            await candidate.ended()


async def test_a_withdrawal_behind_a_slow_scoring_is_answered_at_once(client: Client, tmp_path: Path) -> None:
    with slow_key(tmp_path / "keys") as pipe:
        settings = worker_settings(outbox=tmp_path / "outbox", answer_keys=pipe.parent)
        async with build_worker(client, settings):
            candidate = await buyer(client, "slow-2")
            slow = asyncio.create_task(candidate.send("record_assessment_result", **marked(1)))
            await scoring(candidate)
            receipt = await candidate.send("withdraw", reason="another job")
            assert receipt["status"] == "withdrawn"
            assert not slow.done()
            await asyncio.to_thread(write_to, pipe)
            # The one behind the key is answered too, before the workflow ends: nothing vanishes.
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await slow
            assert isinstance(refused.value.cause, ApplicationError)
            assert refused.value.cause.details[0] == {"code": "closed"}
            assert await candidate.ended() == "withdrawn"
            assert (await candidate.last("MessageRefused"))["message"] == "record_assessment_result"


async def test_the_same_message_again_beside_the_first_waits_for_it_and_counts_once(
    client: Client, tmp_path: Path
) -> None:
    with slow_key(tmp_path / "keys") as pipe:
        settings = worker_settings(outbox=tmp_path / "outbox", answer_keys=pipe.parent)
        async with build_worker(client, settings):
            candidate = await buyer(client, "slow-3")
            message = marked(1, message_id="m-1")
            both = [asyncio.create_task(candidate.send("record_assessment_result", **message)) for _ in range(2)]
            await scoring(candidate)
            await asyncio.to_thread(write_to, pipe)
            receipts = await asyncio.gather(*both)
            assert sorted(receipt["duplicate"] for receipt in receipts) == [False, True]
            assert len({receipt["sequence"] for receipt in receipts}) == 1
            assert (await candidate.types()).count("AssessmentPassed") == 1
            await candidate.send("withdraw")
            await candidate.ended()


async def test_a_key_that_never_answers_holds_the_result(world: World, tmp_path: Path) -> None:
    # No folder of keys at all: the same for the engine, and nothing to wait for.
    candidate = await world.registered("CCMA")
    receipt = await candidate.send("record_assessment_result", **marked(1, taken_at=(await world.now()).isoformat()))
    assert receipt["events"] == ["ResultHeld"]
    assert await candidate.attention() == ["held-result:F-1"]
    held = await candidate.last("ResultHeld")
    assert held["reason"] == "unscored"
    assert "responses" not in held["result"]


# --- notices


async def test_a_mail_server_that_is_down_delays_no_decision_and_gets_every_mail_in_order(
    client: Client, tmp_path: Path
) -> None:
    port = free_port()
    settings = worker_settings(outbox=tmp_path, smtp_url=f"smtp://127.0.0.1:{port}")
    async with build_worker(client, settings):
        candidate = await buyer(client, "mail-1")
        await candidate.pass_all(datetime.now(tz=UTC))
        assert (await candidate.status())["status"] == "certified"
        mailbox = Mailbox("mail-1@")
        with mail_server(mailbox, port):

            async def all_there() -> bool:
                return len(mailbox.subjects) >= 7

            await eventually(all_there, "seven mails")
        passed = [subject for subject in mailbox.subjects if "You passed" in subject]
        assert len(mailbox.subjects) == 7
        assert [mailbox.subjects.index(subject) for subject in passed] == [2, 3, 4, 5]
        await candidate.send("withdraw")


async def test_a_mail_server_that_hangs_delays_no_decision(client: Client, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = worker_settings(outbox=tmp_path, smtp_url=f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        async with build_worker(client, settings):
            candidate = await buyer(client, "mail-2")
            await candidate.pass_all(datetime.now(tz=UTC))
            assert (await candidate.status())["status"] == "certified"
            counts = await candidate.counts()
            assert counts["ACTIVITY_TASK_SCHEDULED"] == 2, "the scheme, and the first notice: one at a time"
            silent.close()


@pytest.mark.parametrize(
    ("at", "long_seconds", "number"),
    [("EHLO", 2.0, 8), ("MAIL", 2.0, 8), ("RCPT", 2.0, 8), ("DATA", hanging.LONG_SECONDS, 16)],
)
async def test_a_mail_server_that_hangs_keeps_no_result_from_being_scored(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, long_seconds: float, number: int
) -> None:
    """The limit of production is waited for once. In each case the score must come within the minute of production."""
    for module in (hanging, delivery):
        monkeypatch.setattr(module, "LONG_SECONDS", long_seconds)
    monkeypatch.setattr(worker, "_ACTIVITIES", 4)
    async with contextlib.AsyncExitStack() as until:
        url = await until.enter_async_context(HangingMailServer(at))
        settings = worker_settings(outbox=tmp_path, smtp_url=url, answer_keys=KEY.parent)
        await until.enter_async_context(build_worker(client, settings))
        candidates = await asyncio.gather(*(buyer(client, f"hanging-{at}-{one}") for one in range(number)))
        receipts = await asyncio.gather(
            *(candidate.send("record_assessment_result", **marked(1)) for candidate in candidates)
        )
        assert [receipt["events"] for receipt in receipts] == [["AssessmentPassed"]] * len(candidates)
        for candidate in candidates:
            await candidate.handle.terminate("its notices would be sent by the workers of other tests")


async def test_a_refused_address_is_undeliverable_at_once_until_it_is_corrected(client: Client, tmp_path: Path) -> None:
    port, mailbox = free_port(), Mailbox("new-3@", refuse="mail-3@")
    with mail_server(mailbox, port):
        async with build_worker(client, worker_settings(outbox=tmp_path, smtp_url=f"smtp://127.0.0.1:{port}")):
            candidate = await buyer(client, "mail-3")
            await candidate.has("NoticeUndeliverable", 2)
            assert await candidate.attention() == ["notice-undeliverable"]
            assert "mail-3@" not in str(await candidate.timeline())
            await candidate.send("update_contact", email="new-3@example.org")
            assert await candidate.attention() == []
            await candidate.result(PEOPLE, taken_at=datetime.now(tz=UTC))

            async def there() -> bool:
                return len(mailbox.subjects) == 1

            await eventually(there, "the next mail")
            await candidate.send("withdraw")
            await candidate.ended()


@pytest.fixture
def _hourly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice is tried at least once an hour, and not four times: a week has fewer attempts, and is as long."""
    monkeypatch.setattr(worker, "workflow_runner", UnsandboxedWorkflowRunner)
    monkeypatch.setattr(workflows.calls, "_NOTICE", replace(workflows.calls._NOTICE, maximum_interval=HOUR))


@pytest.mark.usefixtures("_hourly")
async def test_a_notice_that_cannot_be_sent_for_7_days_asks_for_attention_beside_all_else(idle_world: World) -> None:
    world = idle_world
    async with world.worker(smtp_url=NOBODY):
        candidate = await world.registered("CCMA")
        await candidate.signal("no_such_message")
        await candidate.result(LEADERSHIP, "90", taken_at=await world.now(), result_id="H-1", passed=False)
        await world.days(6.9)
        assert "NoticeUndeliverable" not in await candidate.types()
        others = {"refused-message", "held-result:H-1"}
        assert set(await candidate.attention()) == others
        await world.days(0.2)
        await candidate.has("NoticeUndeliverable")
        undelivered = next(one for one in await candidate.timeline() if one["type"] == "NoticeUndeliverable")
        assert (undelivered["notice"], undelivered["about"]) == ("registered", 1)
        assert set(await candidate.attention()) == others | {"notice-undeliverable"}
        await candidate.has("NoticeUndeliverable", 3)
        await candidate.send("acknowledge", attention="notice-undeliverable", by="M. Vogel", note="telephoned")
        assert set(await candidate.attention()) == others


async def test_a_closed_candidacy_waits_a_day_for_its_notices(idle_world: World) -> None:
    world = idle_world
    async with world.worker(smtp_url=NOBODY):
        candidate = await world.registered()
        receipt = await candidate.send("withdraw")
        assert receipt["status"] == "withdrawn"
        await world.days(1.1)
        assert await candidate.ended() == "withdrawn"
        undelivered = [
            entry["notice"] for entry in await candidate.timeline() if entry["type"] == "NoticeUndeliverable"
        ]
        assert undelivered == ["registered", "purchase-confirmed", "candidacy-closed"]


@pytest.fixture
def _closes_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed candidacy waits 3 seconds for its last notices, and not the minute that is the least of a scheme."""
    monkeypatch.setattr(worker, "workflow_runner", UnsandboxedWorkflowRunner)
    monkeypatch.setattr(workflows.certification, "_closing_patience", lambda _journal: timedelta(seconds=3))


@pytest.mark.usefixtures("_closes_soon")
async def test_a_notice_that_goes_out_while_a_closed_candidacy_gives_up_is_not_called_undeliverable(
    client: Client, tmp_path: Path
) -> None:
    port, mailbox = free_port(), SlowMailbox("mail-5@")
    with mail_server(mailbox, port):
        async with build_worker(client, worker_settings(outbox=tmp_path, smtp_url=f"smtp://127.0.0.1:{port}")):
            candidate = await buyer(client, "mail-5")
            await eventually(lambda: mailbox.subjects, "the mail server has the first mail")
            await candidate.send("withdraw")

            async def taken_back() -> bool:
                return (await candidate.counts())["ACTIVITY_TASK_CANCEL_REQUESTED"] == 1

            await eventually(taken_back, "the notice is taken back, if it was not sent")
            assert "NoticeUndeliverable" not in await candidate.types()
            mailbox.may_answer.set()
            assert await candidate.ended() == "withdrawn"
            timeline = await candidate.timeline()
    undelivered = [entry["notice"] for entry in timeline if entry["type"] == "NoticeUndeliverable"]
    # The attempt goes on with the next notice where it has not heard yet that it was taken back.
    sent = len(mailbox.subjects)
    assert sent in (1, 2)
    assert undelivered == ["registered", "purchase-confirmed", "candidacy-closed"][sent:]
    await worker.build_replayer(client.data_converter).replay_workflow(await candidate.history())


@pytest.mark.usefixtures("_closes_soon")
async def test_an_advancement_that_is_opened_while_a_closed_candidacy_gives_up_is_not_called_refused(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Advancement._start

    async def slowly(activities: Advancement, request: OpeningRequest) -> None:
        await start(activities, request)
        await activity.wait_for_cancelled()  # the answer is on its way until then

    monkeypatch.setattr(Advancement, "_start", slowly)
    async with build_worker(client, worker_settings(outbox=tmp_path)):
        holder, higher = await buyer(client, "mail-6"), Candidate(client, "CCOM", "mail-6")
        await holder.pass_all(datetime.now(tz=UTC))
        await holder.send("request_advancement", purchase={"reference": "INV-9"})
        await eventually(higher.exists, "the advancement is opened, and its opening not answered")
        await holder.send("revoke", reason="fraud", by="M. Vogel")
        assert await holder.ended() == "revoked"
        assert "AdvancementRefused" not in await holder.types()
        await higher.send("withdraw")
        await higher.ended()
    await worker.build_replayer(client.data_converter).replay_workflow(await holder.history())


@pytest.mark.usefixtures("_closes_soon")
async def test_an_advancement_that_cannot_be_opened_before_the_end_is_given_up_and_the_candidate_told(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_activities: Advancement, _request: OpeningRequest) -> None:
        raise RPCError("the server is away", RPCStatusCode.UNAVAILABLE, b"")

    monkeypatch.setattr(Advancement, "_start", fails)
    async with build_worker(client, worker_settings(outbox=tmp_path)):
        holder = await buyer(client, "mail-7")
        await holder.pass_all(datetime.now(tz=UTC))
        await holder.outbox_sent(tmp_path, 7)  # a notice that still waited would be given up as well
        await holder.send("request_advancement", purchase={"reference": "INV-9"})
        await holder.send("revoke", reason="fraud", by="M. Vogel")
        assert await holder.ended() == "revoked"
        assert (await holder.types())[-1] == "AdvancementRefused"
        assert holder.notices(tmp_path)[-1] == "advancement-refused"


async def test_a_notice_that_cannot_go_out_does_not_block_the_opening_of_an_advancement(idle_world: World) -> None:
    world = idle_world
    async with world.worker(smtp_url=NOBODY):
        holder = await world.holder()
        await holder.send("request_advancement", purchase={"reference": "INV-9"})
        higher = world.candidate("CCOM")
        await eventually(higher.exists, "the advancement is opened")
        await higher.has("PurchaseConfirmed")
        assert "NoticeUndeliverable" not in await holder.types()


# --- the scheme


async def test_a_registration_waits_for_a_broken_scheme_file_to_be_mended(idle_world: World, tmp_path: Path) -> None:
    world, scheme = idle_world, tmp_path / "scheme.toml"
    scheme.write_text("version = ")
    async with world.worker(scheme=scheme):
        candidate = world.candidate()
        await candidate.start()
        await candidate.signal("confirm_purchase", reference="INV-1")
        await world.days(0.1)
        status = await candidate.status()
        assert (status["status"], status["scheme"], status["sequence"]) == ("awaiting_purchase", None, 0)
        assert await candidate.timeline() == []
        shutil.copy(SCHEME_FILE, scheme)
        await world.days(0.1)
        await candidate.has("PurchaseConfirmed")


async def test_an_advancement_that_todays_scheme_no_longer_has_is_refused_and_can_be_requested_again(
    idle_world: World, tmp_path: Path
) -> None:
    world, scheme = idle_world, tmp_path / "scheme.toml"
    text = SCHEME_FILE.read_text()
    scheme.write_text(text)
    async with world.worker(scheme=scheme):
        holder, higher = await world.holder(), world.candidate("CCOM")
        scheme.write_text(text.replace('advances_to = "CCOM"\n', ""))
        await holder.send("request_advancement", purchase={"reference": "INV-9"})
        await holder.has("AdvancementRefused")
        refused = await holder.last("AdvancementRefused")
        assert refused["reason"] == "in the scheme tests-1, CCMA does not advance to CCOM"
        assert await holder.attention() == ["advancement-refused"]
        assert not await higher.exists()
        scheme.write_text(text)
        await holder.send("request_advancement", purchase={"reference": "INV-9"})
        await eventually(higher.exists, "the advancement is opened")
        await higher.has("PurchaseConfirmed")
        assert await holder.attention() == []


async def test_a_cycle_opens_under_the_old_scheme_where_the_current_one_cannot_be_read(
    idle_world: World, tmp_path: Path
) -> None:
    world, scheme = idle_world, tmp_path / "scheme.toml"
    shutil.copy(SCHEME_FILE, scheme)
    async with world.worker(scheme=scheme):
        holder = await world.holder()
        scheme.write_text("version = ")
        await world.until(local("2042-01-11"))
        await holder.stands("recertifying")
        assert await holder.attention() == ["scheme-not-loaded"]
        assert (await holder.status())["scheme"] == "tests-1"


async def test_a_cycle_pins_the_scheme_that_is_current_when_its_window_opens(idle_world: World, tmp_path: Path) -> None:
    world, scheme = idle_world, tmp_path / "scheme.toml"
    text = SCHEME_FILE.read_text()
    scheme.write_text(text)
    async with world.worker(scheme=scheme):
        holder = await world.holder()
        newer = text.replace("tests-1", "ciac-2041.1").replace("validity_months = 36", "validity_months = 24")
        scheme.write_text(newer)
        await world.until(local("2042-01-09"))
        assert (await holder.status())["scheme"] == "tests-1"
        await world.until(local("2042-01-11"))
        await holder.stands("recertifying")
        assert (await holder.status())["scheme"] == "ciac-2041.1"
        await holder.evidence("E-1", "2041-05-05")
        await holder.approve("E-1")
        assert (await holder.status())["certificate"]["expires_on"] == "2045-01-10"
