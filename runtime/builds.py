"""Which build of Certpath a worker is, in the words of Temporal's worker versioning.

A deployment is one installation of workers, and a build is one state of its code. Temporal keeps each run of a
candidacy on the build that began the run, so the workers of several builds can serve one deployment side by side.

This module imports only the standard library, because the command line must start quickly.
"""

import ast
import functools
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from runtime.settings import ROOT, SettingsError

DEPLOYMENT_VARIABLE = "TEMPORAL_DEPLOYMENT_NAME"
BUILD_VARIABLE = "TEMPORAL_WORKER_BUILD_ID"

CODE_METADATA = "certpath-code"
"""The key of the metadata in which Temporal's server keeps the fingerprint of a build's workflow code."""
FORMAT_METADATA = "certpath-format"
"""The key of the metadata in which Temporal's server keeps the highest format of stored data that a build reads."""

# Temporal writes a build as `deployment:build`. It wrote `deployment.build` before, and still refuses a dot in the
# name of a deployment. It takes almost every other character. Certpath takes only those that need no quoting in a list
# filter, in a shell or in the tag of an image.
_DEPLOYMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/-]{0,99}")
_BUILD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,127}")

_ROOMS = ("domain", "views", "workflows")
_MODULES = (
    "activities/__init__.py",
    "activities/requests.py",
    "runtime/__init__.py",
    "runtime/attribute_names.py",
    "runtime/cancellations.py",
    "runtime/metrics.py",
    "runtime/search_attributes.py",
    "runtime/wrapped_runner.py",
)
PACKAGES = ("temporalio", "pydantic", "pydantic-core", "tzdata")
"""The packages on whose version it depends how a run is replayed."""


class BadName(ValueError):
    """A deployment or a build cannot have this name. The message is one sentence without its subject."""


@dataclass(frozen=True)
class Build:
    """One build of one deployment. Raises `BadName` if one of the two names cannot be used."""

    deployment: str
    build_id: str

    def __post_init__(self) -> None:
        check_deployment(self.deployment)
        check_build_id(self.build_id)

    def __str__(self) -> str:
        """The build as Temporal writes it, also in the search attribute TemporalWorkerDeploymentVersion."""
        return f"{self.deployment}:{self.build_id}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Build | None":
        """The build that the environment names; None if it names none, for an unversioned worker.

        An empty variable counts as not set. Raises `SettingsError`, also where only one of the two variables is set.
        """
        deployment = environment.get(DEPLOYMENT_VARIABLE, "").strip()
        build_id = environment.get(BUILD_VARIABLE, "").strip()
        if not deployment and not build_id:
            return None
        if not build_id:
            raise _alone(DEPLOYMENT_VARIABLE, deployment, BUILD_VARIABLE, "an id of this build's own, such as v1.4.0")
        if not deployment:
            raise _alone(BUILD_VARIABLE, build_id, DEPLOYMENT_VARIABLE, "the name of the deployment, such as certpath")
        for variable, value, check in (
            (DEPLOYMENT_VARIABLE, deployment, check_deployment),
            (BUILD_VARIABLE, build_id, check_build_id),
        ):
            try:
                check(value)
            except BadName as error:
                raise SettingsError(f"{variable} {error}") from error
        return cls(deployment, build_id)


def check_deployment(name: str) -> None:
    """Raises `BadName` if a deployment cannot have this name."""
    if not _DEPLOYMENT.fullmatch(name):
        raise _bad(name, 100, "'-', '_' and '/'")


def check_build_id(build_id: str) -> None:
    """Raises `BadName` if a build cannot have this id."""
    if not _BUILD_ID.fullmatch(build_id):
        raise _bad(build_id, 128, "'.', '-', '_' and '+'")


def _bad(name: str, most: int, signs: str) -> BadName:
    return BadName(
        f"is {name[:40]!r}: write at most {most} letters, digits, {signs}, and begin with a letter or a digit."
    )


def _alone(given: str, value: str, missing: str, example: str) -> SettingsError:
    return SettingsError(
        f"{given} is {value[:40]!r}, and {missing} is not set: set it to {example},"
        " or unset both for a worker without a build."
    )


# --- the fingerprint


def code_fingerprint(root: Path = ROOT) -> str:
    """A hash of everything that decides how a run of a candidacy is replayed: two builds that differ need two ids.

    - The modules that workflow code executes: all of domain/, views/ and workflows/, and those of activities/ and
      runtime/ that these import. Each module counts as its syntax tree, so comments and layout do not matter.
    - The versions of temporalio (which commands a workflow gives), of pydantic and pydantic-core (what a payload is
      parsed to) and of tzdata (which instant a deadline is).
    - The version of Python without its last number (the characters that a name may have, and how numbers are written).

    Activities, templates and the command line are not in it, because no replay executes them. The scheme is not in it,
    because each candidacy has pinned its own. `root` is the folder of the modules: the checkout, or a copy of it.
    """
    return _of_this_process() if root == ROOT else _hashed(root)


def code_on_disk() -> str:
    """The fingerprint of the files as they are now: of a process that is started now, and perhaps not of this one."""
    return _hashed(ROOT)


@functools.cache
def _of_this_process() -> str:
    """Read once: a process goes on with the code with which it has begun, and reading it takes a third of a second."""
    return _hashed(ROOT)


def _hashed(root: Path) -> str:
    digest = hashlib.sha256()
    for part in (f"python {sys.version_info.major}.{sys.version_info.minor}", *_versions(), *_trees(root)):
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:32]


def _versions() -> Iterator[str]:
    for package in PACKAGES:
        yield f"{package} {version(package)}"


def _trees(root: Path) -> Iterator[str]:
    for module in sorted(workflow_modules(root)):
        yield module
        source = (root / module).read_bytes()
        try:
            yield ast.dump(ast.parse(source))
        except SyntaxError:
            # Only a worker that imports the module can show what is wrong with it.
            yield source.decode(errors="replace")


def workflow_modules(root: Path = ROOT) -> set[str]:
    """The modules that workflow code executes, as paths below `root`, such as `domain/state.py`."""
    found = (path for room in _ROOMS for path in (root / room).rglob("*.py"))
    return {path.relative_to(root).as_posix() for path in found} | set(_MODULES)
