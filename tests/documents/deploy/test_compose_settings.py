"""docker-compose.yml as `docker compose` understands it, with the settings of an installation. No engine is needed."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime.settings import ROOT
from tests.documents.deploy.test_compose_file import COMMAND_LINES, SERVICES, WORKERS

BOTH_FILES = ".env,local.env"
SCHEMES_IN_IMAGE = "/app/schemes"


def compose_client() -> list[str]:
    """`docker compose`. Skips the test where that is not installed."""
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("the docker client is not installed")
    if subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("the compose plugin of the docker client is not installed")
    return [docker, "compose"]


def composed(folder: Path, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Run `docker compose` there, with only these settings in the environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CERTPATH_", "COMPOSE_"))}
    command = [*compose_client(), *arguments]
    return subprocess.run(command, cwd=folder, env=environment | given, capture_output=True, text=True, check=False)


def understood_by_compose(folder: Path, **given: str) -> dict[str, Any]:
    """Every service, as compose itself understands it."""
    profiles = [word for profile in ("tools", "try", "watch", "previous") for word in ("--profile", profile)]
    done = composed(folder, *profiles, "config", "--format", "json", **given)
    assert done.returncode == 0, done.stderr
    assert "variable is not set" not in done.stderr
    services: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
    return services


def test_compose_itself_understands_the_file() -> None:
    understood = understood_by_compose(ROOT, CERTPATH_BUILD_ID="v1")
    assert understood.keys() == SERVICES.keys()
    published = [port for service in understood.values() for port in service.get("ports", [])]
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


def installation(folder: Path, *settings: str) -> None:
    """The files that compose reads, in a folder of their own, with these lines in local.env."""
    for name in ("docker-compose.yml", ".env"):
        shutil.copy(ROOT / name, folder)
    (folder / "local.env").write_text("".join(f"{line}\n" for line in settings))


def test_a_shell_that_does_not_know_local_env_can_replace_no_worker(tmp_path: Path) -> None:
    """Workers of a build that nobody has named would get no candidacy, and would stand where those stood that do."""
    installation(tmp_path, "CERTPATH_BUILD_ID=v1")
    refused = composed(tmp_path, "config")
    assert refused.returncode != 0
    assert f"run this first, in each shell and script: export COMPOSE_ENV_FILES={BOTH_FILES}" in refused.stderr
    services = understood_by_compose(tmp_path, COMPOSE_ENV_FILES=BOTH_FILES)
    assert {services[name]["image"] for name in ("worker", "starter", "first-build")} == {"certpath:v1"}
    assert services["first-build"]["command"][:2] == ["upgrade", "v1"]


def test_an_installation_has_a_scheme_of_its_own_that_no_release_touches(tmp_path: Path) -> None:
    installation(tmp_path, "CERTPATH_BUILD_ID=v2", "CERTPATH_SCHEMES=./local-schemes")
    reading = {*WORKERS, *COMMAND_LINES}
    assert schemes(tmp_path) == dict.fromkeys(reading, tmp_path / "local-schemes")
    with (tmp_path / "local.env").open("a") as file:
        file.write("CERTPATH_PREVIOUS_SCHEMES=./previous-schemes\n")
    assert schemes(tmp_path) == {
        **dict.fromkeys(reading, tmp_path / "local-schemes"),
        "worker-previous": tmp_path / "previous-schemes",
    }
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"local-schemes/", "previous-schemes/", "local.env"} <= set(ignored), (
        "`git checkout` of a release keeps them"
    )


def schemes(folder: Path) -> dict[str, Path]:
    """From which folder of the machine each service reads the scheme."""
    services = understood_by_compose(folder, COMPOSE_ENV_FILES=BOTH_FILES)
    return {
        name: Path(volume["source"])
        for name, service in services.items()
        for volume in service.get("volumes", [])
        if volume["target"] == SCHEMES_IN_IMAGE
    }
