"""The steps of an admin in the Temporal UI (2.54), by the same buttons. The guide's pictures and the tests use them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from runtime.attribute_names import Attribute
from runtime.embedded import NAMESPACE, EmbeddedServer
from runtime.settings import ROOT

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

VIEWS = ROOT / "docs" / "ui-views.js"
"""The script that an admin pastes into the browser's console, with the columns and the saved views."""

COLUMNS_AWAY = ("Run ID", "Type", "Start", "End")
COLUMNS = (
    Attribute.CERTIFICATION_STATUS,
    Attribute.NEXT_DEADLINE,
    Attribute.NEEDS_ATTENTION,
    Attribute.ASSESSMENTS_PASSED,
)
"""The columns that an admin wants to see in the list. The UI keeps each viewer's choice."""

Kind = Literal["signal", "update"]
_LIST = "workflows-summary-table-configuration-button"
_CANDIDATE = "workflow-id-heading"
"""The test ids of two elements that stand on no other page than the list, and the page of a candidate."""
_LOADING_MILLISECONDS = 60_000
_RELOADS = 4


def visible(page: Page, test_id: str) -> Locator:
    """An element by its test id. The UI renders some twice, for wide and for narrow windows."""
    return page.get_by_test_id(test_id).filter(visible=True).first


async def load(page: Page, url: str, test_id: str) -> None:
    """Opens a page of the UI, and returns when the element with this test id is visible.

    On a busy machine the UI sometimes stays blank for good, on any of its pages: one of its first requests is never
    answered. A person would load the page again, and that is what happens here.

    Raises:
        TimeoutError: Playwright's; the page stayed blank however often it was loaded.
    """
    from playwright.async_api import TimeoutError as NotShown

    for _ in range(_RELOADS):
        with suppress(NotShown):
            await page.goto(url, timeout=_LOADING_MILLISECONDS)
            await visible(page, test_id).wait_for(timeout=_LOADING_MILLISECONDS)
            return
    await page.goto(url)
    await visible(page, test_id).wait_for()


async def or_load(page: Page, test_id: str, url: str) -> None:
    """Waits for the element with this test id, and loads the page at this URL if it stays blank, as in `load`."""
    from playwright.async_api import TimeoutError as NotShown

    try:
        await visible(page, test_id).wait_for(timeout=_LOADING_MILLISECONDS)
    except NotShown:
        await load(page, url, test_id)


# --- the list -----------------------------------------------------------------------------------------------


async def open_list(page: Page, server: EmbeddedServer, query: str = "") -> None:
    """Opens the list of workflows, or of those that a list filter finds."""
    url = f"{server.ui_url}/namespaces/{NAMESPACE}/workflows{'?query=' if query else ''}{quote(query)}"
    await load(page, url, _LIST)


async def choose_columns(page: Page) -> None:
    """Removes the columns that say nothing about a candidate, and adds those that do, by hand."""
    await open_columns(page)
    for column in COLUMNS_AWAY:
        await page.get_by_label(f"Remove {column} column").click()
    for column in COLUMNS:
        await page.get_by_label(f"Add {column} column").click()
    await page.get_by_test_id("drawer-close-button").click()


async def open_columns(page: Page) -> None:
    """Opens the drawer in which columns are chosen."""
    await visible(page, _LIST).click()
    await page.get_by_text("Columns (in view)").wait_for()


async def type_filter(page: Page, query: str) -> None:
    """Types a list filter above the list."""
    await visible(page, "toggle-manual-query").click()
    field = visible(page, "workflow-manual-search-input")
    await field.fill(query)
    await field.press("Enter")


async def save_view(page: Page, name: str) -> None:
    """Saves the current filter as a view."""
    await visible(page, "create-view-button").click()
    await visible(page, "workflow-save-view-modal-input").fill(name)
    await visible(page, "confirm-modal-button").click()
    await page.get_by_role("button", name="Share").filter(visible=True).first.wait_for()


async def paste_views(page: Page) -> None:
    """Runs the script that an admin pastes into the console. At its end it loads the page again."""
    async with page.expect_navigation():
        await page.evaluate(VIEWS.read_text())
    await or_load(page, _LIST, page.url)


async def open_views(page: Page) -> None:
    """Opens the list of saved views."""
    await visible(page, "saved-views-button").click()
    await page.get_by_placeholder("Search views").wait_for()


async def choose_view(page: Page, name: str) -> None:
    """Chooses a saved view, of which the beginning of the name is given."""
    await open_views(page)
    await page.get_by_placeholder("Search views").fill(name)
    await page.get_by_text(name).first.click()


# --- one candidate ------------------------------------------------------------------------------------------


async def open_candidate(page: Page, server: EmbeddedServer, workflow_id: str) -> None:
    """Opens the page of a candidate, which first shows the tab Timeline."""
    await load(page, _url_of(server, workflow_id), _CANDIDATE)
    await page.get_by_role("heading", name="Timeline").wait_for()


