"""The whole of docker-compose.yml on a real engine, under a name, ports and folders of its own."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest
import yaml
from temporalio.client import Client
from testcontainers.compose import DockerCompose

from runtime.clients import connect_at
from runtime.connection import CannotConnect
from runtime.embedded import free_port
from runtime.settings import ROOT
from tests.processes.engine import Handle
from tests.processes.messages import workflow_id
from tests.processes.programs import STARTER, Ended, Place, run
from tests.waiting import PATIENCE
from trials.patience import until_answered

T = TypeVar("T")
OUTBOX = "/var/lib/certpath/outbox"


def missing() -> str | None:
    """What this machine lacks to run docker-compose.yml; None where nothing is missing.

    An image that is not here is pulled.
    """
    if shutil.which("docker") is None:
        return "the docker client is not installed"
    if _docker("compose", "version").code:
        return "the compose plugin of the docker client is not installed"
    if _docker("info").code:
        return "no Docker engine answers"
    for image in _images():
        if _docker("image", "inspect", image).code == 0:
            continue
        pulled = _docker("pull", "--quiet", image)
        if pulled.code:
            why = pulled.err.strip().splitlines() or ["no reason was given"]
            return f"the image {image} is not here and cannot be pulled: {why[-1]}"
    return None


def _images() -> list[str]:
    """The images of the services that start without a profile, and the one that Certpath's own is made from."""
    versions = dict(
        line.split("=", 1) for line in (ROOT / ".env").read_text().splitlines() if line and not line.startswith("#")
    )
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].values()
    named = {service["image"] for service in services if "profiles" not in service and "build" not in service}
    named.add("python:${PYTHON_VERSION}")
    for name, version in versions.items():
        named = {image.replace(f"${{{name}}}", version) for image in named}
    return sorted(named)


def _docker(*arguments: str) -> Ended:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE)
    return Ended(done.returncode, done.stdout, done.stderr)


class Installation:
    """A running installation. Its containers are reached by the names of their services."""

    def __init__(self, folder: Path) -> None:
        self.exchange = folder / "exchange"
        self._folder = folder
        self._name = f"certpath-test-{uuid4().hex[:8]}"
        self.build = self._name
        self.address = f"127.0.0.1:{free_port()}"
        self._images: set[str] = set()
        self._values = {
            "COMPOSE_PROJECT_NAME": self._name,
            "CERTPATH_TEMPORAL_PORT": self.address.rpartition(":")[2],
            "CERTPATH_UI_PORT": str(free_port()),
            "CERTPATH_SECRETS": str(self._folder / "secrets"),
            "CERTPATH_EXCHANGE": str(self.exchange),
        }
        if os.getuid() != 0:  # as deploy/prepare.sh tells somebody who is not root
            self._values |= {"CERTPATH_UID": str(os.getuid()), "CERTPATH_GID": str(os.getgid())}
        self.name_builds(self.build)
        self._compose = DockerCompose(ROOT, build=True, env_file=[".env", str(self._folder / "local.env")])

    @property
    def image(self) -> str:
        """The image of the newest build."""
        return f"certpath:{self.build}"

    def name_builds(self, build: str, previous: str = "") -> None:
        """Write into local.env, as an operator does before an upgrade, which build is the newest, and which was it."""
        self.build = build
        self._images.add(self.image)
        values = {**self._values, "CERTPATH_BUILD_ID": build, "CERTPATH_PREVIOUS_BUILD_ID": previous}
        file = self._folder / "local.env"
        file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))

    def prepare(self) -> None:
        """Make the secrets, by the command that an operator uses."""
        places = {"CERTPATH_SECRETS": str(self._folder / "secrets"), "CERTPATH_EXCHANGE": str(self.exchange)}
        subprocess.run([ROOT / "deploy/prepare.sh"], env={**os.environ, **places}, check=True, capture_output=True)

    def up(self) -> None:
        """Build the image, start everything, and wait until it is healthy."""
        self.compose("up", "--build", "--detach", "--wait")

    def compose(self, *arguments: str) -> str:
        """Run `docker compose` with these arguments to its end; answers what it printed."""
        done = self._composed(*arguments)
        assert done.code == 0, f"{' '.join(arguments)}\n{done.out}\n{done.err}"
        return done.out

    def refused(self, *arguments: str) -> str:
        """Run `docker compose` with these arguments; answers what a command that does not end well has to say."""
        done = self._composed(*arguments)
        assert done.code, f"{' '.join(arguments)}\n{done.out}"
        return done.err

    def _composed(self, *arguments: str) -> Ended:
        command = [*self._compose.docker_compose_command(), *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE)
        return Ended(done.returncode, done.stdout, done.stderr)

    def remove(self) -> None:
        """End everything, with its volumes and its image."""
        self.compose("--profile", "previous", "down", "--volumes")
        _docker("image", "rm", "--force", *self._images)

    def containers(self, service: str) -> list[str]:
        """The ids of a service's running containers."""
        return self.compose("ps", "--quiet", service).split()

    def inspect(self, thing: str, template: str) -> str:
        """One fact of a container or an image, as Docker's own template language names it."""
        told = _docker("inspect", "--format", template, thing)
        assert told.code == 0, told.err
        return told.out.strip()

    def kill(self, container: str) -> None:
        """End a container as a power cut would."""
        assert _docker("kill", container).code == 0

    def starter(self, *arguments: str) -> Ended:
        """The command line, from outside."""
        return run([*STARTER, *arguments], Place(self.address))

    def outbox(self) -> Path:
        """A copy of the outbox as it is now."""
        copied = self._folder / f"outbox-{uuid4().hex[:8]}"
        container = self.containers("worker")[0]
        told = _docker("cp", f"{container}:{OUTBOX}", str(copied))
        assert told.code == 0, told.err
        return copied

    async def client(self) -> Client:
        """A client of its Temporal, as soon as that can be reached."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await connect_at(self.address)
                except CannotConnect:
                    await asyncio.sleep(0.5)

    async def handle(self, candidate: str) -> Handle:
        return (await self.client()).get_workflow_handle(workflow_id(candidate))


async def persistently(ask: Callable[[], Awaitable[T]]) -> T:
    """Asks as an integration must: again, while a server or the last worker is away."""

    async def attempt() -> T:
        async with asyncio.timeout(20):
            return await ask()

    return await until_answered("what the installation was asked", attempt, PATIENCE)


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """A whole installation for the length of the block. Skips the test, with the reason, where there can be none."""
    if reason := missing():
        pytest.skip(reason)
    installation = Installation(folder)
    installation.prepare()
    try:
        installation.up()
        yield installation
    finally:
        installation.remove()
