"""Opening the higher candidacy, asking the lower to give way: a real server, stand-in candidacies."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.activity import ActivityCancellationDetails
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.advancement import OPENED_BY, Advancement
from activities.requests import OpeningAnswer, OpeningRequest, SupersedeAnswer, SupersedeRequest
from runtime.search_attributes import CANDIDATE_ID, CERTIFICATION_STATUS, DESIGNATION
from tests.scheme import SCHEME_FILE
from tests.waiting import PATIENCE

QUEUE = "advancement-tests"
AT = datetime(2027, 3, 5, 15, 0, tzinfo=UTC)


@workflow.defn(name="Lower", sandboxed=False)
class Lower:
    """Gives way, refuses or falls silent, as told; answers its timeline."""

    def __init__(self) -> None:
        self._mood = "refuse"
        self._closed = False
        self._lingers = False
        self._timeline: list[dict[str, Any]] = []

    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self._closed and not self._lingers and workflow.all_handlers_finished())
        return "superseded"

    @workflow.signal
    def publish(self, status: str) -> None:
        """Shows a status, and stays open even when it has given way, as while its last notices are sent."""
        workflow.upsert_search_attributes([CERTIFICATION_STATUS.value_set(status)])
        self._lingers = True

    @workflow.signal
    def feel(self, mood: str) -> None:
        self._mood = mood
        self._closed = mood == "close"

    @workflow.update
    async def supersede(self, payload: dict[str, Any]) -> dict[str, Any]:
        given_way = next((one for one in self._timeline if one["by_number"] == payload["by_number"]), None)
        if given_way:
            return {"status": "superseded", "superseded_at": given_way["at"]}
        if self._timeline:
            raise ApplicationError("the certification is closed as superseded", {"code": "closed"}, type="Refused")
        if self._mood == "refuse":
            raise ApplicationError("The certificate is not in force.", {"code": "not-in-force"}, type="Refused")
        if self._mood == "break":
            raise ApplicationError("no", type="InvalidMessage")
        if self._mood == "odd":
            return {"status": "superseded"}
        at = "2027-03-05T15:00:01.250000Z"
        self._timeline.append({"type": "Superseded", "at": at, "by_number": payload["by_number"]})
        self._closed = True
        return {"status": "superseded", "superseded_at": at}

    @workflow.query
    def timeline(self) -> list[dict[str, Any]]:
        return self._timeline


@workflow.defn(name="Invalid", sandboxed=False)
class Invalid:
    """Fails, as the workflow of an invalid registration does."""

    @workflow.run
    async def run(self) -> None:
        raise ApplicationError("designation: there is none", type="InvalidMessage")


@pytest_asyncio.fixture(scope="module")
async def lower_worker(client: Client) -> AsyncIterator[None]:
    """A worker for the stand-ins."""
    async with Worker(client, task_queue=QUEUE, workflows=[Lower, Invalid]):
        yield


async def supersede(client: Client, workflow_id: str, number: str = "N-1") -> SupersedeAnswer:
    answer = await ActivityEnvironment().run(
        Advancement(client, SCHEME_FILE).supersede_lower,
        SupersedeRequest(workflow_id=workflow_id, by_workflow_id="certification:CCSL:C-1", by_number=number, at=AT),
    )
    assert isinstance(answer, SupersedeAnswer)
    return answer


@pytest.fixture
def lower_id() -> str:
    return f"lower:{uuid4()}"


@pytest.mark.usefixtures("lower_worker")
async def test_a_refusal_is_an_answer_and_the_next_asking_is_a_new_one(client: Client, lower_id: str) -> None:
    handle = await client.start_workflow("Lower", id=lower_id, task_queue=QUEUE)
    for _ in range(2):
        answer = await supersede(client, lower_id)
        assert answer == SupersedeAnswer(reason="The certificate is not in force.")
    await handle.signal("feel", "give way")
    assert (await supersede(client, lower_id)).superseded_at == datetime(2027, 3, 5, 15, 0, 1, 250000, UTC)


@pytest.mark.usefixtures("lower_worker")
async def test_a_lost_answer_is_found_again_in_the_closed_workflow(client: Client, lower_id: str) -> None:
    handle = await client.start_workflow("Lower", id=lower_id, task_queue=QUEUE)
    await handle.signal("feel", "give way")
    first = await supersede(client, lower_id)
    await handle.result()
    assert await supersede(client, lower_id) == first
    other = await supersede(client, lower_id, "N-2")
    assert other.superseded_at is None
    assert "closed" in other.reason


async def shown(handle: WorkflowHandle[Any, Any], status: str) -> None:
    """Publish a status and wait until a description shows it."""
    await handle.signal("publish", status)
    async with asyncio.timeout(PATIENCE):
        while (await handle.describe()).typed_search_attributes.get(CERTIFICATION_STATUS) != status:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("lower_worker")
async def test_a_lost_answer_is_given_again_while_the_lower_one_still_sends_its_last_notices(
    client: Client, lower_id: str
) -> None:
    handle = await client.start_workflow("Lower", id=lower_id, task_queue=QUEUE)
    await shown(handle, "certified")
    await handle.signal("feel", "give way")
    first = await supersede(client, lower_id)
    await shown(handle, "superseded")
    assert await supersede(client, lower_id) == first
    assert first.superseded_at is not None
    assert "closed" in (await supersede(client, lower_id, "N-2")).reason
    await handle.terminate()


@pytest.mark.usefixtures("lower_worker")
@pytest.mark.parametrize("status", ["grace", "lapsed", "suspended"])
async def test_a_certificate_that_is_not_in_force_is_not_disturbed(client: Client, lower_id: str, status: str) -> None:
    handle = await client.start_workflow("Lower", id=lower_id, task_queue=QUEUE)
    await handle.signal("feel", "give way")
    await shown(handle, status)
    answer = await supersede(client, lower_id)
    assert answer == SupersedeAnswer(reason=f"the certificate is not in force: {status}")
    assert await handle.query("timeline") == []
    await handle.terminate()


@pytest.mark.usefixtures("lower_worker")
async def test_a_lower_one_that_closed_otherwise_or_never_was_is_an_answer(client: Client, lower_id: str) -> None:
    handle = await client.start_workflow("Lower", id=lower_id, task_queue=QUEUE)
    await handle.signal("feel", "close")
    await handle.result()
    assert "closed" in (await supersede(client, lower_id)).reason
    assert "not found" in (await supersede(client, f"lower:{uuid4()}")).reason


async def test_a_lower_one_that_closed_on_a_build_that_is_gone_is_an_answer(client: Client, lower_id: str) -> None:
    queue = f"gone-{uuid4()}"
    async with Worker(client, task_queue=queue, workflows=[Lower]):
        handle = await client.start_workflow(
            "Lower",
            id=lower_id,
            task_queue=queue,
            search_attributes=TypedSearchAttributes([SearchAttributePair(CERTIFICATION_STATUS, "withdrawn")]),
        )
        await handle.signal("feel", "close")
        await handle.result()
    assert "closed" in (await supersede(client, lower_id)).reason


@pytest.mark.usefixtures("lower_worker")
@pytest.mark.parametrize("mood", ["break", "odd"])
async def test_an_answer_that_is_none_is_asked_for_again(client: Client, lower_id: str, mood: str) -> None:
    handle = await client.start_workflow("Lower", id=lower_id, task_queue=QUEUE)
    await handle.signal("feel", mood)
    with pytest.raises(ApplicationError) as caught:
        await supersede(client, lower_id)
    assert (caught.value.type, caught.value.non_retryable) == ("LowerUnclear", False)
    await handle.terminate()


async def test_silence_is_given_up_in_time(client: Client, lower_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activities.advancement._ANSWER_SECONDS", 0.5)
    handle = await client.start_workflow("Lower", id=lower_id, task_queue="nobody-works-here")
    with pytest.raises(ApplicationError) as caught:
        await supersede(client, lower_id)
    assert (caught.value.type, caught.value.non_retryable) == ("LowerSilent", False)
    assert caught.value.category is ApplicationErrorCategory.BENIGN
    await handle.terminate()


# --- opening


def opening(key: str, candidate: str) -> OpeningRequest:
    return OpeningRequest(
        key=key,
        workflow_id=f"certification:CCSL:{candidate}",
        registration={
            "candidate_id": candidate,
            "designation": "CCSL",
            "name": "Ana",
            "email": "ana@example.org",
            "advances_from": {"designation": "CCMC", "workflow_id": f"certification:CCMC:{candidate}"},
        },
        summary="CCSL candidacy, by advancement",
    )


async def open_one(client: Client, request: OpeningRequest, scheme: Path = SCHEME_FILE) -> OpeningAnswer:
    answer = await ActivityEnvironment().run(Advancement(client, scheme).open_advancement, request)
    assert isinstance(answer, OpeningAnswer)
    return answer


@pytest.fixture
def candidate() -> str:
    return f"C-{uuid4().hex[:12]}"


async def test_an_opening_that_is_taken_back_is_awaited_also_where_the_worker_then_stops(
    client: Client, candidate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, opened, may_answer = Advancement._start, asyncio.Event(), asyncio.Event()

    async def slowly(activities: Advancement, request: OpeningRequest) -> None:
        await start(activities, request)
        opened.set()
        await may_answer.wait()  # the server's answer is on its way until then

    monkeypatch.setattr(Advancement, "_start", slowly)
    request, environment = opening("key-1", candidate), ActivityEnvironment()
    working = asyncio.create_task(environment.run(Advancement(client, SCHEME_FILE).open_advancement, request))
    await opened.wait()
    environment.cancel(ActivityCancellationDetails(cancel_requested=True))
    await asyncio.sleep(0)
    working.cancel()  # what the SDK does when the worker stops; these surroundings cancel only once
    await asyncio.sleep(0)
    may_answer.set()
    assert await working == OpeningAnswer()
    await client.get_workflow_handle(request.workflow_id).terminate()


async def test_a_retry_opens_nothing_twice_not_even_after_the_end(client: Client, candidate: str) -> None:
    request = opening("key-1", candidate)
    handle = client.get_workflow_handle(request.workflow_id)
    assert (await open_one(client, request)).refusal is None
    opened = await handle.describe()
    assert (await open_one(client, request)).refusal is None
    await handle.terminate()
    assert (await open_one(client, request)).refusal is None
    assert (await handle.describe()).run_id == opened.run_id
    assert opened.workflow_type == "CertificationWorkflow"
    assert opened.task_queue == "certification"
    assert await opened.static_summary() == "CCSL candidacy, by advancement"
    assert opened.typed_search_attributes[CANDIDATE_ID] == candidate
    assert opened.typed_search_attributes[DESIGNATION] == "CCSL"


async def test_an_open_candidacy_of_somebody_else_is_a_refusal(client: Client, candidate: str) -> None:
    request = opening("key-1", candidate)
    await open_one(client, request)
    answer = await open_one(client, opening("key-2", candidate))
    assert answer.refusal == "there is already an open candidacy for CCSL"
    await client.get_workflow_handle(request.workflow_id).terminate()
    assert (await open_one(client, opening("key-2", candidate))).refusal is None
    await client.get_workflow_handle(request.workflow_id).terminate()


async def test_a_candidacy_opened_without_a_memo_is_somebody_elses(client: Client, candidate: str) -> None:
    request = opening("key-1", candidate)
    handle = await client.start_workflow("CertificationWorkflow", {}, id=request.workflow_id, task_queue="nobody")
    assert (await open_one(client, request)).refusal is not None
    await handle.terminate()


@pytest.mark.usefixtures("lower_worker")
async def test_an_earlier_candidacy_that_is_closed_and_still_sends_its_notices_is_waited_for(
    client: Client, candidate: str
) -> None:
    request = opening("key-1", candidate)
    earlier = await client.start_workflow("Lower", id=request.workflow_id, task_queue=QUEUE)
    await shown(earlier, "withdrawn")
    with pytest.raises(ApplicationError) as caught:
        await open_one(client, request)
    assert (caught.value.type, caught.value.non_retryable) == ("EarlierStillOpen", False)
    assert caught.value.category is ApplicationErrorCategory.BENIGN
    await earlier.terminate()
    assert (await open_one(client, request)).refusal is None
    await client.get_workflow_handle(request.workflow_id).terminate()


@pytest.mark.usefixtures("lower_worker")
async def test_a_registration_that_turned_out_invalid_is_a_refusal(client: Client, candidate: str) -> None:
    request = opening("key-1", candidate)
    invalid = await client.start_workflow(
        "Invalid", id=request.workflow_id, task_queue=QUEUE, memo={OPENED_BY: request.key}
    )
    with pytest.raises(WorkflowFailureError):
        await invalid.result()
    assert (await open_one(client, request)).refusal == "designation: there is none"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("[designations.CCSL]", "the scheme tests-1 has no designation CCSL"),
        ('advances_to = "CCSL"', "in the scheme tests-1, CCMC does not advance to CCSL"),
    ],
)
async def test_what_todays_scheme_no_longer_has_is_not_opened(
    client: Client, candidate: str, tmp_path: Path, text: str, refusal: str
) -> None:
    lines = SCHEME_FILE.read_text(encoding="utf-8").replace('advances_to = "CCSL"\n', "")
    scheme = tmp_path / "scheme.toml"
    scheme.write_text(lines.replace(text, "[designations.OTHER]"), encoding="utf-8")
    request = opening("key-1", candidate)
    assert (await open_one(client, request, scheme)).refusal == refusal
    with pytest.raises(RPCError, match="not found"):
        await client.get_workflow_handle(request.workflow_id).describe()


async def test_nothing_is_opened_while_the_scheme_cannot_be_read(
    client: Client, candidate: str, tmp_path: Path
) -> None:
    with pytest.raises(ApplicationError) as caught:
        await open_one(client, opening("key-1", candidate), tmp_path / "no-scheme.toml")
    assert (caught.value.type, caught.value.non_retryable) == ("SchemeInvalid", False)
