"""The cost of `starter.py import`, compared with the barest program that starts as many workflows in the same way."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench.command_line import ROOT, as_deployed
from runtime.settings import record_in

_AT_ONCE = 16
_WARM_UP = 200


def rows_per_second(rounds: int, rows: int, address: str) -> list[tuple[float, float]]:
    """Rows a second of `starter.py import` and of the barest program, one whole process after the other.

    The side that begins alternates. No worker runs, because it would take the same CPU time from either side.

    Raises:
        RuntimeError: a process failed, or did not start a workflow for every row.
    """
    with tempfile.TemporaryDirectory(prefix="certpath-bench-") as folder:
        environment = as_deployed(address, record_in(Path(folder)))
        for side in ("ours", "bare"):
            _rate(side, Path(folder), f"warm-{side}", _WARM_UP, environment)
        measured = []
        for number in range(rounds):
            order = ("ours", "bare") if number % 2 else ("bare", "ours")
            rates = {side: _rate(side, Path(folder), f"{side}-{number}", rows, environment) for side in order}
            measured.append((rates["ours"], rates["bare"]))
    return measured


def _rate(side: str, folder: Path, prefix: str, rows: int, environment: Mapping[str, str]) -> float:
    command: tuple[str, ...]
    file = folder / f"{prefix}.csv"
    _write(file, prefix, rows)
    if side == "ours":
        command = (str(ROOT / "starter.py"), "import", str(file), "--at-once", str(_AT_ONCE), "--json")
    else:
        command = (str(ROOT / "bench/bare_import.py"), environment["TEMPORAL_ADDRESS"], str(file), str(_AT_ONCE))
    begun = time.perf_counter()
    done = subprocess.run(
        (sys.executable, *command), stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=False
    )
    seconds = time.perf_counter() - begun
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with exit code {done.returncode}: {done.stderr.decode()[-500:]}")
    if side == "ours" and json.loads(done.stdout)["outcomes"] != {"registered": rows}:
        raise RuntimeError(f"not every row was registered: {done.stdout.decode()}")
    return rows / seconds


def _write(file: Path, prefix: str, rows: int) -> None:
    columns = ("candidate_id", "name", "email", "designation", "purchase_reference", "purchased_at")
    yesterday = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86_400))
    with file.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(columns)
        for number in range(rows):
            person = f"{prefix}-{number}"
            writer.writerow(
                (person, f"Ruiz, Ana {number}", f"ana-{number}@example.org", "CCSL", f"INV-{number}", yesterday)
            )
