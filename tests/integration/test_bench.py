"""The bench compares like with like: its bare workflow takes Certpath's messages and does what it is told."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.worker import Worker

from bench import arguments, bare, journey, memory
from bench.__main__ import main as bench_main
from bench.__main__ import run as run_bench
from bench.alone import Alone
from bench.moving import Moved
from bench.report import Contest, Measured, Report
from bench.shape import Shape, Step
from bench.workers import Memory
from domain.commands import MESSAGES
from domain.messages import parse_message
from runtime.embedded import EmbeddedServer
from runtime.settings import ROOT
from tests.waiting import eventually

BARE = Measured(per_second=10, events=100, bytes=1000, cpu_ms=20)


def test_the_journey_is_made_of_messages_of_the_contract() -> None:
    sent = {name for name, _ in journey.messages("C-1", datetime.now(UTC))}
    assert sent == set(bare.MESSAGES)
    assert sent <= set(MESSAGES)


async def test_the_bare_workflow_takes_the_same_messages_and_does_what_it_is_told(client: Client) -> None:
    steps = [Step(3, [["CertificationStatus", "NextDeadline"]]), *(Step(1, [["AssessmentsPassed"]]) for _ in range(5))]
    shape = Shape([*steps, Step(2, [["CertificationStatus"], ["NeedsAttention"]])])
    with ThreadPoolExecutor(2) as executor:
        async with Worker(
            client,
            task_queue="bench-test",
            workflows=[bare.BareJourney],
            activities=[bare.do_nothing],
            activity_executor=executor,
        ):
            recorded, history = await journey.recorded(client, journey.bare_like(shape, "bench-test"), "C-bench")
    assert recorded == shape
    assert sum(event.HasField("timer_started_event_attributes") for event in history) == 1
    assert sum(event.HasField("workflow_execution_update_completed_event_attributes") for event in history) == 6


def test_every_message_of_the_journey_parses() -> None:
    for name, payload in journey.messages("C-1", datetime.now(UTC)):
        assert parse_message(name, json.dumps(payload).encode()).message_id


# --- the command line


def test_by_default_one_worker_a_side_runs_on_the_embedded_server() -> None:
    given = arguments.parse([])
    assert (given.workers, given.address, given.namespace) == ([1], None, None)


def test_several_numbers_of_workers_are_several_contests() -> None:
    given = arguments.parse(["--workers", "1, 2,4,2", "--address", "db:7233", "--namespace", "trials"])
    assert (given.workers, given.address, given.namespace) == ([1, 2, 4], "db:7233", "trials")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--workers", "0"],
        ["--workers", "1,,2"],
        ["--workers", "two"],
        ["--workers", "-1"],
        ["--workers", "9" * 5000],
        ["--journeys", "0"],
        ["--namespace", "trials"],
        ["--exits", "--address", "db:7233"],
    ],
)
def test_bad_usage_ends_with_exit_code_2_before_anything_starts(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments.parse(wrong)
    assert ended.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_the_memory_bench_takes_its_sizes_smallest_first() -> None:
    assert memory.parse([]).candidacies == [2000, 20000]
    assert memory.parse(["--candidacies", "30,10"]).candidacies == [10, 30]
    with pytest.raises(SystemExit):
        memory.parse(["--workers", "0"])


# --- the reports


def contest(workers: int, *speeds: float) -> Contest:
    """One round for each of Certpath's speeds; the bare workflow makes 10 journeys a second."""
    return Contest(
        workers,
        [
            {"certpath": Measured(speed, 105, 2000, 30), "unrecorded": Measured(8, 100, 2000, 20), "bare": BARE}
            for speed in speeds
        ],
    )


def test_each_number_of_workers_has_its_ratio_and_the_first_one_must_reach_the_target() -> None:
    contests = [contest(1, 8, 8.7, 9), contest(4, 7, 7, 7)]
    report = Report("on PostgreSQL", False, contests, {"certpath": 106, "bare": 102}, None)
    table = report.table()
    assert [one.ratio("per_second") for one in contests] == [pytest.approx(0.87), pytest.approx(0.7)]
    assert table.startswith("on PostgreSQL\n")
    assert "1 worker a side" in table
    assert "4 workers a side" in table
    assert [(one.name, one.figure, one.met) for one in report.targets()] == [
        ("history events", "1.050 x", True),
        ("journeys/s", "0.87 x", True),
        ("journeys/s / without a record", "1.09 x", True),
        ("worker CPU", "1.50 x", True),
    ]
    assert "MISSED" not in table


