"""From raw bytes to a command: what cannot be understood is refused, and each error names its field (rules 8, 27)."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from domain.commands import (
    MESSAGES,
    ConfirmPurchase,
    ExtendDeadline,
    RecordAssessmentResult,
    RecordExperience,
    Registration,
    SubmitRecertification,
    SubmitWorkProduct,
)
from domain.digests import digest_of
from domain.forms import DAY_PATTERN, DECIMAL_PATTERN, FORMS, INSTANT_PATTERN, WORDS_OF_PATTERN
from domain.messages import (
    EXCERPT_BYTES,
    InvalidMessage,
    check_times,
    check_vocabulary,
    excerpt_of,
    parse_message,
    read_json,
    sha256_of,
)
from domain.messages import parse as parse_document
from tests.cases import each
from tests.unit.domain.builders import CIAC, PEOPLE, SHA, START, days, parse, utc

COURSE = {"title": "A course", "completed_on": "2026-01-01"}
BY = {"reason": "r", "by": "Pat Lee"}
SOUND: dict[str, dict[str, Any]] = {
    "confirm_purchase": {"reference": "INV-1"},
    "record_self_assessment": {"domain": PEOPLE, "percentage": 60},
    "record_assessment_result": {"result_id": "R", "domain": PEOPLE, "taken_at": START, "percentage": 80},
    "resolve_held_result": {"result_id": "R", "decision": "accept", **BY},
    "record_experience": {"role": "Lead", "started_on": "2024-03-01"},
    "submit_work_product": {"submission_id": "W", "uri": "https://x.org/w", "sha256": SHA},
    "review_work_product": {"submission_id": "W", "reviewer": "Pat Lee", "verdict": "passed"},
    "submit_recertification": {"submission_id": "E", "activities": [COURSE]},
    "review_recertification": {"submission_id": "E", "reviewer": "Pat Lee", "verdict": "approved"},
    "request_advancement": {"purchase": {"reference": "I"}},
    "extend_deadline": {"until": "2028-01-01", "reason": "r", "approved_by": "Pat Lee"},
    "suspend": BY,
    "reinstate": BY,
    "revoke": BY,
    "withdraw": {},
    "update_contact": {"name": "Ana"},
    "acknowledge": {"attention": "refused-message", "by": "Pat Lee"},
    "supersede": {"by_workflow_id": "certification:CCOM:C-1", "by_number": "N", "at": START},
    "confirm_superseded": {"workflow_id": "certification:CCMA:C-1", "by_number": "N", "superseded_at": START},
    "end_advancement": {"by_workflow_id": "certification:CCOM:C-1", "ended_as": "timed_out"},
}
"""A message of each name with nothing but what it needs."""
NESTED = {"purchase": ("purchased_at",)}
"""Optional fields of the objects within messages."""
PROGRAMME = CIAC.programme("CCSL")
RESULT = '"result_id": "R", "domain": "people-management", "taken_at": "2026-11-22T15:00:00Z"'


def problems(name: str, data: bytes | str) -> dict[str, str]:
    """What is wrong with a payload, by field."""
    with pytest.raises(InvalidMessage) as invalid:
        parse_message(name, data if isinstance(data, bytes) else data.encode())
    found = {problem.field: problem.problem for problem in invalid.value.problems}
    assert found
    for text in (str(invalid.value), *found, *found.values()):
        text.encode()  # what is said of a message can be stored and sent on
    assert all(field in str(invalid.value) for field in found)
    return found


def result_with(fields: str) -> dict[str, str]:
    return problems("record_assessment_result", "{" + f"{RESULT}, {fields}" + "}")


# --- the document ---


@each(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"nonsense",
        b"\x00\x01\x02",
        b"\xff\xfe\xff",
        b"\xc3\x28",
        b"\x89PNG\r\n\x1a\n",
        b"{'reference': 'single quotes'}",
        b'{"reference": "x",}',
        b'{"reference": "x"} {"reference": "y"}',
        b'{"reference": "a\nline"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"reference": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    ],
)
def test_what_is_no_json_is_said_of_the_payload(data: bytes) -> None:
    assert set(problems("confirm_purchase", data)) == {"payload"}


@each("data", [b"null", b"1", b"true", b'"text"', b"[]", b"[{}]", b"NaN", b"1e400"])
def test_what_is_no_object_is_said_of_the_payload(data: bytes) -> None:
    assert problems("confirm_purchase", data) == {"payload": "must be one JSON object"}


def test_a_field_given_twice_is_named() -> None:
    twice = '{"reference": "INV-1", "purchased_at": "2026-11-22T15:00:00Z", "reference": "INV-2"}'
    assert problems("confirm_purchase", twice) == {"reference": "is given twice"}
    nested = '{"purchase": {"reference": "A", "reference": "A"}}'
    assert problems("request_advancement", nested) == {"reference": "is given twice"}
    assert result_with('"percentage": 50, "percentage": 90') == {"percentage": "is given twice"}
    # Two spellings of one name are one name.
    assert "reference" in problems("confirm_purchase", r'{"reference": "A", "\u0072eference": "B"}')


def test_a_document_in_another_unicode_encoding_is_read() -> None:
    document = '{"reference": "INV-1"}'
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        message = parse_message("confirm_purchase", document.encode(encoding))
        assert message == ConfirmPurchase(reference="INV-1")


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    told = problems("record_asessment_result", b"{}")
    assert "record_assessment_result" in told["name"]
    assert set(problems("x" * 5000, b"{}")) == {"name"}
    assert set(problems("__class__", b"{}")) == {"name"}


# --- fields ---


@each("name", sorted(MESSAGES))
def test_an_unknown_field_is_named(name: str) -> None:
    assert problems(name, b'{"recieved_at": 1}')["recieved_at"] == "is not a field of this message"


@each("name", sorted(MESSAGES))
def test_a_missing_field_is_named(name: str) -> None:
    required = {field for field, info in MESSAGES[name].model_fields.items() if info.is_required()}
    if required:
        found = problems(name, b"{}")
        assert {field for field, told in found.items() if told == "is required"} == required


@each("name", sorted(MESSAGES))
@each("value", ["[]", "{}", "1e400", "NaN", "-Infinity", "true", r'"\ud800"', '""', '"\\u0000"'])
def test_a_wrong_value_in_any_field_is_named(name: str, value: str) -> None:
    """Whatever stands in a field, the answer is the field's name or a message, never another error."""
    for field in MESSAGES[name].model_fields:
        try:
            parse_message(name, f'{{"{field}": {value}}}'.encode())
        except InvalidMessage as invalid:
            str(invalid).encode()


