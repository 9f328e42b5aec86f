"""`setup` in a namespace that cannot be made ready."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.service import RPCError, RPCStatusCode

from cli import exits, main
from cli.verbs import setup
from runtime import search_attributes
from tests.cases import each


@each(
    ("found", "code", "kind", "said"),
    [
        ({"Designation": 4}, exits.REFUSED, "failed", "Search attribute Designation exists with type DOUBLE"),
        (
            RPCError("no", RPCStatusCode.PERMISSION_DENIED, b""),
            exits.UNREACHABLE,
            "unreachable",
            "have an administrator add",
        ),
    ],
)
def test_an_attribute_of_another_type_has_failed_and_a_server_that_forbids_it_does_not_serve_us(
    found: dict[str, int] | RPCError, code: int, kind: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def registered(_client: object) -> dict[str, int]:
        if isinstance(found, RPCError):
            raise found
        return found

    def connected(work: Callable[[Any], Awaitable[int]], *, namespace_exists: bool) -> int:
        assert namespace_exists
        ended: int = asyncio.run(cast(Any, work(SimpleNamespace(namespace="ours"))))
        return ended

    monkeypatch.setattr(setup, "connected", connected)
    monkeypatch.setattr(search_attributes, "registered", registered)
    ended = main.captured(["setup", "--json"])
    assert (ended.code, json.loads(ended.out)["error"]["kind"]) == (code, kind)
    assert said in ended.err