def test_a_ratio_below_the_target_is_missed() -> None:
    for embedded, speed, met in ((False, 8.4, False), (False, 8.5, True), (True, 9.4, False), (True, 9.5, True)):
        report = Report("anywhere", embedded, [contest(1, speed)], {"certpath": 106, "bare": 102}, None)
        assert [one.met for one in report.targets() if one.name == "journeys/s"] == [met]
        assert ("MISSED" in report.table()) is not met


def test_moves_are_compared_with_bare_workflows_that_are_taken_up() -> None:
    for taken_up, met in ((20, True), (21, False)):
        moves = [Moved(moved=10, taken_up=taken_up, started=100)] * 3
        alone = Alone(None, 6000, {}, [(1, 1)], [(1, 1)], moves, None)
        assert [one.met for one in alone.targets() if one.name.startswith("moves")] == [met]


def test_memory_that_grows_with_the_number_of_candidacies_is_missed() -> None:
    def held(candidacies: int, *rss: float) -> memory.Held:
        each = [Memory(one, one - 5, one - 10) for one in rss]
        return memory.Held(candidacies, each, each, each)

    bounded = memory.MemoryReport("here", 1000, [held(2000, 200, 180), held(20000, 190, 215)])
    growing = memory.MemoryReport("here", 1000, [held(2000, 200, 180), held(20000, 190, 225)])
    assert [(one.figure, one.met) for one in bounded.targets()] == [("1.07 x", True)] * 2
    assert [(one.figure, one.met) for one in growing.targets()] == [("1.12 x", False)] * 2
    assert "MISSED" in growing.table()
    assert list(memory.MemoryReport("here", 1000, [held(2000, 200)]).targets()) == []


# --- on a server that is there already


async def contests(folder: Path, *options: str) -> Any:
    """Runs the bench in this process, and answers what it writes as JSON."""
    report = await run_bench(arguments.parse(list(options)), folder)
    return json.loads(json.dumps(report.document()))


async def memories(*options: str) -> Any:
    """Runs the memory bench as people do, and answers its JSON document."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.memory", *options, "--json"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()[-2000:]
    return json.loads(out)


Running = dict[str, asyncio.Task[Any]]


@pytest_asyncio.fixture(scope="module")
async def running(embedded: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """Both benches at once: each waits most of the time, until its workers are quiet or have started."""
    folder = tmp_path_factory.mktemp("bench")
    there = ("--address", embedded.address, "--namespace", "default")
    tasks = {
        "bench": asyncio.create_task(contests(folder, *there, "--journeys", "2", "--rounds", "1", "--workers", "1")),
        "bench.memory": asyncio.create_task(memories(*there, "--candidacies", "3", "--workers", "2")),
    }
    yield tasks
    await asyncio.gather(*tasks.values(), return_exceptions=True)


async def test_on_another_server_every_side_is_measured(running: Running) -> None:
    told = await running["bench"]
    assert [one["workers"] for one in told["contests"]] == [1]
    (measured,) = told["contests"][0]["rounds"]
    assert measured.keys() == {"certpath", "unrecorded", "bare"}
    for side in measured.values():
        assert side["per_second"] > 0
        assert side["cpu_ms"] > 0
    assert f"{len(os.sched_getaffinity(0))} CPUs" in told["where"]
    assert "events_per_cycle" not in told


async def test_the_memory_of_each_worker_is_measured_when_all_is_open_and_when_each_was_touched(
    running: Running,
) -> None:
    told = await running["bench.memory"]
    assert [one["candidacies"] for one in told["held"]] == [3]
    for held in told["held"]:
        for moment in ("idle", "opened", "touched"):
            assert len(held[moment]) == 2
            assert all(one["rss"] >= one["pss"] >= one["uss"] > 10 for one in held[moment])


async def test_both_benches_leave_nothing_behind_on_a_server_that_stays(running: Running, client: Client) -> None:
    await asyncio.gather(*running.values())

    async def cleaned() -> bool:
        return not [found.id async for found in client.list_workflows() if found.task_queue.startswith("bench-b")]

    await eventually(cleaned, "a list without the candidacies of the benches")


def test_a_server_that_is_not_there_is_one_clear_line_and_exit_code_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "--address", "127.0.0.1:1"])
    assert bench_main() == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert "127.0.0.1:1" in told.err
    assert told.err.count("\n") == 1
