"""Updates whose answer is lost: sent again they are answered as at first, also where the candidacy has closed since.

Server and worker are real. The answer is lost in the client, after the workflow has given it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    StartWorkflowUpdateInput,
    WorkflowUpdateHandle,
)
from temporalio.service import RPCError, RPCStatusCode

from client import answers, candidacy
from client.candidacy import Candidacy
from client.errors import Closed, NoWorker
from tests.scheme import worker_settings
from tests.workflows.journeys import Candidate
from worker import build_worker


class LosesTheFirst(Interceptor):
    """A connection that loses the first answer to an update, once the workflow has ended. It keeps all answers."""

    def __init__(self) -> None:
        self.answers: list[Any] = []

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        return _Losing(next, self)


class _Losing(OutboundInterceptor):
    def __init__(self, following: OutboundInterceptor, loses: LosesTheFirst) -> None:
        super().__init__(following)
        self._loses = loses

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:
        handle = await super().start_workflow_update(input)
        self._loses.answers.append(await handle.result())
        if len(self._loses.answers) > 1:
            return handle
        await handle._client.get_workflow_handle(input.id).result()
        raise RPCError("the connection is lost", RPCStatusCode.UNAVAILABLE, b"")


@pytest_asyncio.fixture
async def ana(client: Client, tmp_path: Path) -> AsyncIterator[Candidate]:
    """A candidate who may still withdraw, and a worker."""
    candidate = Candidate(client, "CCMA", f"C-{uuid4().hex[:12]}")
    async with build_worker(client, worker_settings(outbox=tmp_path)):
        await candidate.start()
        await candidate.has("Registered")
        yield candidate


def withdrawal(message_id: str, reason: str = "moves away") -> bytes:
    return json.dumps({"message_id": message_id, "reason": reason}).encode()


async def send(client: Client, candidate: Candidate, payload: bytes, name: str = "withdraw") -> dict[str, Any]:
    receipt = await Candidacy(candidate.candidate_id, candidate.designation).update(client, name, payload)
    return receipt.document()


async def test_the_message_that_closed_the_candidacy_is_answered_by_its_receipt_although_the_answer_was_lost(
    client: Client, ana: Candidate
) -> None:
    loses = LosesTheFirst()
    config = client.config()
    config["interceptors"] = [loses]
    receipt = await send(Client(**config), ana, withdrawal("m-1"))
    (first,) = loses.answers
    assert first["events"] == ["Withdrawn", "CandidacyClosed"]
    assert receipt == first | {"duplicate": True}
    assert (await ana.types()).count("Withdrawn") == 1


async def test_sent_again_by_another_process_every_message_that_was_taken_is_answered_by_its_receipt(
    client: Client, ana: Candidate
) -> None:
    changed = b'{"message_id": "m-1", "email": "new@example.org"}'
    taken = [await send(client, ana, changed, "update_contact"), await send(client, ana, withdrawal("m-2"))]
    assert await ana.ended() == "withdrawn"
    again = [await send(client, ana, changed, "update_contact"), await send(client, ana, withdrawal("m-2"))]
    assert again == [receipt | {"duplicate": True} for receipt in taken]
    assert [receipt["status"] for receipt in again] == ["awaiting_purchase", "withdrawn"]


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("withdraw", withdrawal("m-2")),
        ("withdraw", withdrawal("m-1", "another reason")),
        ("suspend", withdrawal("m-1")),
        ("withdraw", b'{"message_id": 1}'),
        ("withdraw", b"{}"),
    ],
    ids=["of somebody else", "of other content", "of another name", "with an id that is none", "without an id"],
)
async def test_any_other_message_is_told_that_the_candidacy_is_closed(
    client: Client, ana: Candidate, name: str, payload: bytes
) -> None:
    await send(client, ana, withdrawal("m-1"))
    assert await ana.ended() == "withdrawn"
    with pytest.raises(Closed) as closed:
        await send(client, ana, payload, name)
    assert closed.value.status == "withdrawn"


async def test_where_nobody_answers_no_message_is_told_that_it_came_too_late(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = Candidate(client, "CCMA", f"C-{uuid4().hex[:12]}")
    async with build_worker(client, worker_settings(outbox=tmp_path)):
        await candidate.start()
        await send(client, candidate, withdrawal("m-1"))
        assert await candidate.ended() == "withdrawn"
    monkeypatch.setattr(answers, "_SOON", 0.1)
    monkeypatch.setattr(candidacy, "_QUERY_SECONDS", 0.5)
    with pytest.raises(NoWorker, match=r"is closed \(withdrawn\), and nobody answers whether it has taken"):
        await send(client, candidate, withdrawal("m-1"))
