#!/usr/bin/env python3
"""Takes the pictures of the Temporal UI in docs/images, with a real server, a real worker and a real browser.

    .venv/bin/python docs/screenshot.py

The people in the pictures are invented. They are brought to their status by the public contract alone: plain JSON, the
workflow's name and its messages. No server needs to run. A browser (chromium or chrome) must be installed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docs.pictures import ui  # noqa: E402 - the checkout is no installed package
from docs.pictures.stage import browsing, stage  # noqa: E402
from runtime.attribute_names import Attribute  # noqa: E402
from runtime.embedded import EmbeddedServer  # noqa: E402
from runtime.process import leave  # noqa: E402

if TYPE_CHECKING:
    from playwright.async_api import Page

    Scene = Callable[[Page, EmbeddedServer], Awaitable[None]]

IMAGES = Path(__file__).resolve().parent / "images"
_RENDERING = 1500
"""Milliseconds to wait until nothing moves or fades any more, after everything is there."""

_HELD = "certification:CCSL:C-1001"
_HELD_RESULT = "R-3011"
_CANDIDATE = "certification:CCMA:C-1004"
_HOLDER = "certification:CCMA:C-1002"
_REVIEW = "certification:CCOM:C-1003"


async def _list(view: Page, server: EmbeddedServer) -> None:
    await ui.open_list(view, server)
    await ui.choose_columns(view)
    await view.get_by_role("cell", name="awaiting_review").wait_for()


async def _columns(view: Page, server: EmbeddedServer) -> None:
    await ui.open_list(view, server)
    await ui.choose_columns(view)
    await ui.open_columns(view)


async def _views(view: Page, server: EmbeddedServer) -> None:
    await ui.open_list(view, server, f"{Attribute.NEEDS_ATTENTION} IS NOT NULL AND ExecutionStatus = 'Running'")
    await ui.paste_views(view)
    await ui.open_views(view)


async def _details(view: Page, server: EmbeddedServer) -> None:
    await ui.open_candidate(view, server, _HELD)
    await ui.open_details(view)


async def _timeline(view: Page, server: EmbeddedServer) -> None:
    await ui.open_candidate(view, server, _HELD)
    await view.get_by_text("The experience counts from its anniversary").first.wait_for()


async def _history(view: Page, server: EmbeddedServer) -> None:
    await ui.open_candidate(view, server, _HELD)
    await ui.open_history(view)
    await view.get_by_role("heading", name="Event History").evaluate("heading => heading.scrollIntoView()")


async def _status(view: Page, server: EmbeddedServer) -> None:
    await ui.open_candidate(view, server, _HELD)
    await ui.ask(view, "status")


async def _review(view: Page, server: EmbeddedServer) -> None:
    await ui.open_candidate(view, server, _REVIEW)
    await ui.open_details(view)


async def _names(view: Page, server: EmbeddedServer) -> None:
    await ui.open_candidate(view, server, _HELD)
    await ui.open_form(view, "update")


async def _form(view: Page, server: EmbeddedServer) -> None:
    await ui.open_candidate(view, server, _HELD)
    form = await ui.open_form(view, "update")
    decision = {"decision": "accept", "by": "M. Reyes", "reason": "the vendor confirms 88 %"}
    await ui.fill_form(view, form, "resolve_held_result", json.dumps({"result_id": _HELD_RESULT, **decision}))


async def _refused(view: Page, server: EmbeddedServer) -> None:
    await ui.open_candidate(view, server, _HELD)
    wrong = {"result_id": _HELD_RESULT, "decision": "yes", "by": "", "reason": ""}
    await ui.send(view, "update", "resolve_held_result", json.dumps(wrong))


async def _cancelled_candidate(view: Page, server: EmbeddedServer) -> None:
    await ui.open_candidate(view, server, _CANDIDATE)
    await ui.cancel(view)
    await view.get_by_text("Completed", exact=True).first.wait_for()
    await ui.open_details(view)


async def _cancelled_holder(view: Page, server: EmbeddedServer) -> None:
    await ui.open_candidate(view, server, _HOLDER)
    await ui.cancel(view)
    await view.get_by_text("Cancel Request Sent").wait_for()
    await ui.open_details(view)


# In this order: the last two change what the list shows.
PICTURES: tuple[tuple[str, Scene, int, int], ...] = (
    ("list", _list, 1500, 760),
    ("columns", _columns, 1300, 720),
    ("views", _views, 1440, 820),
    ("candidate", _details, 1400, 1280),
    ("review", _review, 1300, 1100),
    ("timeline", _timeline, 1300, 1180),
    ("history", _history, 1440, 700),
    ("status", _status, 1300, 1000),
    ("message-names", _names, 1300, 820),
    ("message", _form, 1300, 820),
    ("message-refused", _refused, 1300, 820),
    ("cancelled-candidate", _cancelled_candidate, 1300, 900),
    ("cancelled-holder", _cancelled_holder, 1300, 1000),
)


async def main() -> None:
    """Takes every picture anew, or only those that are named."""
    wanted = sys.argv[1:]
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="certpath-") as folder:
        async with stage(Path(folder)) as server, browsing() as new_page:
            for name, scene, width, height in PICTURES:
                if wanted and name not in wanted:
                    continue
                view = await new_page(width, height)
                await scene(view, server)
                await view.mouse.move(width - 2, 2)  # so that the picture shows no tooltip
                await view.wait_for_timeout(_RENDERING)
                await view.screenshot(path=IMAGES / f"{name}.png")
                await view.context.close()
                print(f"docs/images/{name}.png", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
