"""What the tests in a real browser stand on: the stage of the pictures, under the tests' scheme, and a browser."""

from collections.abc import AsyncIterator

import pytest

from docs.pictures.stage import NewPage, browsing, stage
from runtime.embedded import EmbeddedServer
from tests.scheme import SCHEME_FILE


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServer]:
    async with stage(tmp_path_factory.mktemp("stage"), SCHEME_FILE) as running:
        yield running


@pytest.fixture(scope="module")
async def new_page() -> AsyncIterator[NewPage]:
    async with browsing(drawn=False) as opening:
        yield opening
