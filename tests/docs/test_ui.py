"""The Temporal UI, in a real browser: what an admin is promised to see is really there."""

import importlib.util
from pathlib import Path

import pytest

from docs import screenshot


def _missing() -> list[str]:
    found = []
    if importlib.util.find_spec("playwright") is None:
        found.append("the Python package playwright (make setup)")
    if screenshot.browser() is None:
        found.append(f"a browser on the PATH ({', '.join(screenshot.BROWSERS)})")
    return found


@pytest.mark.skipif(bool(_missing()), reason=f"missing: {' and '.join(_missing())}")
async def test_the_ui_shows_where_a_candidate_stands(tmp_path: Path) -> None:
    stage = screenshot.stage(tmp_path, screenshot.THE_CANDIDATE)
    async with stage as server, screenshot.page(width=1500, height=1000) as page:
        await screenshot.open_timeline(page, server)
        await page.get_by_text("notice: result held").wait_for()

        await screenshot.open_details(page, server)
        shown = " ".join((await page.frame_locator("iframe").last.locator("body").inner_text()).split())
        for text in ("C-1001 is testing", "resolve_held_result", "People Management: passed, 85.00 %", "1 held"):
            assert text in shown
        for private in ("Ana Ruiz", "@example.org"):
            assert private not in shown
