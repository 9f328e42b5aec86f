"""A text from outside stands on one plain line, and JSON of it says the same."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import Suspended
from tests.cases import each
from tests.unit.domain.builders import START
from tests.unit.views.hostile import FRAGMENTS
from views.plain import one_line, safe_json
from views.timeline import summary_of

HIDDEN = "\u202e\u2066\u200b\u2060\ufeff\U000e0041"
BREAKING = "\n\r\x0b\x0c\x1b\x85\x9b\u2028\u2029\x7f"
TEXTS = st.lists(st.sampled_from([*FRAGMENTS, *HIDDEN, *BREAKING]) | st.text(max_size=3), max_size=6).map("".join)


@settings(deadline=None, derandomize=True)
@given(text=TEXTS)
def test_one_line_has_no_control_and_no_hidden_character(text: str) -> None:
    line = one_line(text)
    assert not set(line) & {*HIDDEN, *BREAKING}
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line


@each("text", ["Ünïcödé 山田", "علی\u200cرضا", "👩\u200d💻", "a\u200fb", "Leadership & Business"])
def test_honest_texts_stay_as_they_are(text: str) -> None:
    assert one_line(text) == text


def test_hidden_characters_are_shown_by_their_numbers() -> None:
    assert one_line("a\u202eb\U000e0041") == r"a\u202eb\udb40\udc41"
    assert one_line("\x1b[2Ja\r\nb") == " [2Ja b"


@settings(deadline=None, derandomize=True)
@given(text=TEXTS)
def test_json_for_a_terminal_says_the_same_and_moves_no_cursor(text: str) -> None:
    document = {"reason": text, text: [text]}
    for indent in (None, 2):
        written = safe_json(json.dumps(document, ensure_ascii=False, indent=indent))
        assert json.loads(written) == document
        assert not set(written) & {*HIDDEN, *BREAKING} - {"\n"}


def test_a_line_of_the_timeline_keeps_the_joiners_of_a_name_and_no_direction_sign() -> None:
    event = Suspended(at=START, reason="one\u2028two\n\nthree \u202e", by="علی\u200cرضا", attention_at=START)
    assert summary_of(event) == "Suspended by علی\u200cرضا: one two three \\u202e"
