"""A text that is nested too deeply is found before it is read, whatever stands in its strings."""

import json

from hypothesis import given
from hypothesis import strategies as st

from domain.nesting import DEEPEST, is_too_deep
from tests.cases import each


def nested(depth: int, inside: str = "") -> str:
    return '{"a":[' * (depth // 2) + "[" * (depth % 2) + inside + "]" * (depth % 2) + "]}" * (depth // 2)


@each("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
@each(("depth", "too_deep"), [(DEEPEST - 1, False), (DEEPEST, False), (DEEPEST + 1, True)])
def test_a_text_is_too_deep_beyond_the_limit(depth: int, too_deep: bool, encoding: str) -> None:
    text = nested(depth, '"嬢 \\\\\\" [[[["')
    json.loads(text)
    assert is_too_deep(text.encode(encoding)) is too_deep


@each(
    "text",
    [
        "[" * 1000,
        '{"a":' * 1000,
        nested(1000, '"'),
        nested(1000, '"\\'),
        '["\\"' + "]" * 50 + '",' + nested(30),
        "[\\" * 50,
    ],
)
def test_a_broken_text_is_too_deep_as_far_as_it_can_be_read(text: str) -> None:
    assert is_too_deep(text.encode())


@given(st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_brackets_in_strings_count_for_nothing(value: object) -> None:
    """The value is wrapped so often that its own depth decides."""
    own = depth_of(value)
    text = nested(DEEPEST - own, json.dumps(value)) if own < DEEPEST else json.dumps(value)
    assert not is_too_deep(text.encode())
    assert is_too_deep(nested(DEEPEST + 1 - own, json.dumps(value)).encode())


def depth_of(value: object) -> int:
    if isinstance(value, (list, dict)):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth_of, inner), default=0)
    return 0
