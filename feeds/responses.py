"""Reads and explains the cell of a feed that holds a candidate's marked answers, as JSON."""

from domain import messages
from domain.vocabulary import ProblemCode
from feeds import explain
from feeds.table import finding


def read(text: str) -> object:
    """The JSON in a cell. Text that is not JSON is returned as it is, and the domain then refuses it."""
    try:
        return _read(text)
    except messages.InvalidMessage:
        return text


def explained(value: object, inner: str, reason: str) -> str:
    """What is wrong with the answers of a row: with the one under the name `inner`, or with all of them."""
    if inner:
        return finding("answer {} {}: correct it", explain.shortened(inner), reason, about=reason)
    if isinstance(value, (dict, list)):
        return f"{reason}: correct it"
    return _given_twice(value) or _NO_JSON


_NO_JSON = 'are no JSON list or object: write ["B","D"] or {"1":"B","2":"D"}, in a CSV cell with each quote twice'


def _given_twice(value: object) -> str | None:
    """What is wrong with a text that has an answer twice; None where that is not its fault."""
    try:
        _read(str(value))
    except messages.InvalidMessage as error:
        (problem,) = error.problems
        return explain.twice(problem.field) if problem.code is ProblemCode.GIVEN_TWICE else None
    return None


def _read(text: str) -> object:
    return messages.read_json("responses", text.encode("utf-8", "replace"))
