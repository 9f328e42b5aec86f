"""The HTTP server of /live and /ready: what it answers, and that no request and no blocked event loop disturbs it."""

import asyncio
import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from monitoring import health, monitor
from monitoring.health import HealthServer
from monitoring.monitor import monitoring
from runtime.embedded import free_port
from runtime.settings import SettingsError
from tests.scheme import worker_settings


async def _well() -> dict[str, Any]:
    return {"ready": True, "checks": {}}


async def _broken() -> dict[str, Any]:
    return {"live": False, "checks": {"event_loop": {"ok": False, "problem": "It stands still — for good."}}}


@contextmanager
def serving() -> Iterator[int]:
    """The port of a server that is ready and not alive."""
    port = free_port()
    with HealthServer(f"127.0.0.1:{port}", {"/ready": _well, "/live": _broken}):
        yield port


@pytest.fixture
def port() -> Iterator[int]:
    with serving() as port:
        yield port


def ask(port: int, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def say(port: int, *parts: bytes) -> bytes:
    """What the server answers to these bytes, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while more := connection.recv(65536):
            answer += more
        return answer


def test_what_is_well_is_200_and_what_is_not_is_503_both_as_json(port: int) -> None:
    status, headers, body = ask(port, "/ready")
    assert (status, json.loads(body)) == (200, {"ready": True, "checks": {}})
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    status, _, body = ask(port, "/live?verbose=1")
    assert status == 503
    assert json.loads(body)["checks"]["event_loop"]["problem"] == "It stands still — for good."


def test_head_is_answered_without_a_body(port: int) -> None:
    status, headers, body = ask(port, "/live", "HEAD")
    assert (status, body) == (503, b"")
    assert int(headers["content-length"]) == len(ask(port, "/live")[2])
    assert ask(port, "/nowhere", "HEAD")[0] == 404


@pytest.mark.parametrize("path", ["/", "/metrics", "/live/", "/ready%20", "//ready", "/../ready"])
def test_any_other_path_is_404_in_json(port: int, path: str) -> None:
    status, _, body = ask(port, path)
    assert status == 404
    assert json.loads(body) == {"error": "There is nothing here. Ask for /ready or /live."}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get"])
def test_any_other_method_is_405_and_its_body_is_not_read(port: int, method: str) -> None:
    answer = say(port, f"{method} /ready HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nAllow: GET, HEAD\r\n" in answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET /ready\r\n\r\n",
        b"GET /ready HTTP/1.1 more\r\n\r\n",
        b"GET /ready SMTP/1.1\r\n\r\n",
        b"GET /r\xc3\xa9ady HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /ready HTTP/1.1\r\n" + b"X-Long: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET /ready HTTP/1.1\r\nHost: cut o",
        b"",
    ],
)
def test_a_bad_request_is_400_and_harms_nobody(port: int, request_bytes: bytes) -> None:
    try:
        answer = say(port, request_bytes)
    except ConnectionResetError:  # closed before all of a long request was read
        answer = b"HTTP/1.1 400 "
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert ask(port, "/ready")[0] == 200


def test_a_request_that_never_ends_is_cut_off_and_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_SECONDS_A_REQUEST", 0.3)
    with serving() as port, socket.create_connection(("127.0.0.1", port), timeout=30) as slow:
        slow.sendall(b"GET /ready HTT")
        assert ask(port, "/ready")[0] == 200
        assert slow.recv(100) == b""


def test_more_connections_than_there_is_room_for_are_closed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_AT_ONCE", 2)
    with serving() as port:
        idle = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(5)]
        try:
            assert [connection.recv(1) for connection in idle[2:]] == [b""] * 3
        finally:
            for connection in idle:
                connection.close()


def test_a_port_that_is_taken_is_a_setting_to_correct(port: int) -> None:
    with pytest.raises(SettingsError, match=r"CERTPATH_HEALTH_ADDRESS .* cannot be served"):
        HealthServer(f"127.0.0.1:{port}", {}).__enter__()


@pytest.mark.parametrize("host", ["a..b", f"{'x' * 64}.example.org"])
def test_a_host_that_cannot_be_found_is_a_setting_to_correct(host: str) -> None:
    with pytest.raises(SettingsError, match=rf"CERTPATH_HEALTH_ADDRESS {host}:\d+ cannot be served"):
        HealthServer(f"{host}:{free_port()}", {}).__enter__()


def test_nothing_listens_any_more_when_it_has_ended() -> None:
    with serving() as port:
        slow = socket.create_connection(("127.0.0.1", port), timeout=30)
    assert slow.recv(1) == b""
    slow.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=30)


# --- the monitor behind it


def document(port: int, path: str) -> tuple[int, dict[str, Any]]:
    status, _, body = ask(port, path)
    return status, json.loads(body)


async def test_a_worker_that_has_not_reached_temporal_lives_and_is_not_ready() -> None:
    port = free_port()
    async with monitoring(worker_settings(health_address=f"127.0.0.1:{port}")):
        status, answer = await asyncio.to_thread(document, port, "/live")
        assert (status, answer["live"]) == (200, True)
        status, answer = await asyncio.to_thread(document, port, "/ready")
        assert (status, answer["ready"], answer["draining"]) == (503, False, False)
        assert answer["checks"]["worker"] == {"ok": False, "problem": "The worker is starting."}
        assert answer["checks"]["server"]["problem"] == "Temporal has not been reached yet."
        assert answer["checks"]["scheme"] == {"ok": True}


async def test_a_blocked_event_loop_is_neither_alive_nor_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "LONGEST_PAUSE", 0.2)
    monkeypatch.setattr(monitor, "PATIENCE", -1.5)  # half a second for /ready
    port = free_port()
    async with monitoring(worker_settings(health_address=f"127.0.0.1:{port}")):
        found: list[tuple[int, dict[str, Any]]] = []

        def probe() -> None:
            while not found or found[-1][1]["live"]:
                found.append(document(port, "/live"))
            found.append(document(port, "/ready"))

        probing = asyncio.to_thread(probe)
        task = asyncio.create_task(probing)
        await asyncio.sleep(0)  # the thread starts
        while len(found) < 2 or "ready" not in found[-1][1]:
            time.sleep(0.05)  # noqa: ASYNC251 - this is the fault: the loop stands still while the thread asks
        await task
    (status, live), (ready_status, ready) = found[-2:]
    assert (status, ready_status) == (503, 503)
    assert live["checks"]["event_loop"]["problem"].startswith("The event loop has not run for ")
    assert ready["checks"] == {"worker": {"ok": False, "problem": "The event loop does not run."}}