# --- null ---


def optional(kind: type[BaseModel]) -> list[str]:
    return [field for field, info in kind.model_fields.items() if not info.is_required()]


@each("name", sorted(MESSAGES))
def test_null_means_that_an_optional_field_is_not_given(name: str) -> None:
    given = SOUND[name]
    nulls = {field: None for field in optional(MESSAGES[name]) if field not in given}
    nested = {
        field: {**value, **{inner: None for inner in NESTED[field] if inner not in value}}
        for field, value in given.items()
        if field in NESTED
    }
    assert nulls
    plain, spelt_out = parse(name, **given), parse(name, **given, **nulls)
    assert spelt_out == plain
    assert digest_of(spelt_out) == digest_of(plain)
    assert parse(name, **{**given, **nested}) == plain


def test_null_in_a_registration_means_that_the_field_is_not_given() -> None:
    given = {"candidate_id": "C-1", "name": "Ana", "email": "ana@example.org", "designation": "CCSL"}
    nulls = dict.fromkeys(optional(Registration))
    plain = parse_document(Registration, "registration", given)
    spelt_out = parse_document(Registration, "registration", {**given, **nulls})
    assert digest_of(spelt_out) == digest_of(plain)
    assert spelt_out.publish is False


def test_null_in_a_required_field_means_that_it_is_missing() -> None:
    assert problems("suspend", '{"reason": null, "by": "Pat Lee"}') == {"reason": "is required"}
    assert problems("suspend", '{"reason": "r", "by": "b", "wrong": null}') == {
        "wrong": "is not a field of this message"
    }


# --- the words of a problem ---


def test_a_problem_says_what_the_form_is() -> None:
    registration = {"candidate_id": "a b", "name": "Ana", "email": "nobody", "designation": "", "publish": "yes"}
    with pytest.raises(InvalidMessage) as invalid:
        parse_document(Registration, "registration", registration)
    word = "must be 1 to 64 letters, digits, dots, underscores and hyphens, e.g. C-1001"
    assert {problem.field: problem.problem for problem in invalid.value.problems} == {
        "candidate_id": word,
        "email": f"must be {FORMS['e-mail address'].words}",
        "designation": word,
        "publish": "must be true or false",
    }
    assert problems("extend_deadline", '{"until": "2027-02-29", "reason": "", "approved_by": ""}') == {
        "until": "must be a day of the calendar, written YYYY-MM-DD; there is no such day",
        "reason": "must not be empty",
        "approved_by": "must not be empty",
    }
    assert result_with('"percentage": 50, "revision": 0, "source": "' + "x" * 201 + '"') == {
        "revision": "must be at least 1",
        "source": "must have at most 200 characters",
    }
    assert problems("submit_recertification", json.dumps({"submission_id": "E", "activities": [COURSE] * 21})) == {
        "activities": "must have at most 20 entries"
    }


def test_every_pattern_of_a_field_has_its_words() -> None:
    kinds: list[type[BaseModel]] = [*MESSAGES.values(), Registration]
    schemas = [kind.model_json_schema() for kind in kinds]
    found = set(patterns(schemas)) - {DECIMAL_PATTERN, INSTANT_PATTERN, DAY_PATTERN}
    assert found <= set(WORDS_OF_PATTERN)
    assert len(found) > 6


def patterns(schema: Any) -> Iterator[str]:
    """Every pattern in a JSON Schema."""
    inside = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    if isinstance(schema, dict) and isinstance(schema.get("pattern"), str):
        yield schema["pattern"]
    for value in inside:
        yield from patterns(value)


def test_every_wrong_field_is_named_at_once() -> None:
    found = problems(
        "record_assessment_result",
        '{"result_id": "", "domain": "", "taken_at": "yesterday", "revision": 0, "percentage": 101, "x": 1}',
    )
    assert set(found) == {"result_id", "domain", "taken_at", "revision", "percentage", "x"}


def test_a_wrong_nested_field_is_named_with_its_path() -> None:
    activities = '[{"title": "A", "completed_on": "2026-01-01"}, {"title": "", "completed_on": "2026-13-01"}]'
    found = problems("submit_recertification", f'{{"submission_id": "E", "activities": {activities}}}')
    assert set(found) == {"activities.1.title", "activities.1.completed_on"}
    assert set(problems("request_advancement", '{"purchase": {}}')) == {"purchase.reference"}


def test_a_lone_surrogate_is_refused_wherever_it_stands() -> None:
    assert "reference" in problems("confirm_purchase", r'{"reference": "half \ud83d"}')
    assert "reference" in problems("confirm_purchase", b'{"reference": "\xed\xa0\x80"}')
    found = problems("confirm_purchase", r'{"reference": "A", "\ud800": 1}')
    assert len(found) == 1
    assert problems("confirm_purchase", r'{"\udfff": 1, "\udfff": 2}')
    assert result_with(r'"form": "F", "responses": {"\ud800": "A"}')
    assert parse("confirm_purchase", reference="whole \U0001f600").model_dump()["reference"] == "whole \U0001f600"


# --- numbers ---


@each(
    "number",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "1e-999999999",
        "1e999999999",
        "1e-9999999999999999999",
        "1e9999999999999999999",
        "9" * 5000,
        "9" * 100_000,
        "-1",
        "-0.0001",
        "100.0001",
        "101",
        "true",
        "false",
        "[]",
        '"75%"',
        '"7_5"',
        '"NaN"',
        '"1e400"',
        '""',
        '" 75"',
        "74.99999999999999999999999999999",
    ],
)
def test_what_is_no_percentage_names_the_field(number: str) -> None:
    assert list(result_with(f'"percentage": {number}')) == ["percentage"]
    assert list(problems("record_self_assessment", f'{{"domain": "d", "percentage": {number}}}')) == ["percentage"]


@each("number", ["1e400", "NaN", "9" * 5000, "1.0", "1.5", "true", '"1"', "0", "-1", "10001", "[]"])
def test_what_is_no_revision_names_the_field(number: str) -> None:
    assert list(result_with(f'"percentage": 1, "revision": {number}')) == ["revision"]


@each(
    ("written", "exact"),
    [
        ("74.99999999999999999", "74.99999999999999999"),
        ('"74.99999999999999999"', "74.99999999999999999"),
        ("75", "75"),
        ("75.0", "75"),
        ("7.5E1", "75"),
        ("0", "0"),
        ("-0.0", "0"),
        ("100", "100"),
        ("1e2", "100"),
        ("0.1", "0.1"),
        ("7499999999999999999999999999e-26", "74.99999999999999999999999999"),
        ("1e-28", "1E-28"),
        ("-0", "0"),
    ],
)
def test_a_percentage_is_exact(written: str, exact: str) -> None:
    message = parse_message("record_assessment_result", ("{" + f'{RESULT}, "percentage": {written}' + "}").encode())
    assert isinstance(message, RecordAssessmentResult)
    assert message.percentage == Decimal(exact)
    assert str(message.percentage) == exact


# --- results ---


@each(
    "fields",
    [
        '"percentage": 50, "points": 1, "out_of": 2',
        '"percentage": 50, "form": "F", "responses": ["A"]',
        '"points": 1',
        '"out_of": 1',
        '"points": 3, "out_of": 2',
        '"points": 0, "out_of": 0',
        '"points": -1, "out_of": 2',
        '"points": 1, "out_of": 1000001',
        '"form": "F"',
        '"responses": ["A"]',
        '"passed": true',
        '"outcome": "no_show", "percentage": 10',
        '"outcome": "voided", "passed": true',
        '"outcome": "no_show", "passed": true',
        '"outcome": "no_show", "form": "F", "responses": ["A"]',
    ],
)
def test_a_scored_result_has_exactly_one_score_and_another_none(fields: str) -> None:
    assert list(result_with(fields)) == ["payload"]


@each("outcome", ["no_show", "voided"])
def test_a_result_that_is_no_score_may_say_that_it_has_not_passed(outcome: str) -> None:
    message = parse_message(
        "record_assessment_result",
        b'{"result_id": "R", "domain": "people-management", "taken_at": "2026-11-22T15:00:00Z", "outcome": "%s", '
        b'"passed": false}' % outcome.encode(),
    )
    assert isinstance(message, RecordAssessmentResult)
    assert (message.outcome, message.passed) == (outcome, False)


@each(
    ("fields", "field"),
    [
        ('"percentage": 50, "passed": 1', "passed"),
        ('"percentage": 50, "passed": "true"', "passed"),
        ('"outcome": "absent"', "outcome"),
        ('"form": "../keys", "responses": ["A"]', "form"),
        ('"form": "F", "responses": "AB"', "responses"),
        ('"form": "F", "responses": [1]', "responses.1"),
        ('"form": "F", "responses": {"1": "a very long answer to it"}', "responses.1"),
        ('"form": "F", "responses": {' + ", ".join(f'"{n}": "A"' for n in range(301)) + "}", "responses"),
    ],
)
def test_a_wrong_field_of_a_result_is_named(fields: str, field: str) -> None:
    assert field in result_with(fields)


def test_a_list_of_responses_is_numbered_from_one() -> None:
    message = parse(
        "record_assessment_result", result_id="R", domain=PEOPLE, taken_at=START, form="F", responses=["A", "C"]
    )
    assert isinstance(message, RecordAssessmentResult)
    assert message.responses == {"1": "A", "2": "C"}
    assert message.score is None


# --- instants and days ---


