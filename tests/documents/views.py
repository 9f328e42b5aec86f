"""The list's views and columns: as the admin's guide has them, and as a browser keeps and shows them."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from runtime.settings import ROOT

if TYPE_CHECKING:
    from playwright.async_api import Page

GUIDE = (ROOT / "docs/admin-guide.md").read_text()


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
    "Registrations with mistakes": set(),
    "New since {day}": {"CCSL:C-1001", "CCMA:C-1004", "CCOM:C-1008", "CCMC:C-1009"},
}
"""Whom each view of the guide finds among the invented people."""


async def saved_views(page: "Page") -> dict[str, str]:
    """Name and list filter of every view that the browser keeps, each under one name."""
    saved = json.loads(await page.evaluate("localStorage.getItem('saved-workflow-queries')") or "{}").get("default", [])
    views = {re.sub(r"\d{4}-\d\d-\d\d$", "{day}", view["name"]): view["query"] for view in saved}
    assert len(views) == len(saved)
    return views


async def shown_columns(page: "Page") -> list[str]:
    """The headings of the list, without those of boxes and buttons."""
    headings = [text.strip() for text in await page.get_by_role("columnheader").all_inner_texts()]
    return [text for text in headings if text not in ("", "Select all Workflows")]
