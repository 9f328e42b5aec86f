#!/usr/bin/env python3
"""Makes the pictures of the Temporal UI in docs/images: a real server, a real worker, a real browser.

    .venv/bin/python docs/screenshot.py

Everybody in them is invented, and got there by the public contract alone: plain JSON, the workflow's name, its
messages. Nothing needs to run. A browser (chromium or chrome) must be installed.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from runtime.embedded import NAMESPACE, EmbeddedServer, embedded_server  # noqa: E402 - the checkout is no installed package
from runtime.settings import Settings  # noqa: E402
from worker import build_worker  # noqa: E402

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page
    from temporalio.client import Client

    Story = Callable[[Client], Awaitable[None]]

IMAGES = Path(__file__).resolve().parent / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CANDIDATE = "certification:CCSL:C-1001"
"""The candidate whose page is shown: a failed attempt, a held result, a timer, work under review."""

# What somebody who looks after candidates wants to see in the list; the UI keeps each viewer's choice in the browser.
_COLUMNS_AWAY = ("Run ID", "Type", "Start", "End")
_COLUMNS = ("CertificationStatus", "AssessmentsPassed", "NextDeadline", "NeedsAttention")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_RENDERING = 1500
"""Milliseconds for what moves and fades, once everything is there."""

_PEOPLE_MANAGEMENT = "people-management"
_DOMAINS = (_PEOPLE_MANAGEMENT, "operations-management", "customer-relationships", "leadership-and-business")


def browser() -> str | None:
    """Where a browser is installed; None where none is."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


# --- the people ---------------------------------------------------------------------------------------------


def _ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT15:00:00Z")


def _day(days_ago: int) -> str:
    return _ago(days_ago)[:10]


class Person:
    """One candidate, spoken to by name and JSON as any foreign program would."""

    def __init__(self, client: Client, candidate_id: str, designation: str) -> None:
        self._client = client
        self._candidate_id = candidate_id
        self._designation = designation
        self._workflow_id = f"certification:{designation}:{candidate_id}"

    async def enrol(self, name: str, *, bought: int | None = None, experience: int | None = None) -> Person:
        """Starts the workflow. `bought` and `experience`: so many days ago."""
        registration: dict[str, Any] = {
            "candidate_id": self._candidate_id,
            "name": name,
            "email": f"{self._candidate_id.lower()}@example.org",
            "designation": self._designation,
        }
        if bought is not None:
            registration["purchase"] = {"reference": f"INV-{self._candidate_id}", "purchased_at": _ago(bought)}
        if experience is not None:
            registration["experience"] = {"role": "Director, Customer Care", "started_on": _day(experience)}
        await self._client.start_workflow(
            "CertificationWorkflow",
            registration,
            id=self._workflow_id,
            task_queue="certification",
            static_summary=f"{self._designation} {self._candidate_id}",
            static_details=f"Candidacy of {self._candidate_id} for {self._designation}.",
        )
        return self

    async def send(self, message: str, **payload: Any) -> None:
        """Sends a message as an update, and waits for its receipt."""
        await self._client.get_workflow_handle(self._workflow_id).execute_update(message, payload)

    async def result(self, number: int, days_ago: int, **score: Any) -> None:
        """A result of the domain with this number."""
        await self.send(
            "record_assessment_result",
            result_id=f"R-{number}{days_ago:03}",
            domain=_DOMAINS[number],
            taken_at=_ago(days_ago),
            **score,
        )

    async def pass_all(self, days_ago: int) -> None:
        """Passes every assessment, one a day."""
        for number, percentage in enumerate(("81.5", "92.25", "78", "85")):
            await self.result(number, days_ago - number, percentage=percentage)

    async def submit(self, days_ago: int) -> None:
        """Submits a work product."""
        await self.send(
            "submit_work_product",
            submission_id=f"WP-{self._candidate_id}",
            uri=f"https://files.example.org/{self._candidate_id}.pdf",
            sha256="ab" * 32,
            submitted_at=_ago(days_ago),
        )


async def _ana(client: Client) -> None:
    ana = await Person(client, "C-1001", "CCSL").enrol("Ana Ruiz", bought=120, experience=200)
    await ana.send("record_self_assessment", domain=_PEOPLE_MANAGEMENT, percentage=62.5, taken_at=_ago(110))
    await ana.result(0, 80, points=51, out_of=60)
    await ana.result(1, 79, percentage="92.25")
    await ana.result(2, 12, points=38, out_of=51)
    await ana.result(3, 11, percentage=88, passed=False)
    await ana.submit(5)


async def _ben(client: Client) -> None:
    ben = await Person(client, "C-1002", "CCMA").enrol("Ben Okafor", bought=60)
    await ben.pass_all(50)


async def _chloe(client: Client) -> None:
    chloe = await Person(client, "C-1003", "CCOM").enrol("Chloé Martin", bought=200, experience=900)
    await chloe.pass_all(150)
    await chloe.submit(3)


async def _diego(client: Client) -> None:
    await Person(client, "C-1004", "CCMA").enrol("Diego Sousa")


