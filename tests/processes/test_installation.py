"""A whole installation on PostgreSQL: used, broken and started again as an operator would do it."""

import asyncio
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.processes.engine import Handle
from tests.processes.evidence import assert_nothing_twice, expected_notices, notices, pinned_to, timeline, types
from tests.processes.installation import Installation, installed, persistently
from tests.processes.messages import JOURNEY, JOURNEY_EVENTS, email, registration, result, workflow_id
from tests.waiting import eventually


@pytest.fixture(scope="module")
def certpath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("installation")) as running:
        yield running


async def enrol(certpath: Installation, candidate: str) -> Handle:
    client = await certpath.client()
    start = partial(
        client.start_workflow,
        "CertificationWorkflow",
        registration(candidate),
        id=workflow_id(candidate),
        task_queue="certification",
    )
    handle: Handle = await persistently(start)
    return handle


async def send(handle: Handle, name: str, document: dict[str, Any]) -> None:
    """An update, asked for again until it is answered."""
    await persistently(lambda: handle.execute_update(name, document))


async def assert_certified(certpath: Installation, candidate: str) -> None:
    """Every event of a journey once, and one notice for each event that wants one."""
    handle = await certpath.handle(candidate)

    async def certified() -> bool:
        return str((await persistently(lambda: handle.query("status")))["status"]) == "certified"

    await eventually(certified)
    events = await persistently(lambda: timeline(handle))
    assert_nothing_twice(events)
    assert sorted(types(events)) == sorted(JOURNEY_EVENTS)
    wanted = expected_notices(events)
    await eventually(lambda: len(notices(certpath.outbox(), candidate)) >= len(wanted))
    assert [number for number, _ in notices(certpath.outbox(), candidate)] == wanted


def test_all_of_it_is_healthy_and_only_this_machine_reaches_it(certpath: Installation) -> None:
    for service in ("postgres", "temporal", "ui", "worker"):
        (container,) = certpath.containers(service)
        assert certpath.inspect(container, "{{.State.Health.Status}}") == "healthy", service
        bindings = json.loads(certpath.inspect(container, "{{json .HostConfig.PortBindings}}"))
        hosts = {port["HostIp"] for ports in (bindings or {}).values() for port in ports}
        assert hosts <= {"127.0.0.1"}, service


def test_the_image_says_which_build_it_is_and_runs_without_rights(certpath: Installation) -> None:
    label = certpath.inspect(certpath.image, '{{index .Config.Labels "org.opencontainers.image.revision"}}')
    assert f"certpath:{label}" == certpath.image
    assert certpath.compose("exec", "-T", "worker", "printenv", "TEMPORAL_WORKER_BUILD_ID").strip() == label
    assert certpath.compose("exec", "-T", "worker", "id", "-u").strip() == "10001"
    packages = certpath.compose("exec", "-T", "worker", "ls", "/opt/certpath/bin").split()
    assert not {"pytest", "mypy", "ruff", "pip", "temporal"} & set(packages)


async def test_a_candidate_is_certified_by_signals_and_another_by_updates(certpath: Installation) -> None:
    by_signals, by_updates = await enrol(certpath, "C-1"), await enrol(certpath, "C-2")
    for name, document in JOURNEY:
        await by_signals.signal(name, document)
        await send(by_updates, name, document)
    await assert_certified(certpath, "C-1")
    await assert_certified(certpath, "C-2")


def test_the_command_line_works_from_outside_and_in_a_container(certpath: Installation) -> None:
    rows = [f"I-{number},Ana Ruiz,{email(f'I-{number}')},CCMA" for number in range(5)]
    (certpath.exchange / "people.csv").write_text("\n".join(["candidate_id,name,email,designation", *rows]))
    certpath.compose("run", "--rm", "-T", "starter", "import", "people.csv")
    assert "registered" in (certpath.exchange / "people.outcome.csv").read_text()
    inside = certpath.compose("run", "--rm", "-T", "starter", "status", "I-0", "CCMA", "--json")
    outside = certpath.starter("status", "I-0", "CCMA", "--json")
    assert outside.code == 0, outside.err
    assert json.loads(inside)["status"] == outside.document["status"] == "awaiting_purchase"


async def test_a_second_worker_takes_over_from_a_killed_one(certpath: Installation) -> None:
    certpath.compose("up", "--detach", "--wait", "--no-recreate", "--scale", "worker=2", "worker")
    first, second = certpath.containers("worker")
    handle = await enrol(certpath, "C-3")
    for number, (name, document) in enumerate(JOURNEY):
        if number == 3:
            certpath.kill(first)
        await send(handle, name, document)
    await assert_certified(certpath, "C-3")
    assert certpath.containers("worker") == [second]
    certpath.compose("up", "--detach", "--wait", "--scale", "worker=1", "worker")


@pytest.mark.parametrize(("service", "candidate"), [("worker", "C-4"), ("temporal", "C-5"), ("postgres", "C-6")])
async def test_what_is_killed_in_the_middle_and_started_again_loses_nothing(
    certpath: Installation, service: str, candidate: str
) -> None:
    handle = await enrol(certpath, candidate)
    for name, document in JOURNEY[:3]:
        await send(handle, name, document)
    (container,) = certpath.containers(service)
    certpath.kill(container)
    sending = asyncio.create_task(send(handle, *JOURNEY[3]))  # by a client that does not know yet
    await asyncio.to_thread(certpath.compose, "up", "--detach", "--wait", service)
    await sending
    for name, document in JOURNEY[4:]:
        await send(handle, name, document)
    await assert_certified(certpath, candidate)


