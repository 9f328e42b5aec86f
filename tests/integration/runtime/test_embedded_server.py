"""The embedded server: killed and started again on its file, and the program that it runs."""

import subprocess
from pathlib import Path

from temporalio import workflow
from temporalio.worker import Worker

from runtime.embedded import EmbeddedServer, embedded_server, temporal_cli
from tests.waiting import PATIENCE, runs


@workflow.defn(sandboxed=False)
class WaitingWorkflow:
    """Waits for one signal and answers what it brought."""

    def __init__(self) -> None:
        self._word: str | None = None

    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self._word is not None)
        return self._word or ""

    @workflow.signal
    def say(self, word: str) -> None:
        self._word = word


def modes(folder: Path) -> set[int]:
    """The permissions of the files in this folder."""
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


def open_to_all(folder: Path) -> None:
    """Leaves the files as an older build would have."""
    for path in folder.iterdir():
        path.chmod(0o644)


def process_of(server: EmbeddedServer) -> int:
    """The id of its process, which runs."""
    assert server.pid is not None
    assert runs(server.pid)
    return server.pid


async def test_a_killed_server_comes_back_on_its_file_under_its_address_and_leaves_nothing_running(
    tmp_path: Path,
) -> None:
    async with embedded_server(db=tmp_path / "temporal.db") as server:
        client = await server.client()
        handle = await client.start_workflow(WaitingWorkflow.run, id="waiting", task_queue="waiting")
        address, first = server.address, process_of(server)
        assert modes(tmp_path) == {0o600}
        await server.kill()
        assert not runs(first)
        assert server.pid is None
        open_to_all(tmp_path)
        server.log.chmod(0o644)
        await server.start()
        assert server.address == address
        assert modes(tmp_path) == {0o600}
        assert server.log.stat().st_mode & 0o777 == 0o600
        async with Worker(client, task_queue="waiting", workflows=[WaitingWorkflow]):
            await handle.signal(WaitingWorkflow.say, "still here")
            assert await handle.result() == "still here"
        second = process_of(server)
        assert second != first
    assert not runs(second)
    assert not server.log.exists()


def test_the_cli_is_the_wheels() -> None:
    answer = subprocess.run([temporal_cli(), "--version"], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert answer.stdout.startswith("temporal version")
