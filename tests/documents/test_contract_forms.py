"""docs/contract.md against the code: the form of every field that is sent, in words, and its bounds."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from domain.commands import MESSAGES, RecordAssessmentResult, Registration
from domain.forms import FORMS, KEYWORD
from tests.documents.contract import agree, differences, examples, names, order, table
from tests.documents.test_contract_messages import COMMANDS, OBJECTS
from tests.unit.domain.test_messages import COURSE, SOUND

MODELS: list[type[BaseModel]] = [*OBJECTS.values(), *MESSAGES.values()]


def forms_of(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Each field of a model, or of the items of a list, with the name of its form; no objects and no fixed texts."""
    for field, schema in model.model_json_schema()["properties"].items():
        kinds = [schema, *schema.get("anyOf", []), schema.get("items", {})]
        named = [kind[KEYWORD] for kind in kinds if KEYWORD in kind]
        if named:
            yield field, named[0]
        else:
            assert any({"enum", "$ref", "items", "patternProperties"} & kind.keys() for kind in kinds), field


def test_every_field_has_its_form_and_every_form_its_words() -> None:
    coded: dict[str, set[str]] = {"answer": {"responses"}}
    for model in MODELS:
        for field, form in forms_of(model):
            coded.setdefault(form, set()).add(field)
    rows = table("Forms and bounds", "form")
    agree(
        order("the form", [row["form"] for row in rows], FORMS, "domain/forms.py"),
        *(differences(f"as {one['form']}", names(one["fields"]), coded[one["form"]], COMMANDS) for one in rows),
        (
            f"{row['form']}: the contract says “{row['must be']}”; domain/forms.py says “{FORMS[row['form']].words}”."
            for row in rows
            if row["must be"] != FORMS[row["form"]].words
        ),
    )


LIMITS: list[tuple[str, str, Any, Any]] = [
    ("word", "candidate_id", "x" * 64, "x" * 65),
    ("id", "submission_id", "!" * 64, "!" * 65),
    ("message id", "message_id", "~" * 128, "~" * 129),
    ("workflow id", "by_workflow_id", "w" * 200, "w" * 201),
    ("line", "reference", "ü" * 200, "ü" * 201),
    ("name", "name", "ü" * 200, "ü" * 201),
    ("text", "reason", "a\nb" + "c" * 997, "c" * 1001),
    ("e-mail address", "email", "a" * 248 + "@b.org", "a" * 249 + "@b.org"),
    ("address", "uri", "urn:" + "u" * 996, "urn:" + "u" * 997),
    ("hash", "sha256", "aB" * 32, "a" * 63),
    ("domain", "domain", "d" * 64, "d" * 65),
    ("answer", "responses", {"1": "B" * 16}, {"1": "B" * 17}),
    ("switch", "publish", True, 1),
    ("revision", "revision", 10_000, 10_001),
    ("event number", "hold", 1_000_000_000, 1_000_000_001),
    ("instant", "taken_at", "2200-12-31T23:59:59Z", "2201-01-01T00:00:00Z"),
    ("day", "started_on", "1900-01-01", "1899-12-31"),
    ("instant or day", "purchased_at", "2200-12-31", "2201-01-01"),
    ("points", "points", 1_000_000, 1_000_001),
    ("hours", "hours", "10000", "10000.1"),
    ("percentage", "percentage", "99." + "9" * 26, "99." + "9" * 27),
]


@pytest.mark.parametrize(("form", "field", "at_the_limit", "beyond"), LIMITS, ids=[form for form, *_ in LIMITS])
def test_a_value_at_its_limit_is_taken_and_one_beyond_it_is_not(
    form: str, field: str, at_the_limit: Any, beyond: Any
) -> None:
    owner = next(model for model in MODELS if field in model.model_fields)
    assert form == "answer" or (field, form) in forms_of(owner)
    owner.model_validate(sound(owner, field) | {field: at_the_limit})
    with pytest.raises(ValidationError):
        owner.model_validate(sound(owner, field) | {field: beyond})


def sound(model: type[BaseModel], field: str) -> dict[str, Any]:
    """A sound document of this model, to which the field may be added."""
    documents: dict[type[BaseModel], dict[str, Any]] = {kind: SOUND[name] for name, kind in MESSAGES.items()}
    documents |= {Registration: examples("Start: the registration")[0], OBJECTS["each of `activities`"]: COURSE}
    documents |= {OBJECTS["`purchase`"]: {"reference": "INV"}, OBJECTS["`experience`"]: {"role": "Lead"}}
    document = documents[model]
    others: dict[str, dict[str, Any]] = {"points": {"out_of": 1_000_000}, "responses": {"form": "F-1"}}
    if model is RecordAssessmentResult and field in others:
        return {name: value for name, value in document.items() if name != "percentage"} | others[field]
    return dict(document)


def test_every_form_has_its_limits_tried() -> None:
    assert [form for form, *_ in LIMITS] == list(FORMS)
