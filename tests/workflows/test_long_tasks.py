"""A workflow task that takes long on a busy machine is no deadlock: the SDK would never let go of the candidacy."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.common import RawValue

from domain.commands import Message
from domain.scheme import Programme
from tests.scheme import worker_settings
from tests.workflows.journeys import PEOPLE, Candidate
from worker import build_worker
from workflows import inbox, payloads

SECONDS = 3
"""More than the two after which the SDK takes a workflow task for a deadlock."""


async def test_a_message_whose_workflow_task_takes_three_seconds_is_taken(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(name: str, given: Sequence[RawValue], programme: Programme | None = None) -> Message:
        time.sleep(SECONDS)
        return payloads.read_message(name, given, programme)

    candidate = Candidate(client, "CCMA", "long-task")
    async with build_worker(client, worker_settings(outbox=tmp_path)):
        await candidate.start(purchase={"reference": "INV-1"})
        await candidate.has("PurchaseConfirmed")
        monkeypatch.setattr(inbox, "read_message", slow)
        await candidate.signal("record_self_assessment", domain=PEOPLE, percentage=70)
        await candidate.has("SelfAssessmentRecorded")
        monkeypatch.undo()
        assert (await candidate.send("withdraw"))["status"] == "withdrawn"
