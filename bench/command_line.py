"""What a call of `starter.py` costs, and how it ends."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_STARTER = (sys.executable, str(ROOT / "starter.py"))


def start_cost_ms(calls: int) -> dict[str, float]:
    """CPU milliseconds of `--help` and of bad usage beyond those of a Python that does nothing; medians."""
    commands = {
        "python": (sys.executable, "-c", "pass"),
        "--help": (*_STARTER, "--help"),
        "bad usage": (*_STARTER, "no-such-verb"),
    }
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(calls):
        for name, command in commands.items():
            spent[name].append(_call(command, os.environ)[1])
    medians = {name: statistics.median(times) * 1000 for name, times in spent.items()}
    bare = medians.pop("python")
    return {name: cpu - bare for name, cpu in medians.items()}


def exit_codes(calls: int, address: str, candidate: str) -> dict[int, int]:
    """How many calls of `starter.py status` in a row ended with which code."""
    environment = {**os.environ, "TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": "default"}
    command = (*_STARTER, "status", candidate, "CCSL", "--json")
    return dict(Counter(_call(command, environment)[0] for _ in range(calls)))


def _call(command: tuple[str, ...], environment: Mapping[str, str]) -> tuple[int, float]:
    """Exit code and CPU seconds of one process; a signal's number counts as a negative exit code."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    _, status, usage = os.wait4(process.pid, 0)
    # Popen would otherwise wait for a process that is gone.
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime
