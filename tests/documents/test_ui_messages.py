"""Sending messages and cancelling from the Temporal UI's own forms, in a real browser; what came of it, by a query."""

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from docs.pictures import ui
from docs.pictures.stage import NewPage, missing
from domain.commands import MESSAGES
from runtime.embedded import EmbeddedServer

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture(scope="module")
async def page(server: EmbeddedServer, new_page: NewPage) -> "Page":
    """One page for all tests, for loading the UI takes seconds: each opens its candidate there."""
    page = await new_page()
    await ui.open_list(page, server)
    return page


@pytest.fixture(scope="module")
async def temporal(server: EmbeddedServer) -> Client:
    return await server.client()


async def asked(temporal: Client, workflow_id: str, query: str = "status") -> Any:
    """What the candidacy answers."""
    return await temporal.get_workflow_handle(workflow_id).query(query)


async def last_event(temporal: Client, workflow_id: str) -> Any:
    """The newest event of the timeline."""
    return (await asked(temporal, workflow_id, "timeline"))[-1]


async def test_the_form_offers_every_message_and_says_what_it_is_for(server: EmbeddedServer, page: "Page") -> None:
    for kind in ("update", "signal"):
        await ui.choose_candidate(page, server, "certification:CCMC:C-1009")
        form = await ui.open_form(page, kind)
        offered = [text.split("\n") for text in await form.get_by_role("option").all_inner_texts()]
        told = {lines[0]: lines[1] for lines in offered if len(lines) > 1 and lines[0] in MESSAGES}
        assert set(told) == set(MESSAGES)
        for name, message in MESSAGES.items():
            assert message.about in told[name]


async def test_a_held_result_is_decided_by_an_update_from_the_form(
    server: EmbeddedServer, temporal: Client, page: "Page"
) -> None:
    candidate = "certification:CCSL:C-1001"
    await ui.choose_candidate(page, server, candidate)
    decision = {"result_id": "R-3011", "decision": "accept", "by": "M. Reyes", "reason": "the vendor confirms 88 %"}
    answer = await ui.send(page, "update", "resolve_held_result", json.dumps(decision))
    receipt = json.loads(base64.b64decode(answer["outcome"]["success"]["payloads"][0]["data"]))
    assert (receipt["status"], receipt["events"]) == ("testing", ["ResultResolved"])
    status = await asked(temporal, candidate)
    assert status["attention"] == ["review-waiting"], "the work product still waits for its review"
    assert status["assessments"]["leadership-and-business"]["status"] == "passed"


async def test_a_signal_from_the_form_is_taken(server: EmbeddedServer, temporal: Client, page: "Page") -> None:
    candidate = "certification:CCOM:C-1003"
    await ui.choose_candidate(page, server, candidate)
    verdict = {"submission_id": "WP-C-1003", "reviewer": "Dr. Imani Cole", "verdict": "passed"}
    await ui.send(page, "signal", "review_work_product", json.dumps(verdict))
    assert (await asked(temporal, candidate))["status"] == "certified"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must be exactly one JSON object; none was sent"),
        ('{"result_id": "R-1", "decision": "yes"}', "decision: must be 'accept' or 'reject'; by: is required; reason:"),
        ('{"result_id": "R-1", "decision": "accept", "by": "M. Reyes", "reason": "x"}', "result R-1 is not held"),
    ],
    ids=["no input", "wrong fields", "against the rules"],
)
async def test_the_form_shows_why_an_update_is_refused_and_no_stack_trace(
    server: EmbeddedServer, page: "Page", text: str, told: str
) -> None:
    await ui.choose_candidate(page, server, "certification:CCMC:C-1009")
    await ui.send(page, "update", "resolve_held_result", text)
    shown = await ui.alerts(ui.visible(page, "update-confirmation-modal")).first.inner_text()
    assert told in shown
    assert "File " not in shown


async def test_the_form_sends_nothing_that_is_no_json(server: EmbeddedServer, temporal: Client, page: "Page") -> None:
    candidate = "certification:CCMA:C-1008"
    before = await asked(temporal, candidate)
    await ui.choose_candidate(page, server, candidate)
    assert await ui.send(page, "signal", "withdraw", '{"reason": ') is None
    await page.get_by_text("Input must be valid JSON").wait_for()
    assert await asked(temporal, candidate) == before


async def test_a_signal_with_wrong_fields_asks_for_attention(
    server: EmbeddedServer, temporal: Client, page: "Page"
) -> None:
    candidate = "certification:CCMC:C-1006"
    await ui.choose_candidate(page, server, candidate)
    await ui.send(page, "signal", "reinstate", '{"reason": "the complaint was unfounded"}')
    event = await last_event(temporal, candidate)
    assert (event["type"], event["code"]) == ("MessageRefused", "invalid-message")
    assert "by: is required" in event["reason"]
    assert (await asked(temporal, candidate))["attention"] == ["refused-message"]


async def test_cancelling_withdraws_a_candidate(server: EmbeddedServer, temporal: Client, page: "Page") -> None:
    candidate = "certification:CCMA:C-1004"
    await ui.choose_candidate(page, server, candidate)
    await ui.cancel(page)
    assert await temporal.get_workflow_handle(candidate).result() == "withdrawn"
    described = await temporal.get_workflow_handle(candidate).describe()
    assert described.status is WorkflowExecutionStatus.COMPLETED
    await ui.choose_candidate(page, server, candidate)
    assert "C-1004 is closed: withdrawn" in await (await ui.open_details(page)).inner_text()


async def test_cancelling_a_holder_is_refused_and_asks_for_attention(
    server: EmbeddedServer, temporal: Client, page: "Page"
) -> None:
    holder = "certification:CCMA:C-1002"
    await ui.choose_candidate(page, server, holder)
    await ui.cancel(page)
    await page.get_by_text("Cancel Request Sent").wait_for()
    details = await ui.open_details(page)
    await details.get_by_text("cancel-refused").first.wait_for()
    status = await asked(temporal, holder)
    assert (status["status"], status["attention"]) == ("certified", ["cancel-refused"])
    described = await temporal.get_workflow_handle(holder).describe()
    assert described.status is WorkflowExecutionStatus.RUNNING

    await ui.send(page, "update", "acknowledge", '{"attention": "cancel-refused", "by": "M. Reyes"}')
    assert (await asked(temporal, holder))["attention"] == []


async def test_terminating_leaves_the_last_status_standing_and_only_the_guides_view_shows_it(
    server: EmbeddedServer, temporal: Client, new_page: NewPage
) -> None:
    candidate = "certification:CCSL:C-1005"
    await temporal.get_workflow_handle(candidate).terminate("by mistake")
    wrongly = "ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut', 'Canceled')"
    while (await temporal.count_workflows(wrongly)).count == 0:  # noqa: ASYNC110 - the list follows by a moment
        await asyncio.sleep(0.1)
    page = await new_page(1500, 900)
    await ui.open_list(page, server, wrongly)
    await ui.choose_columns(page)
    await page.get_by_role("cell", name=candidate, exact=True).wait_for()
    await page.get_by_role("cell", name="awaiting_experience", exact=True).wait_for()
