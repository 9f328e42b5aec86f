"""Every workflow task leaves a trace in the history: otherwise the SDK may deliver it together with the next one."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from runtime.settings import ROOT, Settings
from tests.scheme import worker_settings
from tests.waiting import eventually
from tests.workflows.journeys import PEOPLE, Candidate
from trials.histories import read_history
from trials.mail import MailServer
from worker import build_replayer, build_worker

PACKAGE = ROOT / "workflows"
GIVES_COMMANDS = {
    *("execute_activity", "start_activity", "execute_local_activity", "start_local_activity"),
    *("execute_child_workflow", "start_child_workflow", "upsert_memo", "upsert_search_attributes"),
    *("sleep", "timeout", "wait_for", "call_later", "patched", "deprecate_patch"),
}
PASSED = {"result_id": "R-1", "domain": PEOPLE, "percentage": 80, "message_id": "m-1"}


def that_forgets(client: Client, settings: Settings) -> Worker:
    """A worker that keeps no candidacy in memory: it replays the history for every task, as after a restart."""
    return build_worker(client, worker_settings(outbox=settings.outbox, smtp_url=settings.smtp_url, cached_workflows=0))


async def known(candidate: Candidate, effects: int) -> None:
    """Waits until the workflow knows that so many effects are carried out, and no task is under way."""

    async def all_done() -> bool:
        if await candidate.effects() != effects:
            return False
        counts = await candidate.counts()
        return counts["WORKFLOW_TASK_SCHEDULED"] == counts["WORKFLOW_TASK_COMPLETED"]

    await eventually(all_done, f"{effects} effects are carried out")


async def taken(candidate: Candidate, signals: int) -> None:
    """Waits until the workflow has taken in so many signals."""

    async def all_taken() -> bool:
        counts = await candidate.counts()
        tasks = counts["WORKFLOW_TASK_SCHEDULED"] == counts["WORKFLOW_TASK_COMPLETED"]
        return counts["WORKFLOW_EXECUTION_SIGNALED"] == signals and tasks

    await eventually(all_taken, f"{signals} signals are taken")


async def registered(client: Client, candidate_id: str) -> Candidate:
    candidate = Candidate(client, "CCMA", candidate_id)
    purchased_at = (datetime.now(UTC) - timedelta(days=60)).isoformat()
    await candidate.start(purchase={"reference": "INV-1", "purchased_at": purchased_at})
    await candidate.has("PurchaseConfirmed")
    await known(candidate, 3)  # the scheme and two notices
    return candidate


async def closes_and_replays(client: Client, settings: Settings, candidate: Candidate) -> None:
    """A worker that has forgotten the candidacy withdraws it: that cancels a timer and sends a notice. Then it ends."""
    async with that_forgets(client, settings):
        await candidate.send("withdraw", reason="moved away")
        assert await candidate.ended() == "withdrawn"
    history = await candidate.history()
    await build_replayer(client.data_converter).replay_workflow(history)
    assert read_history("this", history.events).without_command == []


async def test_an_update_after_a_repeated_signal_and_a_sent_notice_leaves_a_history_that_replays(
    client: Client, mail: MailServer, settings: Settings
) -> None:
    # Seen under `make chaos`: neither the task of the repeated signal nor that of the sent notice gave a command, so
    # the update came before the end of the notice, and the history could not be replayed.
    passed = {**PASSED, "taken_at": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
    async with build_worker(client, settings):
        candidate = await registered(client, "traces-1")
        await mail.be("refuses connections")
        await candidate.signal("record_assessment_result", **passed)
        await candidate.has("AssessmentPassed")
        await candidate.signal("record_assessment_result", **passed)
        await taken(candidate, 2)
        await mail.be("takes mail")
        await known(candidate, 4)
    await closes_and_replays(client, settings, candidate)


async def test_an_update_after_signals_that_changed_nothing_leaves_a_history_that_replays(
    client: Client, settings: Settings
) -> None:
    async with build_worker(client, settings):
        candidate = await registered(client, "traces-2")
        for number in range(1, 5):
            # Refused: nothing is under review. It stands on the timeline, and moves neither attribute nor timer.
            await candidate.signal("review_work_product", submission_id=f"WP-{number}", reviewer="R", verdict="passed")
            await taken(candidate, number)
    await closes_and_replays(client, settings, candidate)


def commands(source: str) -> Iterator[str]:
    """Each call that gives Temporal a command by itself."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = ast.unparse(node.func.value)
        name = node.func.attr
        bounded = name == "wait_condition" and any(keyword.arg == "timeout" for keyword in node.keywords)
        if owner in ("workflow", "asyncio") and (name in GIVES_COMMANDS or bounded):
            yield f"{node.lineno}: {owner}.{name}"


def waits(source: str) -> list[int]:
    """The lines that wait for a condition by the SDK itself."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute))
    return [node.lineno for node in calls if ast.unparse(node) == "workflow.wait_condition"]


def test_every_wait_survives_a_cancellation_of_the_workflow() -> None:
    found = {path.name for path in PACKAGE.glob("*.py") if waits(path.read_text(encoding="utf-8"))}
    assert found == {"traces.py", "waits.py"}, "all others wait by workflows/waits.py"


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.name)
def test_only_one_module_gives_commands(path: Path) -> None:
    found = list(commands(path.read_text(encoding="utf-8")))
    assert bool(found) == (path.name == "traces.py"), found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("workflow.execute_activity('x')", ["1: workflow.execute_activity"]),
        ("async def f():\n    await asyncio.sleep(1)", ["2: asyncio.sleep"]),
        ("workflow.wait_condition(f, timeout=patience)", ["1: workflow.wait_condition"]),
        ("workflow.wait_condition(f)\ntraces.sleep(d, 'why')\nworkflow.now()", []),
    ],
)
def test_a_command_is_found(source: str, found: list[str]) -> None:
    assert list(commands(source)) == found
