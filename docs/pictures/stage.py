"""The stage for the pictures: a real server with its UI, a real worker, and a real browser."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from docs.pictures.people import CANDIDACIES, EVERYBODY
from runtime.attribute_names import Attribute
from runtime.embedded import EmbeddedServer, embedded_server
from runtime.settings import Settings, record_in
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
"""Milliseconds for one step in the browser: far more than any step needs, for a machine that is busy."""


def browser() -> str | None:
    """The path of an installed browser; None if there is none."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def missing() -> str:
    """The things that this machine lacks to take pictures; empty if it lacks nothing."""
    lacks = []
    if importlib.util.find_spec("playwright") is None:
        lacks.append("the Python package playwright (make setup)")
    if browser() is None:
        lacks.append(f"a browser on the PATH ({', '.join(BROWSERS)})")
    return f"missing: {' and '.join(lacks)}" if lacks else ""


@asynccontextmanager
async def stage(folder: Path, scheme: Path = Settings.scheme) -> AsyncIterator[EmbeddedServer]:
    """A server with its UI and a worker, with everybody in their status. Logs and notices are written to `folder`."""
    async with embedded_server(ui=True, log=folder / "temporal.log") as server:
        client = await server.client()
        async with build_worker(
            client, Settings(outbox=folder / "outbox", record_url=record_in(folder), scheme=scheme)
        ):
            await asyncio.gather(*(story(client) for story in EVERYBODY))
            await _settled(client)
            yield server


async def _settled(client: Client) -> None:
    """Waits until the list shows every candidacy with its status, which takes a moment."""
    for query, count in (
        (f"{Attribute.CERTIFICATION_STATUS} IS NOT NULL", CANDIDACIES),
        (f"{Attribute.NEEDS_ATTENTION} IS NOT NULL", 1),
        ("ExecutionStatus = 'Completed'", 1),
        (f"{Attribute.CERTIFICATION_STATUS} = 'certified'", 2),
        (f"{Attribute.CERTIFICATION_STATUS} = 'suspended'", 1),
        (f"{Attribute.CERTIFICATION_STATUS} = 'awaiting_review'", 1),
        (f"{Attribute.CERTIFICATION_STATUS} = 'awaiting_experience'", 1),
    ):
        while (await client.count_workflows(query)).count < count:  # noqa: ASYNC110 - the server sends no signal
            await asyncio.sleep(0.1)


_STILL = """addEventListener("DOMContentLoaded", () => {
  const style = document.createElement("style");
  style.textContent = "*, ::before, ::after { animation: none !important; transition: none !important }";
  document.head.append(style);
});"""
_COARSE = 0.25
"""Drawn pixels for each pixel of the page."""


class NewPage(Protocol):
    """Opens a page. Close its context when nobody looks at it any more: it would go on drawing."""

    async def __call__(self, width: int = ..., height: int = ...) -> Page: ...


@asynccontextmanager
async def browsing(*, drawn: bool = True) -> AsyncIterator[NewPage]:
    """A browser. It yields a function that opens a page of a width and height, with a storage of its own.

    With `drawn` False, nobody will look at the pages: they are drawn coarsely, and nothing moves in them. The layout
    and the texts are the same. Without a graphics card, drawing would cost more than everything else in the browser.
    """
    from playwright.async_api import async_playwright

    if missing():
        raise SystemExit(f"No pictures can be taken; {missing()}.")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=browser(), args=list(_FLAGS))

        async def new_page(width: int = 1300, height: int = 1000) -> Page:
            size: ViewportSize = {"width": width, "height": height}
            context = await running.new_context(
                viewport=size,
                timezone_id="UTC",
                reduced_motion="reduce",
                device_scale_factor=1 if drawn else _COARSE,
            )
            context.set_default_timeout(_PATIENCE)
            if not drawn:
                await context.add_init_script(_STILL)
            return await context.new_page()

        try:
            yield new_page
        finally:
            await running.close()
