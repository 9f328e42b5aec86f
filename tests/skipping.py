"""A server that skips time, with a client that gives it the time that a busy machine needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime
from temporalio.testing import WorkflowEnvironment

from runtime import search_attributes
from runtime.embedded import time_skipping_server
from tests.waiting import PATIENCE


@asynccontextmanager
async def time_skipping_environment(runtime: Runtime | None = None) -> AsyncIterator[WorkflowEnvironment]:
    """A server of one's own that skips time, for the length of the block."""
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter,
        runtime=runtime,
        test_server_existing_path=str(time_skipping_server()),
    ) as environment:
        _be_patient(environment.client)
        await search_attributes.register(environment.client)
        yield environment


def _be_patient(client: Client) -> None:
    """Has every call of this client wait for its answer as long as `eventually` waits.

    The SDK waits ten seconds. In `environment.sleep`, which names no timeout either, everything has to happen that is
    due in the time that passes; and a call whose answer was not awaited cannot be made again, because time has passed.
    """
    service: Any = client.service_client
    call = service._rpc_call

    async def patient(*arguments: Any, **options: Any) -> Any:
        return await call(*arguments, **options | {"timeout": options["timeout"] or timedelta(seconds=PATIENCE)})

    service._rpc_call = patient
