"""The builds that candidacies run on: Temporal's worker deployments as values, and which build is current.

A deployment is one installation of workers, and a build is one state of its code. One build of a deployment may be
current, and candidacies begin there or move there. Another one may be ramping: it gets a part of them.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from temporalio.api.deployment.v1 import WorkerDeploymentInfo, WorkerDeploymentVersion, WorkerDeploymentVersionInfo
from temporalio.api.enums.v1 import WorkerDeploymentVersionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    DescribeWorkerDeploymentVersionRequest,
    ListWorkerDeploymentsRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from client import answers, finding, rpc_errors
from client.errors import NoDeployment, UnknownValue, WhichDeployment
from client.list_language import Filter
from client.pool import together
from runtime import build_metadata
from runtime.connection import TASK_QUEUE

_AT_ONCE = 8
# The server names the worker of a new build some moments after it knows the build.
_WORKER_SECONDS = 10.0
_PAUSE = 0.5


class BuildStatus(StrEnum):
    """What Temporal says of a build. A draining one may still have candidacies, a drained one has none."""

    CURRENT = "current"
    RAMPING = "ramping"
    DRAINING = "draining"
    DRAINED = "drained"
    INACTIVE = "inactive"
    """It was never current, and has never been ramping."""


_STATUSES = {
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_CURRENT: BuildStatus.CURRENT,
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_RAMPING: BuildStatus.RAMPING,
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING: BuildStatus.DRAINING,
    WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINED: BuildStatus.DRAINED,
}


@dataclass(frozen=True)
class BuildView:
    """One build, and who runs on it.

    `format` is the highest format of stored data that the build reads, and `code` the fingerprint of its code; both are
    None where its worker has not told them. `polls`: whether a worker of it asked for work lately. `candidacies`: how
    many open ones are pinned to it. `handed_over`: how many it has handed over that no build has taken up yet; they are
    stored as it stores them.
    """

    build: str
    deployment: str
    status: BuildStatus
    format: int | None
    code: str | None
    polls: bool
    candidacies: int
    handed_over: int = 0

    @property
    def name(self) -> str:
        """The build as Temporal writes it."""
        return f"{self.deployment}:{self.build}"


@dataclass(frozen=True)
class DeploymentView:
    """One deployment: its builds, the newest first; which one is current, and which one ramps to how many per cent."""

    name: str
    current: str | None
    ramping: str | None
    percentage: float
    builds: tuple[BuildView, ...]

    def build(self, build: str) -> BuildView:
        """Raises `UnknownValue`."""
        found = next((one for one in self.builds if one.build == build), None)
        if found is None:
            raise UnknownValue(
                "build",
                (build,),
                [one.build for one in self.builds],
                f" in deployment {self.name}. Temporal knows a build as soon as a worker of it has asked for work",
            )
        return found


class NoBuild(NamedTuple):
    """The open candidacies that run on no build, and whether workers without a build asked for work lately."""

    candidacies: int
    polls: bool


@dataclass(frozen=True)
class Everywhere:
    """Where all open candidacies run. `between`: handed over by one build, and not taken up by the next one yet."""

    deployments: tuple[DeploymentView, ...]
    no_build: NoBuild
    between: int

    def deployment(self, name: str | None) -> DeploymentView:
        """The deployment of this name, or the only one. Raises `NoDeployment`, `WhichDeployment`, `UnknownValue`."""
        known = [one.name for one in self.deployments]
        if name is None and len(known) == 1:
            return self.deployments[0]
        if not known:
            raise NoDeployment
        if name is None:
            raise WhichDeployment(known)
        found = next((one for one in self.deployments if one.name == name), None)
        if found is None:
            raise UnknownValue("deployment", (name,), known)
        return found

    @property
    def candidacies(self) -> int:
        """All open ones."""
        return sum(one.candidacies for one in self.builds) + self.no_build.candidacies + self.between

    @property
    def builds(self) -> list[BuildView]:
        """The builds of all deployments."""
        return [build for deployment in self.deployments for build in deployment.builds]


# --- looking


async def everywhere(client: Client) -> Everywhere:
    """Every deployment whose workers serve candidacies, with its builds, and how many run where.

    Raises as `finding.count` does.
    """
    with rpc_errors.explaining():
        polling = await answers.polling(client)
        names = {name async for name in _names(client)}
        # The list may be some seconds behind, when the first worker of a deployment asks for work already.
        names |= {build.partition(":")[0] for build in polling if build is not None}
        found = await together(sorted(names), lambda name: _deployment(client, name, polling), _AT_ONCE)
    no_build = await finding.count(client, Filter(on_no_build=True))
    between = await finding.count(client, Filter(between_builds=True))
    there = [one for one in found if one]
    if between:
        there = [await _with_handed_over(client, one) for one in there]
    return Everywhere(tuple(there), NoBuild(no_build, None in polling), between)


async def _with_handed_over(client: Client, deployment: DeploymentView) -> DeploymentView:
    async def counted(view: BuildView) -> BuildView:
        return replace(view, handed_over=await finding.count(client, Filter(handed_over_by=view.name)))

    return replace(deployment, builds=tuple(await together(deployment.builds, counted, _AT_ONCE)))


async def has_workers(client: Client, build: BuildView) -> bool:
    """Whether a worker of the build asks for work. One that was started a moment ago is waited for, for ten seconds.

    Raises `Unreachable`.
    """
    until = time.monotonic() + _WORKER_SECONDS
    while build.name not in await answers.polling(client):
        if time.monotonic() > until:
            return False
        await asyncio.sleep(_PAUSE)
    return True


async def _names(client: Client) -> AsyncIterator[str]:
    page = b""
    while True:
        request = ListWorkerDeploymentsRequest(namespace=client.namespace, next_page_token=page)
        answer = await client.workflow_service.list_worker_deployments(request, retry=True)
        for one in answer.worker_deployments:
            yield one.name
        page = answer.next_page_token
        if not page:
            return


async def _deployment(client: Client, name: str, polling: set[str | None]) -> DeploymentView | None:
    """None where it is deleted meanwhile, or is another application's: its workers serve other task queues."""
    info = await described(client, name)
    if info is None:
        return None
    known = [one.deployment_version.build_id for one in info.version_summaries]
    versions = await together(known, lambda build: _version(client, name, build), _AT_ONCE)
    there = sorted((one for one in versions if one), key=lambda one: one.create_time.ToNanoseconds(), reverse=True)
    queues = {queue.name for one in there for queue in one.task_queue_infos}
    if queues and TASK_QUEUE not in queues:
        return None
    counts = await together(there, lambda one: _on(client, f"{name}:{one.deployment_version.build_id}"), _AT_ONCE)
    routing = info.routing_config
    return DeploymentView(
        name=name,
        current=routing.current_deployment_version.build_id or None,
        ramping=routing.ramping_deployment_version.build_id or None,
        percentage=routing.ramping_version_percentage,
        builds=tuple(_view(one, polling, count) for one, count in zip(there, counts, strict=True)),
    )


