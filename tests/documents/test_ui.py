"""The Temporal UI in a real browser: the list, the views, and one candidate's page, as the admin's guide promises."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from docs.pictures import ui
from docs.pictures.stage import NewPage, missing
from runtime.embedded import EmbeddedServer
from runtime.settings import ROOT

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

GUIDE = (ROOT / "docs/admin-guide.md").read_text()
HELD = "certification:CCSL:C-1001"


@pytest.fixture
async def list_page(server: EmbeddedServer, new_page: NewPage) -> AsyncIterator["Page"]:
    """The list of workflows as somebody sees it who has never chosen a column or saved a view."""
    page = await new_page(1500, 900)
    await ui.open_list(page, server)
    yield page
    await page.context.close()


@pytest.fixture(scope="module")
async def one_page(server: EmbeddedServer, new_page: NewPage) -> "Page":
    """A page on which every candidate is opened in turn, for loading the UI takes seconds."""
    page = await new_page()
    await ui.open_list(page, server)
    return page


@pytest.fixture
async def page(one_page: "Page") -> "Page":
    """The same page in its usual size."""
    await one_page.set_viewport_size({"width": 1300, "height": 1000})
    return one_page


def views_of_the_guide() -> dict[str, str]:
    """Name and list filter of every view in the guide; its example days are always those of today."""
    today = datetime.now(UTC).date()
    text = GUIDE.split("| view | list filter |")[1].split("\n\n")[0]
    text = text.replace("2026-12-23", str(today + timedelta(days=30))).replace(
        "2026-11-16", str(today - timedelta(days=7))
    )
    return dict(re.findall(r"^\| ([^|`]+) \| `([^`]*)` \|", text, re.MULTILINE))


FOUND = {
    "Attention": {"CCSL:C-1001", "CCOM:C-1003"},
    "Attention: mail undeliverable": set(),
    "Attention: refused messages": set(),
    "Attention: reviews waiting": {"CCSL:C-1001", "CCOM:C-1003"},
    "Candidates: awaiting experience": {"CCSL:C-1005"},
    "Candidates: awaiting purchase": {"CCMA:C-1004"},
    "Candidates: awaiting review": {"CCOM:C-1003"},
    "Candidates: testing": {"CCSL:C-1001", "CCMC:C-1009", "CCOM:C-1008"},
    "Closed": {"CCMC:C-1007"},
    "Due before {day}": {"CCMC:C-1009"},
    "Ended wrongly": set(),
    "Engine in trouble": set(),
    "Holders: certified": {"CCMA:C-1002", "CCMA:C-1008"},
    "Holders: not in force": {"CCMC:C-1006"},
    "New since {day}": {"CCSL:C-1001", "CCMA:C-1004", "CCOM:C-1008", "CCMC:C-1009"},
}
"""Whom each view of the guide finds among the invented people."""


async def test_the_queries_of_the_guide_find_whom_they_promise(server: EmbeddedServer) -> None:
    client = await server.client()
    found = {
        name: {listed.id.removeprefix("certification:") async for listed in client.list_workflows(query)}
        for name, query in views_of_the_guide().items()
    }
    assert found == FOUND


async def test_pasting_the_views_sets_up_columns_and_every_view_of_the_guide(
    list_page: "Page",
) -> None:
    page = list_page
    await ui.paste_views(page)
    await ui.paste_views(page)  # once more: nothing may be there twice
    saved = json.loads(await page.evaluate("localStorage.getItem('saved-workflow-queries')"))["default"]
    day = re.compile(r"\d{4}-\d\d-\d\d$")
    assert {day.sub("{day}", view["name"]): view["query"] for view in saved} == views_of_the_guide()
    assert len(saved) == len(FOUND)

    await ui.open_views(page)
    await page.get_by_placeholder("Search views").fill("Due")
    await page.get_by_text("Due before").first.click()
    await page.get_by_role("cell", name="certification:CCMC:C-1009", exact=True).wait_for()
    assert await shown_columns(page) == ["Status", "Workflow ID", *ui.COLUMNS]


async def shown_columns(page: Any) -> list[str]:
    """The headings of the list, without those of boxes and buttons."""
    headings = [text.strip() for text in await page.get_by_role("columnheader").all_inner_texts()]
    return [text for text in headings if text not in ("", "Select all Workflows")]


async def test_columns_and_views_can_be_set_up_by_hand(server: EmbeddedServer, list_page: "Page") -> None:
    page = list_page
    await ui.choose_columns(page)
    assert await shown_columns(page) == ["Status", "Workflow ID", *ui.COLUMNS]
    await ui.type_filter(page, "CertificationStatus = 'awaiting_review' AND ExecutionStatus = 'Running'")
    await page.get_by_role("cell", name="certification:CCMA:C-1004", exact=True).wait_for(state="hidden")
    await page.get_by_role("cell", name="awaiting_review").wait_for()

    await ui.save_view(page, "Reviews")
    await ui.open_list(page, server)
    await ui.open_views(page)
    await page.get_by_text("Reviews").first.click()
    await page.get_by_role("cell", name="certification:CCOM:C-1003", exact=True).wait_for()
    assert await page.get_by_role("link", name="certification:").count() == 1


async def test_a_candidates_page_says_where_they_stand_what_is_next_why_and_what_to_do(
    server: EmbeddedServer, page: "Page"
) -> None:
    await ui.choose_candidate(page, server, HELD)
    shown = await words(await ui.open_details(page))
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


async def words(place: Any) -> str:
    """What stands there, in one line."""
    return " ".join((await place.inner_text()).split())


@pytest.mark.parametrize(
    ("candidacy", "told"),
    [
        ("CCMA:C-1004", ["waits for the purchase to be confirmed", "the candidacy is abandoned unless"]),
        ("CCOM:C-1003", ["waits for the review of the work product", "review_work_product", '"WP-C-1003"']),
        ("CCSL:C-1005", ["has everything but the experience", "counts from its anniversary"]),
        ("CCMA:C-1002", ["is certified", "the recertification window opens", "the certificate expires, 36 months"]),
        (
            "CCMC:C-1006",
            ["not certified: the certificate is suspended", "reinstate", "revoke", "suspended by M. Reyes"],
        ),
        ("CCMA:C-1008", ["is certified", "certification:CCOM:C-1008"]),
        ("CCMC:C-1007", ["is closed: withdrawn", "takes no more messages"]),
    ],
)
async def test_the_page_of_each_status_says_what_there_is_to_do(
    server: EmbeddedServer, page: "Page", candidacy: str, told: list[str]
) -> None:
    await ui.choose_candidate(page, server, f"certification:{candidacy}")
    shown = await words(await ui.open_details(page))
    for text in told:
        assert text in shown


async def test_timer_notices_and_input_are_readable(server: EmbeddedServer, page: "Page") -> None:
    await page.set_viewport_size({"width": 1500, "height": 1200})
    await ui.choose_candidate(page, server, HELD)
    await page.get_by_text('"candidate_id"').first.wait_for()  # the input, as JSON and not as base64
    await page.get_by_text(": the experience counts from its anniversary").first.wait_for()
    await page.get_by_text("notice: result held").first.wait_for()
    await ui.open_history(page)
    for line in ("notice: result held", "submit_work_product"):
        await page.get_by_text(line).filter(visible=True).first.wait_for()


async def test_the_queries_answer_in_their_tab(server: EmbeddedServer, page: "Page") -> None:
    await page.set_viewport_size({"width": 1300, "height": 3000})  # the answer is rendered only where it is in view
    await ui.choose_candidate(page, server, HELD)
    answer = await ui.ask(page, "status")
    await answer.get_by_text('"testing_deadline"').wait_for()
    answer = await ui.ask(page, "timeline")
    await answer.get_by_text("Registered for CCSL under scheme").wait_for()
