"""The forms of the values in messages: a name, plain words and a pattern for each.

Error messages say these words, `docs/contract.md` lists them, and the JSON Schemas (`views/schemas.py`) have them as
descriptions. `domain/types.py` gives each type its form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

KEYWORD = "x-form"
"""The keyword in a model's JSON Schema that names the form of a value."""

MAX_DIGITS = 28
EARLIEST_YEAR = 1900
LATEST_YEAR = 2200

DECIMAL_PATTERN = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
INSTANT_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)
DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


@dataclass(frozen=True)
class Form:
    """The form of a value. `words` follow "must be". `pattern` is a regular expression for texts; empty for none.

    As a part of an annotated type, it marks the value in the JSON Schema of a model.
    """

    name: str
    words: str
    pattern: str = ""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core_schema), KEYWORD: self.name}


@dataclass(frozen=True)
class NumberForm(Form):
    """The form of an exact number. `least` and `most` are inclusive."""

    least: int | None = None
    most: int | None = None

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        limits = {"minimum": self.least, "maximum": self.most}
        number = {"type": "number", **{name: limit for name, limit in limits.items() if limit is not None}}
        return {"anyOf": [number, {"type": "string", "pattern": DECIMAL_PATTERN}], KEYWORD: self.name}


@dataclass(frozen=True)
class TimeForm(Form):
    """The form of an instant or a day, which is a text in JSON."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core_schema)
        for one in schema.get("anyOf", [schema]):
            one["pattern"] = INSTANT_PATTERN if one["format"] == "date-time" else DAY_PATTERN
        return {**schema, KEYWORD: self.name}


@dataclass(frozen=True)
class OrList:
    """Marks an object in the JSON Schema that may also be written as a list of answers, numbered from 1."""

    most: int

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core_schema)
        *objects, null = schema["anyOf"]
        (answers,) = objects[0]["patternProperties"].values()
        return {**schema, "anyOf": [*objects, {"type": "array", "items": answers, "maxItems": self.most}, null]}


_VISIBLE = "visible ASCII characters without spaces"
_YEARS = f"of the years {EARLIEST_YEAR} to {LATEST_YEAR}"
_INSTANT = "an RFC 3339 instant with an offset, e.g. 2026-11-22T15:00:00Z"
_DAY = "a day of the calendar, written YYYY-MM-DD"
_NUMBER = f"a number or a decimal string of at most {MAX_DIGITS} digits"

WORD = Form("word", "1 to 64 letters, digits, dots, underscores and hyphens, e.g. C-1001", r"^[A-Za-z0-9._-]{1,64}$")
IDENTIFIER = Form("id", f"1 to 64 {_VISIBLE}, e.g. R-5001", r"^[\x21-\x7e]{1,64}$")
MESSAGE_ID = Form("message id", f"1 to 128 {_VISIBLE}, e.g. feed-7-line-2", r"^[\x21-\x7e]{1,128}$")
WORKFLOW_ID = Form("workflow id", f"1 to 200 {_VISIBLE}, e.g. certification:CCSL:C-1001", r"^[\x21-\x7e]{1,200}$")
# The characters of `domain.characters`, whose checks come first and say which character stands where.
LINE = Form(
    "line",
    "one line of text of 1 to 200 characters, without control characters and invisible characters",
    r"^[^\x00-\x1f\x7f-\x9f\u200b-\u200d\u2028-\u202e\u2060\u2066-\u2069\ufeff]+$",
)
NAME = Form(
    "name",
    "a name on one line of 1 to 200 characters, without control characters and invisible characters",
    r"^[^\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060\u2066-\u2069\ufeff]+$",
)
KEPT_LINE = Form("kept line", LINE.words, r"^[^\x00-\x1f\x7f]+$")
TEXT = Form(
    "text",
    "a text of 1 to 1000 characters, without control characters; line breaks and tabs are allowed",
    r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$",
)
EMAIL = Form(
    "e-mail address",
    "one e-mail address of at most 254 characters, name@domain, without spaces, commas, semicolons and angle brackets",
    r"^[^@\s,;<>\x00-\x1f]+@[^@\s,;<>\x00-\x1f]+$",
)
URI = Form(
    "address",
    "an address of at most 1000 characters with its scheme and without spaces, e.g. https://files.example.org/wp-1.pdf",
    r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f]+$",
)
SHA256 = Form("hash", "a SHA-256 hash of 64 hexadecimal digits", r"^[0-9a-fA-F]{64}$")
DOMAIN = Form("domain", "the name of a domain")
ANSWER = Form("answer", "a text of at most 16 characters")
SWITCH = Form("switch", "true or false, and neither a text nor a number")
REVISION = Form("revision", "a whole number from 1 to 10000")
EVENT_NUMBER = Form("event number", "a whole number from 1 to 1000000000")
INSTANT = TimeForm("instant", f"{_INSTANT}, {_YEARS}")
DAY = TimeForm("day", f"{_DAY}, {_YEARS}")
INSTANT_OR_DAY = TimeForm("instant or day", f"{_INSTANT}, or {_DAY}, in the body's zone, {_YEARS}")
NUMBER = NumberForm("number", _NUMBER)
POINTS = NumberForm("points", f"{_NUMBER}, from 0 to 1000000", least=0, most=1_000_000)
HOURS = NumberForm("hours", f"{_NUMBER}, from 0 to 10000", least=0, most=10_000)
PERCENTAGE = NumberForm("percentage", f"{_NUMBER}, from 0 to 100", least=0, most=100)

FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        WORD,
        IDENTIFIER,
        MESSAGE_ID,
        WORKFLOW_ID,
        LINE,
        NAME,
        TEXT,
        EMAIL,
        URI,
        SHA256,
        DOMAIN,
        ANSWER,
        SWITCH,
        REVISION,
        EVENT_NUMBER,
        INSTANT,
        DAY,
        INSTANT_OR_DAY,
        POINTS,
        HOURS,
        PERCENTAGE,
    )
}
"""Every form of a field in messages, by its name. The contract lists them in this order."""

WORDS_OF_PATTERN = {form.pattern: form.words for form in FORMS.values() if form.pattern}
