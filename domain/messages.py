"""From raw bytes to a command: numbers are read exactly, and every wrong field is named (rules 8, 27).

`domain.commands.MESSAGES` lists the messages. Nothing here depends on how the bytes were sent.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from domain.commands import MAX_EVIDENCE, MESSAGES, Message
from domain.forms import MAX_DIGITS, WORDS_OF_PATTERN
from domain.nesting import is_too_deep
from domain.scheme import Programme
from domain.texts import with_whole_word, without_addresses
from domain.types import Frozen, MessageId
from domain.unique_fields import GivenTwice, unique_fields
from domain.vocabulary import ProblemCode

CLOCK_SKEW = timedelta(days=1)
EXCERPT_BYTES = 2048
# More is read than the excerpt holds, because an address may begin in the excerpt and end behind it.
_READ_BYTES = 2 * EXCERPT_BYTES
# No honest message comes near this size. Naming every wrong field of a megabyte would outlast a workflow task.
MAX_BYTES = 256 * 1024

C = TypeVar("C", bound=BaseModel)


class Problem(Frozen):
    """One wrong field, and what is wrong with it. `code` is for our own programs, and is not sent to the client."""

    field: str
    problem: str
    code: ProblemCode | None = None


class InvalidMessage(Exception):
    """The message cannot be understood. `problems` names every wrong field that was found."""

    def __init__(self, message: str, problems: list[Problem]) -> None:
        listed = "; ".join(f"{problem.field}: {problem.problem}" for problem in problems)
        super().__init__(f"{message} is invalid: {listed}")
        self.problems = problems


def read_json(message: str, data: bytes) -> object:
    """The JSON document in these bytes, with exact numbers. NaN and infinities are read here and refused by the fields.

    Raises:
        InvalidMessage: the bytes are not a JSON document, or a field is given twice.
    """
    try:
        if is_too_deep(data):
            raise InvalidMessage(message, [Problem(field="payload", problem="is nested too deeply")])
        return json.loads(
            data, parse_float=_number, parse_int=_integer, parse_constant=Decimal, object_pairs_hook=unique_fields
        )
    except GivenTwice as error:
        twice = Problem(field=_readable(error.field), problem="is given twice", code=ProblemCode.GIVEN_TWICE)
        raise InvalidMessage(message, [twice]) from error
    except (ValueError, ArithmeticError) as error:
        raise InvalidMessage(message, [Problem(field="payload", problem=f"is not readable JSON: {error}")]) from error


_MESSAGE_ID: TypeAdapter[str] = TypeAdapter(MessageId)


def legible_message_id(data: bytes) -> str | None:
    """The message id in these bytes, also where nothing else in them can be understood; None where there is none."""
    try:
        # No number is needed here, and reading a very long one would fail.
        document = {} if is_too_deep(data) else json.loads(data, parse_float=_no_number, parse_int=_no_number)
        return _MESSAGE_ID.validate_python(document["message_id"]) if isinstance(document, dict) else None
    except (ValueError, KeyError):
        return None


def _no_number(_digits: str) -> None:
    return None


def _number(digits: str) -> Decimal:
    """An exact number. One too large for `Decimal` becomes NaN, so that its field refuses it and the error names it."""
    try:
        return Decimal(digits)
    except InvalidOperation:
        return Decimal("NaN")


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= MAX_DIGITS else _number(digits)


def _readable(text: str) -> str:
    """At most 200 characters of the text, without half surrogate pairs, which cannot be encoded."""
    return text.encode("utf-8", errors="replace").decode("utf-8")[:200]


def parse(kind: type[C], name: str, document: object) -> C:
    """The command in this document. `name` is the message's name for error messages.

    Raises:
        InvalidMessage: the document is not such a command; every wrong field is named.
    """
    if not isinstance(document, dict):
        raise InvalidMessage(name, [Problem(field="payload", problem="must be one JSON object")])
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise InvalidMessage(name, _problems(error)) from error


# Plain words for the errors that pydantic words in its own terms. Braces stand for a limit of the field.
_IN_PLAIN_WORDS = {
    "extra_forbidden": "is not a field of this message",
    "missing": "is required",
    "string_type": "must be a string",
    "string_unicode": "must be a string of whole Unicode characters",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have at most {max_length} entries",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "tuple_type": "must be a list",
    "model_type": "must be an object",
}


def _problems(error: ValidationError) -> list[Problem]:
    found = []
    for fault in error.errors(include_url=False, include_input=False)[:50]:
        field = ".".join(str(part) for part in fault["loc"]) or "payload"
        problem = _in_plain_words(fault)
        code = next((code for code in ProblemCode if code == fault["type"]), None)
        found.append(Problem(field=_readable(field), problem=_readable(problem), code=code))
    return found


def _in_plain_words(fault: ErrorDetails) -> str:
    """What is wrong with a field, as the end of a sentence that begins with its name. Says what the form is."""
    limits = fault.get("ctx", {})
    if fault["type"] == "string_pattern_mismatch":
        return f"must be {WORDS_OF_PATTERN[limits['pattern']]}"
    problem = fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return _IN_PLAIN_WORDS[fault["type"]].format(**limits) if fault["type"] in _IN_PLAIN_WORDS else problem


def parse_message(name: str, data: bytes, programme: Programme | None = None) -> Message:
    """The message with this name in these bytes.

    `programme` says which domains there are and which references are taken; None if it is not known yet.

    Raises:
        InvalidMessage: the name is unknown, or the payload cannot be understood.
    """
    kind = MESSAGES.get(name)
    if kind is None:
        raise InvalidMessage(name, [unknown_name(name)])
    if len(data) > MAX_BYTES:
        raise InvalidMessage(name, [Problem(field="payload", problem=f"is larger than {MAX_BYTES // 1024} KB")])
    document = read_json(name, data)
    unknown = _unknown_words(kind, document, programme) if programme else []
    try:
        message = parse(kind, name, document)
    except InvalidMessage as error:
        known = {problem.field for problem in unknown}
        raise InvalidMessage(name, [*unknown, *(one for one in error.problems if one.field not in known)]) from error
    if unknown:
        raise InvalidMessage(name, unknown)
    return message


def _unknown_words(kind: type[BaseModel], document: object, programme: Programme) -> list[Problem]:
    """The fields whose words the programme does not have, to stand beside the problems of the other fields."""
    if not isinstance(document, dict):
        return []
    return [*_unknown_domain(kind, document, programme), *_unknown_references(kind, document, programme)]


def _unknown_domain(kind: type[BaseModel], document: dict[str, Any], programme: Programme) -> list[Problem]:
    if "domain" not in kind.model_fields:
        return []
    domain = document.get("domain")
    if not isinstance(domain, str) or domain in programme.domains:
        return []
    known = ", ".join(programme.domains)
    return [Problem(field="domain", problem=f"must be the name of a domain of the scheme: {known}")]


def _unknown_references(kind: type[BaseModel], document: dict[str, Any], programme: Programme) -> list[Problem]:
    """The references whose URI scheme the programme does not take, such as `javascript:` or `file:`."""
    taken = programme.rules.references.uri_schemes
    found: dict[str, Any] = {}
    if "uri" in kind.model_fields:
        found["uri"] = document.get("uri")
    activities = document.get("activities")
    if "activities" in kind.model_fields and isinstance(activities, (list, tuple)):
        for index, activity in enumerate(activities[:MAX_EVIDENCE]):
            if isinstance(activity, dict):
                found[f"activities.{index}.uri"] = activity.get("uri")
    problem = f"must begin with {', '.join(f'{scheme}:' for scheme in taken)}"
    return [
        Problem(field=field, problem=problem)
        for field, uri in found.items()
        if isinstance(uri, str) and ":" in uri and uri.partition(":")[0].lower() not in taken
    ]


def unknown_name(name: str) -> Problem:
    """The problem of a message name that does not exist."""
    return Problem(field="name", problem=f"there is no message {name[:100]!r}; known are {', '.join(MESSAGES)}")


def check_times(name: str, command: BaseModel, now: datetime) -> None:
    """Checks that nothing is said to have happened more than a day after `now` (UTC). The day allows for clock skew.

    Raises:
        InvalidMessage: some fields lie further in the future; each is named.
    """
    latest = now + CLOCK_SKEW
    problems = [
        Problem(field=field, problem="lies in the future", code=ProblemCode.FUTURE)
        for field, value in _times(command, "")
        if (value > latest if isinstance(value, datetime) else value > latest.date())
    ]
    if problems:
        raise InvalidMessage(name, problems)


def _times(command: BaseModel, prefix: str) -> list[tuple[str, datetime | date]]:
    found: list[tuple[str, datetime | date]] = []
    for field, value in command:
        path = f"{prefix}{field}"
        if isinstance(value, (datetime, date)) and field not in ("until", "ended_on"):
            found.append((path, value))
        elif isinstance(value, BaseModel):
            found += _times(value, f"{path}.")
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, BaseModel):
                    found += _times(item, f"{path}.{index}.")
    return found


def check_vocabulary(name: str, command: BaseModel, programme: Programme) -> None:
    """Checks that the scheme has the domain that a message names, and takes its references.

    Raises:
        InvalidMessage: it does not; the error says which there are.
    """
    words = command.model_dump(include={"domain", "uri", "activities"})
    unknown = _unknown_words(type(command), words, programme)
    if unknown:
        raise InvalidMessage(name, unknown)


def sha256_of(data: bytes) -> str:
    """The SHA-256 of a payload, in hex."""
    return hashlib.sha256(data).hexdigest()


def excerpt_of(name: str, data: bytes) -> str:
    """The first 2 KB of a refused payload, without e-mail addresses; left out if it may hold a name (rules 25, 27)."""
    if name == "update_contact" or (name not in MESSAGES and b'"name"' in data):
        return "(contact details are not kept)"
    readable = data[:_READ_BYTES].decode("utf-8", errors="replace").replace("\x00", "\ufffd")
    # An address of which only a part is left would not be masked. So the cut comes last.
    masked = without_addresses(with_whole_word(readable, EXCERPT_BYTES))
    return masked.encode()[:EXCERPT_BYTES].decode(errors="ignore")