@each(
    "instant",
    [
        "1700000000",
        "1700000000.5",
        "true",
        '"2026-11-22T15:00:00"',
        '"2026-11-22T15:00Z"',
        '"2026-11-22T15:00:00 Z"',
        '"2026-11-22T24:00:00Z"',
        '"2026-11-22T23:59:60Z"',
        '"2026-02-29T12:00:00Z"',
        '"2026-13-01T12:00:00Z"',
        '"2026-11-22T15:00:00+25:00"',
        '"2026-11-22T15:00:00Z\\n"',
        '"0001-01-01T00:00:00+01:00"',
        '"9999-12-31T23:59:59-01:00"',
        '"1899-12-31T00:00:00Z"',
        '"2201-01-01T00:00:00Z"',
        '"٢٠٢٦-11-22T15:00:00Z"',
        '"now"',
        '""',
        "{}",
    ],
)
def test_what_is_neither_an_instant_nor_a_day_names_the_field(instant: str) -> None:
    found = problems("confirm_purchase", f'{{"reference": "INV", "purchased_at": {instant}}}')
    assert list(found) == ["purchased_at"]


@each(
    ("written", "instant"),
    [
        ("2026-11-22T15:00:00Z", "2026-11-22T15:00:00+00:00"),
        ("2026-11-22t15:00:00z", "2026-11-22T15:00:00+00:00"),
        ("2026-11-22T09:00:00-06:00", "2026-11-22T15:00:00+00:00"),
        ("2026-11-22 09:00:00-06:00", "2026-11-22T15:00:00+00:00"),
        ("2026-11-22T15:00:00.5Z", "2026-11-22T15:00:00.500000+00:00"),
        # Cut off, never rounded up into the next day.
        ("2026-11-22T23:59:59.999999999Z", "2026-11-22T23:59:59.999999+00:00"),
    ],
)
def test_an_instant_is_kept_as_utc(written: str, instant: str) -> None:
    message = parse("confirm_purchase", reference="INV", purchased_at=written)
    assert isinstance(message, ConfirmPurchase)
    assert message.purchased_at == utc(instant)


@each(
    "value",
    [
        "20280101",
        '"2028-1-1"',
        '"2027-02-29"',
        '"2028-01-01T00:00:00Z"',
        '"1899-12-31"',
        '"2201-01-01"',
        '"today"',
        "true",
    ],
)
def test_what_is_no_day_names_the_field(value: str) -> None:
    extension = f'{{"until": {value}, "reason": "r", "approved_by": "b"}}'
    assert list(problems("extend_deadline", extension)) == ["until"]


def test_a_result_needs_the_instant_at_which_it_was_taken() -> None:
    found = problems(
        "record_assessment_result", json.dumps({**SOUND["record_assessment_result"], "taken_at": "2026-11-22"})
    )
    assert found == {"taken_at": "must be an RFC 3339 instant with an offset, e.g. 2026-11-22T15:00:00Z"}


def test_a_purchase_may_name_its_day_alone() -> None:
    message = parse("confirm_purchase", reference="INV", purchased_at="2026-11-02")
    assert isinstance(message, ConfirmPurchase)
    assert message.purchased_at == date(2026, 11, 2)
    assert type(message.purchased_at) is date
    assert message.model_dump(mode="json", exclude_none=True) == {"reference": "INV", "purchased_at": "2026-11-02"}
    assert digest_of(message) != digest_of(
        parse("confirm_purchase", reference="INV", purchased_at="2026-11-02T00:00:00Z")
    )
    late = parse("confirm_purchase", reference="INV", purchased_at="2026-11-24")
    assert future("confirm_purchase", late) == ["purchased_at"]


def test_a_leap_day_is_a_day() -> None:
    message = parse("extend_deadline", until="2028-02-29", reason="r", approved_by="b")
    assert isinstance(message, ExtendDeadline)
    assert message.until == date(2028, 2, 29)


def future(name: str, message: Any) -> list[str]:
    with pytest.raises(InvalidMessage) as invalid:
        check_times(name, message, START)
    assert {problem.problem for problem in invalid.value.problems} == {"lies in the future"}
    return [problem.field for problem in invalid.value.problems]


