"""What the tests of the workflow stand on: a world whose clock moves, and a watch over every workflow task."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import temporalio.worker._workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker._workflow_instance import _WorkflowLogicFlag

from runtime.settings import Settings
from tests.scheme import worker_settings
from tests.workflows.journeys import START, World
from trials.mail import MailServer


class _Watch(logging.Handler):
    """Collects what the SDK says of workflow tasks that failed."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.faults: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        told = record.getMessage()
        if "activation" in told:
            cause = record.exc_info[1] if record.exc_info else None
            self.faults.append(f"{told}: {cause!r}")


@pytest.fixture(autouse=True)
def _no_task_fails() -> Iterator[None]:
    """No workflow task fails in any of these tests: a handler left unfinished is a warning, and so an error, too."""
    watch = _Watch()
    logger = logging.getLogger("temporalio")
    logger.addHandler(watch)
    yield
    logger.removeHandler(watch)
    assert not watch.faults


@pytest.fixture(params=[False, True], ids=["messages first", "all at once"])
def _either_order(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run takes in the messages of a task before all else, or everything at once, as a later SDK will by default."""
    flag = _WorkflowLogicFlag.PROCESS_WORKFLOW_ACTIVATION_JOBS_AS_SINGLE_BATCH
    flags = frozenset({flag} if request.param else ())
    monkeypatch.setattr(temporalio.worker._workflow, "_DEFAULT_ENABLED_WORKFLOW_LOGIC_FLAGS", flags)


@pytest_asyncio.fixture
async def idle_world(time_skipping: WorkflowEnvironment, tmp_path: Path) -> World:
    """The world before a worker runs."""
    world = World(time_skipping, worker_settings(outbox=tmp_path / "outbox"))
    await world.until(START)
    return world


@pytest_asyncio.fixture
async def world(idle_world: World) -> AsyncIterator[World]:
    """The world with Certpath's worker at work."""
    async with idle_world.worker():
        yield idle_world


@pytest_asyncio.fixture
async def mail() -> AsyncIterator[MailServer]:
    """A mail server whose moods a test may change."""
    server = MailServer()
    await server.start()
    yield server
    server.stop()


@pytest.fixture
def settings(mail: MailServer, tmp_path: Path) -> Settings:
    """The settings of a worker that sends its notices to that server."""
    return worker_settings(outbox=tmp_path, smtp_url=mail.url("worker"))
