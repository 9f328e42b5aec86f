"""The probe of a container's health check, as the process that Docker runs."""

import json
import os
import socket
import subprocess
import sys
from typing import Any

import pytest

from monitoring.health import HealthServer
from runtime.embedded import free_port
from runtime.settings import ROOT
from tests.waiting import PATIENCE


def probe(address: str) -> tuple[int, str]:
    """Its exit code, and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "monitoring.probe"],
        cwd=ROOT,
        env={**os.environ, "CERTPATH_HEALTH_ADDRESS": address, "http_proxy": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize(("ready", "code"), [(True, 0), (False, 1)])
def test_it_ends_as_the_worker_answers_and_repeats_the_answer(ready: bool, code: int) -> None:
    async def answer() -> dict[str, Any]:
        return {"ready": ready, "checks": {}}

    port = free_port()
    with HealthServer(f"127.0.0.1:{port}", {"/ready": answer}):
        for host in ("127.0.0.1", "0.0.0.0"):
            ended, printed = probe(f"{host}:{port}")
            assert (ended, json.loads(printed)) == (code, {"ready": ready, "checks": {}})


def has_ipv6() -> bool:
    """Whether this machine has the loopback address of IPv6."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback address")
@pytest.mark.parametrize("host", ["[::]", "[::1]", "::1"])
def test_a_worker_that_listens_on_ipv6_alone_is_asked_there(host: str) -> None:
    async def answer() -> dict[str, Any]:
        return {"ready": True}

    address = f"{host}:{free_port()}"
    with HealthServer(address, {"/ready": answer}):
        ended, printed = probe(address)
    assert (ended, json.loads(printed)) == (0, {"ready": True})


@pytest.mark.parametrize("address", ["127.0.0.1:1", "", "nonsense"])
def test_a_worker_that_does_not_answer_is_not_ready(address: str) -> None:
    code, printed = probe(address)
    assert code == 1
    assert "CERTPATH_HEALTH_ADDRESS" in printed
