"""Characters that no name, address, id or text of one line may have, and the sentence that says which stands where."""

import json
from typing import Any

import pytest

from domain.characters import allowed, check_line, check_name
from domain.commands import MESSAGES, Command, Registration
from domain.digests import digest_of
from domain.messages import InvalidMessage, check_vocabulary, parse_message
from domain.messages import parse as parse_document
from domain.personal import ContactRecord
from domain.scheme import Programme
from tests.cases import each
from tests.unit.domain.builders import CIAC, SHA, Candidacy, holder, parse, scheme, with_rules

PROGRAMME = CIAC.programme("CCSL")
FORBIDDEN = [
    *map(chr, (*range(0x20), *range(0x7F, 0xA0))),
    *map(chr, (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x2060, 0xFEFF)),
]  # fmt: skip
JOINERS = ["\u200c", "\u200d"]
WHO = {"reason": "r", "by": "Pat Lee"}
COURSE = {"title": "A course", "completed_on": "2026-01-01", "uri": "https://x.org"}
ONE_LINE: list[tuple[str, dict[str, Any], str]] = [
    ("update_contact", {"name": "Ana?Ruiz"}, "name"),
    ("update_contact", {"email": "ana?@example.org"}, "email"),
    ("confirm_purchase", {"reference": "INV?7"}, "reference"),
    ("confirm_purchase", {"reference": "INV", "message_id": "m?1"}, "message_id"),
    ("record_experience", {"role": "Di?rector", "started_on": "2024-01-01"}, "role"),
    ("record_experience", {"role": "R", "started_on": "2024-01-01", "attested_by": "Pat?Lee"}, "attested_by"),
    ("suspend", {**WHO, "by": "Pat?Lee"}, "by"),
    ("extend_deadline", {"until": "2029-01-01", "reason": "r", "approved_by": "Pat?Lee"}, "approved_by"),
    ("submit_work_product", {"submission_id": "W?1", "uri": "https://x.org", "sha256": SHA}, "submission_id"),
    ("submit_work_product", {"submission_id": "W", "uri": "https://x?.org", "sha256": SHA}, "uri"),
    ("review_work_product", {"submission_id": "W", "reviewer": "R?V", "verdict": "passed"}, "reviewer"),
    ("submit_recertification", {"submission_id": "E", "activities": [COURSE | {"title": "A?B"}]}, "activities.0.title"),
    ("acknowledge", {"attention": "refused?message", "by": "Pat"}, "attention"),
    ("resolve_held_result", {"result_id": "R?1", "decision": "accept", **WHO}, "result_id"),
]  # fmt: skip
PERSONS = {"name", "by", "reviewer", "approved_by", "attested_by"}


def with_mark(fields: dict[str, Any], mark: str) -> dict[str, Any]:
    """The fields with the mark in the place of the question mark."""
    escaped = json.dumps(mark)[1:-1]
    document: dict[str, Any] = json.loads(json.dumps(fields).replace("?", escaped))
    return document


def problem(name: str, fields: dict[str, Any], field: str) -> str:
    with pytest.raises(InvalidMessage) as invalid:
        parse(name, **fields)
    (found,) = invalid.value.problems
    assert found.field == field
    return found.problem


@each(("name", "fields", "field"), ONE_LINE)
def test_each_forbidden_character_is_named_with_its_place(name: str, fields: dict[str, Any], field: str) -> None:
    place = json.dumps(fields).split("?")[0].rpartition('"')[2]
    for mark in FORBIDDEN:
        told = problem(name, with_mark(fields, mark), field)
        assert told.startswith("must not contain a ")
        assert told.endswith(f"(character {len(place) + 1} is U+{ord(mark):04X})")


@each(("name", "fields", "field"), ONE_LINE)
def test_joiners_are_taken_between_letters_of_names_and_nowhere_else(
    name: str, fields: dict[str, Any], field: str
) -> None:
    for mark in JOINERS:
        document = with_mark(fields, mark)
        if field in PERSONS:
            assert mark in json.dumps(parse(name, **document).model_dump(mode="json"), ensure_ascii=False)
        else:
            assert "zero width" in problem(name, document, field)


@each("name", ["علی\u200cرضا", "क\u094d\u200dष", "শ্রী র\u200d্যাব", "Ana Ruiz", "O’Brien-Łukasz"])
def test_names_of_many_scripts_are_taken(name: str) -> None:
    assert parse("suspend", reason="r", by=name).model_dump()["by"] == name


@each("name", ["\u200cAna", "Ana\u200d", "Ana \u200c Ruiz", "A\u200c\u200cB", "1\u200d2", "\u200c"])
def test_a_joiner_that_joins_no_letters_is_refused(name: str) -> None:
    assert "outside a word" in problem("suspend", {"reason": "r", "by": name}, "by")


def test_the_sentences_name_the_character() -> None:
    told = {mark: problem("suspend", {"reason": "r", "by": f"a{mark}b"}, "by") for mark in ("\t", "\u202e", "\x9b")}
    assert told == {
        "\t": "must not contain a tab (character 2 is U+0009)",
        "\u202e": "must not contain a sign that turns the writing direction (character 2 is U+202E)",
        "\x9b": "must not contain a control character (character 2 is U+009B)",
    }


