"""Records what later versions of the engine must still be able to read: `python -m tests.formats.record`.

`histories/` are the histories of whole journeys, from real runs on the time-skipping server; the tests replay them.
`journals/` are payloads of continue-as-new; the tests load them and let their alarms ring for ever.

Files that are there already are left alone, for they stand for the workflows of years ago. Only before a first release,
or where every run of that age is over, may one be deleted and recorded again.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from domain.commands import RefuseMessage
from domain.vocabulary import RefusalCode
from runtime import search_attributes
from runtime.embedded import time_skipping_server
from runtime.settings import ROOT
from tests.scheme import worker_settings
from tests.waiting import eventually
from tests.workflows.journeys import CUSTOMERS, LEADERSHIP, OPERATIONS, PEOPLE, START, Candidate, World, border, local
from tests.workflows.seeds import Past

HISTORIES = Path(__file__).parent / "histories"
JOURNALS = HISTORIES.with_name("journals")
KEYS = ROOT / "examples" / "answer-keys"
Told = dict[str, tuple[Candidate, str | None]]


# --- histories


async def strategic_leader(world: World) -> Told:
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


async def timed_out(world: World) -> Told:
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


async def refused(world: World) -> Told:
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


async def abandoned(world: World) -> Told:
    candidate = world.candidate("CCMC", "G-4")
    await candidate.start()
    await candidate.has("Registered")
    await world.days(92)
    await candidate.ended()
    return {"abandoned": (candidate, None)}


async def cancelled(world: World) -> Told:
    candidate = await world.registered()
    await candidate.handle.cancel()
    await candidate.ended()
    return {"cancelled": (candidate, None)}


async def invalid(world: World) -> Told:
    candidate = world.candidate("CCSL", "G-5")
    await candidate.start_raw({"candidate_id": "G-5"}, "and more")

    async def failed() -> bool:
        return "WORKFLOW_EXECUTION_FAILED" in await candidate.counts()

    await eventually(failed, "the start fails")
    return {"invalid-start": (candidate, None)}


async def holder_for_life(world: World) -> Told:
    """In time, in grace, after a lapse, suspended, and revoked in the end: one history for each run."""
    holder = await world.holder()
    told: Told = {}

    async def renewed(name: str, completed_on: str) -> None:
        run = await holder.run_id()
        await holder.evidence(name, completed_on)
        if name == "in-time":
            await holder.approve(name, "returned")
            await holder.evidence(f"{name}-again", completed_on)
            name = f"{name}-again"
        await holder.approve(name)
        told[f"holder-{name}"] = (holder, run)

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
    return told | {"holder-revoked": (holder, None)}


async def expired(world: World) -> Told:
    holder = await world.holder("CCMC")
    await world.until(local("2044-02-01"))
    await holder.ended()
    return {"expired": (holder, None)}


async def refused_again(world: World) -> Told:
    """Rules version 2: what is refused, acknowledged, and delivered once more; then the workflow is cancelled."""
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


async def advancement(world: World) -> Told:
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


async def advancement_given_up(world: World) -> Told:
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


STORIES: tuple[Callable[[World], Awaitable[Told]], ...] = (
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


async def record_story(story: Callable[[World], Awaitable[Told]]) -> None:
    with tempfile.TemporaryDirectory() as outbox:
        async with await WorkflowEnvironment.start_time_skipping(
            data_converter=pydantic_data_converter, test_server_existing_path=str(time_skipping_server())
        ) as environment:
            await search_attributes.register(environment.client)
            world = World(environment, worker_settings(outbox=Path(outbox), answer_keys=KEYS))
            await world.until(START)
            async with world.worker():
                for name, (candidate, run_id) in (await story(world)).items():
                    await keep(name, environment.client, candidate, run_id)


async def keep(name: str, client: Client, candidate: Candidate, run_id: str | None) -> None:
    """One event a line, without the name and the paths of the machine it was recorded on."""
    path = HISTORIES / f"{name}.json"
    if path.exists():
        return
    history = await client.get_workflow_handle(candidate.workflow_id, run_id=run_id).fetch_history()
    events = [_anonymous(event) for event in json.loads(history.to_json())["events"]]
    lines = ",\n".join(json.dumps(event, separators=(",", ":")) for event in events)
    path.write_text(f'{{"workflowId": "{candidate.workflow_id}", "events": [\n{lines}\n]}}\n')
    sys.stdout.write(f"{path.relative_to(ROOT)}: {len(events)} events\n")


def _anonymous(value: Any) -> Any:
    if isinstance(value, dict):
        told = {"identity": "recorded", "stackTrace": ""}
        return {key: told[key] if key in told else _anonymous(part) for key, part in value.items()}
    return [_anonymous(part) for part in value] if isinstance(value, list) else value


# --- journals

BEGUN = datetime(2024, 2, 29, 18, tzinfo=UTC)


def _past(designation: str, **options: Any) -> Past:
    nobody: Any = None
    return Past(Candidate(nobody, designation, "F-1"), BEGUN, **options)


def journals() -> dict[str, Past]:
    """Candidacies in every standing that a run can be handed over in."""
    past = {
        "awaiting-purchase": _past("CCSL", paid=False),
        "testing": _past("CCSL").passes(but=LEADERSHIP),
        "held": _held(),
        "revise": _past("CCOM").passes(),
        "awaiting-experience": _past("CCSL", since=date(2023, 9, 1)).certify(yet=False),
        "settling": _past("CCSL").until(BEGUN + timedelta(days=735)),
        "certified": _past("CCMA").certify(),
        "recertifying": _past("CCMC").certify().until(BEGUN + timedelta(days=800)),
        "under-review": _submitted(),
        "suspended": _past("CCMA").certify().say("suspend", reason="a complaint", by="M. Vogel"),
        "grace": _past("CCMA").certify().until(BEGUN + timedelta(days=1110)),
        "lapsed": _past("CCMA").certify().until(BEGUN + timedelta(days=1200)),
        "refused-message": _refused(),
        "advancing": _past("CCMA").certify().say("request_advancement", purchase={"reference": "INV-9"}),
    }
    past["revise"].say("submit_work_product", submission_id="W-1", uri="urn:x", sha256="ab" * 32)
    past["revise"].say("review_work_product", submission_id="W-1", reviewer="R. Viewer", verdict="revise")
    return past


def _held() -> Past:
    past = _past("CCMA").passes(but=PEOPLE)
    result = {"domain": PEOPLE, "taken_at": BEGUN}
    past.say("record_assessment_result", result_id="H-1", **result, form="PM-A", responses={"1": "A"})
    past.say("record_assessment_result", result_id="H-2", **result, percentage="80", passed=False, message_id="m-1")
    return past


def _refused() -> Past:
    past = _past("CCMA")
    for number in (1, 2):
        past.journal.refuse(
            RefuseMessage(
                message="suspend",
                code=RefusalCode.NOT_A_HOLDER,
                reason="only a holder's certificate can be suspended",
                from_signal=True,
                sha256=f"{number}" * 64,
                excerpt="{}",
                message_id=f"m-{number}",
            ),
            past.now,
        )
    return past


def _submitted() -> Past:
    past = _past("CCMA").certify().until(BEGUN + timedelta(days=1000))
    activities = [{"title": "A course", "completed_on": "2026-01-05", "hours": 7.5, "uri": "https://example.org/c"}]
    return past.say("submit_recertification", submission_id="E-1", activities=activities, message_id="m-9")


def record_journals() -> None:
    for name, past in journals().items():
        path = JOURNALS / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps(past.journal.carried(), indent=1, ensure_ascii=False) + "\n")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")


async def main() -> None:
    for folder in (HISTORIES, JOURNALS):
        folder.mkdir(parents=True, exist_ok=True)
    record_journals()
    for story in STORIES:
        await record_story(story)


if __name__ == "__main__":
    asyncio.run(main())
