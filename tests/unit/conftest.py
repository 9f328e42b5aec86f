"""Keeps servers away from these tests, so that `make test-fast` needs none."""

import pytest


@pytest.fixture(scope="session")
def embedded() -> None:
    """Stands in the way of the shared server, and so of its client."""
    pytest.fail("the tests in tests/unit need no server: this one belongs in tests/integration")


@pytest.fixture
def time_skipping(embedded: None) -> None:
    """Stands in the way of the server that skips time."""
