"""The worker as `worker.py` builds it from the settings, and as it begins to work."""

import asyncio
import gc
import logging
from pathlib import Path

import pytest
from temporalio.client import Client

import worker
from runtime import stopping
from runtime.embedded import EmbeddedServer
from runtime.settings import Settings
from tests.namespaces import new_namespace
from tests.scheme import worker_settings
from tests.waiting import eventually
from worker import build_worker


async def test_the_worker_keeps_as_many_candidacies_in_memory_as_the_setting_says(client: Client) -> None:
    # Run, and so ended: a worker that is only made keeps its place on the task queue of this shared client.
    async with build_worker(client, Settings(cached_workflows=7)) as built:
        assert built.config()["max_cached_workflows"] == 7


async def test_a_worker_that_has_started_without_searches_for_cycles_searches_again_when_it_works(
    embedded: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    stop = asyncio.Event()
    monkeypatch.setattr(stopping, "stop_requested", lambda: stop)
    monkeypatch.setenv("TEMPORAL_ADDRESS", embedded.address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", (await new_namespace(embedded)).namespace)
    caplog.set_level(logging.INFO, "certpath")
    gc.disable()
    try:
        working = asyncio.create_task(worker.run(worker_settings(outbox=tmp_path)))
        await eventually(lambda: "worker ready" in caplog.text or working.done())
        assert gc.isenabled()
    finally:
        gc.enable()
        stop.set()
        await working
