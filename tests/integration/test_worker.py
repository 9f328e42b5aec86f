"""The worker as `worker.py` builds it from the settings."""

from temporalio.client import Client

from runtime.settings import Settings
from worker import build_worker


async def test_the_worker_keeps_as_many_candidacies_in_memory_as_the_setting_says(client: Client) -> None:
    # Run, and so ended: a worker that is only made keeps its place on the task queue of this shared client.
    async with build_worker(client, Settings(cached_workflows=7)) as worker:
        assert worker.config()["max_cached_workflows"] == 7
