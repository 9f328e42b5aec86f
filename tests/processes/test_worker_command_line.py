"""The command line of the worker: its help, and the one line of a worker that cannot begin."""

import os
import subprocess
import sys

from runtime.settings import ROOT
from tests.waiting import PATIENCE


def _worker(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / "worker.py"), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_worker_that_cannot_begin_says_so_in_one_line() -> None:
    """tests/processes/test_worker_health.py has the other settings, and a Temporal that is not there."""
    ended = _worker(CERTPATH_LOG_FORMAT="xml")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "CERTPATH_LOG_FORMAT" in ended.stderr


def test_help_answers_without_the_sdk() -> None:
    ended = _worker("--help")
    assert ended.returncode == 0
    for field in (
        "OUTBOX",
        "SMTP_URL",
        "SMTP_INSECURE",
        "SCHEME",
        "ANSWER_KEYS",
        "LOG_FORMAT",
        "METRICS_ADDRESS",
        "HEALTH_ADDRESS",
    ):
        assert f"CERTPATH_{field}" in ended.stdout