def test_white_space_at_the_ends_of_a_line_is_no_mistake() -> None:
    assert parse("suspend", reason=" r\n", by="\tPat Lee\r\n").model_dump() == parse("suspend", **WHO).model_dump()
    assert "a line break" in problem("confirm_purchase", {"reference": "A", "message_id": "m\n"}, "message_id")


def test_a_text_of_several_lines_keeps_its_lines_and_refuses_control_characters() -> None:
    assert parse("suspend", reason="one\n\ttwo\u2028\u202e", by="b").model_dump()["reason"] == "one\n\ttwo\u2028\u202e"
    assert problem("suspend", {"reason": "x\x1b[2J", "by": "b"}, "reason") == (
        "must not contain a control character (character 2 is U+001B)"
    )


def test_the_registration_is_checked_like_a_message() -> None:
    document = {"candidate_id": "C\u200b1", "name": "A\u202eB", "email": "a\u2060@b.c", "designation": "CC\ufeffSL"}
    with pytest.raises(InvalidMessage) as invalid:
        parse_document(Registration, "registration", document)
    assert [found.field for found in invalid.value.problems] == ["candidate_id", "name", "email", "designation"]


def test_no_text_of_a_message_is_without_a_check() -> None:
    """A new field of text takes one of the checked types."""
    kinds: list[type[Command]] = [*MESSAGES.values(), Registration]
    for kind in kinds:
        for field, info in kind.model_fields.items():
            if info.annotation is str or str in getattr(info.annotation, "__args__", ()):
                assert "check_" in repr(info) or field == "domain", f"{kind.__name__}.{field}"


def test_what_an_older_build_has_recorded_stays_readable() -> None:
    record = ContactRecord(name="A\u200bna\u202e", email="ana\u2060@example.org")
    assert ContactRecord.model_validate_json(record.model_dump_json()) == record
    data = json.loads(PROGRAMME.model_dump_json())
    data["title"] += "\u200b"
    data["body"]["name"] += "\ufeff"
    assert Programme.model_validate(data).title.endswith("\u200b")


@each(
    ("recorded", "name", "line"),
    [
        ("Ana Ruiz", "Ana Ruiz", "Ana Ruiz"),
        ("A\u200bna\u202e  Ruiz", "Ana Ruiz", "Ana Ruiz"),
        ("علی\u200cرضا", "علی\u200cرضا", "علیرضا"),
        ("\u200cAna\u200d Ruiz", "Ana Ruiz", "Ana Ruiz"),
        ("one\u2028two", "one two", "one two"),
    ],
)
def test_a_recorded_text_can_be_made_one_that_a_message_may_have(recorded: str, name: str, line: str) -> None:
    assert (allowed(recorded, as_name=True), allowed(recorded)) == (name, line)
    assert check_name(name) == name
    assert check_line(line) == line


# --- references


@each("uri", ["https://x.org", "HTTP://x", "s3://b/k", "gs://b/k", "az://c/b", "urn:isbn:1"])
def test_a_reference_of_a_known_scheme_is_taken(uri: str) -> None:
    message = parse("submit_work_product", submission_id="W", uri=uri, sha256=SHA)
    check_vocabulary("submit_work_product", message, PROGRAMME)


@each("uri", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "C:\\wp", "ftp://x"])
def test_any_other_reference_is_refused_and_its_field_is_named(uri: str) -> None:
    told = "must begin with https:, http:, s3:, gs:, az:, urn:"
    product = {"submission_id": "W", "uri": uri, "sha256": SHA}
    evidence = {"submission_id": "E", "activities": [COURSE, {**COURSE, "uri": uri}]}
    for name, fields, field in (
        ("submit_work_product", product, "uri"),
        ("submit_recertification", evidence, "activities.1.uri"),
    ):
        with pytest.raises(InvalidMessage) as at_once:
            parse_message(name, json.dumps(fields).encode(), PROGRAMME)
        with pytest.raises(InvalidMessage) as later:
            check_vocabulary(name, parse(name, **fields), PROGRAMME)
        for invalid in (at_once, later):
            assert [(found.field, found.problem) for found in invalid.value.problems] == [(field, told)]


def test_the_scheme_says_which_references_are_taken() -> None:
    narrow = with_rules(references={"uri_schemes": ["ipfs"]}).programme("CCSL")
    ipfs = parse("submit_work_product", submission_id="W", uri="ipfs://x", sha256=SHA)
    check_vocabulary("submit_work_product", ipfs, narrow)
    with pytest.raises(InvalidMessage, match="uri: must begin with https:, http:"):
        check_vocabulary("submit_work_product", ipfs, PROGRAMME)


def test_a_programme_that_was_pinned_without_the_list_takes_the_usual_references() -> None:
    older = json.loads(PROGRAMME.model_dump_json())
    del older["rules"]["references"]
    assert Programme.model_validate(older) == PROGRAMME

    def without(data: dict[str, Any]) -> None:
        del data["rules"]["references"]

    assert scheme(without) == CIAC


def test_a_reference_that_was_recorded_before_the_list_changes_nothing() -> None:
    candidacy = Candidacy()
    candidacy.submit(uri="https://x.org/wp")
    recorded = candidacy.events[-1].model_copy(update={"uri": "ftp://x/wp"})
    assert type(recorded).model_validate_json(recorded.model_dump_json()) == recorded
    assert holder().state.certificate


def test_a_digest_is_the_same_as_before_the_checks() -> None:
    assert digest_of(parse("suspend", **WHO)) == digest_of(parse("suspend", reason=" r ", by="Pat Lee "))
