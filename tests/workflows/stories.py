"""Stories of whole lives, recorded: every message, every way out, and what goes wrong on the way.

The tests of a session replay the histories of these stories. Nothing of them is kept for later sessions, because a run
never meets the code of another build.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory

from runtime.settings import ROOT
from tests.scheme import worker_settings
from tests.skipping import time_skipping_environment
from tests.waiting import eventually
from tests.workflows.journeys import (
    CUSTOMERS,
    LEADERSHIP,
    OPERATIONS,
    PEOPLE,
    START,
    Candidate,
    World,
    border,
    local,
)

KEYS = ROOT / "examples" / "answer-keys"
# The runs that a story has lived through, by the names of their histories. No run id means the newest run.
Lived = dict[str, tuple[Candidate, str | None]]
Story = Callable[[World], Awaitable[Lived]]


async def strategic_leader(world: World) -> Lived:
    """Experience and purchase come late; a retake, a held result, a revision, a wait; withdrawn in the end."""
    candidate = world.candidate("CCSL", "G-1")
    await candidate.start()
    await candidate.has("Registered")
    await candidate.signal("record_self_assessment", domain=PEOPLE, percentage="60")
    await candidate.send("confirm_purchase", reference="INV-1", message_id="m-1")
    await candidate.send("confirm_purchase", reference="INV-1", message_id="m-1")
    await candidate.send("record_self_assessment", domain=PEOPLE, percentage="60.5")
    await candidate.send("record_experience", role="Director, Customer Care", started_on="2039-06-01")
    responses = dict(zip(map(str, range(1, 11)), "BDACCABDDA", strict=True))
    await candidate.result(PEOPLE, taken_at=await world.now(), form="PM-A", responses=responses)
    await candidate.result(OPERATIONS, "74.99", taken_at=await world.now())
    await candidate.result(CUSTOMERS, "75", taken_at=await world.now())
    await candidate.result(LEADERSHIP, "90", taken_at=await world.now(), result_id="H-1", passed=False)
    await candidate.send(
        "resolve_held_result", result_id="H-1", decision="accept", by="B. Oss", reason="the flag was wrong"
    )
    await world.days(31)
    await candidate.result(OPERATIONS, "80", taken_at=await world.now())
    await candidate.submit()
    await candidate.review("revise", comments="Add the figures of the last quarter.")
    await world.days(10)
    await candidate.submit("WP-2")
    await candidate.review("passed", "WP-2")
    await world.until(local("2040-06-02"))
    await candidate.stands("certified")
    await candidate.send("update_contact", email="ana.ruiz@example.org")
    await candidate.send("withdraw", reason="retired")
    await candidate.ended()
    return {"strategic-leader": (candidate, None)}


async def timed_out(world: World) -> Lived:
    """Reminders, an extension, a late result, the settlement, and the end."""
    candidate = await world.registered("CCOM")
    await candidate.result(PEOPLE, taken_at=await world.now())
    await world.until(local("2042-01-05"))
    await candidate.send("extend_deadline", until="2042-02-01", reason="storm damage", approved_by="M. Vogel")
    await world.until(border("2042-02-01") + timedelta(days=3))
    await candidate.result(CUSTOMERS, taken_at=local("2042-02-01"))
    await world.until(border("2042-02-15") + timedelta(minutes=1))
    await candidate.ended()
    return {"timed-out": (candidate, None)}


async def refused(world: World) -> Lived:
    """Three failures; messages that are malformed, unknown, refused; the settlement."""
    candidate = await world.registered("CCMA")
    await candidate.signal("no_such_message", some="thing")
    await candidate.handle.signal("withdraw", args=[{}, {}])
    await candidate.handle.signal("confirm_purchase", "not an object")
    await candidate.refused("suspend", reason="too early", by="M. Vogel")
    await candidate.has("MessageRefused", 4)
    await candidate.send("acknowledge", attention="refused-message", by="M. Vogel", note="a test feed")
    for attempt in range(3):
        outcome = {"outcome": "no_show"} if attempt == 1 else {}
        await candidate.result(OPERATIONS, "50", taken_at=await world.now(), **outcome)
        await world.days(31 if attempt < 2 else 15)
    await candidate.ended()
    return {"refused": (candidate, None)}


async def abandoned(world: World) -> Lived:
    candidate = world.candidate("CCMC", "G-4")
    await candidate.start()
    await candidate.has("Registered")
    await world.days(92)
    await candidate.ended()
    return {"abandoned": (candidate, None)}


async def cancelled(world: World) -> Lived:
    candidate = await world.registered()
    await candidate.handle.cancel()
    await candidate.ended()
    return {"cancelled": (candidate, None)}


async def invalid(world: World) -> Lived:
    candidate = world.candidate("CCSL", "G-5")
    await candidate.start_raw({"candidate_id": "G-5"}, "and more")

    async def failed() -> bool:
        return "WORKFLOW_EXECUTION_FAILED" in await candidate.counts()

    await eventually(failed, "the start fails")
    return {"invalid-start": (candidate, None)}


async def holder_for_life(world: World) -> Lived:
    """In time, in grace, after a lapse, suspended, and revoked in the end: one history for each run."""
    holder = await world.holder()
    lived: Lived = {}

    async def renewed(name: str, completed_on: str) -> None:
        run = await holder.run_id()
        await holder.evidence(name, completed_on)
        if name == "in-time":
            await holder.approve(name, "returned")
            await holder.evidence(f"{name}-again", completed_on)
            name = f"{name}-again"
        await holder.approve(name)
        lived[f"holder-{name}"] = (holder, run)

    await world.until(local("2042-03-01"))
    await renewed("in-time", "2041-05-05")
    await world.until(local("2046-02-01"))
    await renewed("grace", "2045-05-05")
    await world.until(local("2049-06-01"))
    await renewed("lapsed", "2049-05-05")
    await holder.handle.cancel()
    await holder.has("AttentionRaised")
    await holder.send("suspend", reason="a complaint", by="M. Vogel")
    await world.days(200)
    await holder.send("reinstate", reason="unfounded", by="M. Vogel")
    await holder.send("suspend", reason="another complaint", by="M. Vogel")
    await holder.send("revoke", reason="fraud", by="M. Vogel")
    await holder.ended()
    return lived | {"holder-revoked": (holder, None)}


async def expired(world: World) -> Lived:
    holder = await world.holder("CCMC")
    await world.until(local("2044-02-01"))
    await holder.ended()
    return {"expired": (holder, None)}


async def refused_again(world: World) -> Lived:
    """A message is refused, acknowledged, and delivered once more; then the workflow is cancelled."""
    candidate = world.candidate("CCMA", "G-10")
    await candidate.start()
    await candidate.has("Registered")
    for _ in range(2):
        await candidate.signal("suspend", reason="a complaint", by="M. Vogel", message_id="line-7")
        await candidate.has("MessageRefused")
        if "AttentionAcknowledged" not in await candidate.types():
            await candidate.send("acknowledge", attention="refused-message", by="M. Vogel")
    await candidate.send("confirm_purchase", reference="INV-1")
    await candidate.handle.cancel()
    await candidate.ended()
    return {"refused-again": (candidate, None)}


async def advancement(world: World) -> Lived:
    """The lower certificate is suspended when it is asked to give way, and reinstated days later."""
    holder = await world.holder()
    experience = {"role": "Operations Manager", "started_on": "2035-01-01"}
    await holder.send("request_advancement", purchase={"reference": "INV-9"}, experience=experience)
    higher = world.candidate("CCOM")
    await eventually(higher.exists, "the advancement is opened")
    await higher.has("ExperienceMet")
    await holder.send("suspend", reason="a complaint", by="M. Vogel")
    await higher.submit()
    await higher.review()
    await higher.has("AttentionRaised")
    await world.days(3)
    await holder.send("reinstate", reason="unfounded", by="M. Vogel")
    await world.days(1.1)
    await higher.stands("certified")
    await holder.ended()
    await higher.send("withdraw")
    await higher.ended()
    return {"advancement-lower": (holder, None), "advancement-higher": (higher, None)}


async def advancement_given_up(world: World) -> Lived:
    """The higher candidacy is withdrawn before it is certified, and tells the lower one, which may then ask again."""
    holder = await world.holder()
    await holder.send("request_advancement", purchase={"reference": "INV-9"})
    higher = world.candidate("CCOM")
    await eventually(higher.exists, "the advancement is opened")
    await higher.has("PurchaseConfirmed")
    await higher.send("withdraw")
    await higher.ended()
    await holder.has("AdvancementEnded")
    await holder.send("withdraw")
    await holder.ended()
    return {"advancement-given-up": (holder, None)}


STORIES: tuple[Story, ...] = (
    strategic_leader,
    timed_out,
    refused,
    abandoned,
    cancelled,
    invalid,
    holder_for_life,
    expired,
    refused_again,
    advancement,
    advancement_given_up,
)


async def record(story: Story, outbox: Path, **changed: Any) -> dict[str, WorkflowHistory]:
    """Plays a story on a server of its own, and returns the histories of its runs by their names.

    `changed` are settings of the worker that differ from the usual ones.
    """
    async with time_skipping_environment() as environment:
        world = World(environment, worker_settings(outbox=outbox, answer_keys=KEYS))
        await world.until(START)
        async with world.worker(**changed):
            lived = await story(world)
            return {name: await candidate.history(run_id) for name, (candidate, run_id) in lived.items()}