def test_what_lies_more_than_a_day_in_the_future_is_named() -> None:
    skewed = START + days(1)
    late = skewed.replace(second=1)
    assert future("confirm_purchase", ConfirmPurchase(reference="I", purchased_at=late)) == ["purchased_at"]
    check_times("confirm_purchase", ConfirmPurchase(reference="I", purchased_at=skewed), START)
    submission = SubmitWorkProduct(submission_id="W", uri="https://x.org", sha256=SHA, submitted_at=late)
    assert future("submit_work_product", submission) == ["submitted_at"]
    assert future("record_experience", RecordExperience(role="R", started_on=date(2026, 11, 24))) == ["started_on"]
    check_times("record_experience", RecordExperience(role="R", started_on=date(2026, 11, 23)), START)
    evidence = parse(
        "submit_recertification",
        submission_id="E",
        activities=[
            {"title": "A", "completed_on": "2026-11-01"},
            {"title": "B", "completed_on": "2026-12-01"},
        ],
    )
    assert isinstance(evidence, SubmitRecertification)
    assert future("submit_recertification", evidence) == ["activities.1.completed_on"]
    nested = parse("request_advancement", purchase={"reference": "I", "purchased_at": late})
    assert future("request_advancement", nested) == ["purchase.purchased_at"]


def test_days_that_are_plans_may_lie_in_the_future() -> None:
    check_times("extend_deadline", parse("extend_deadline", until="2029-01-01", reason="r", approved_by="b"), START)
    ends = parse("record_experience", role="R", started_on="2026-01-01", ended_on="2027-01-01")
    check_times("record_experience", ends, START)


# --- texts ---


@each(
    ("name", "fields", "field"),
    [
        ("confirm_purchase", {"reference": "x" * 201}, "reference"),
        ("confirm_purchase", {"reference": "  "}, "reference"),
        ("confirm_purchase", {"reference": "two\nlines"}, "reference"),
        ("confirm_purchase", {"reference": 77}, "reference"),
        ("confirm_purchase", {"reference": "A", "message_id": "a b"}, "message_id"),
        ("confirm_purchase", {"reference": "A", "message_id": "m" * 129}, "message_id"),
        ("update_contact", {"email": "nobody"}, "email"),
        ("update_contact", {"email": "a@b, c@d"}, "email"),
        ("update_contact", {"email": "a@b\nBcc: c@d"}, "email"),
        ("update_contact", {"publish": "yes"}, "publish"),
        ("update_contact", {"publish": 1}, "publish"),
        ("update_contact", {}, "payload"),
        ("withdraw", {"reason": "x" * 1001}, "reason"),
        ("submit_work_product", {"submission_id": "W", "uri": "C:\\a file", "sha256": SHA}, "uri"),
        ("submit_work_product", {"submission_id": "W", "uri": "no scheme", "sha256": SHA}, "uri"),
        ("submit_work_product", {"submission_id": "W", "uri": "https://x", "sha256": "ab"}, "sha256"),
        ("record_experience", {"role": "R", "started_on": "2020-02-01", "ended_on": "2020-01-01"}, "payload"),
        ("submit_recertification", {"submission_id": "E", "activities": [COURSE] * 21}, "activities"),
    ],
)
def test_a_text_that_does_not_fit_names_its_field(name: str, fields: dict[str, Any], field: str) -> None:
    assert field in problems(name, json.dumps(fields))


@each("candidate", ["", "a b", "ana@example.org", "a/b", "x" * 65, "C:1", "C-1\n", 7])
def test_a_candidate_id_is_opaque_and_no_address(candidate: object) -> None:
    document = {"candidate_id": candidate, "name": "Ana", "email": "ana@example.org", "designation": "CCSL"}
    with pytest.raises(InvalidMessage) as invalid:
        parse_document(Registration, "registration", document)
    assert [problem.field for problem in invalid.value.problems] == ["candidate_id"]


# --- vocabulary, hash and excerpt ---


