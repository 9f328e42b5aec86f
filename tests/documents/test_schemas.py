"""docs/schemas against the code that checks messages: made from the models, and as strict as they are."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from activities.programme import read_scheme
from cli.everyday import MESSAGES as SENT
from cli.main import captured
from domain.commands import Registration
from domain.messages import InvalidMessage, parse, parse_message
from domain.vocabulary import Status
from runtime.settings import ROOT
from tests.documents.contract import examples
from tests.unit.domain.builders import _plain
from tests.unit.domain.test_messages import SOUND
from views.schemas import REGISTRATION, Names, answered, files, sent
from workflows.journal import Remembered

FOLDER = ROOT / "docs" / "schemas"
SHIPPED = read_scheme(ROOT / "schemes" / "ciac.toml")
NAMES = Names(list(SHIPPED.designations), list(SHIPPED.domains))
SCHEMAS = sent(NAMES)
MESSAGES = {name: json.loads(json.dumps(SOUND[name], default=_plain)) for name in SENT}
"""A sound message of each name, as JSON."""


def fits(name: str, document: Any) -> bool:
    """Whether a document fits the schema of this name."""
    return Draft202012Validator(SCHEMAS[name]).is_valid(document)


def taken(name: str, document: Any) -> bool:
    """Whether the engine understands the document."""
    try:
        if name == REGISTRATION:
            parse(Registration, name, document)
        else:
            parse_message(name, json.dumps(document).encode())
    except InvalidMessage:
        return False
    return True


# --- the files


def test_the_files_are_those_that_the_code_makes() -> None:
    made = {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in files(NAMES).items()}
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert sorted(there) == sorted(made), "run `make schemas`"
    assert [name for name in made if made[name] != there[name]] == [], "run `make schemas`"


def test_every_message_that_may_come_from_outside_has_a_schema() -> None:
    assert list(SCHEMAS) == [REGISTRATION, *SENT]
    for schema in (*SCHEMAS.values(), *answered().values()):
        Draft202012Validator.check_schema(schema)


def test_the_index_lists_every_file() -> None:
    index = files(NAMES)["asyncapi.json"]
    messages = index["channels"]["candidacy"]["messages"]
    named = {one["payload"]["$ref"].removeprefix("./") for one in messages.values()}
    assert named == set(files(NAMES)) - {"asyncapi.json"}
    for operation in index["operations"].values():
        used = [*operation["messages"], *operation.get("reply", {}).get("messages", [])]
        assert {one["$ref"].rpartition("/")[2] for one in used} <= set(messages)


# --- as strict as the engine


@pytest.mark.parametrize("name", list(MESSAGES))
def test_a_sound_message_fits_its_schema_with_null_in_every_optional_field_too(name: str) -> None:
    assert fits(name, MESSAGES[name])
    nulls = dict.fromkeys(set(SCHEMAS[name]["properties"]) - set(SCHEMAS[name].get("required", ())))
    assert fits(name, nulls | MESSAGES[name])


def wrong(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The document with one thing wrong: a field of an odd type, one that is missing, and one that nobody knows."""
    for field in document:
        yield {**document, field: [[]]}
        yield {**document, field: "x" * 2000 + "\x00"}
        yield {**document, field: False if document[field] is not False else 0}
        yield {other: value for other, value in document.items() if other != field}
    yield {**document, "recieved_at": "x"}


EXAMPLE = examples("Start: the registration")[0]
WHOLE: dict[str, dict[str, Any]] = {
    REGISTRATION: {**EXAMPLE, "publish": True, "message_id": "m-1"},
    "record_assessment_result": {
        **MESSAGES["record_assessment_result"],
        "revision": 2,
        "source": "Pearl",
        "passed": True,
        "message_id": "m-1",
    },
    "review_work_product": {**MESSAGES["review_work_product"], "percentage": "81.5", "comments": "good"},
    "submit_recertification": {
        **MESSAGES["submit_recertification"],
        "activities": [{"title": "A", "completed_on": "2026-01-01", "uri": "https://x.org", "hours": 2}],
    },
}


@pytest.mark.parametrize("name", [REGISTRATION, *MESSAGES])
def test_what_the_engine_takes_fits_and_what_does_not_fit_is_not_taken(name: str) -> None:
    document = WHOLE.get(name) or MESSAGES[name]
    assert fits(name, document)
    assert taken(name, document)
    for changed in wrong(document):
        assert fits(name, changed) or not taken(name, changed), changed
        # A schema cannot say how fields belong together: a result without its score, or contact details without any.
        if taken(name, changed) is False and name not in ("record_assessment_result", "update_contact"):
            assert not fits(name, changed), changed


def test_numbers_texts_and_lists_may_be_written_in_each_way_that_the_engine_takes() -> None:
    result = MESSAGES["record_assessment_result"]
    bare = {field: value for field, value in result.items() if field != "percentage"}
    good: list[dict[str, Any]] = [
        {"percentage": 81.5},
        {"percentage": "81.5"},
        {"points": 49, "out_of": "60"},
        {"form": "F-1", "responses": ["A", "B"]},
        {"form": "F-1", "responses": {"1": "A"}},
    ]
    for score in good:
        assert fits("record_assessment_result", {**bare, **score})
        assert taken("record_assessment_result", {**bare, **score})
    bad: list[dict[str, Any]] = [{"percentage": 101}, {"percentage": "80 %"}, {"form": "F", "responses": {"a b": "A"}}]
    for score in bad:
        assert not fits("record_assessment_result", {**bare, **score})
        assert not taken("record_assessment_result", {**bare, **score})
    assert fits("confirm_purchase", {"reference": "INV-1", "purchased_at": "2026-11-02"})
    assert not fits("record_assessment_result", {**result, "domain": "People-Management"})


def test_a_receipt_and_a_status_fit_their_schemas() -> None:
    receipt = Remembered(digest="d", status=Status.TESTING, events=["AssessmentPassed"], sequence=5)
    Draft202012Validator(answered()["receipt"]).validate(receipt.receipt(duplicate=False))
    Draft202012Validator(answered()["status"]).validate(examples("The answer of `status`")[0])


# --- the command line


def test_the_command_line_prints_one_schema_or_all(tmp_path: Any) -> None:
    one, every = captured(["schema", "withdraw"]), captured(["schema"])
    assert (one.code, every.code) == (0, 0)
    assert json.loads(one.out)["title"] == "withdraw"
    assert list(json.loads(every.out)) == [REGISTRATION, *SENT]
    written = captured(["schema", "--write", str(tmp_path)])
    assert written.code == 0
    assert {path.name for path in tmp_path.iterdir()} == set(files(NAMES))


def test_a_name_that_is_no_message_is_answered_with_a_likely_one() -> None:
    ended = captured(["schema", "record_asessment_result"])
    assert ended.code == 2
    assert "did you mean record_assessment_result" in ended.err
