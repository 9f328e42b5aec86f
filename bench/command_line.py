"""The cost of calls of `starter.py`, and their exit codes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from bench.place import undisturbed
from runtime.embedded import NAMESPACE

ROOT = Path(__file__).resolve().parent.parent
_STARTER = (sys.executable, str(ROOT / "starter.py"))
_BARE_CLIENT = (sys.executable, str(ROOT / "bench/bare_client.py"))
_WARM_UP = 2


def start_cost_ms(calls: int) -> dict[str, float]:
    """CPU milliseconds of `--help` and of bad usage, less those of a Python that does nothing. All are medians."""
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


def exits(calls: int, environment: Mapping[str, str], candidate: str) -> dict[str, int]:
    """How many calls of `starter.py`, of all kinds in turn, ended as expected, and how the others ended.

    `candidate` is the id of a candidate for CCSL on the server of the environment.
    """
    who = (candidate, "CCSL")
    kinds: tuple[tuple[int, tuple[str, ...]], ...] = (
        (0, ("status", *who, "--json")),
        (0, ("timeline", *who)),
        (0, ("list", "--designation", "CCSL", "--limit", "5")),
        (0, ("due", "--within", "52w")),
        (0, ("attention", "--json")),
        (0, ("summary",)),
        (0, ("hold", "list", *who)),
        (0, ("contact", *who, "--publish")),
        (1, ("status", "nobody", "CCSL")),
        (1, ("suspend", "nobody", "CCSL", "--reason", "none", "--by", "bench")),
        (2, ("result", *who)),
        (2, ("send", *who, "withdraw", "{")),
        (2, ("import", "/nowhere.csv")),
    )
    ended: Counter[str] = Counter()
    for number in range(calls):
        expected, arguments = kinds[number % len(kinds)]
        code, _ = _call((*_STARTER, *arguments), environment)
        ended["as expected" if code == expected else f"{arguments[0]} with {code}"] += 1
    return dict(ended)


def verb_cost_ms(pairs: int, environment: Mapping[str, str], candidate: str) -> list[tuple[float, float]]:
    """Wall milliseconds of `starter.py result` and of the barest client that sends the same, one run after the other.

    Each run sends a new result of `candidate`, whose candidacy for CCSL is open on the server of the environment. The
    side that begins alternates.

    Raises:
        RuntimeError: a run did not end with exit code 0.
    """
    workflow_id = f"certification:CCSL:{candidate}"
    # After the first one, each is a result of a domain that is passed. It uses no attempt, so any number is allowed.
    taken_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    measured = []
    for number in range(-_WARM_UP, pairs):
        result = {"domain": "people-management", "taken_at": taken_at, "percentage": "81.5"}
        spent = {}
        for side in ("verb", "bare") if number % 2 else ("bare", "verb"):
            fresh = {"result_id": f"{side}-{number}", **result, "message_id": f"{side}-{number}"}
            if side == "verb":
                flags = [word for field, value in fresh.items() for word in (f"--{field.replace('_', '-')}", value)]
                command = (*_STARTER, "result", candidate, "CCSL", *flags, "--json")
            else:
                place = (environment["TEMPORAL_ADDRESS"], environment["TEMPORAL_NAMESPACE"])
                command = (*_BARE_CLIENT, *place, workflow_id, "record_assessment_result", json.dumps(fresh))
            begun = time.perf_counter()
            code, _ = _call(command, environment)
            spent[side] = (time.perf_counter() - begun) * 1000
            if code != 0:
                raise RuntimeError(f"{' '.join(command)} ended with exit code {code}")
        measured.append((spent["verb"], spent["bare"]))
    return measured[_WARM_UP:]


def as_deployed(address: str, record: str) -> dict[str, str]:
    """The environment of `starter.py` for an embedded server at this address, and the record at the other one."""
    there = {"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": NAMESPACE, "CERTPATH_RECORD_URL": record}
    return {**undisturbed(), **there}


def _call(command: tuple[str, ...], environment: Mapping[str, str]) -> tuple[int, float]:
    """Exit code and CPU seconds of one process. After a signal the exit code is the negative number of the signal."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:  # interrupted
        process.kill()
        process.wait()
        raise
    # Set here, because Popen would wait for a process that is gone.
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime
