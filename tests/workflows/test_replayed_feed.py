"""A feed that is delivered whole every night: nothing changes after the first time (rules 11, 27, 28)."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowQueryFailedError

from tests.workflows.journeys import PEOPLE, START, World, wire


def feed() -> list[dict[str, Any]]:
    """A pass and a correction of it."""
    first: dict[str, Any] = {
        "result_id": "R-1",
        "domain": PEOPLE,
        "percentage": "80",
        "taken_at": wire(START - timedelta(days=5)),
    }
    rows = [first, {**first, "revision": 2, "percentage": "81.5"}]
    return [{**row, "message_id": f"feed-line-{number}"} for number, row in enumerate(rows, start=1)]


MARKED = {"result_id": "R-9", "domain": PEOPLE, "form": "PM-A", "responses": {"1": "A"}, "message_id": "feed-line-4"}
REFUSED = {"reason": "a complaint", "by": "M. Reyes", "message_id": "feed-line-3"}


async def test_nothing_changes_after_the_first_night(world: World) -> None:
    candidate = world.candidate("CCSL")
    await candidate.start(purchase={"reference": "INV-1", "purchased_at": wire(START - timedelta(days=30))})
    await candidate.has("PurchaseConfirmed")
    for row in feed():
        assert (await candidate.send("record_assessment_result", **row))["duplicate"] is False
    assert await candidate.refused("suspend", **REFUSED) == "not-a-holder"
    ids = ["feed-line-1", "feed-line-2", "feed-line-3"]
    before = await candidate.timeline()
    known = await candidate.handle.query("receipts", ids)
    assert list(known) == ids[:2]
    assert known[ids[0]]["events"] == ["AssessmentPassed"]
    assert known[ids[0]]["duplicate"] is True
    assert known[ids[0]]["content"] != known[ids[1]]["content"]
    for _ in range(3):
        for row in feed():
            assert (await candidate.send("record_assessment_result", **row))["duplicate"] is True
        await candidate.refused("suspend", **REFUSED)
    assert await candidate.timeline() == before
    assert (await candidate.status())["attention"] == []


async def test_responses_whose_score_changes_nothing_are_marked_no_more_and_leave_no_history(world: World) -> None:
    candidate = await world.registered()
    await world.days(735)
    late = {**MARKED, "taken_at": wire(await world.now() - timedelta(days=1))}
    assert await candidate.refused("record_assessment_result", **late) == "outside-window"
    await candidate.at_rest()

    async def history() -> dict[str, int]:
        """This server keeps the task of a rejected update; a real one forgets it."""
        return {kind: count for kind, count in (await candidate.counts()).items() if "WORKFLOW_TASK" not in kind}

    before = await history()
    for _ in range(3):
        assert await candidate.refused("record_assessment_result", **late) == "outside-window"
    assert await history() == before


async def test_what_will_happen_is_told_in_order_and_the_next_of_it_comes_first(world: World) -> None:
    candidate = await world.registered()
    status = await candidate.status()
    upcoming = status["upcoming"]
    assert [one["at"] for one in upcoming] == sorted(one["at"] for one in upcoming)
    assert {name: upcoming[0][name] for name in ("on", "what", "why")} == status["next"]
    borders = [one for one in upcoming if one["border"]]
    assert borders[0]["on"] == status["testing_deadline"]


async def test_a_question_for_receipts_that_is_no_list_is_answered_and_wedges_nothing(world: World) -> None:
    candidate = world.candidate("CCMA")
    await candidate.start()
    for arguments in ([], ["feed-1"], [{"a": 1}], [["feed-1"], ["feed-2"]]):
        with pytest.raises(WorkflowQueryFailedError):
            await candidate.handle.query("receipts", args=arguments)
    assert await candidate.handle.query("receipts", []) == {}
    assert (await candidate.status())["status"] == "awaiting_purchase"