async def described(client: Client, name: str) -> WorkerDeploymentInfo | None:
    """What Temporal says of the deployment as a whole; None where there is none of this name. Raises `RPCError`."""
    request = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=name)
    try:
        return (await client.workflow_service.describe_worker_deployment(request, retry=True)).worker_deployment_info
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise


async def _version(client: Client, deployment: str, build: str) -> WorkerDeploymentVersionInfo | None:
    request = DescribeWorkerDeploymentVersionRequest(
        namespace=client.namespace,
        deployment_version=WorkerDeploymentVersion(deployment_name=deployment, build_id=build),
    )
    try:
        answer = await client.workflow_service.describe_worker_deployment_version(request, retry=True)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return answer.worker_deployment_version_info


async def _on(client: Client, build: str) -> int:
    return await finding.count(client, Filter(on_build=build))


def _view(info: WorkerDeploymentVersionInfo, polling: set[str | None], candidacies: int) -> BuildView:
    version, told = info.deployment_version, build_metadata.parsed(info.metadata.entries)
    return BuildView(
        build=version.build_id,
        deployment=version.deployment_name,
        status=_STATUSES.get(info.status, BuildStatus.INACTIVE),
        format=told.format,
        code=told.code,
        polls=f"{version.deployment_name}:{version.build_id}" in polling,
        candidacies=candidacies,
    )
