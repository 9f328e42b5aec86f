#!/usr/bin/env python3
"""Certpath's worker: takes work from the task queue `certification` and carries candidacies forward.

Most imports are inside functions: importing the SDK takes half a second, which `--help` must not need.
"""

from runtime.venv import reexec

reexec()

import argparse  # noqa: E402 - only in the right interpreter
import asyncio  # noqa: E402
import gc  # noqa: E402
import sys  # noqa: E402
from datetime import timedelta  # noqa: E402
from typing import TYPE_CHECKING  # noqa: E402

from runtime.settings import Settings, SettingsError  # noqa: E402

if TYPE_CHECKING:
    from temporalio.client import Client
    from temporalio.converter import DataConverter
    from temporalio.worker import Replayer, Worker, WorkerDeploymentConfig, WorkflowRunner

    from activities.waiting import WaitingNotices
    from runtime.builds import Build

BAD_SETTINGS = 2
UNREACHABLE = 3
NOT_READY = 3

# For two cores. Workflow tasks need CPU, so that more at once would only wait for each other. Activities mostly wait.
_WORKFLOW_TASKS = 20
# Beyond the 10 seconds after which the server gives a workflow task up: only a task that never ends takes so long.
_DEADLOCK_SECONDS = 60
# Half of the activities may wait for a mail server that hangs. The other half is for what must be answered in time.
_ACTIVITIES = 20
_GRACE = timedelta(seconds=10)
# After 10 seconds without a heartbeat the server gives an attempt up. By default the SDK sends one every 8 seconds,
# which would be too late when a busy machine delays it.
_HEARTBEATS = timedelta(seconds=3)

_HELP_END = """\
settings (environment):
  TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_PROFILE, ...  where Temporal is (default localhost:7233)
  TEMPORAL_DEPLOYMENT_NAME   the deployment that this worker belongs to (default: none, the worker is unversioned)
  TEMPORAL_WORKER_BUILD_ID   the id of this build in that deployment; set both or neither
  CERTPATH_OUTBOX            folder for notices (default var/outbox)
  CERTPATH_SMTP_URL          a mail server for notices instead, smtp://host:25
  CERTPATH_SMTP_URL_FILE     a file that holds that address, with its password
  CERTPATH_SMTP_INSECURE     1: smtp:// may send a password without TLS
  CERTPATH_SCHEME            a scheme file in place of schemes/ciac.toml
  CERTPATH_ANSWER_KEYS       folder of answer keys
  CERTPATH_RECORD_URL        database of the record (default sqlite:///var/record.db)
  CERTPATH_RECORD_URL_FILE   a file that holds that address, with its password
  CERTPATH_LOG_FORMAT        console (default) or json
  CERTPATH_METRICS_ADDRESS   host:port for Prometheus metrics
  CERTPATH_HEALTH_ADDRESS    host:port where /live and /ready answer over HTTP
  CERTPATH_CACHED_WORKFLOWS  candidacies kept in memory (default 1000)

exit codes: 0 stopped by SIGTERM or Ctrl-C, 2 bad settings, 3 Temporal cannot be reached
            with --check: 0 ready, 2 bad settings, 3 not ready
"""


def build_worker(
    client: "Client", settings: Settings, waiting: "WaitingNotices | None" = None, build: "Build | None" = None
) -> "Worker":
    """A worker with all workflows and activities of Certpath. Start it by `async with build_worker(...)`, or `.run()`.

    `waiting` collects the notices that could not be sent yet. With a `build`, Temporal keeps each run on the build that
    began it; without one the worker is unversioned, and replays whatever run it gets.
    """
    from concurrent.futures import ThreadPoolExecutor

    from temporalio.client import Client
    from temporalio.worker import Worker

    import activities
    from runtime.cancellations import AnnouncesCancellations
    from runtime.connection import TASK_QUEUE
    from runtime.converter import worker_converter
    from runtime.current_details import DetailsWhenAsked
    from runtime.early_queries import ForgetsRunsAhead
    from runtime.evictions import CollectsEvicted
    from runtime.payload_contexts import only_if_used
    from workflows import CertificationWorkflow

    def forget(run_id: str) -> None:
        # The SDK has no public way to it; a test fails where an SDK does not have this one any more.
        worker._bridge_worker.request_workflow_eviction(run_id)

    runner = only_if_used(AnnouncesCancellations(workflow_runner()), client.data_converter)
    config = client.config()
    config["data_converter"] = worker_converter(client.data_converter)
    worker = Worker(
        Client(**config),
        task_queue=TASK_QUEUE,
        workflows=[CertificationWorkflow],
        activities=activities.build(settings, client, waiting, may_hang=_ACTIVITIES // 2),
        activity_executor=ThreadPoolExecutor(_ACTIVITIES, thread_name_prefix="activity"),
        workflow_runner=CollectsEvicted(ForgetsRunsAhead(runner, forget), settings.cached_workflows),
        interceptors=[DetailsWhenAsked()],
        max_cached_workflows=settings.cached_workflows,
        max_concurrent_workflow_tasks=_WORKFLOW_TASKS,
        max_concurrent_activities=_ACTIVITIES,
        graceful_shutdown_timeout=_GRACE,
        max_heartbeat_throttle_interval=_HEARTBEATS,
        deployment_config=_deployment(build) if build else None,
    )
    allow_long_workflow_tasks(worker)
    return worker


def _deployment(build: "Build") -> "WorkerDeploymentConfig":
    """The pinning of runs is said here and not in `@workflow.defn`, with which an unversioned worker cannot work."""
    from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
    from temporalio.worker import WorkerDeploymentConfig

    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=build.deployment, build_id=build.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


def allow_long_workflow_tasks(worker: "Worker") -> None:
    """Keeps the SDK from taking a long workflow task for a deadlock.

    By default it does so after two seconds. It then stops the task in its middle and cannot let go of the candidacy any
    more: the candidacy stands still until this worker is restarted. On a busy machine, one task that brings thousands
    of signals takes longer than two seconds. The SDK has no public setting for it, so this sets a private attribute; a
    test fails where an SDK does not have it any more.
    """
    assert worker._workflow_worker is not None
    worker._workflow_worker._deadlock_timeout_seconds = _DEADLOCK_SECONDS


def build_replayer(converter: "DataConverter") -> "Replayer":
    """A replayer that runs workflows as the worker does. Every change of workflow code is tested with it."""
    from temporalio.worker import Replayer

    from runtime.cancellations import AnnouncesCancellations
    from runtime.converter import worker_converter
    from workflows import CertificationWorkflow

    return Replayer(
        # The replayer's only way to wait for a long workflow task, see `allow_long_workflow_tasks`.
        debug_mode=True,
        workflows=[CertificationWorkflow],
        workflow_runner=AnnouncesCancellations(workflow_runner()),
        data_converter=worker_converter(converter),
    )


def workflow_runner(*more: str) -> "WorkflowRunner":
    """The sandbox in which workflows run. `more`: further modules to load once, and not for each workflow."""
    from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

    # By default the sandbox loads these modules again for each candidacy. That would cost 0.1 MB of memory and 20 ms of
    # CPU for every candidacy that a worker holds, for a copy of classes that keep nothing between two calls.
    # The sandbox does not watch which functions passed-through code calls, except open() and what is imported inside a
    # function. So tests/unit/test_determinism.py searches the source for every call that the sandbox forbids.
    passed_through = (
        *("pydantic", "pydantic_core", "annotated_types"),
        *("activities", "domain", "runtime", "views", "workflows"),
        *more,
    )
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*passed_through))


