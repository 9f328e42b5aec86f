"""Activities that succeed and whose answer is lost: run again, they answer the same, and nothing happens twice.

The worker is Certpath's own, on a real server. Its first successful answer is thrown away, as when it is killed at that
moment; tests/processes/test_killed_before_the_answer.py kills real workers.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio import activity, client, worker
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities import requests
from runtime.settings import ROOT
from tests.scheme import worker_settings
from tests.waiting import eventually
from tests.workflows.journeys import DOMAINS, Candidate, wire
from worker import build_worker

KEYS = ROOT / "examples" / "answer-keys"
EXPERIENCE = {"role": "Operations Manager", "started_on": "2015-01-01"}
ACTIVITIES = {value for name, value in vars(requests).items() if name.isupper() and isinstance(value, str)}


class Loses(client.Interceptor, worker.Interceptor):
    """Loses the first answer of each kind of activity of each workflow, and keeps all of them.

    `held_back`: the answers of this kind are lost until `let_go` is set, and no answer is lost sooner.
    """

    def __init__(self, held_back: str = "") -> None:
        self.held_back = held_back
        self.let_go = asyncio.Event()
        self.succeeded = asyncio.Event()
        self.answers: dict[tuple[str, str, str], list[Any]] = {}
        self.lost: set[tuple[str, str]] = set()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Losing(next, self)


class _Losing(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, loses: Loses) -> None:
        super().__init__(following)
        self._loses = loses

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        answer = await super().execute_activity(input)
        info, loses = activity.info(), self._loses
        workflow_id = info.workflow_id or ""
        loses.answers.setdefault((info.activity_type, workflow_id, info.activity_id), []).append(answer)
        if info.activity_type == loses.held_back:
            loses.succeeded.set()
            if not loses.let_go.is_set():
                await loses.let_go.wait()
                raise ApplicationError("The answer is lost.")
        elif (info.activity_type, workflow_id) not in loses.lost:
            loses.lost.add((info.activity_type, workflow_id))
            raise ApplicationError("The answer is lost.")
        return answer


@asynccontextmanager
async def losing(client: Client, folder: Path, loses: Loses, smtp_url: str | None = None) -> AsyncIterator[None]:
    """Certpath's worker, which loses answers, for the length of the block."""
    config = client.config()
    config["interceptors"] = [loses]
    settings = worker_settings(outbox=folder, answer_keys=KEYS, smtp_url=smtp_url)
    async with build_worker(Client(**config), settings):
        yield


async def advancing(client: Client) -> tuple[Candidate, Candidate]:
    """A holder of CCMA, one of whose results is scored here, and the candidacy for CCOM that has everything."""
    bought = {"reference": "INV-1", "purchased_at": wire(datetime.now(UTC) - timedelta(days=20))}
    candidate_id = f"C-{uuid4().hex[:12]}"
    lower, higher = (Candidate(client, designation, candidate_id) for designation in ("CCMA", "CCOM"))
    await lower.start(purchase=bought, experience=EXPERIENCE)
    responses = json.loads((KEYS / "PM-A.json").read_text())["answers"]
    taken_at = datetime.now(UTC) - timedelta(days=2)
    await lower.result(DOMAINS[0], taken_at=taken_at, form="PM-A", responses=responses)
    for domain in DOMAINS[1:]:
        await lower.result(domain, taken_at=taken_at)
    await lower.send("request_advancement", purchase=bought, experience=EXPERIENCE)
    await eventually(higher.exists, "the advancement is opened")
    await higher.submit()
    await higher.review()
    return lower, higher


async def test_every_activity_answers_the_same_when_it_is_run_again_after_its_success(
    client: Client, tmp_path: Path
) -> None:
    loses = Loses()
    async with losing(client, tmp_path, loses):
        lower, higher = await advancing(client)
        await higher.stands("certified")
        assert await lower.ended() == "superseded"
        for candidate in (lower, higher):
            kinds = Counter(await candidate.types())
            assert {kind for kind, count in kinds.items() if count > 1} <= {"AssessmentPassed"}
            assert "AttentionRaised" not in kinds
        gave_way, certified = await lower.last("Superseded"), await higher.last("Certified")
        assert certified["effective_at"] == gave_way["at"]
        await higher.outbox_sent(tmp_path, 5)
        # No notice takes this event to the record.
        await higher.send("update_contact", email="new@example.org")
        await eventually(lambda: {kind for kind, _ in loses.lost} == ACTIVITIES, "every kind of answer was lost once")
    for answers in loses.answers.values():
        assert all(answer == answers[0] for answer in answers)
    sent = lower.notices(tmp_path)
    assert len(sent) == len(set(sent)) + sent.count("assessment-passed") - 1


async def test_a_lower_candidacy_that_is_forgotten_before_its_answer_has_arrived_takes_no_certificate_away(
    client: Client, tmp_path: Path
) -> None:
    loses = Loses(held_back=requests.SUPERSEDE_LOWER)
    async with losing(client, tmp_path, loses):
        lower, higher = await advancing(client)
        await loses.succeeded.wait()
        assert await lower.ended() == "superseded"
        gave_way = await lower.last("Superseded")
        await forgotten(client, lower)
        loses.let_go.set()
        await higher.stands("certified")
        assert (await higher.last("Certified"))["effective_at"] == gave_way["at"]
        assert await higher.attention() == []
        await eventually(lambda: asked_again(loses), "the question is put again")
        types = await higher.types()
        assert "AttentionRaised" not in types
        assert types.count("Certified") == 1


async def test_a_lower_certificate_that_cannot_send_its_last_notices_still_gives_way_in_time(
    client: Client, tmp_path: Path
) -> None:
    """No mail server is there, so the lower candidacy is still open when the question is put again."""
    loses = Loses()
    async with losing(client, tmp_path, loses, smtp_url="smtp://127.0.0.1:1"):
        lower, higher = await advancing(client)
        await higher.stands("certified")
        assert (requests.SUPERSEDE_LOWER, higher.workflow_id) in loses.lost
        assert (await lower.handle.describe()).status is WorkflowExecutionStatus.RUNNING
        assert "AttentionRaised" not in await higher.types()
        gave_way, certified = await lower.last("Superseded"), await higher.last("Certified")
        assert certified["effective_at"] == gave_way["at"]
        assert gave_way["by_number"] == certified["number"]
        for candidate in (lower, higher):
            await candidate.handle.terminate()


async def asked_again(loses: Loses) -> bool:
    return any(kind == loses.held_back and len(answers) > 1 for (kind, _, _), answers in loses.answers.items())


async def forgotten(client: Client, candidate: Candidate) -> None:
    """Has the server delete the history of a closed candidacy, as it does after the namespace's retention."""
    execution = WorkflowExecution(workflow_id=candidate.workflow_id)
    await client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution), retry=True
    )

    async def gone() -> bool:
        return not await candidate.exists()

    await eventually(gone, f"{candidate.workflow_id} is deleted")