async def test_every_event_is_in_the_record_once_and_in_order(certpath: Installation) -> None:
    happened = {}
    for handle in [await certpath.handle(f"C-{number}") for number in range(1, 7)]:
        happened[handle.id] = [entry["sequence"] for entry in await persistently(partial(timeline, handle))]
    await eventually(lambda: happened.items() <= recorded(certpath).items())
    checked = json.loads(certpath.compose("run", "--rm", "-T", "starter", "record", "check", "--json"))
    assert [checked[name] for name in ("faults", "missing_positions", "read_models")] == [[], [], []]


def recorded(certpath: Installation) -> dict[str, list[int]]:
    """The numbers of the events of each candidacy, in the order in which they were recorded."""
    found: dict[str, list[int]] = {}
    for line in certpath.compose("run", "--rm", "-T", "starter", "export").splitlines():
        document = json.loads(line)
        found.setdefault(document["workflow_id"], []).append(document["event"]["sequence"])
    return found


def test_the_workers_and_the_command_line_own_no_table_of_the_record(certpath: Installation) -> None:
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    asked = ("exec", "-T", "postgres", "psql", "--username", "postgres", "--tuples-only", "--no-align", "certpath")
    assert certpath.compose(*asked, "--command", owners).split() == ["certpath"]
    rights = "SELECT has_table_privilege('certpath_worker', 'events', 'UPDATE, DELETE, TRUNCATE')"
    assert certpath.compose(*asked, "--command", rights).strip() == "f"
    for service in ("worker", "starter"):
        assert "://certpath_worker:" in certpath.compose(
            "run", "--rm", "-T", "--no-deps", "--entrypoint", "cat", service, "/run/secrets/record-url"
        )


async def test_the_command_line_of_the_owner_erases_nobody_too_early(certpath: Installation) -> None:
    handle = await enrol(certpath, "E-1")
    await send(handle, "withdraw", {"reason": "asked for it"})
    erase = ("erase", "E-1", "--by", "Kim Stone", "--reason", "asked for in writing", "--yes")
    # The shipped scheme keeps the details for years after the end of a candidacy.
    await eventually(lambda: "may be erased from" in certpath.refused("run", "--rm", "-T", "owner", *erase))
    address = certpath.compose("run", "--rm", "-T", "--entrypoint", "cat", "owner", "/run/secrets/record-owner-url")
    assert "://certpath:" in address


async def test_down_and_up_again_loses_nothing(certpath: Installation) -> None:
    handle = await enrol(certpath, "C-7")
    await send(handle, *JOURNEY[1])
    listed = {entry["candidate_id"]: entry["status"] for entry in certpath.starter("list", "--json").document}
    assert listed["C-1"] == "certified"
    certpath.compose("down")
    certpath.up()
    again = certpath.starter("list", "--json")
    assert {entry["candidate_id"]: entry["status"] for entry in again.document} == listed
    handle = await certpath.handle("C-7")
    known = await persistently(lambda: handle.execute_update(JOURNEY[1][0], JOURNEY[1][1]))
    assert known["duplicate"] is True
    for name, document in (JOURNEY[0], *JOURNEY[2:]):
        await send(handle, name, document)
    await assert_certified(certpath, "C-7")


async def test_a_worker_that_is_told_to_stop_finishes_what_it_has_begun(certpath: Installation) -> None:
    handle = await enrol(certpath, "C-8")
    await send(handle, "record_assessment_result", result(1, "people-management"))
    (container,) = certpath.containers("worker")
    certpath.compose("stop", "worker")
    assert certpath.inspect(container, "{{.State.ExitCode}}") == "0"
    certpath.compose("up", "--detach", "--wait", "worker")


def test_setting_up_again_changes_nothing(certpath: Installation) -> None:
    for step in ("databases", "schema", "namespace", "first-build", "record"):
        certpath.compose("run", "--rm", "-T", step)
    assert certpath.starter("status", "C-1", "CCSL", "--json").document["status"] == "certified"


async def test_candidacies_move_to_a_new_build_while_the_workers_of_the_previous_one_run_on(
    certpath: Installation,
) -> None:
    # The same code under another id. What other code may change is tried by the drill.
    previous, new = certpath.build, f"{certpath.build}-next"
    handle = await enrol(certpath, "C-9")
    await send(handle, *JOURNEY[1])
    assert await pinned_to(handle) == previous

    certpath.name_builds(new, previous)
    await asyncio.to_thread(certpath.compose, "build", "worker")
    both = ("--profile", "previous", "up", "--detach", "--wait", "worker", "worker-previous")
    await asyncio.to_thread(certpath.compose, *both)
    await send(handle, *JOURNEY[2])
    assert await pinned_to(handle) == previous

    await asyncio.to_thread(certpath.compose, "run", "--rm", "-T", "starter", "upgrade", new)
    assert await pinned_to(await certpath.handle("C-9")) == new
    certpath.compose("--profile", "previous", "rm", "--stop", "--force", "worker-previous")
    handle = await certpath.handle("C-9")
    for name, document in (JOURNEY[0], *JOURNEY[3:]):
        await send(handle, name, document)
    await assert_certified(certpath, "C-9")
