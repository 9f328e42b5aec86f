"""The admin's page shows texts from outside as text: no link, image, section or emphasis comes from them."""

import ast
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from runtime.settings import ROOT
from tests.cases import each
from tests.unit.domain.builders import START
from tests.unit.views.hostile import CANDIDATE_IDS, FRAGMENTS, hostile_states
from views.details import details
from views.markdown import Markdown, code, shown

RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OWN_BLOCKS = {"heading", "inline", "paragraph", "bullet_list", "list_item"}
OWN_INLINE = {"text", "code_inline", "softbreak", "strong_open", "strong_close"}
OWN_HEADINGS = ["To do", "Needs attention", "Next, by itself", "Requirements", "Certificate"]
OWN_STRONG = re.compile(r"not certified|\d held")
ADDRESS = re.compile(r"[a-z]+://|www\.|mailto:|\S@\S", re.IGNORECASE)
HOSTILE = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), max_size=5).map("".join)


def inline(tokens: list[Token]) -> Iterator[tuple[str, list[Token]]]:
    """The pieces of each line, with the block in which the line stands."""
    for before, token in itertools.pairwise(tokens):
        if token.type == "inline":
            yield before.tag, token.children or []


def check_page(page: str) -> None:
    """The page has our own structure, whatever stands in it."""
    tokens = RENDERER.parse(page)
    assert {token.type.removesuffix("_open").removesuffix("_close") for token in tokens} <= OWN_BLOCKS
    lines = list(inline(tokens))
    headings = [(tag, pieces) for tag, pieces in lines if tag.startswith("h")]
    assert [tag for tag, _ in headings] == ["h3"] + ["h4"] * (len(headings) - 1)
    sections = ["".join(piece.content for piece in pieces) for _, pieces in headings[1:]]
    assert sections == [name for name in OWN_HEADINGS if name in sections]
    for _, pieces in lines:
        assert {piece.type for piece in pieces} <= OWN_INLINE
        for before, piece in zip([None, *pieces], pieces, strict=False):
            if piece.type == "text":
                assert not ADDRESS.search(piece.content)
                if before is not None and before.type == "strong_open":
                    assert OWN_STRONG.fullmatch(piece.content)


def messages_to_copy(page: str) -> Iterator[tuple[str, str]]:
    """The name and the payload of each message that the page offers to be copied."""
    for _, pieces in inline(RENDERER.parse(page)):
        for offer, name, _space, payload in zip(pieces, pieces[1:], pieces[2:], pieces[3:], strict=False):
            if offer.type == "text" and offer.content.endswith("To send: ") and payload.type == "code_inline":
                yield name.content, payload.content


@settings(max_examples=50, deadline=None, derandomize=True)
@given(text=HOSTILE)
@example(text="".join(FRAGMENTS))
@example(text="`a")
@example(text="a`")
def test_a_page_full_of_hostile_texts_has_only_our_own_structure(text: str) -> None:
    for state in hostile_states(text):
        page = details(state, START)
        check_page(page)
        assert all(isinstance(json.loads(payload), dict) for _, payload in messages_to_copy(page))


@each("text", [fragment for fragment in FRAGMENTS if fragment])
def test_each_hostile_text_alone_changes_nothing(text: str) -> None:
    for state in hostile_states(text):
        check_page(details(state, START))


@each("candidate_id", CANDIDATE_IDS)
def test_a_candidate_id_is_shown_as_it_is(candidate_id: str) -> None:
    page = details(hostile_states("x", candidate_id)[0], START)
    check_page(page)
    _, heading = next(inline(RENDERER.parse(page)))
    assert "".join(piece.content for piece in heading) == f"{candidate_id} is inside the testing window"


@each("text", ["a`b", "`", "``", "`` ` ``", "{}", '"', "\\", "<b>", "x\u202ey"])
def test_a_message_to_copy_has_the_very_id(text: str) -> None:
    page = details(hostile_states(text)[0], START)
    sent = dict(messages_to_copy(page))
    assert json.loads(sent["review_work_product"])["submission_id"] == f"{text}-3"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"]), max_size=40))
def test_a_text_is_shown_with_all_its_words(text: str) -> None:
    children = RENDERER.parse(f"- x {shown(text)}")[3].children or []
    assert "".join(piece.content for piece in children).split() == ["x", *text.split()]


def test_ordinary_texts_stay_as_they_are() -> None:
    for text in (
        "Director, Customer Care",
        "Leadership & Business",
        "it's 74.50 %, not passed (rule 8)",
        "decide with `resolve_held_result` (accept or reject, with `by` and `reason`)",
        "Überseeberaterin – 山田",
        "2027-03-05",
    ):
        assert shown(text) == text


@each("text", [fragment for fragment in FRAGMENTS if ADDRESS.search(fragment)])
def test_a_bare_address_is_code(text: str) -> None:
    children = RENDERER.parse(f"- {shown(text)}")[3].children or []
    assert all(piece.type == "code_inline" for piece in children if ADDRESS.search(piece.content))


def test_what_is_invisible_is_shown_by_its_number() -> None:
    assert shown("a\u202eb") == r"`a\u202eb`"
    assert code("\u200b") == r"`\u200b`"
    assert shown("عل\u200cی") == "عل\u200cی"


def test_a_long_text_is_cut_on_the_page() -> None:
    assert len(shown("x " * 5000)) < 600


def test_values_become_text_and_markdown_stays_markdown() -> None:
    assert Markdown("**{}** {}").format("*a*", Markdown("*b*")) == "**`*a*`** *b*"
    assert Markdown("\n").join([Markdown("# a"), "# b"]) == "# a\n`#` b"


def test_markdown_is_made_of_literals_and_of_our_own_table_of_words_alone() -> None:
    """mypy refuses a `str` where `Markdown` is asked. Only `Markdown(…)` itself could let another text pass."""
    for path, call in _calls():
        if isinstance(call.func, ast.Name) and call.func.id == "Markdown" and path.name != "markdown.py":
            (argument,) = call.args
            own = isinstance(argument, ast.Constant) or ast.unparse(argument).startswith("words.")
            assert own, f"{path.name}, line {call.lineno}: {ast.unparse(call)}"


def test_what_the_ui_renders_beside_the_details_is_a_literal_or_markdown() -> None:
    for path, call in _calls():
        for argument in call.keywords:
            if argument.arg in ("summary", "static_summary", "static_details", "timeout_summary"):
                written = ast.unparse(argument.value)
                own = isinstance(argument.value, ast.Constant) or written.startswith("Markdown(")
                handed_on = written in ("summary", "request.summary")
                assert own or handed_on, f"{path.name}, line {call.lineno}: {written}"


def _calls() -> Iterator[tuple[Path, ast.Call]]:
    """Every call in the code that hands texts to the Temporal UI."""
    for folder in ("views", "workflows", "client", "activities"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield path, node
