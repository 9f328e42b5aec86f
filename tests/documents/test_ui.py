"""The Temporal UI in a real browser, as the admin's guide promises it: the list, the candidates' pages, and the forms.

All tests share one page of one browser, for loading the UI costs more than anything that is done in it. Each candidate
belongs to one test, which opens their page once.
"""

import asyncio
import base64
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError

from docs.pictures import ui
from docs.pictures.stage import NewPage, missing
from domain.commands import MESSAGES
from runtime.embedded import EmbeddedServer
from tests.documents.views import FOUND, saved_views, shown_columns, views_of_the_guide

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture(scope="module")
async def page(server: EmbeddedServer, new_page: NewPage) -> "Page":
    """The list of workflows as somebody sees it who has never chosen a column or saved a view."""
    page = await new_page(1500, 1200)
    await ui.open_list(page, server)
    return page


@pytest.fixture(scope="module")
async def temporal(server: EmbeddedServer) -> Client:
    return await server.client()


async def words(place: Any) -> str:
    """The text that stands there, in one line."""
    return " ".join((await place.inner_text()).split())


# --- the list


async def test_the_queries_of_the_guide_find_whom_they_promise(temporal: Client) -> None:
    found = {
        name: {listed.id.removeprefix("certification:") async for listed in temporal.list_workflows(query)}
        for name, query in views_of_the_guide().items()
    }
    assert found == FOUND


async def test_a_registration_with_a_mistake_is_in_a_view_of_its_own_and_has_not_ended_wrongly(
    temporal: Client,
) -> None:
    mistaken = await temporal.start_workflow(
        "CertificationWorkflow",
        {"candidate_id": "C-1010", "name": "Jo Park", "email": "jo at example.org", "designation": "CCSL"},
        id="certification:CCSL:C-1010",
        task_queue="certification",
    )
    with pytest.raises(WorkflowFailureError):
        await mistaken.result()
    views = views_of_the_guide()
    while (await temporal.count_workflows("ExecutionStatus = 'Failed'")).count == 0:  # noqa: ASYNC110 - it lags behind
        await asyncio.sleep(0.1)
    assert [listed.id async for listed in temporal.list_workflows(views["Registrations with mistakes"])] == [
        mistaken.id
    ]
    assert (await temporal.count_workflows(views["Ended wrongly"])).count == 0
    assert {listed.id async for listed in temporal.list_workflows(views["Attention"])} == {
        f"certification:{name}" for name in FOUND["Attention"]
    }


async def test_columns_and_views_are_set_up_by_hand_and_by_one_paste(server: EmbeddedServer, page: "Page") -> None:
    await ui.choose_columns(page)
    assert await shown_columns(page) == ["Status", "Workflow ID", *ui.COLUMNS]
    await ui.type_filter(page, "CertificationStatus = 'awaiting_review' AND ExecutionStatus = 'Running'")
    await page.get_by_role("cell", name="certification:CCMA:C-1004", exact=True).wait_for(state="hidden")
    await page.get_by_role("cell", name="awaiting_review").wait_for()
    assert "workflows?query=CertificationStatus" in page.url, "the address of the list contains the filter"
    await ui.save_view(page, "My own")

    await ui.paste_views(page)  # at its end it loads the page again, by the address with the filter
    await page.get_by_role("cell", name="certification:CCOM:C-1003", exact=True).wait_for()
    assert await page.get_by_role("link", name="certification:").count() == 1
    assert await saved_views(page) == views_of_the_guide() | {
        "My own": "CertificationStatus = 'awaiting_review' AND ExecutionStatus = 'Running'"
    }
    await ui.choose_view(page, "Due before")
    await page.get_by_role("cell", name="certification:CCMC:C-1009", exact=True).wait_for()
    assert await shown_columns(page) == ["Status", "Workflow ID", *ui.COLUMNS]
    await ui.choose_view(page, "My own")
    await page.get_by_role("cell", name="certification:CCOM:C-1003", exact=True).wait_for()
    assert await page.get_by_role("link", name="certification:").count() == 1

    # Once more, beside a small file of the same site, which shares the storage: nothing may be there twice.
    beside = await page.context.new_page()
    await beside.goto(f"{server.ui_url}/_app/version.json")
    async with beside.expect_navigation():
        await beside.evaluate(ui.VIEWS.read_text())
    assert len(await saved_views(beside)) == len(FOUND) + 1
    await beside.close()


async def test_terminating_leaves_the_last_status_standing_and_only_the_guides_view_shows_it(
    server: EmbeddedServer, temporal: Client, page: "Page"
) -> None:
    candidate = "certification:CCSL:C-1005"
    if not await saved_views(page):
        await ui.paste_views(page)
    await temporal.get_workflow_handle(candidate).terminate("by mistake")
    wrongly = views_of_the_guide()["Ended wrongly"]
    while (await temporal.count_workflows(wrongly)).count == 0:  # noqa: ASYNC110 - the list follows by a moment
        await asyncio.sleep(0.1)
    await ui.choose_view(page, "Ended wrongly")
    await page.get_by_role("cell", name="Terminated").first.wait_for()
    await page.get_by_role("cell", name=candidate, exact=True).wait_for()
    await page.get_by_role("cell", name="awaiting_experience", exact=True).wait_for()

    shown = await read(page, server, candidate)
    assert "has everything but the experience" in shown
    assert "counts from its anniversary" in shown
    await page.get_by_text("Terminated", exact=True).filter(visible=True).first.wait_for()


# --- the page of a candidate, and what can be sent there


async def read(page: "Page", server: EmbeddedServer, candidate: str) -> str:
    """Opens the page of a candidate, and returns the words of the current details."""
    await ui.choose_candidate(page, server, candidate)
    return await words(await ui.open_details(page))


async def asked(temporal: Client, workflow_id: str, query: str = "status") -> Any:
    """What the candidacy answers."""
    return await temporal.get_workflow_handle(workflow_id).query(query)


async def test_a_held_result_is_explained_on_the_page_and_decided_by_an_update_from_the_form(
    server: EmbeddedServer, temporal: Client, page: "Page"
) -> None:
    candidate = "certification:CCSL:C-1001"
    shown = await read(page, server, candidate)
    for text in (
        "C-1001 is inside the testing window",
        "held-result:R-3011",
        "the vendor’s flag says not passed",
        'resolve_held_result {"result_id": "R-3011", "decision": "accept", "by": "", "reason": ""}',
        'review_work_product {"submission_id": "WP-C-1001", "reviewer": "", "verdict": "passed"}',
        "the testing window closes, 24 months from the purchase",
        "People Management: passed, 85.00 %",
        "1 held",
    ):
        assert text in shown
    for private in ("Ana Ruiz", "@example.org"):
        assert private not in shown
    await the_other_tabs_are_readable(page)

    decision = {"result_id": "R-3011", "decision": "accept", "by": "M. Reyes", "reason": "the vendor confirms 88 %"}
    answer = await ui.send(page, "update", "resolve_held_result", json.dumps(decision))
    receipt = json.loads(base64.b64decode(answer["outcome"]["success"]["payloads"][0]["data"]))
    assert (receipt["status"], receipt["events"]) == ("testing", ["ResultResolved"])
    status = await asked(temporal, candidate)
    assert status["attention"] == ["review-waiting"], "the work product still waits for its review"
    assert status["assessments"]["leadership-and-business"]["status"] == "passed"


async def the_other_tabs_are_readable(page: "Page") -> None:
    """Of the candidate with the held result: timeline, input, history, and the answers of both queries."""
    await ui.open_timeline(page)
    await page.get_by_text('"candidate_id"').first.wait_for()  # the input, as JSON and not as base64
    await page.get_by_text(": the experience counts from its anniversary").first.wait_for()
    sent = re.compile(r"notices?: .*result held")
    await page.get_by_text(sent).first.wait_for()
    await ui.open_history(page)
    for line in (sent, "submit_work_product"):
        await page.get_by_text(line).filter(visible=True).first.wait_for()
    usual = page.viewport_size
    assert usual is not None
    await page.set_viewport_size({"width": 1300, "height": 3000})  # the answer is rendered only where it is in view
    await (await ui.ask(page, "status")).get_by_text('"testing_deadline"').wait_for()
    await (await ui.ask(page, "timeline")).get_by_text("Registered for CCSL under scheme").wait_for()
    await page.set_viewport_size(usual)


async def test_the_form_offers_every_message_and_shows_why_one_is_not_taken(
    server: EmbeddedServer, temporal: Client, page: "Page"
) -> None:
    candidate = "certification:CCMC:C-1009"
    await ui.choose_candidate(page, server, candidate)
    form = await ui.open_form(page, "update")
    await offers_every_message(form)
    await ui.fill_form(page, form, "resolve_held_result", "")
    for text, told in (
        ("", "must be exactly one JSON object; none was sent"),
        ('{"result_id": "R-1", "decision": "yes"}', "decision: must be 'accept' or 'reject'; by: is required; reason:"),
        ('{"result_id": "R-1", "decision": "accept", "by": "M. Reyes", "reason": "x"}', "result R-1 is not held"),
    ):
        await ui.type_data(page, form, text)
        await ui.submit(form)
        alert = ui.alerts(form).filter(has_text=told).first
        await alert.wait_for()  # the form stays open, and there the message is corrected
        assert "File " not in await alert.inner_text(), "no stack trace"

    await page.keyboard.press("Escape")
    before = await asked(temporal, candidate)
    form = await ui.open_form(page, "signal")
    await offers_every_message(form)
    await ui.fill_form(page, form, "withdraw", '{"reason": ')
    await ui.submit(form)
    await page.get_by_text("Input must be valid JSON").wait_for()
    assert await asked(temporal, candidate) == before


