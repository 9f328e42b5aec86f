"""The Temporal UI's own renderer makes text of every text from outside. It is asked without a browser."""

import urllib.request
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from runtime.embedded import EmbeddedServer, embedded_server
from tests.unit.domain.builders import START
from tests.unit.views.hostile import CANDIDATE_IDS, FRAGMENTS, hostile_states
from tests.waiting import PATIENCE
from views.details import details
from views.markdown import Markdown, code, shown

OURS = {"main", "h3", "h4", "p", "ul", "li", "code", "strong", "br"}
OUR_SECTIONS = {"To do", "Needs attention", "Next, by itself", "Requirements", "Certificate"}


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServer]:
    async with embedded_server(ui=True, log=tmp_path_factory.mktemp("renderer") / "temporal.log") as running:
        yield running


class Page(HTMLParser):
    """The elements of a rendered page, and the texts of its sections' headings."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.sections: list[str] = []
        self.text = ""
        self._inside = False
        self._heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = self._inside or tag == "main"
        if self._inside:
            self.elements.add(tag)
        if tag == "h4":
            self._heading = True
            self.sections.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "main"
        self._heading = self._heading and tag != "h4"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.text += data
        if self._heading:
            self.sections[-1] += data


def rendered(server: EmbeddedServer, markdown: str) -> Page:
    """The page as the UI's server renders it, which takes the markdown from the address."""
    address = f"{server.ui_url}/render?content={quote(markdown)}"
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        page = Page()
        page.feed(answer.read().decode())
    return page


def check(page: Page) -> None:
    assert page.elements <= OURS
    assert set(page.sections) <= OUR_SECTIONS
    assert len(page.sections) == len(set(page.sections))


def test_the_renderer_makes_links_and_images_of_what_is_not_protected(server: EmbeddedServer) -> None:
    page = rendered(server, "see https://evil.example ![x](https://evil.example/p.png) <img src=y>\n\n#### Certificate")
    assert {"a", "img"} <= page.elements
    assert page.sections == ["Certificate"]


def test_no_text_from_outside_becomes_more_than_text(server: EmbeddedServer) -> None:
    for text in ("".join(FRAGMENTS), " ".join(FRAGMENTS), "".join(reversed(FRAGMENTS))):
        for state in hostile_states(text):
            check(rendered(server, details(state, START)))
    for candidate_id in CANDIDATE_IDS:
        page = rendered(server, details(hostile_states("`", candidate_id)[0], START))
        check(page)
        assert page.text.split()[:2] == [candidate_id, "is"]


def test_each_hostile_text_alone_is_shown_with_all_its_words(server: EmbeddedServer) -> None:
    for text in FRAGMENTS:
        page = rendered(server, Markdown("- before {} after").format(text))
        check(page)
        assert page.text.split()[0] == "before"
        assert page.text.split()[-1] == "after"
        if text.isascii() and text.isprintable() and shown(text) == code(text):
            assert " ".join(text.split()) in " ".join(page.text.split())
