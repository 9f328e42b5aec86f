"""What more than one file of these tests needs. Each file has its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from record.opening import open_record
from runtime.embedded import EmbeddedServer
from runtime.settings import record_in
from tests.formats.lives import Who
from tests.processes.engine import Engine, engine
from tests.record.lives import lived


@pytest_asyncio.fixture(scope="module")
async def forgetful(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace that has no candidacy and no worker, beside a record that has one that was withdrawn years ago."""
    folder = tmp_path_factory.mktemp("forgetful")
    record = open_record(record_in(folder))
    lived("withdrawn", Who("C-1", "run-1", "Ana Ruiz", "ana@example.org")).append(record)
    record.dispose()
    async with engine(folder, embedded, working=False) as running:
        yield running