async def _emi(client: Client) -> None:
    emi = await Person(client, "C-1005", "CCSL").enrol("Emi Tanaka", bought=90, experience=240)
    await emi.pass_all(60)
    await emi.submit(30)
    await emi.send("review_work_product", submission_id="WP-C-1005", reviewer="Dr. Imani Cole", verdict="passed")


async def _farid(client: Client) -> None:
    farid = await Person(client, "C-1006", "CCMC").enrol("Farid Haddad", bought=400)
    await farid.pass_all(300)
    await farid.send("suspend", reason="a complaint is being looked into", by="M. Reyes")


async def _grace(client: Client) -> None:
    grace = await Person(client, "C-1007", "CCMC").enrol("Grace Lindqvist", bought=30)
    await grace.result(0, 14, outcome="no_show")
    await grace.send("withdraw", reason="moves to another profession")


async def _hugo(client: Client) -> None:
    hugo = await Person(client, "C-1008", "CCMA").enrol("Hugo Nakamura", bought=500)
    await hugo.pass_all(400)
    await hugo.send(
        "request_advancement",
        purchase={"reference": "INV-C-1008-2", "purchased_at": _ago(40)},
        experience={"role": "Operations manager", "started_on": _day(700)},
    )


EVERYBODY: tuple[Story, ...] = (_ana, _ben, _chloe, _diego, _emi, _farid, _grace, _hugo)
THE_CANDIDATE: tuple[Story, ...] = (_ana,)


# --- the pictures -------------------------------------------------------------------------------------------


@asynccontextmanager
async def stage(folder: Path, stories: tuple[Story, ...] = EVERYBODY) -> AsyncIterator[EmbeddedServer]:
    """A server with its UI and a worker, with everybody where they should be."""
    async with embedded_server(ui=True, log=folder / "temporal.log") as server:
        client = await server.client()
        async with build_worker(client, Settings(outbox=folder / "outbox")):
            await asyncio.gather(*(story(client) for story in stories))
            await _settled(client, 1 + len(stories) if _hugo in stories else len(stories))
            yield server


async def _settled(client: Client, candidacies: int) -> None:
    """Waits until the list knows every candidacy, and what needs attention: it follows by a moment."""
    for query, count in (("CertificationStatus IS NOT NULL", candidacies), ("NeedsAttention IS NOT NULL", 1)):
        while (await client.count_workflows(query)).count < count:  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.1)


@asynccontextmanager
async def page(*, width: int, height: int) -> AsyncIterator[Page]:
    """A page in a browser of its own."""
    from playwright.async_api import async_playwright

    path = browser()
    if path is None:
        raise SystemExit(f"No browser is installed: one of {', '.join(BROWSERS)} must be on the PATH.")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        try:
            context = await running.new_context(viewport={"width": width, "height": height}, timezone_id="UTC")
            yield await context.new_page()
        finally:
            await running.close()


async def open_list(page: Page, server: EmbeddedServer) -> None:
    """The list of workflows, with the columns of a candidate."""
    await page.goto(f"{server.ui_url}/namespaces/{NAMESPACE}/workflows")
    await page.get_by_test_id("workflows-summary-table-configuration-button").click()
    for column in _COLUMNS_AWAY:
        await page.get_by_label(f"Remove {column} column").click()
    for column in _COLUMNS:
        await page.get_by_label(f"Add {column} column").click()
    await page.get_by_test_id("drawer-close-button").click()
    await page.get_by_role("cell", name="awaiting_review").wait_for()


async def open_details(page: Page, server: EmbeddedServer) -> None:
    """The candidate's summary and current details, as the workflow keeps them."""
    await _open_candidate(page, server)
    await page.get_by_text("User Metadata", exact=True).click()
    await _in_details(page, "Needs attention").wait_for()
    await _in_details(page, "Requirements").wait_for()


async def open_timeline(page: Page, server: EmbeddedServer) -> None:
    """The candidate's timeline: messages, notices and the one timer, by name."""
    await _open_candidate(page, server)
    await page.get_by_text("The experience counts from its anniversary").first.wait_for()


async def _open_candidate(page: Page, server: EmbeddedServer) -> None:
    if CANDIDATE in unquote(page.url):
        return
    await page.goto(f"{server.ui_url}/namespaces/{NAMESPACE}/workflows/{CANDIDATE}")
    await page.get_by_role("heading", name=CANDIDATE).wait_for()


def _in_details(page: Page, heading: str) -> Locator:
    # The UI renders a workflow's markdown in a frame of its own.
    return page.frame_locator("iframe").last.get_by_text(heading).first


async def main() -> None:
    """Makes every picture anew."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="certpath-") as folder:
        async with stage(Path(folder)) as server:
            for name, opening, width, height in (
                ("timeline", open_timeline, 1500, 1220),
                ("candidate", open_details, 1500, 1180),
                ("list", open_list, 1640, 720),
            ):
                async with page(width=width, height=height) as view:
                    await opening(view, server)
                    await view.wait_for_timeout(_RENDERING)
                    await view.screenshot(path=IMAGES / f"{name}.png")
                    print(f"docs/images/{name}.png")


if __name__ == "__main__":
    asyncio.run(main())
