"""Where the pictures are taken: a real server with its UI, a real worker, and a real browser."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from docs.pictures.people import CANDIDACIES, EVERYBODY
from runtime.embedded import EmbeddedServer, embedded_server
from runtime.settings import Settings
from worker import build_worker

if TYPE_CHECKING:
    from playwright.async_api import Page, ViewportSize
    from temporalio.client import Client

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_PATIENCE = 180_000
"""Milliseconds for one step in the browser: far more than any needs, on a machine that does other things too."""


def browser() -> str | None:
    """Where a browser is installed; None where none is."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def missing() -> str:
    """What this machine lacks for a picture; empty where it lacks nothing."""
    lacks = []
    if importlib.util.find_spec("playwright") is None:
        lacks.append("the Python package playwright (make setup)")
    if browser() is None:
        lacks.append(f"a browser on the PATH ({', '.join(BROWSERS)})")
    return f"missing: {' and '.join(lacks)}" if lacks else ""


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[EmbeddedServer]:
    """A server with its UI and a worker, with everybody where they should be; `folder` takes logs and notices."""
    async with embedded_server(ui=True, log=folder / "temporal.log") as server:
        client = await server.client()
        async with build_worker(client, Settings(outbox=folder / "outbox")):
            await asyncio.gather(*(story(client) for story in EVERYBODY))
            await _settled(client)
            yield server


async def _settled(client: Client) -> None:
    """Waits until the list knows every candidacy and where it stands: it follows by a moment."""
    for query, count in (
        ("CertificationStatus IS NOT NULL", CANDIDACIES),
        ("NeedsAttention IS NOT NULL", 1),
        ("ExecutionStatus = 'Completed'", 1),
        ("CertificationStatus = 'certified'", 2),
        ("CertificationStatus = 'suspended'", 1),
        ("CertificationStatus = 'awaiting_review'", 1),
        ("CertificationStatus = 'awaiting_experience'", 1),
    ):
        while (await client.count_workflows(query)).count < count:  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.1)


class NewPage(Protocol):
    """Opens a page."""

    async def __call__(self, width: int = ..., height: int = ...) -> Page: ...


@asynccontextmanager
async def browsing() -> AsyncIterator[NewPage]:
    """A browser; what it answers opens a page of that width and height, which forgets and closes the one before."""
    from playwright.async_api import async_playwright

    if missing():
        raise SystemExit(f"No pictures can be taken; {missing()}.")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=browser(), args=list(_FLAGS))

        async def new_page(width: int = 1300, height: int = 1000) -> Page:
            for earlier in running.contexts:
                await earlier.close()  # what nobody looks at any more must not go on drawing
            size: ViewportSize = {"width": width, "height": height}
            context = await running.new_context(viewport=size, timezone_id="UTC", reduced_motion="reduce")
            context.set_default_timeout(_PATIENCE)
            return await context.new_page()

        try:
            yield new_page
        finally:
            await running.close()
