"""The checks of /ready: one for each thing that a worker needs. All run at once, each for a bounded time.

The answer of a check is None, or one plain sentence that says what is wrong. No sentence holds a password, a person's
name or e-mail address, or the address of a server, because not everybody who may ask for health may know these.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, GetSystemInfoRequest
from temporalio.service import RPCError, RPCStatusCode

from activities.delivery import Carrier, Deferred, carrier
from activities.programme import SchemeError, read_scheme
from runtime import search_attributes
from runtime.connection import known_reason

if TYPE_CHECKING:
    from pathlib import Path

    from temporalio.client import Client

    from runtime.settings import Settings

PATIENCE = 5.0
"""Seconds after which a check that has not ended counts as failed."""

_RPC = timedelta(seconds=4)
_NOT_ALLOWED = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.UNIMPLEMENTED)


@dataclass(frozen=True)
class Check:
    """One thing that must be true. A good answer is used again for `keep` seconds before the check runs again."""

    name: str
    ask: Callable[[], Awaitable[str | None]]
    keep: float = 4.0


def all_checks(settings: Settings, client: Callable[[], Client | None]) -> list[Check]:
    """Every check for these settings. `client` returns None until Temporal has been reached."""
    return [*_temporal(client), *_here(settings)]


# --- Temporal


def _temporal(client: Callable[[], Client | None]) -> list[Check]:
    def asked(question: Callable[[Client], Awaitable[str | None]], unknown: str) -> Callable[[], Awaitable[str | None]]:
        async def ask() -> str | None:
            reached = client()
            if reached is None:
                return "Temporal has not been reached yet."
            try:
                return await question(reached)
            except RPCError as error:
                return f"{unknown} ({error.status.name.lower().replace('_', ' ')})."
            except RuntimeError as error:  # the SDK raises this if a connection fails
                return f"{unknown} ({known_reason(error) or 'the connection fails'})."

        return ask

    return [
        Check("server", asked(_server, "Temporal cannot be reached")),
        Check("namespace", asked(_namespace, "The namespace cannot be looked up in Temporal")),
        Check("search_attributes", asked(_attributes, "The search attributes cannot be looked up in Temporal")),
    ]


async def _server(client: Client) -> None:
    await client.workflow_service.get_system_info(GetSystemInfoRequest(), timeout=_RPC)


async def _namespace(client: Client) -> str | None:
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        await client.workflow_service.describe_namespace(request, timeout=_RPC)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return "Temporal has no namespace of the configured name: set TEMPORAL_NAMESPACE, or create the namespace."
        # A worker may be allowed to work in a namespace and not to describe it.
        if error.status not in _NOT_ALLOWED:
            raise
    return None


async def _attributes(client: Client) -> str | None:
    return await search_attributes.problem(client)


# --- this machine


def _here(settings: Settings) -> list[Check]:
    way_out = carrier(settings.outbox, settings.smtp_url)
    checks = [
        Check("scheme", InThread(lambda: _scheme(settings.scheme))),
        # Kept longer, so that the mail server does not get a log-in every few seconds.
        Check("mail", InThread(lambda: _carrier(way_out)), keep=30.0)
        if settings.smtp_url
        else Check("outbox", InThread(lambda: _carrier(way_out))),
    ]
    if (folder := settings.answer_keys) is not None:
        checks.append(Check("answer_keys", InThread(lambda: _answer_keys(folder))))
    return checks


def _scheme(path: Path) -> str | None:
    try:
        read_scheme(path)
    except SchemeError as error:
        return f"The scheme file {error.problem}."
    return None


def _answer_keys(folder: Path) -> str | None:
    try:
        for file in folder.glob("*.json"):
            with file.open("rb") as key:
                key.read(1)
        if not folder.is_dir():
            return "The folder of answer keys is not there."
    except OSError as error:
        why = error.strerror or type(error).__name__
        return f"The folder of answer keys cannot be read: {why[:1].lower()}{why[1:]}."
    return None


def _carrier(way_out: Carrier) -> str | None:
    try:
        way_out.check()
    except Deferred as error:
        return str(error)
    return None


class InThread:
    """Runs a blocking check in a thread, so that a folder or a server that hangs delays nothing else.

    A check that still hangs is not started a second time: the next caller waits for the same one. The thread is a
    daemon, because a thread that hangs must not keep the process from ending.
    """

    def __init__(self, check: Callable[[], str | None]) -> None:
        self._check = check
        self._running: asyncio.Future[str | None] | None = None

    async def __call__(self) -> str | None:
        if self._running is None or self._running.done():
            outcome: concurrent.futures.Future[str | None] = concurrent.futures.Future()
            threading.Thread(target=self._run, args=(outcome,), name="check", daemon=True).start()
            self._running = asyncio.wrap_future(outcome)
        return await asyncio.shield(self._running)

    def _run(self, outcome: concurrent.futures.Future[str | None]) -> None:
        try:
            outcome.set_result(self._check())
        except Exception as error:  # noqa: BLE001 - a fault in a check must become its answer, and stop nothing else
            outcome.set_result(f"This could not be checked ({type(error).__name__}).")


# --- all at once


class Answers:
    """Runs all checks at once, and keeps the answers for some seconds, so that many probes cost no more than one."""

    def __init__(self, checks: Sequence[Check], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._kept = {check.name: _Kept(check, monotonic) for check in checks}

    async def ask(self) -> dict[str, str | None]:
        """For each check None, or one sentence that says what is wrong. Takes `PATIENCE` seconds at most."""
        problems = await asyncio.gather(*(kept.problem() for kept in self._kept.values()))
        return dict(zip(self._kept, problems, strict=True))


_KEEP_A_BAD_ANSWER = 4.0


class _Kept:
    """One check, with its last answer and how long it counts."""

    def __init__(self, check: Check, monotonic: Callable[[], float]) -> None:
        self._check = check
        self._monotonic = monotonic
        self._problem: str | None = None
        self._until: float | None = None
        self._asking: asyncio.Task[None] | None = None

    async def problem(self) -> str | None:
        if self._asking is None and (self._until is None or self._monotonic() >= self._until):
            self._asking = asyncio.create_task(self._ask())
        if self._asking is not None:
            # Shielded: a caller that is cancelled must not cancel the check for the others.
            await asyncio.shield(self._asking)
        return self._problem

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                self._problem = await self._check.ask()
        except TimeoutError:
            self._problem = f"This took longer than {PATIENCE:g} seconds."
        finally:
            keep = min(self._check.keep, _KEEP_A_BAD_ANSWER) if self._problem else self._check.keep
            self._until = self._monotonic() + keep
            self._asking = None


def document(kind: str, problems: dict[str, str | None], **more: Any) -> dict[str, Any]:
    """The JSON answer: `{"ready": false, "checks": {"scheme": {"ok": false, "problem": "…"}, …}}`."""
    checks = {
        name: {"ok": True} if problem is None else {"ok": False, "problem": problem}
        for name, problem in problems.items()
    }
    return {kind: all(problem is None for problem in problems.values()), **more, "checks": checks}
