"""Part two: whole lives on servers that skip time. Each life has a server to itself, because a server has one clock."""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from temporalio.api.testservice.v1 import SleepRequest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime
from temporalio.testing import WorkflowEnvironment

from client import asking
from client.candidacy import Candidacy
from client.payloads import with_message_id
from client.pool import together
from demo.narrator import Narrator
from runtime import search_attributes
from runtime.connection import TASK_QUEUE, WORKFLOW
from runtime.embedded import time_skipping_server
from runtime.settings import Settings, record_in
from views.entries import TimelineEntry
from views.status import StatusView
from worker import build_worker

PEOPLE, OPERATIONS = "people-management", "operations-management"
CUSTOMERS, LEADERSHIP = "customer-relationships", "leadership-and-business"

_PATIENCE = timedelta(minutes=3)

_DIGEST = "0b6a5b3f" * 8


@dataclass
class Life:
    """One candidacy on a server whose clock is ours to move."""

    environment: WorkflowEnvironment
    candidacy: Candidacy

    async def today(self) -> date:
        return (await self.environment.get_current_time()).astimezone(UTC).date()

    async def send(self, message: str, **payload: Any) -> None:
        """Send a message as an update; an instant that is missing is now."""
        run = await self._run()
        receipt = await self.candidacy.update(
            self.environment.client, message, with_message_id(json.dumps(payload).encode())
        )
        if "Recertified" in receipt.events:
            await self._continued(run)

    async def result(self, result_id: str, domain: str, percentage: str) -> None:
        """A score that was taken a moment ago."""
        taken_at = (await self.environment.get_current_time()).astimezone(UTC)
        await self.send(
            "record_assessment_result",
            result_id=result_id,
            domain=domain,
            taken_at=taken_at.isoformat(timespec="seconds"),
            percentage=percentage,
        )

    async def pass_days(self, days: int) -> None:
        await self._sleep(timedelta(days=days))

    async def until(self, day: date, plus: int = 0) -> None:
        """Let time pass until the evening of a day that the engine named, and so many days more."""
        evening = datetime.combine(day, time(20), UTC) + timedelta(days=plus)
        left = evening - await self.environment.get_current_time()
        if left > timedelta():
            await self._sleep(left)

    async def until_window(self, plus: int) -> None:
        """Into the recertification window of the running cycle."""
        await self.until(await self.day_of(_window_opening), plus)

    async def until_expiry(self, plus: int) -> None:
        """Past the last day of the certificate."""
        await self.until(await self.expiry(), plus)

    async def expiry(self) -> date:
        """The last day of the certificate."""
        return await self.day_of(_expiry)

    async def day_of(self, pick: Callable[[StatusView], date | None]) -> date:
        """A day of the status answer, which the story knows to be there by now."""
        day = pick(await self.status())
        if day is None:
            raise RuntimeError(f"{self.candidacy} does not stand where the story expects it")
        return day

    async def submit_evidence(self, submission_id: str, completed_on: date | None = None) -> None:
        done = completed_on or await self.today() - timedelta(days=10)
        activity = {
            "title": "Workforce planning, two days",
            "completed_on": done.isoformat(),
            "hours": 14,
        }
        await self.send("submit_recertification", submission_id=submission_id, activities=[activity])

    async def review_evidence(self, submission_id: str, verdict: str, comments: str | None = None) -> None:
        remark = {"comments": comments} if comments else {}
        await self.send(
            "review_recertification",
            submission_id=submission_id,
            reviewer="Marta Vogel",
            verdict=verdict,
            **remark,
        )

    async def status(self) -> StatusView:
        return await asking.status(self.environment.client, self.candidacy)

    async def timeline(self) -> list[TimelineEntry]:
        return await self.candidacy.timeline(self.environment.client)

    async def _sleep(self, passes: timedelta) -> None:
        """Lets so much time pass, as `environment.sleep` does. That one gives the work that is due only ten seconds."""
        asked = SleepRequest()
        asked.duration.FromTimedelta(passes)
        await self.environment.client.test_service.unlock_time_skipping_with_sleep(asked, timeout=_PATIENCE)

    async def _run(self) -> str:
        return (await self.candidacy.describe(self.environment.client)).run_id

    async def _continued(self, run: str) -> None:
        # This server, unlike a real one, stands still where a message meets a run that is being continued.
        for _ in range(50):
            if await self._run() != run:
                return
            await asyncio.sleep(0.1)


def _window_opening(status: StatusView) -> date | None:
    return status.recertification.window_opens_on if status.recertification else None


def _expiry(status: StatusView) -> date | None:
    return status.certificate.expires_on if status.certificate else None


def _experienced(status: StatusView) -> date | None:
    return status.experience.met_on if status.experience else None


