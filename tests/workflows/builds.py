"""Builds that are made current, and the candidacies that move to them."""

from __future__ import annotations

import contextlib

from temporalio.client import Client

from client import current_build
from client.errors import NotChanged
from runtime.builds import Build
from tests.waiting import eventually
from tests.workflows.journeys import Candidate

DEPLOYMENT = "certpath"


async def make_current(client: Client, build_id: str) -> None:
    """Makes a build current, once the server knows it, which is after the first poll of its worker."""

    async def known() -> bool:
        with contextlib.suppress(NotChanged):
            await current_build.make_current(client, Build(DEPLOYMENT, build_id))
            return True
        return False

    await eventually(known, f"build {build_id} is current")


async def build_of(candidate: Candidate) -> str:
    """The id of the build to which the newest run is pinned; empty while its first task is not done."""
    info = (await candidate.handle.describe()).raw_description.workflow_execution_info
    build_id: str = info.versioning_info.deployment_version.build_id
    return build_id


async def is_on(candidate: Candidate, build_id: str) -> None:
    """Waits until the newest run is pinned to this build."""

    async def moved() -> bool:
        return await build_of(candidate) == build_id

    await eventually(moved, f"{candidate.workflow_id} runs on build {build_id}")