async def offers_every_message(form: "Locator") -> None:
    """Each name in the form's list stands above a line that says what the message does."""
    offered = [text.split("\n") for text in await form.get_by_role("option").all_inner_texts()]
    told = {lines[0]: lines[1] for lines in offered if len(lines) > 1 and lines[0] in MESSAGES}
    assert set(told) == set(MESSAGES)
    for name, message in MESSAGES.items():
        assert message.about in told[name]


async def test_a_review_that_waits_is_answered_by_a_signal_from_the_form(
    server: EmbeddedServer, temporal: Client, page: "Page"
) -> None:
    candidate = "certification:CCOM:C-1003"
    shown = await read(page, server, candidate)
    for text in ("waits for the review of the work product", "review_work_product", '"WP-C-1003"'):
        assert text in shown
    verdict = {"submission_id": "WP-C-1003", "reviewer": "Dr. Imani Cole", "verdict": "passed"}
    await ui.send(page, "signal", "review_work_product", json.dumps(verdict))
    assert (await asked(temporal, candidate))["status"] == "certified"


async def test_a_signal_with_wrong_fields_asks_for_attention(
    server: EmbeddedServer, temporal: Client, page: "Page"
) -> None:
    candidate = "certification:CCMC:C-1006"
    shown = await read(page, server, candidate)
    for text in ("not certified: the certificate is suspended", "reinstate", "revoke", "suspended by M. Reyes"):
        assert text in shown
    await ui.send(page, "signal", "reinstate", '{"reason": "the complaint was unfounded"}')
    event = (await asked(temporal, candidate, "timeline"))[-1]
    assert (event["type"], event["code"]) == ("MessageRefused", "invalid-message")
    assert "by: is required" in event["reason"]
    assert (await asked(temporal, candidate))["attention"] == ["refused-message"]


async def test_cancelling_withdraws_a_candidate(server: EmbeddedServer, temporal: Client, page: "Page") -> None:
    candidate = "certification:CCMA:C-1004"
    shown = await read(page, server, candidate)
    for text in ("waits for the purchase to be confirmed", "the candidacy is abandoned unless"):
        assert text in shown
    await ui.cancel(page)
    assert await temporal.get_workflow_handle(candidate).result() == "withdrawn"
    described = await temporal.get_workflow_handle(candidate).describe()
    assert described.status is WorkflowExecutionStatus.COMPLETED
    await ui.details_say(page, "is closed: withdrawn")


async def test_cancelling_a_holder_is_refused_and_asks_for_attention(
    server: EmbeddedServer, temporal: Client, page: "Page"
) -> None:
    holder = "certification:CCMA:C-1002"
    shown = await read(page, server, holder)
    for text in ("is certified", "the recertification window opens", "the certificate expires, 36 months"):
        assert text in shown
    await ui.cancel(page)
    await page.get_by_text("Cancel Request Sent").wait_for()
    await ui.details_say(page, "cancel-refused")
    status = await asked(temporal, holder)
    assert (status["status"], status["attention"]) == ("certified", ["cancel-refused"])
    described = await temporal.get_workflow_handle(holder).describe()
    assert described.status is WorkflowExecutionStatus.RUNNING

    await ui.send(page, "update", "acknowledge", '{"attention": "cancel-refused", "by": "M. Reyes"}')
    assert (await asked(temporal, holder))["attention"] == []


@pytest.mark.parametrize(
    ("candidate", "told"),
    [
        ("CCMA:C-1008", ["is certified", "certification:CCOM:C-1008"]),
        ("CCMC:C-1007", ["is closed: withdrawn", "takes no more messages"]),
    ],
    ids=["advancing", "closed"],
)
async def test_the_page_says_so_where_there_is_nothing_to_do(
    server: EmbeddedServer, page: "Page", candidate: str, told: list[str]
) -> None:
    shown = await read(page, server, f"certification:{candidate}")
    for text in told:
        assert text in shown
