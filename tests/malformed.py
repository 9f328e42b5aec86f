"""Every malformed message we can think of, with the field that its answer must name."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

from temporalio.common import RawValue

from domain.messages import EXCERPT_BYTES
from tests.processes.messages import DOMAINS, email, raw, result, submission

CANDIDATE = "C-30-0"
ADDRESS = email(CANDIDATE)
"""The e-mail address of a candidate, which may show in no answer and in no event."""


@dataclass(frozen=True)
class Case:
    """A message that cannot be understood, and the field that the answer must name."""

    label: str
    name: str
    written: tuple[RawValue, ...] | Callable[[], tuple[RawValue, ...]]
    """The payloads, or what writes them. Large ones are written where they are sent: every test process reads this."""
    field: str

    @cached_property
    def payloads(self) -> tuple[RawValue, ...]:
        return self.written() if callable(self.written) else self.written

    @property
    def data(self) -> bytes:
        """The bytes of all payloads."""
        return b"".join(payload.payload.data for payload in self.payloads)

    def check_fields(self, fields: list[str]) -> None:
        """One of the fields that were named is the wrong one, or lies inside it."""
        assert any(field == self.field or field.startswith(f"{self.field}.") for field in fields), fields

    def check_excerpt(self, excerpt: str) -> None:
        """The excerpt is bounded, and begins as the payload does unless an address had to be taken out."""
        assert len(excerpt) <= EXCERPT_BYTES
        begins = self.data[:20].decode(errors="replace").replace("\0", "\ufffd")
        assert excerpt[:20] == begins[:20] or b"@" in self.data


def of(label: str, name: str, data: bytes | str, field: str, encoding: bytes | None = b"json/plain") -> Case:
    return Case(label, name, (raw(data.encode() if isinstance(data, str) else data, encoding),), field)


def document(write: Callable[[int], str], size: int) -> tuple[RawValue, ...]:
    """One payload of JSON of about so many bytes."""
    return (raw(write(size).encode()),)


def with_field(label: str, field: str, value: str, name: str = "record_assessment_result") -> Case:
    """A sound message, but for one field, whose JSON text is given."""
    sound = {
        "record_assessment_result": result(1, DOMAINS[0]),
        "record_experience": {"role": "Director", "started_on": "2020-01-01"},
        "submit_work_product": submission(),
        "confirm_purchase": {"reference": "INV-1"},
        "extend_deadline": {"until": "2030-01-01", "reason": "ill", "approved_by": "Pat Lee"},
    }[name]
    sound.pop(field, None)
    text = json.dumps(sound)[:-1] + f", {json.dumps(field)}: {value}}}"
    return of(f"{label} as {field}", name, text, field)


SOUND = json.dumps(result(1, DOMAINS[0])).encode()
SHAPES = [
    Case("no payload", "withdraw", (), "payload"),
    Case("no payload where fields are required", "suspend", (), "payload"),
    Case("two payloads", "withdraw", (raw(b"{}"), raw(b"{}")), "payload"),
    Case("fifty payloads", "record_assessment_result", (raw(SOUND),) * 50, "payload"),
    Case("unknown name", "promote", (raw(b"{}"),), "name"),
    Case("unknown name without payload", "promote", (), "name"),
    Case("unknown name with two payloads", "promote", (raw(b"{}"), raw(b"\x00", b"binary/plain")), "name"),
    Case("name in another case", "Withdraw", (raw(b"{}"),), "name"),
    Case("long name", "x" * 900, (raw(b"{}"),), "name"),
    Case("name with controls and quotes", "with\n'draw\t", (raw(b"{}"),), "name"),
    Case("name of a query", "timeline", (raw(b"{}"),), "name"),
    of("binary", "withdraw", bytes(range(256)), "payload", b"binary/plain"),
    of("JSON that says it is binary", "record_assessment_result", SOUND, "payload", b"binary/plain"),
    of("null", "withdraw", b"", "payload", b"binary/null"),
    of("unknown encoding", "withdraw", b"{}", "payload", b"avro/v7"),
    of("encoding that is no text", "withdraw", b"{}", "payload", b"\xff\xfe\x00"),
    of("no encoding", "withdraw", b"{}", "payload", None),
    of("encrypted", "withdraw", b"\x99" * 40, "payload", b"binary/encrypted"),
    of("protobuf JSON", "withdraw", b"{}", "payload", b"json/protobuf"),
    of("bytes that are no JSON", "withdraw", b"\x00\x01\xff", "payload"),
    of("nothing", "withdraw", b"", "payload"),
    of("white space", "withdraw", b" \n ", "payload"),
    of("half of an object", "record_assessment_result", SOUND[:40], "payload"),
    of("an object and more", "record_assessment_result", SOUND + b"{}", "payload"),
    of("single quotes", "withdraw", "{'reason': 'x'}", "payload"),
    of("a trailing comma", "withdraw", '{"reason": "x",}', "payload"),
    of("Latin-1", "withdraw", '{"reason": "né"}'.encode("latin-1"), "payload"),
    of("JSON null", "withdraw", "null", "payload"),
    of("JSON true", "withdraw", "true", "payload"),
    of("a number", "withdraw", "17", "payload"),
    of("a string", "withdraw", '"withdraw"', "payload"),
    of("a string of JSON", "record_assessment_result", json.dumps(SOUND.decode()), "payload"),
    of("an array", "record_assessment_result", b"[" + SOUND + b"]", "payload"),
    of("an empty array", "withdraw", "[]", "payload"),
    of("bare NaN", "withdraw", "NaN", "payload"),
    of("deep arrays", "withdraw", "[" * 100_000 + "]" * 100_000, "payload"),
    of("deep arrays without an end", "withdraw", "[" * 100_000, "payload"),
    of("deep objects", "withdraw", '{"reason":' * 50_000 + "1" + "}" * 50_000, "payload"),
    of("too deep in a field", "withdraw", '{"reason":' + "[" * 900 + "]" * 900 + "}", "payload"),
    of("deep in a field", "withdraw", '{"reason":' + "[" * 15 + "]" * 15 + "}", "reason"),
    of("a field twice", "withdraw", '{"reason": "a", "reason": "b"}', "reason"),
    of(
        "a field twice inside",
        "request_advancement",
        '{"purchase": {"reference": "a", "reference": "b"}}',
        "reference",
    ),
    of("an unknown field", "withdraw", '{"resaon": "x"}', "resaon"),
    of("an empty field name", "withdraw", '{"": 1}', "payload"),
    of("an address as a field name", "withdraw", json.dumps({ADDRESS: 1}), ADDRESS),
    of("a surrogate as a field name", "withdraw", '{"\\ud800": 1}', "payload"),
    of("a surrogate in a map", "record_assessment_result", '{"responses": {"\\udfff": "A"}}', "responses"),
]
BIG = 1_900_000
BELOW = 250_000
"""Just small enough to be read at all."""
LARGE = [
    Case(f"{size} bytes of {label}", name, partial(document, write, size), "payload" if size == BIG else field)
    for size in (BELOW, BIG)
    for label, name, write, field in (
        ("text", "withdraw", lambda size: json.dumps({"reason": "x" * size}), "reason"),
        ("digits", "record_assessment_result", lambda size: f'{{"percentage": {"9" * size}}}', "percentage"),
        ("decimals", "record_assessment_result", lambda size: f'{{"percentage": 0.{"9" * size}}}', "percentage"),
        ("unknown fields", "withdraw", lambda size: json.dumps({f"f{n}": 1 for n in range(size // 13)}), "f0"),
        ("array", "withdraw", lambda size: "[" + "1," * (size // 2) + "1]", "payload"),
        (
            "evidence",
            "submit_recertification",
            lambda size: json.dumps({"submission_id": "s", "activities": [{"t": 1}] * (size // 11)}),
            "activities",
        ),
        (
            "responses",
            "record_assessment_result",
            lambda size: json.dumps({"responses": {f"{n} n": 7 for n in range(size // 15)}}),
            "responses",
        ),
    )
] + [
    of("1.9 MB of binary", "withdraw", bytes(BIG), "payload", b"binary/plain"),
    of("1.9 MB of zeros as JSON", "withdraw", bytes(BIG), "payload"),
    of("1.9 MB for a name nobody knows", "promote", bytes(BIG), "name"),
    Case("1.9 MB in two payloads", "withdraw", (raw(bytes(BIG // 2)),) * 2, "payload"),
]
NUMBERS = [
    with_field(label, "percentage", text)
    for label, text in {
        "NaN": "NaN",
        "Infinity": "Infinity",
        "-Infinity": "-Infinity",
        "1 and 5000 zeros": "1" + "0" * 5000,
        "1e400": "1e400",
        "-1e400": "-1e400",
        "1e-999999999": "1e-999999999",
        "1e999999999": "1e999999999",
        "an exponent beyond any": "1e99999999999999999999",
        "29 digits": "0." + "1" * 29,
        "just above 100": "100.000000000000000000000000001",
        "just below 0": "-0.00000000000000000000000001",
        "a number as text, and too large": '"1e400"',
        "NaN as text": '"NaN"',
        "sNaN as text": '"sNaN"',
        "Infinity as text": '"-Infinity"',
        "a percent sign": '"80 %"',
        "a decimal comma": '"81,5"',
        "no digits": '""',
        "true": "true",
        "an object": "{}",
        "an array": "[80]",
    }.items()
] + [
    of(f"{text} in a result", "record_assessment_result", f'{{"percentage": {text}}}', "payload")
    for text in ("nan", "+Infinity", "0x50", "080", ".5", "1.")
]
FIELDS = [
    with_field("a number", "taken_at", "1766400000"),
    with_field("no offset", "taken_at", '"2026-01-01T10:00:00"'),
    with_field("a day", "taken_at", '"2026-01-01"'),
    with_field("the future", "taken_at", '"2199-01-01T00:00:00Z"'),
    with_field("the year 0", "taken_at", '"0000-01-01T00:00:00Z"'),
    with_field("the year 1", "taken_at", '"0001-01-01T00:00:00+23:59"'),
    with_field("the year 9999", "taken_at", '"9999-12-31T23:59:59-23:59"'),
    with_field("the year 9999999", "taken_at", '"9999999-01-01T00:00:00Z"'),
    with_field("the 30th of February", "taken_at", '"2026-02-30T00:00:00Z"'),
    with_field("an offset of 99 hours", "taken_at", '"2026-01-01T00:00:00+99:00"'),
    with_field("null", "taken_at", "null"),
    with_field("a NUL", "source", '"a\\u0000b"'),
    with_field("a lone surrogate", "source", '"\\ud83d"'),
    with_field("a lone surrogate", "domain", '"\\udead"'),
    with_field("a lone surrogate", "result_id", '"\\ud800"'),
    with_field("a lone surrogate", "message_id", '"\\ud800"'),
    with_field("a domain nobody knows", "domain", '"cooking"'),
    with_field("another case", "domain", '"People-Management"'),
    with_field("an array", "domain", "[]"),
    with_field("a number", "message_id", "7"),
    with_field("129 characters", "message_id", f'"{"x" * 129}"'),
    with_field("white space", "result_id", '"a b"'),
    with_field("0", "revision", "0"),
    with_field("a fraction", "revision", "1.5"),
    with_field("a decimal one", "revision", "1.0"),
    with_field("true", "revision", "true"),
    with_field("2 to the 80", "revision", str(2**80)),
    with_field("an unknown word", "outcome", '"aced"'),
    with_field("text", "passed", '"yes"'),
    with_field("no object", "responses", '"ABCD"'),
    with_field("the year 0", "started_on", '"0000-01-01"', "record_experience"),
    with_field("the year 9999999", "started_on", '"9999999-01-01"', "record_experience"),
    with_field("an instant", "started_on", '"2020-01-01T00:00:00Z"', "record_experience"),
    with_field("the future", "started_on", '"2199-01-01"', "record_experience"),
    with_field("a number", "started_on", "20200101", "record_experience"),
    with_field("201 characters", "role", f'"{"x" * 201}"', "record_experience"),
    with_field("a line break", "role", '"a\\nb"', "record_experience"),
    with_field("nothing but white space", "role", '"  "', "record_experience"),
    with_field("no link", "uri", '"nowhere"', "submit_work_product"),
    with_field("too short", "sha256", '"abc"', "submit_work_product"),
    with_field("full-width digits", "sha256", json.dumps("\uff11" * 64), "submit_work_product"),
    with_field("the future", "purchased_at", '"2199-01-01T00:00:00Z"', "confirm_purchase"),
    with_field("a leap second", "purchased_at", '"2016-12-31T23:59:60Z"', "confirm_purchase"),
    with_field("the year 9999", "until", '"9999-12-31"', "extend_deadline"),
    of(
        "two scores",
        "record_assessment_result",
        json.dumps(result(1, DOMAINS[0], points=3, out_of=4)),
        "payload",
    ),
    of(
        "points of nothing",
        "record_assessment_result",
        json.dumps(
            {key: value for key, value in result(1, DOMAINS[0], points=3, out_of=0).items() if key != "percentage"}
        ),
        "payload",
    ),
]


CASES = (*SHAPES, *LARGE, *NUMBERS, *FIELDS)
_SENT = {
    *("no payload", "two payloads", "fifty payloads"),
    *(
        "unknown name",
        "unknown name with two payloads",
        "long name",
        "name with controls and quotes",
        "name of a query",
    ),
    *("binary", "null", "encoding that is no text", "no encoding", "encrypted"),
    *("nothing", "half of an object", "Latin-1", "a string of JSON", "deep arrays", "deep in a field"),
    *("an unknown field", "an address as a field name", "a surrogate as a field name"),
    *("250000 bytes of evidence", "1900000 bytes of responses", "1.9 MB in two payloads"),
    "1.9 MB for a name nobody knows",
    *("NaN as percentage", "1e999999999 as percentage", "the future as taken_at", "a lone surrogate as message_id"),
    "two scores",
}
SENT = tuple(case for case in CASES if case.label in _SENT)
"""Of each kind one: what differs on the way from a client to the rules. These are sent to a server."""
REST = tuple(case for case in CASES if case.label not in _SENT)
"""These differ from one that is sent only in what the payload says, and so they are only read."""
assert len(SENT) == len(_SENT)
