"""The contexts of payloads: a codec that wants them gets them, and without one no worker enters a sandbox for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from tests.scheme import worker_settings
from tests.workflows.journeys import Candidate
from worker import build_worker


@dataclass
class Codec(PayloadCodec, WithSerializationContext):
    """Changes nothing, and notes in which contexts it works: as one with a key for each person would need them."""

    seen: list[SerializationContext | None]
    context: SerializationContext | None = field(default=None)

    def with_context(self, context: SerializationContext) -> Codec:
        return replace(self, context=context)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return self._noted(payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return self._noted(payloads)

    def _noted(self, payloads: Sequence[Payload]) -> list[Payload]:
        self.seen += [self.context] * len(payloads)
        return list(payloads)


async def lived(client: Client, worker_client: Client, candidate_id: str, folder: Path) -> Candidate:
    """Somebody who has registered and withdrawn, with every notice sent."""
    candidate = Candidate(client, "CCMA", candidate_id)
    async with build_worker(worker_client, worker_settings(outbox=folder)):
        await candidate.start()
        await candidate.send("withdraw", reason="another job")
        assert await candidate.ended() == "withdrawn"
    return candidate


async def test_the_codec_of_a_worker_is_told_whose_each_payload_is(client: Client, tmp_path: Path) -> None:
    codec = Codec([])
    config = client.config()
    config["data_converter"] = replace(client.data_converter, payload_codec=codec)
    candidate = await lived(client, Client(**config), "context-1", tmp_path)
    # Candidacies of other tests may be taken up meanwhile, but nothing is encoded or decoded for nobody.
    assert {type(one) for one in codec.seen} == {WorkflowSerializationContext, ActivitySerializationContext}
    assert candidate.workflow_id in {vars(one)["workflow_id"] for one in codec.seen}


async def test_without_a_codec_no_sandbox_is_entered_for_a_context(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    create = SandboxedWorkflowRunner.create_instance

    def watched(runner: SandboxedWorkflowRunner, details: Any) -> Any:
        instance = create(runner, details)
        for name in ("get_serialization_context", "get_external_store_context"):
            monkeypatch.setattr(instance, name, asked.append)
        return instance

    monkeypatch.setattr(SandboxedWorkflowRunner, "create_instance", watched)
    await lived(client, client, "context-2", tmp_path)
    assert asked == []
