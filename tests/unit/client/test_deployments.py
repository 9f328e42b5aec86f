"""Temporal's worker deployments as values: which ones are ours, and what is said of their builds."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.deployment.v1 import (
    RoutingConfig,
    VersionMetadata,
    WorkerDeploymentInfo,
    WorkerDeploymentVersion,
    WorkerDeploymentVersionInfo,
)
from temporalio.api.enums.v1 import WorkerDeploymentVersionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentResponse,
    DescribeWorkerDeploymentVersionResponse,
    ListWorkerDeploymentsResponse,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from client import answers, deployments, finding
from client.deployments import BuildStatus, BuildView, DeploymentView, Everywhere, NoBuild
from client.errors import NoDeployment, UnknownValue, Unreachable, WhichDeployment
from client.list_language import Filter

CURRENT = WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_CURRENT
DRAINED = WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINED
CREATED = WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_CREATED


def version(deployment: str, build: str, status: Any, *queues: str, **metadata: bytes) -> WorkerDeploymentVersionInfo:
    return WorkerDeploymentVersionInfo(
        deployment_version=WorkerDeploymentVersion(deployment_name=deployment, build_id=build),
        status=status,
        task_queue_infos=[WorkerDeploymentVersionInfo.VersionTaskQueueInfo(name=name) for name in queues],
        metadata=VersionMetadata(
            entries={f"certpath-{name}": Payload(data=data) for name, data in metadata.items()},
        ),
    )


class Server:
    """What the server knows of deployments; each page of the list has one of them."""

    namespace = "default"

    def __init__(self, *versions: WorkerDeploymentVersionInfo, current: dict[str, str], gone: str = "") -> None:
        self.workflow_service = self
        self._versions = versions
        self._current = current
        self._gone = gone

    async def list_worker_deployments(self, request: Any, retry: bool) -> ListWorkerDeploymentsResponse:
        assert retry
        names = sorted({one.deployment_version.deployment_name for one in self._versions})
        page = int(request.next_page_token or b"0")
        return ListWorkerDeploymentsResponse(
            worker_deployments=[ListWorkerDeploymentsResponse.WorkerDeploymentSummary(name=names[page])],
            next_page_token=b"" if page + 1 == len(names) else str(page + 1).encode(),
        )

    async def describe_worker_deployment(self, request: Any, retry: bool) -> DescribeWorkerDeploymentResponse:
        assert retry
        name = request.deployment_name
        if name == self._gone:
            raise RPCError("gone", RPCStatusCode.NOT_FOUND, b"")
        summaries = [
            WorkerDeploymentInfo.WorkerDeploymentVersionSummary(deployment_version=one.deployment_version)
            for one in self._versions
            if one.deployment_version.deployment_name == name
        ]
        current = WorkerDeploymentVersion(deployment_name=name, build_id=self._current.get(name, ""))
        info = WorkerDeploymentInfo(
            name=name,
            version_summaries=summaries,
            routing_config=RoutingConfig(current_deployment_version=current if current.build_id else None),
        )
        return DescribeWorkerDeploymentResponse(worker_deployment_info=info)

    async def describe_worker_deployment_version(
        self, request: Any, retry: bool
    ) -> DescribeWorkerDeploymentVersionResponse:
        assert retry
        wanted = request.deployment_version
        if wanted.build_id == self._gone:
            raise RPCError("gone", RPCStatusCode.NOT_FOUND, b"")
        (found,) = [one for one in self._versions if one.deployment_version == wanted]
        return DescribeWorkerDeploymentVersionResponse(worker_deployment_version_info=found)


@pytest.fixture(autouse=True)
def _visible(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve candidacies on certpath:v1, three on no build; and the workers of v2 and one without a build poll."""

    async def count(_client: object, wanted: Filter) -> int:
        return 12 if wanted.on_build == "certpath:v1" else 3 if wanted.on_no_build else 0

    async def polling(_client: object) -> set[str | None]:
        return {"certpath:v2", None}

    monkeypatch.setattr(finding, "count", count)
    monkeypatch.setattr(answers, "polling", polling)


async def look(server: Server) -> Everywhere:
    return await deployments.everywhere(cast(Client, server))


async def test_builds_are_shown_with_their_formats_workers_and_candidacies() -> None:
    server = Server(
        version("certpath", "v1", DRAINED, "certification", format=b"1", code=b'"ab"'),
        version("certpath", "v2", CURRENT, "certification", format=b'"nonsense"', code=b"nonsense"),
        current={"certpath": "v2"},
    )
    found = await look(server)
    (deployment,) = found.deployments
    assert (deployment.name, deployment.current, deployment.ramping) == ("certpath", "v2", None)
    assert set(deployment.builds) == {
        BuildView("v1", "certpath", BuildStatus.DRAINED, 1, "ab", polls=False, candidacies=12),
        BuildView("v2", "certpath", BuildStatus.CURRENT, None, None, polls=True, candidacies=0),
    }
    assert (found.no_build, found.between, found.candidacies) == (NoBuild(3, polls=True), 0, 15)