async def run(settings: Settings, build: "Build | None" = None) -> None:
    """Work until SIGTERM or SIGINT, then finish the work that has begun, within 10 seconds.

    Raises `CannotConnect` and `SettingsError`.
    """
    import logging

    from activities.recording import prepare
    from activities.waiting import WaitingNotices
    from domain.formats import FORMAT
    from monitoring.monitor import monitoring
    from runtime import build_metadata
    from runtime.builds import code_fingerprint
    from runtime.clients import connect
    from runtime.logs import core_runtime
    from runtime.stopping import stop_requested, unless

    log = logging.getLogger("certpath.worker")
    stop = stop_requested()
    runtime, waiting = core_runtime(settings.metrics_address), WaitingNotices()
    mine = build_metadata.BuildMetadata(code_fingerprint(), FORMAT) if build else None
    async with monitoring(settings) as monitor:
        client = await connect(runtime)
        await prepare(settings.record_url)
        if build and mine:
            await build_metadata.refuse_other_code(client, build, mine)
        worker = build_worker(client, settings, waiting, build)
        async with worker:
            _search_for_cycles()
            monitor.working(worker, client, runtime, waiting, build)
            if build and mine:
                await unless(stop, build_metadata.register(client, build, mine))
            log.info(
                "worker ready",
                extra={
                    "address": client.service_client.config.target_host,
                    "namespace": client.namespace,
                    "task_queue": worker.task_queue,
                    "deployment": build.deployment if build else None,
                    "build": build.build_id if build else None,
                    "metrics": settings.metrics_address,
                    "health": settings.health_address,
                },
            )
            await stop.wait()
            monitor.draining()
            log.info("worker draining")
    log.info("worker stopped")


async def check(settings: Settings, build: "Build | None" = None) -> int:
    """Check once whether a worker could work here, print the answer as JSON, and return the exit code.

    Each problem and each warning also goes to stderr, as one sentence. Raises `SettingsError`.
    """
    import json

    from monitoring import monitor
    from runtime.clients import connect_lazily
    from runtime.logs import core_runtime

    document = await monitor.check(settings, await connect_lazily(core_runtime()), build)
    sys.stdout.write(f"{json.dumps(document, ensure_ascii=False, indent=2)}\n")
    problems = [answer["problem"] for answer in document["checks"].values() if not answer["ok"]]
    for sentence in (*problems, *document["warnings"]):
        sys.stderr.write(f"{sentence}\n")
    return 0 if document["ready"] else NOT_READY


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and the settings, work, and return the exit code."""
    parser = argparse.ArgumentParser(
        description="Runs Certpath's workflows and activities on the task queue 'certification'.",
        epilog=_HELP_END,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--check", action="store_true", help="check once whether a worker could work here, print the answer, and end"
    )
    given = parser.parse_args(arguments)

    from record.database import file_of
    from record.errors import WrongUrl
    from runtime.builds import Build

    try:
        settings, build = Settings.from_environment(), Build.from_environment()
        file_of(settings.record_url)
    except (SettingsError, WrongUrl) as error:
        return _complain(str(error), BAD_SETTINGS)

    from runtime.connection import CannotConnect
    from runtime.logs import configure

    configure(settings.log_format)
    try:
        if given.check:
            return asyncio.run(check(settings, build))
        asyncio.run(run(settings, build))
    except SettingsError as error:
        return _complain(str(error), BAD_SETTINGS)
    except CannotConnect as error:
        return _complain(str(error), UNREACHABLE)
    return 0


def _complain(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code


def _search_for_cycles() -> None:
    """From here on, Python searches for cycles of objects again, and leaves out what there is until now.

    Until it begins to work, a worker makes most of its objects by importing modules, and they stay.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def run_command_line() -> None:
    """What `certpath-worker` of the installed package runs."""
    from runtime.process import leave

    # The searches would take an eighth of the start.
    gc.disable()
    leave(main())


if __name__ == "__main__":
    run_command_line()
