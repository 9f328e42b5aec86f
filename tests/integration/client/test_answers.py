"""Who answers, and who does not: nobody of that id, no worker, a server that cannot tell."""

import asyncio
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from client import answers
from client.answers import worker_polls
from client.candidacy import Candidacy
from client.errors import NotFound, NoWorker


async def test_nobody_of_that_id_is_not_found_by_every_question(client: Client) -> None:
    nobody = Candidacy("X-nobody", "CCSL")
    calls: tuple[Any, ...] = (
        nobody.describe(client),
        nobody.raw_answer(client, "status"),
        nobody.update(client, "withdraw", b'{"message_id": "m"}'),
    )
    for call in calls:
        with pytest.raises(NotFound, match="There is no candidacy of X-nobody for CCSL") as caught:
            await call
        assert caught.value.workflow_id == "certification:CCSL:X-nobody"


async def test_an_answer_is_waited_for_as_long_as_was_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    async def nobody_polls(_client: Client) -> bool:
        return False

    with pytest.raises(TimeoutError):
        await answers.patient(client, never(), 0.05)
    monkeypatch.setattr(answers, "_SOON", 0.05)
    monkeypatch.setattr(answers, "worker_polls", nobody_polls)
    with pytest.raises(NoWorker, match="No worker answers"):
        await answers.patient(client, never(), 10)


async def test_a_server_that_cannot_tell_is_taken_to_have_a_worker(time_skipping: WorkflowEnvironment) -> None:
    assert await worker_polls(time_skipping.client)