async def test_who_was_handed_over_and_not_taken_up_counts_for_the_build_that_stored_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def count(_client: object, wanted: Filter) -> int:
        return 2 if wanted.between_builds else {"certpath:v1": 2}.get(wanted.handed_over_by or "", 0)

    monkeypatch.setattr(finding, "count", count)
    found = await look(
        Server(
            version("certpath", "v1", DRAINED, "certification"),
            version("certpath", "v2", CURRENT, "certification"),
            current={"certpath": "v2"},
        )
    )
    assert {one.build: one.handed_over for one in found.builds} == {"v1": 2, "v2": 0}
    assert found.candidacies == 2


async def test_deployments_of_other_applications_are_left_out() -> None:
    server = Server(
        version("billing", "v7", CURRENT, "invoices"),
        # Made current before any worker of it has asked for work: nobody knows its task queue yet.
        version("certpath", "v1", CREATED),
        version("mixed", "v1", DRAINED, "old-queue"),
        version("mixed", "v2", CURRENT, "certification"),
        current={"billing": "v7", "certpath": "v1", "mixed": "v2"},
    )
    found = await look(server)
    assert [one.name for one in found.deployments] == ["certpath", "mixed"]
    assert found.deployments[0].builds[0].status is BuildStatus.INACTIVE


async def test_a_deployment_that_is_not_in_the_list_yet_is_known_by_its_worker() -> None:
    class Late(Server):
        async def list_worker_deployments(self, request: Any, retry: bool) -> ListWorkerDeploymentsResponse:
            return ListWorkerDeploymentsResponse()

    found = await look(Late(version("certpath", "v2", CREATED, "certification"), current={}))
    assert [one.name for one in found.builds] == ["certpath:v2"]


@pytest.mark.parametrize("gone", ["other", "v0"])
async def test_what_is_deleted_meanwhile_is_left_out(gone: str) -> None:
    server = Server(
        version("certpath", "v0", DRAINED, "certification"),
        version("certpath", "v1", CURRENT, "certification"),
        version("other", "v1", CURRENT, "certification"),
        current={},
        gone=gone,
    )
    found = await look(server)
    names = [one.name for one in found.builds]
    assert gone not in " ".join(names)
    assert "certpath:v1" in names


async def test_a_server_without_deployments_is_explained() -> None:
    async def refuse(_request: object, retry: bool) -> None:
        raise RPCError("unknown method", RPCStatusCode.UNIMPLEMENTED, b"")

    server = SimpleNamespace(
        namespace="default", workflow_service=SimpleNamespace(list_worker_deployments=refuse), polling=None
    )
    with pytest.raises(Unreachable, match="unknown method"):
        await deployments.everywhere(cast(Client, server))


def deployment(name: str, *builds: str) -> DeploymentView:
    views = tuple(BuildView(build, name, BuildStatus.INACTIVE, 1, "x", polls=True, candidacies=0) for build in builds)
    return DeploymentView(name, None, None, 0, views)


def test_a_deployment_is_chosen_by_its_name_or_because_it_is_the_only_one() -> None:
    one, two = deployment("a", "v1"), deployment("b")
    nobody = NoBuild(0, polls=False)
    assert Everywhere((one,), nobody, 0).deployment(None) is one
    both = Everywhere((one, two), nobody, 0)
    assert both.deployment("b") is two
    with pytest.raises(WhichDeployment, match="2 deployments, a and b"):
        both.deployment(None)
    with pytest.raises(UnknownValue, match="c is none of a, b"):
        both.deployment("c")
    for name in (None, "a"):
        with pytest.raises(NoDeployment, match="TEMPORAL_WORKER_BUILD_ID"):
            Everywhere((), nobody, 0).deployment(name)


def test_a_build_that_is_not_there_is_answered_with_those_that_are() -> None:
    known = deployment("certpath", "v2", "v1")
    assert known.build("v1").name == "certpath:v1"
    with pytest.raises(UnknownValue, match="v3 is none of v2, v1 in deployment certpath") as caught:
        known.build("v3")
    assert (caught.value.what, caught.value.known) == ("build", ("v2", "v1"))


async def test_a_worker_that_was_started_a_moment_ago_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answered: list[set[str | None]] = [set(), {None}, {"certpath:v1"}]

    async def polling(_client: object) -> set[str | None]:
        return answered.pop(0) if answered else set()

    monkeypatch.setattr(answers, "polling", polling)
    monkeypatch.setattr(deployments, "_PAUSE", 0)
    (build,) = deployment("certpath", "v1").builds
    assert await deployments.has_workers(cast(Client, None), build)
    assert answered == []
    monkeypatch.setattr(deployments, "_WORKER_SECONDS", 0)
    assert not await deployments.has_workers(cast(Client, None), build)
