"""The HTTP server of /live and /ready.

It has a thread and an event loop of its own, so that it still answers when the worker's event loop is blocked: a probe
must be able to find that out. It reads only the head of a request, and gives each request ten seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from runtime.settings import SettingsError

Answer = Callable[[], Awaitable[dict[str, Any]]]
"""Returns a document; the value of its first key says whether everything is in order."""

_SECONDS_A_REQUEST = 10.0
_LARGEST_HEAD = 8 * 1024
_AT_ONCE = 50
_START_SECONDS = 10.0


class HealthServer:
    """Serves JSON documents, one for each path, from a thread of its own for the length of a `with` block.

    Entering the block raises `SettingsError` if the address cannot be served.
    """

    def __init__(self, address: str, answers: Mapping[str, Answer]) -> None:
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._answers = answers
        self._exchanges: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._started = threading.Event()
        self._failure: OSError | UnicodeError | None = None
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def __enter__(self) -> HealthServer:
        self._thread.start()
        self._started.wait(_START_SECONDS)
        if self._failure is not None:
            self._thread.join()
            raise SettingsError(
                f"CERTPATH_HEALTH_ADDRESS {self._host}:{self._port} cannot be served ({_why(self._failure)}): "
                "choose another host or port."
            ) from self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._started.set()
            # One more turn of the loop, in which closed connections release their sockets.
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    async def _serve(self) -> None:
        try:
            server = await asyncio.start_server(self._begin, self._host, self._port, limit=_LARGEST_HEAD)
        except (OSError, UnicodeError) as error:
            self._failure = error
            return
        self._started.set()
        await self._stop.wait()
        # Wait for connections that are being accepted: a server that closes meanwhile would leave them open.
        while accepting := asyncio.all_tasks() - self._exchanges - {asyncio.current_task()}:
            await asyncio.gather(*accepting, return_exceptions=True)
        server.close()
        # Requests that are still being answered are cut off: the health of a worker that ends is of no use.
        for task in self._exchanges:
            task.cancel()
        await asyncio.gather(*self._exchanges, return_exceptions=True)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._exchanges) >= _AT_ONCE:
            writer.close()
            return
        exchange = self._loop.create_task(self._exchange(reader, writer))
        self._exchanges.add(exchange)
        exchange.add_done_callback(self._exchanges.discard)
        # Closed here and not in the task, because a task that is cancelled before its first step runs no code at all.
        exchange.add_done_callback(lambda _: writer.close())

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one request. The connection is closed afterwards in any case."""
        with contextlib.suppress(TimeoutError, OSError):  # the client is slow or gone
            async with asyncio.timeout(_SECONDS_A_REQUEST):
                writer.write(await self._answer(await _head(reader)))
                await writer.drain()

    async def _answer(self, head: bytes | None) -> bytes:
        method, target = _request(head)
        if method is None or target is None:
            return _response(HTTPStatus.BAD_REQUEST, {"error": "This is not an HTTP request."})
        if method not in ("GET", "HEAD"):
            told = {"error": "Only GET and HEAD are answered here."}
            return _response(HTTPStatus.METHOD_NOT_ALLOWED, told, "Allow: GET, HEAD")
        answer = self._answers.get(target.partition("?")[0])
        if answer is None:
            told = {"error": f"There is nothing here. Ask for {' or '.join(self._answers)}."}
            return _response(HTTPStatus.NOT_FOUND, told, body=method == "GET")
        document = await answer()
        well = bool(next(iter(document.values())))
        status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
        return _response(status, document, body=method == "GET")


def _why(failure: OSError | UnicodeError) -> str:
    """Why an address cannot be served, in some words."""
    if isinstance(failure, UnicodeError):  # from looking the host up
        return "no host can have this name"
    return failure.strerror or type(failure).__name__


async def _head(reader: asyncio.StreamReader) -> bytes | None:
    """The request line and the header lines; None if they are missing, incomplete or too long."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None


def _request(head: bytes | None) -> tuple[str, str] | tuple[None, None]:
    """Method and target of the request line; None for both if it is not a request line."""
    words = (head or b"").partition(b"\r\n")[0].split(b" ")
    if len(words) != 3 or not words[2].startswith(b"HTTP/1.") or not words[1].isascii() or not words[0].isalpha():
        return None, None
    return words[0].decode(), words[1].decode()


def _response(status: HTTPStatus, document: dict[str, Any], *headers: str, body: bool = True) -> bytes:
    content = json.dumps(document, ensure_ascii=False).encode() + b"\n"
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Content-Type: application/json; charset=utf-8",
        f"Content-Length: {len(content)}",
        "Cache-Control: no-store",
        "Connection: close",
        *headers,
    )
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return head + content if body else head
