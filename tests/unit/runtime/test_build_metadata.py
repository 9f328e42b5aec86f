"""What a worker does about the metadata of its build when the server does not answer as it should."""

import json
import logging
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentVersionResponse
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from runtime import build_metadata
from runtime.build_metadata import BuildMetadata, read, refuse_other_code, register
from runtime.builds import Build
from runtime.connection import CannotConnect
from runtime.settings import SettingsError

BUILD = Build("certpath", "v1")
MINE = BuildMetadata("mine", 1)


class Service:
    """A server whose answers are given; it keeps what is written into it."""

    def __init__(self, *answers: dict[str, Any] | RPCStatusCode, writing: RPCStatusCode | None = None) -> None:
        self._answers = list(answers)
        self._writing = writing
        self.written: dict[str, Any] = {}

    @property
    def client(self) -> Client:
        return cast(Client, SimpleNamespace(workflow_service=self, namespace="default", identity="me"))

    async def describe_worker_deployment_version(self, *_: Any, **__: Any) -> DescribeWorkerDeploymentVersionResponse:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, RPCStatusCode):
            raise RPCError("no", answer, b"")
        response = DescribeWorkerDeploymentVersionResponse()
        for name, value in answer.items():
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            response.worker_deployment_version_info.metadata.entries[name].CopyFrom(Payload(data=data))
        return response

    async def update_worker_deployment_version_metadata(self, request: Any, **_: Any) -> None:
        if self._writing:
            raise RPCError("no", self._writing, b"")
        self.written = {name: json.loads(payload.data) for name, payload in request.upsert_entries.items()}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_metadata, "_PAUSE", 0.001)
    monkeypatch.setattr(build_metadata, "_REGISTRATION_SECONDS", 0.005)


async def test_metadata_that_cannot_be_understood_says_nothing() -> None:
    service = Service({"certpath-code": b"\xff", "certpath-format": "one", "another": {"a": 1}})
    assert await read(service.client, BUILD) == BuildMetadata()
    assert await read(Service(RPCStatusCode.NOT_FOUND).client, BUILD) is None


async def test_a_worker_writes_its_metadata_as_soon_as_the_server_knows_its_build() -> None:
    service = Service(RPCStatusCode.NOT_FOUND, RPCStatusCode.NOT_FOUND, {})
    await register(service.client, BUILD, MINE)
    assert service.written == {"certpath-code": "mine", "certpath-format": 1}


async def test_metadata_that_stands_there_already_is_not_written_again() -> None:
    service = Service({"certpath-code": "mine", "certpath-format": 1})
    await register(service.client, BUILD, MINE)
    assert service.written == {}


@pytest.mark.parametrize("answers", [[{"certpath-code": "other"}], [{}, {"certpath-code": "other"}]])
async def test_other_code_of_a_worker_that_began_at_the_same_moment_is_found(answers: list[dict[str, Any]]) -> None:
    with pytest.raises(SettingsError, match=r"'v1' .* was used for other code.*give this build an id of its own"):
        await register(Service(*answers).client, BUILD, MINE)


@pytest.mark.parametrize("status", [RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED])
async def test_a_worker_that_may_not_read_or_write_metadata_warns_and_works(
    status: RPCStatusCode, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "certpath.worker"):
        await refuse_other_code(Service(status).client, BUILD, MINE)
        await register(Service(status).client, BUILD, MINE)
        await register(Service({}, writing=status).client, BUILD, MINE)
    assert [record.message for record in caplog.records] == ["build metadata not available"] * 3


async def test_a_server_that_does_not_learn_of_the_build_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "certpath.worker"):
        await register(Service(RPCStatusCode.NOT_FOUND).client, BUILD, MINE)
    assert [record.message for record in caplog.records] == ["build not registered"]


async def test_a_server_that_is_away_ends_the_worker_as_one_that_cannot_connect() -> None:
    with pytest.raises(CannotConnect, match="certpath:v1"):
        await refuse_other_code(Service(RPCStatusCode.UNAVAILABLE).client, BUILD, MINE)
