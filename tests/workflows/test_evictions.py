"""A worker lets go of candidacies: what is left of them takes no memory for long."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.scheme import worker_settings
from tests.waiting import eventually
from tests.workflows.journeys import Candidate
from worker import build_worker
from workflows import CertificationWorkflow

LET_GO = 120
"""More than a worker lets go before it collects garbage."""


@pytest.fixture
def _python_collects_nothing_by_itself() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def in_memory() -> int:
    """How many runs are in the memory of this process, in use or not."""
    return sum(type(one) is CertificationWorkflow for one in gc.get_objects())


@pytest.mark.usefixtures("_python_collects_nothing_by_itself")
async def test_what_is_left_of_candidacies_is_collected_before_it_is_much(client: Client, tmp_path: Path) -> None:
    before = in_memory()
    # A worker that holds no candidacy replays it for each question, and lets it go again.
    async with build_worker(client, worker_settings(outbox=tmp_path / "outbox", cached_workflows=0)):
        candidate = Candidate(client, "CCMA", "LET-GO-1")
        await candidate.start()
        for _ in range(LET_GO):
            await candidate.status()
        await eventually(lambda: in_memory() - before < LET_GO, "what was let go is collected")
