"""How the builds of the workers, and who runs on them, are shown: a table for people, and the document of `--json`."""

from collections.abc import Iterator
from typing import Any

from cli import tables
from client.deployments import BuildStatus, BuildView, DeploymentView, Everywhere

COLUMNS = ("deployment", "build", "status", "format", "workers", "candidacies")
_NO_BUILD = "(no build)"
_BETWEEN = "(between builds)"


def show(everywhere: Everywhere) -> None:
    """The table: a line for each build, and one for those that run on none."""
    tables.table(COLUMNS, list(_rows(everywhere)))


def _rows(everywhere: Everywhere) -> Iterator[tuple[str, ...]]:
    for deployment in everywhere.deployments:
        for build in deployment.builds:
            reads = "" if build.format is None else str(build.format)
            status = _status(deployment, build)
            yield deployment.name, build.build, status, reads, _workers(build.polls), f"{build.candidacies:,}"
    no_build = everywhere.no_build
    if no_build.candidacies or no_build.polls or not everywhere.deployments:
        yield "", _NO_BUILD, "", "", _workers(no_build.polls), f"{no_build.candidacies:,}"
    if everywhere.between:
        yield "", _BETWEEN, "", "", "", f"{everywhere.between:,}"


def _status(deployment: DeploymentView, build: BuildView) -> str:
    ramps = build.status is BuildStatus.RAMPING
    return f"{build.status} {deployment.percentage:g} %" if ramps else str(build.status)


def how_many(number: int) -> str:
    """A number of open candidacies, in words."""
    return f"{number:,} open {'candidacy' if number == 1 else 'candidacies'}"


def _workers(polls: bool) -> str:
    return "polling" if polls else "none"


def document(everywhere: Everywhere) -> dict[str, Any]:
    """The same for machines."""
    return {
        "deployments": [_deployment(one) for one in everywhere.deployments],
        "no_build": {"candidacies": everywhere.no_build.candidacies, "workers_poll": everywhere.no_build.polls},
        "between_builds": {"candidacies": everywhere.between},
    }


def _deployment(deployment: DeploymentView) -> dict[str, Any]:
    ramping = {"build": deployment.ramping, "percentage": deployment.percentage} if deployment.ramping else None
    return {
        "deployment": deployment.name,
        "current": deployment.current,
        "ramping": ramping,
        "builds": [
            {
                "build": build.build,
                "status": build.status,
                "format": build.format,
                "code": build.code,
                "workers_poll": build.polls,
                "candidacies": build.candidacies,
            }
            for build in deployment.builds
        ],
    }


def advice(everywhere: Everywhere) -> Iterator[str]:
    """What to do next, in a sentence for each deployment that wants something."""
    for deployment in everywhere.deployments:
        if deployment.current is None:
            yield (
                f"No build of {deployment.name} is current, so its workers get no work: `./starter.py upgrade BUILD` "
                "makes one current."
            )
            continue
        current = deployment.build(deployment.current)
        elsewhere = everywhere.candidacies - current.candidacies
        if elsewhere and deployment.ramping is None:
            yield (
                f"Build {current.build} is current, and does not have {how_many(elsewhere)}: "
                f"`./starter.py upgrade {current.build}` moves whoever is left."
            )
        if not current.polls:
            yield f"No worker of {current.build} asks for work, although it is current: start one."