async def choose_candidate(page: Page, server: EmbeddedServer, workflow_id: str) -> None:
    """Opens the page of a candidate from any page of the UI, by the menu and the list.

    That loads no page anew, and so it is much faster than `open_candidate`. The page shows the tab in which the last
    candidate was left.
    """
    await page.keyboard.press("Escape")  # closes a form that was left open
    await page.get_by_role("link", name="Workflows", exact=True).filter(visible=True).first.click()
    await or_load(page, _LIST, f"{server.ui_url}/namespaces/{NAMESPACE}/workflows")
    await page.get_by_role("link", name=workflow_id, exact=True).filter(visible=True).first.click()
    await or_load(page, _CANDIDATE, _url_of(server, workflow_id))


def _url_of(server: EmbeddedServer, workflow_id: str) -> str:
    return f"{server.ui_url}/namespaces/{NAMESPACE}/workflows/{workflow_id}"


async def open_timeline(page: Page) -> None:
    """Opens the tab Timeline."""
    await visible(page, "timeline-tab").click()
    await page.get_by_role("heading", name="Timeline").wait_for()


async def open_details(page: Page) -> Locator:
    """Opens the tab User Metadata, and returns the current details that the workflow has published."""
    await visible(page, "user-metadata-tab").click()
    # The UI renders a workflow's markdown in a frame of its own.
    details = page.frame_locator("iframe").last.locator("body")
    await details.get_by_role("heading", level=3).wait_for()
    return details


async def details_say(page: Page, text: str) -> None:
    """Loads the current details again until they have this text. The UI ignores the key while it is loading.

    Raises:
        TimeoutError: Playwright's; they do not have it however often they are loaded.
    """
    from playwright.async_api import TimeoutError as NotShown

    details = await open_details(page)
    wanted = details.get_by_text(text).first
    for _ in range(_RELOADS):
        await page.keyboard.press("r")
        with suppress(NotShown):
            await wanted.wait_for(timeout=_LOADING_MILLISECONDS / _RELOADS)
            return
    await wanted.wait_for()


async def open_history(page: Page) -> None:
    """Opens the tab Event History, in its compact form: one line for each message, notice and timer."""
    await visible(page, "history-tab").click()
    await page.get_by_role("button", name="Compact").or_(page.get_by_role("tab", name="Compact")).first.click()


async def ask(page: Page, query: str) -> Locator:
    """Runs a query in the tab Queries, and returns the element that shows its answer."""
    await visible(page, "queries-tab").click()
    await visible(page, "query-select-button").click()
    await page.get_by_role("option", name=query).filter(visible=True).first.click()
    await page.get_by_role("button", name="Run Query").or_(page.get_by_role("button", name="Refresh Query")).click()
    answer = page.locator(".cm-content").last
    await answer.get_by_text("{").first.wait_for()
    return answer


# --- messages and cancellation ------------------------------------------------------------------------------


async def open_form(page: Page, kind: Kind) -> Locator:
    """Opens the form behind More Actions, Send a Signal or Send an Update, with its list of names."""
    await page.get_by_role("button", name="More Actions").filter(visible=True).click()
    await visible(page, f"{kind}-button").click()
    form = visible(page, f"{kind}-confirmation-modal")
    await form.get_by_test_id(f"{kind}-select-button").click()
    await form.get_by_role("option", name="acknowledge").wait_for()
    return form


async def fill_form(page: Page, form: Locator, message: str, text: str) -> None:
    """Chooses a message and types its JSON, then leaves the field: the UI formats the JSON anew, and it moves."""
    await form.get_by_role("option", name=message).first.click()
    await type_data(page, form, text)


async def type_data(page: Page, form: Locator, text: str) -> None:
    """Types the JSON of a message, in place of what the field contains, and leaves the field."""
    if text:
        data = form.get_by_role("textbox", name="Data")
        await data.click()
        await page.keyboard.press("ControlOrMeta+A")
        await page.keyboard.insert_text(text)
        await data.blur()


async def submit(form: Locator) -> None:
    """Presses Submit."""
    await form.get_by_test_id("confirm-modal-button").click()


async def send(page: Page, kind: Kind, message: str, text: str) -> Any:
    """Sends a message by the form, and returns the server's answer, or None if the UI sent nothing."""
    form = await open_form(page, kind)
    await fill_form(page, form, message, text)
    answers: list[Any] = []

    def listen(answer: Any) -> None:
        if f"/{kind}/{message}" in answer.url:
            answers.append(answer)

    toast, alert = page.get_by_text({"signal": "Workflow signaled.", "update": "Update successful"}[kind]), alerts(form)
    await toast.first.wait_for(state="hidden")  # of the message before, which stays for a few seconds
    page.on("response", listen)
    await submit(form)
    await toast.or_(alert).first.wait_for()
    page.remove_listener("response", listen)
    return await answers[0].json() if answers else None


def alerts(form: Locator) -> Locator:
    """The complaints that the form shows."""
    return form.get_by_role("alert").filter(has_text="e").filter(visible=True)


async def cancel(page: Page) -> None:
    """Presses Request Cancellation, and confirms."""
    await page.get_by_role("button", name="Request Cancellation").filter(visible=True).click()
    toast = page.get_by_text("Workflow canceled.").first
    await toast.wait_for(state="hidden")  # of the cancellation before, which stays for a few seconds
    await visible(page, "cancel-confirmation-modal").get_by_test_id("confirm-modal-button").click()
    await toast.wait_for()
