"""What the commands of all trials do alike: they take Ctrl-C, print a report, and keep the logs where it has faults."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from runtime import interrupts
from runtime.connection import CannotConnect
from runtime.embedded import ServerFailed
from runtime.settings import SettingsError
from trials.installation import OthersWork
from trials.workers import WorkerFailed


class Result(Protocol):
    """The report of a trial."""

    @property
    def right(self) -> bool:
        """Whether everything is accounted for."""

    def table(self) -> str:
        """The figures for people."""

    def document(self) -> dict[str, Any]:
        """The figures for machines."""


def carry_out(
    name: str,
    trial: Callable[[Path], Coroutine[Any, Any, Result]],
    *,
    as_json: bool,
    failures: tuple[type[Exception], ...] = (),
) -> int:
    """Runs a trial in a folder of its own, prints its report, and returns the exit code.

    0: everything is accounted for. 1: something is not, and the folder is kept. 3: a part could not be started, or one
    of `failures` came, and the folder is kept too. 130: it was interrupted.
    """
    not_played: tuple[type[Exception], ...] = (
        CannotConnect,
        OthersWork,
        ServerFailed,
        WorkerFailed,
        SettingsError,
        *failures,
    )
    folder = Path(tempfile.mkdtemp(prefix=f"certpath-{name}-"))
    try:
        report = interrupts.run(trial(folder))
    except interrupts.Interrupted as error:
        sys.stderr.write(f"{error}\n")
        shutil.rmtree(folder)
        return interrupts.INTERRUPTED
    except not_played as error:
        sys.stderr.write(f"{error}\nThe logs of this run are kept in {folder}.\n")
        return 3
    print(json.dumps(report.document(), indent=2) if as_json else report.table())
    if report.right:
        shutil.rmtree(folder)
        return 0
    sys.stderr.write(f"The logs and the database of this run are kept in {folder}.\n")
    return 1


def to_stderr(told: str) -> None:
    """Writes progress for people."""
    sys.stderr.write(f"{told}\n")


def quiet_runtime() -> Runtime:
    """A runtime that does not warn of each failed call, because many calls fail while a server or a worker is away."""
    quiet = TelemetryFilter(core_level="ERROR", other_level="ERROR")
    return Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=quiet)))