async def strategic_leader(life: Life) -> None:
    """A retake, a revision, a year on the job still to come; three recertifications; then nothing more."""
    await life.pass_days(20)
    await life.result("R-1", PEOPLE, "82.5")
    await life.result("R-2", OPERATIONS, "71")
    await life.result("R-3", CUSTOMERS, "75")
    await life.result("R-4", LEADERSHIP, "90")
    await life.pass_days(35)
    await life.result("R-5", OPERATIONS, "79.25")
    await life.send("submit_work_product", submission_id="W-1", uri="urn:example:w-1", sha256=_DIGEST)
    await life.pass_days(10)
    await life.send("review_work_product", submission_id="W-1", reviewer="Dr. Imani Cole", verdict="revise")
    await life.pass_days(20)
    await life.send("submit_work_product", submission_id="W-2", uri="urn:example:w-2", sha256=_DIGEST)
    await life.pass_days(5)
    await life.send("review_work_product", submission_id="W-2", reviewer="Dr. Imani Cole", verdict="passed")
    await life.until(await life.day_of(_experienced), plus=1)
    for cycle in (1, 2, 3):
        await life.until_window(plus=60)
        await life.submit_evidence(f"E-{cycle}")
        if cycle == 2:
            await life.review_evidence("E-2", "returned", "The certificate of attendance is missing.")
            await life.pass_days(15)
            await life.submit_evidence("E-2b")
        await life.pass_days(10)
        await life.review_evidence("E-2b" if cycle == 2 else f"E-{cycle}", "approved")
    await life.until_expiry(plus=400)


async def operations_manager(life: Life) -> None:
    """Two assessments in two years: reminders, an extension, a late result, and the end of the window."""
    await life.pass_days(60)
    await life.result("R-1", PEOPLE, "88")
    deadline = await life.day_of(lambda status: status.testing_deadline)
    await life.until(deadline, plus=-20)
    later = deadline + timedelta(days=30)
    await life.send("extend_deadline", until=later.isoformat(), reason="Storm damage", approved_by="Marta Vogel")
    await life.until(later)
    taken_at = f"{later}T16:00:00Z"
    await life.pass_days(3)
    await life.send(
        "record_assessment_result",
        result_id="R-2",
        domain=CUSTOMERS,
        taken_at=taken_at,
        percentage="77",
    )
    await life.pass_days(30)


async def management_associate(life: Life) -> None:
    """Certified in a month; recertified in grace, later after a lapse, and given up in the end."""
    for number, domain in enumerate((PEOPLE, OPERATIONS, CUSTOMERS, LEADERSHIP), start=1):
        await life.pass_days(7)
        await life.result(f"R-{number}", domain, "74.5")
    expiry = await life.expiry()
    await life.until_expiry(plus=40)
    await life.submit_evidence("E-1", completed_on=expiry - timedelta(days=30))
    await life.pass_days(5)
    await life.review_evidence("E-1", "approved")
    await life.until_expiry(plus=200)
    await life.submit_evidence("E-2")
    await life.pass_days(5)
    await life.review_evidence("E-2", "approved")
    await life.pass_days(200)
    await life.send("withdraw", reason="Retires.")


@dataclass(frozen=True)
class Story:
    """Who lives it, and how."""

    candidacy: Candidacy
    name: str
    tell: Callable[[Life], Awaitable[None]]
    experienced: int | None = None


STORIES = (
    Story(Candidacy("L-1", "CCSL"), "Vera Holm", strategic_leader, experienced=200),
    Story(Candidacy("L-2", "CCOM"), "Walter Nash", operations_manager, experienced=900),
    Story(Candidacy("L-3", "CCMA"), "Xenia Roth", management_associate),
)


async def play(folder: Path, runtime: Runtime, narrator: Narrator) -> None:
    """Live every story and show its timeline."""
    narrator.say(f"Part two: {len(STORIES)} lives on servers that skip time.")
    told = await together(STORIES, lambda story: _live(story, folder, runtime), at_once=len(STORIES))
    for story, (status, events) in zip(STORIES, told, strict=True):
        years = (events[-1].at - events[0].at).days / 365.25
        narrator.line()
        narrator.line(f"{story.candidacy}, {story.name}: {years:.1f} years, now {status.status}")
        narrator.line()
        narrator.timeline(events)


async def _live(story: Story, folder: Path, runtime: Runtime) -> tuple[StatusView, list[TimelineEntry]]:
    own = Path(tempfile.mkdtemp(dir=folder))
    settings = Settings(outbox=own / "outbox", record_url=record_in(own))
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter,
        runtime=runtime,
        test_server_existing_path=str(time_skipping_server()),
    ) as environment:
        await search_attributes.register(environment.client)
        async with build_worker(environment.client, settings):
            life = Life(environment, story.candidacy)
            await environment.client.start_workflow(
                WORKFLOW, await _registration(life, story), id=story.candidacy.workflow_id, task_queue=TASK_QUEUE
            )
            await story.tell(life)
            return await life.status(), await life.timeline()


async def _registration(life: Life, story: Story) -> dict[str, Any]:
    today = await life.today()
    registration: dict[str, Any] = {
        "candidate_id": story.candidacy.candidate_id,
        "name": story.name,
        "email": f"{story.name.split()[0].lower()}@example.org",
        "designation": story.candidacy.designation,
        "purchase": {"reference": "INV-1", "purchased_at": f"{today - timedelta(days=1)}T15:00:00Z"},
    }
    if story.experienced is not None:
        since = today - timedelta(days=story.experienced)
        registration["experience"] = {
            "role": "Head of Customer Operations",
            "started_on": since.isoformat(),
        }
    return registration