@each("domain", ["astrology", "People Management", "People-Management", " people-management"])
def test_an_unknown_domain_is_answered_with_those_there_are(domain: str) -> None:
    told = f"must be the name of a domain of the scheme: {', '.join(PROGRAMME.domains)}"
    message = parse("record_self_assessment", domain=domain, percentage=50)
    with pytest.raises(InvalidMessage) as invalid:
        check_vocabulary("record_self_assessment", message, PROGRAMME)
    assert [(problem.field, problem.problem) for problem in invalid.value.problems] == [("domain", told)]
    payload = json.dumps({"domain": domain, "percentage": 101}).encode()
    with pytest.raises(InvalidMessage) as invalid:
        parse_message("record_self_assessment", payload, PROGRAMME)
    assert {problem.field: problem.problem for problem in invalid.value.problems} == {
        "domain": told,
        "percentage": "must lie between 0 and 100",
    }


def test_a_known_domain_and_a_message_without_one_are_left_alone() -> None:
    check_vocabulary("record_self_assessment", parse("record_self_assessment", domain=PEOPLE, percentage=1), PROGRAMME)
    check_vocabulary("withdraw", parse("withdraw"), PROGRAMME)


def test_the_hash_is_of_the_content_not_of_its_spelling_or_its_id() -> None:
    one = parse_message("confirm_purchase", b'{"reference": "A", "purchased_at": "2026-11-22T15:00:00Z"}')
    same = b'{"purchased_at": "2026-11-22T09:00:00.000-06:00", "message_id": "m-1", "reference": " A "}'
    assert digest_of(one) == digest_of(parse_message("confirm_purchase", same))
    assert digest_of(one) != digest_of(parse_message("confirm_purchase", b'{"reference": "A"}'))
    assert digest_of(parse("withdraw")) != digest_of(parse("withdraw", reason="x"))
    who = {"reason": "r", "by": "b"}
    assert digest_of(parse("suspend", **who)) != digest_of(parse("revoke", **who))


def test_the_excerpt_is_bounded_and_holds_no_address() -> None:
    assert len(excerpt_of("suspend", b"x" * 1_900_000)) == EXCERPT_BYTES
    assert len(excerpt_of("suspend", b"\xff" * 1_900_000).encode()) <= EXCERPT_BYTES
    assert excerpt_of("suspend", b'{"by": "ana@example.org"}') == '{"by": "(e-mail address)"}'
    assert excerpt_of("suspend", b'{"by": "ana\\u0040example.org"}') == '{"by": "(e-mail address)"}'
    for letters in range(len("ana@example.org") + 1):
        before = b" " * (EXCERPT_BYTES - letters)
        assert "ana" not in excerpt_of("suspend", before + b'ana@example.org", "reason": "x"}'), "it is divided"
    many = b'{"by": "%s"}' % b" ".join(b"ana.ruiz.%03d@example.org" % number for number in range(400))
    assert "ana" not in excerpt_of("suspend", many)
    assert "Ana" not in excerpt_of("update_contact", b'{"name": "Ana Ruiz"}')
    assert "\x00" not in excerpt_of("suspend", b"\x00\x01")
    assert len(sha256_of(b"")) == 64


@settings(max_examples=300, deadline=None, derandomize=True)
@given(name=st.sampled_from(sorted(MESSAGES)), data=st.binary(max_size=60))
def test_no_bytes_lead_to_any_other_error(name: str, data: bytes) -> None:
    with pytest.raises(InvalidMessage):
        parse_message(name, data)
    excerpt_of(name, data).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({field for kind in MESSAGES.values() for field in kind.model_fields})


@settings(max_examples=250, deadline=None, derandomize=True)
@given(name=st.sampled_from(sorted(MESSAGES)), document=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6))
def test_no_document_leads_to_any_other_error(name: str, document: dict[str, Any]) -> None:
    try:
        parsed = parse_message(name, json.dumps(document).encode())
    except InvalidMessage as invalid:
        str(invalid).encode()
    else:
        digest_of(parsed)


def test_numbers_are_read_exactly_wherever_they_stand() -> None:
    assert read_json("x", b"[0.1, 1e-7, 3, -0.0, 1E+2]") == [Decimal("0.1"), Decimal("1E-7"), 3, Decimal("0"), 100]


def test_a_payload_beyond_every_honest_size_is_refused_before_it_is_read() -> None:
    assert set(problems("withdraw", b'{"reason": "' + b"x" * 1_900_000 + b'"}')) == {"payload"}
