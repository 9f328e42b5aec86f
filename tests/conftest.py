"""Two servers for one suite: a real one, shared, and one that skips time, new for each test."""

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from runtime import search_attributes
from runtime.builds import BUILD_VARIABLE, DEPLOYMENT_VARIABLE
from runtime.embedded import EmbeddedServer, embedded_server, time_skipping_server
from tests.scheme import SCHEME_FILE

# The tests start hundreds of Python processes. Without bytecode, each would compile every module anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_SLOW_FIRST = ("processes", "documents", "workflows", "integration", "properties", "formats")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the files that take longest first. Both cores then end at the same time, with many short files."""
    here = Path(__file__).parent
    places = {folder: place for place, folder in enumerate(_SLOW_FIRST)}
    items.sort(key=lambda item: places.get(item.path.relative_to(here).parts[0], len(places)))


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads the developer's own Temporal profile or the shipped scheme, or writes into the checkout's var/."""
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "no-temporal.toml"))
    monkeypatch.setenv("CERTPATH_OUTBOX", str(tmp_path / "outbox"))
    monkeypatch.setenv("CERTPATH_SCHEME", str(SCHEME_FILE))
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_PROFILE", DEPLOYMENT_VARIABLE, BUILD_VARIABLE):
        monkeypatch.delenv(name, raising=False)


@pytest_asyncio.fixture(scope="session")
async def embedded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServer]:
    """A real server on a SQLite file, one for each core's share of the tests. Do not kill this one."""
    folder = tmp_path_factory.mktemp("embedded")
    async with embedded_server(db=folder / "temporal.db", log=folder / "temporal.log") as server:
        yield server


@pytest_asyncio.fixture(scope="session")
async def client(embedded: EmbeddedServer) -> Client:
    """A client of the shared real server."""
    return await embedded.client()


@pytest_asyncio.fixture
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The time-skipping server. One for each test: its clock is global and only ever runs forward."""
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter, test_server_existing_path=str(time_skipping_server())
    ) as environment:
        await search_attributes.register(environment.client)
        yield environment
