"""How many candidacies Temporal counts, asked without its client."""

import pytest

from client import counting
from client.errors import BadInput, MisusedCall, Unreachable
from client.list_language import Filter
from runtime.embedded import EmbeddedServer

UNKNOWN = Filter(candidate_id="nobody-is-called-this")


async def test_the_server_of_the_environment_counts(embedded: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", embedded.address)
    assert await counting.count(UNKNOWN) == 0
    with pytest.raises(MisusedCall) as caught:
        await counting.count(Filter(raw="NoSuchAttribute = 1"))
    assert caught.value.notes[-1].endswith("(NoSuchAttribute = 1)")


async def test_a_namespace_that_does_not_exist_is_named(
    embedded: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", embedded.address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "elsewhere")
    with pytest.raises(Unreachable, match="elsewhere"):
        await counting.count(UNKNOWN)


async def test_a_server_that_is_not_there_and_settings_that_cannot_be_used_are_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1"):
        await counting.count(UNKNOWN)
    monkeypatch.setenv("TEMPORAL_PROFILE", "no-such-profile")
    with pytest.raises(BadInput, match="no-such-profile"):
        await counting.count(UNKNOWN)
