"""Whether a server has a worker, asked of the server that skips time."""

from temporalio.testing import WorkflowEnvironment

from client.answers import worker_polls


async def test_a_server_that_cannot_tell_is_taken_to_have_a_worker(time_skipping: WorkflowEnvironment) -> None:
    assert await worker_polls(time_skipping.client)
