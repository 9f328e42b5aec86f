"""docs/contract.md against the code: the answers of the queries, and the events with their fields."""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel
from temporalio import workflow

from domain import events
from domain.events import BaseEvent, SelfAssessmentRecorded
from domain.vocabulary import AlarmKind
from tests.documents.contract import (
    DOCUMENT,
    Fields,
    agree,
    column,
    differences,
    examples,
    field_differences,
    names,
    order,
    table,
    values,
)
from tests.samples import build
from views.contact import ContactView
from views.status import StatusView
from views.timeline import entry_of, timeline_view
from workflows import CertificationWorkflow
from workflows.foreseeing import Foreseen

VIEW = "views/status.py"
EVENTS = "domain/events/"
TIMELINE = "views/timeline.py with domain/events/"
EVENT_CLASSES: dict[str, type[BaseEvent]] = {kind.__name__: kind for kind in get_args(get_args(events.Event)[0])}

WHOLE = {name: entry_of(build(kind, full=True)).document() for name, kind in EVENT_CLASSES.items()}
"""An entry of the timeline for each event, with a value in every field."""

BARE = {name: entry_of(build(kind, full=False)).document() for name, kind in EVENT_CLASSES.items()}
"""The same with a value only in those fields that need one."""

SHARED = Fields(
    {
        name: all(name in entry for entry in BARE.values())
        for name in WHOLE["Registered"]
        if all(name in entry for entry in WHOLE.values())
    }
)
"""The fields of every entry."""


# --- queries


def test_the_queries() -> None:
    there = workflow._Definition.must_from_class(CertificationWorkflow).queries
    agree(differences("the query", column("Queries", "query"), map(str, there), "workflows/certification.py"))


# --- status


def test_the_fields_of_the_status_answer_at_every_level() -> None:
    agree(fields_in("the status answer", StatusView, examples("The answer of `status`")))


def fields_in(where: str, model: type[BaseModel], shown: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The differences between a view and the examples of it, which have all its fields between them."""
    written = [field.alias or name for name, field in model.model_fields.items()]
    yield from differences("the field", (name for one in shown for name in one), written, VIEW, of=f"of {where}")
    for name, field in model.model_fields.items():
        inside = model_in(field.annotation)
        if inside is None:
            continue
        parts = [part for one in shown for part in parts_of(one.get(name), field.annotation)]
        if parts:
            yield from fields_in(f"`{name}` of {where}", inside, parts)
        else:
            yield f"{VIEW} has objects in `{name}` of {where}; {DOCUMENT} has no example of one."


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds: itself, many in a list, many by a name, or none at all."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(model_in, get_args(annotation))), None)


def parts_of(value: Any, annotation: Any) -> Sequence[Mapping[str, Any]]:
    """The objects in the value of a field that holds models."""
    if get_origin(annotation) is dict:
        return list((value or {}).values())
    return value if isinstance(value, list) else [value] if value else []


def test_the_examples_of_the_status_answer_are_answers() -> None:
    first, *others = examples("The answer of `status`")
    for example in (first, *({**first, **other} for other in others)):
        answer = StatusView.model_validate(example).document()
        agree(
            f"{DOCUMENT} shows `{name}` as {value}; {VIEW} has it as {answer.get(name)}."
            for name, value in example.items()
            if answer.get(name) != value
        )


def test_the_values_of_the_fields_of_the_status_answer() -> None:
    # These two are texts in the view, so that a client can read the answers of newer builds.
    coded = {
        **dict(choices(StatusView)),
        "self_assessments → guidance": get_args(SelfAssessmentRecorded.model_fields["guidance"].annotation),
        "upcoming → kind": tuple(AlarmKind),
    }
    named = {" → ".join(names(row["field"])): row["values"] for row in table("The answer of `status`", "field")}
    agree(value_differences(named, coded, VIEW))


def choices(model: type[BaseModel], inside: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every field that has one of some fixed texts, with these."""
    for name, field in model.model_fields.items():
        path = f"{inside} → {name}" if inside else name
        if fixed := fixed_texts(field.annotation):
            yield path, fixed
        elif (part := model_in(field.annotation)) is not None:
            yield from choices(part, path)


def fixed_texts(annotation: Any) -> tuple[str, ...]:
    """The texts of a `Literal` or of an enumeration, also where a client would take any other text of a newer build."""
    if str in get_args(annotation):
        return tuple(text for one in get_args(annotation) for text in fixed_texts(one))
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple(one.value for one in annotation)
    return ()


def value_differences(named: Mapping[str, str], coded: Mapping[str, Sequence[str]], where: str) -> Iterator[str]:
    """The differences between cells of values and the texts that the code has."""
    yield from differences("the values of the field", named, coded, where)
    for path, cell in named.items():
        yield from differences("the value", values(cell), coded.get(path, ()), where, of=f"of `{path}`")


def test_the_kinds_of_upcoming_stand_in_the_order_of_a_life() -> None:
    (row,) = (row for row in table("The answer of `status`", "field") if names(row["field"]) == ["upcoming", "kind"])
    agree(order("the kind of an alarm", names(row["values"]), AlarmKind, "domain/vocabulary.py"))


# --- contact


def test_the_contact_answer() -> None:
    (example,) = examples("The answer of `contact`")
    agree(fields_in("the contact answer", ContactView, [example]))
    assert ContactView.parse(example).document() == example


# --- timeline


def test_what_every_entry_of_the_timeline_has() -> None:
    rows = {row["entry"]: Fields.named_in(row["fields"]) for row in table("The answer of `timeline`", "entry")}
    older = timeline_view([build(EVENT_CLASSES["Registered"], full=True)], 3)[0].document()
    agree(
        differences("the entry", rows, ["every event", f"`{older['type']}`"], "views/timeline.py"),
        field_differences("every event", rows["every event"], SHARED, TIMELINE),
        field_differences("`Older`", rows["`Older`"], Fields(dict.fromkeys(older, True)), "views/timeline.py"),
    )


def test_the_answer_of_foresee() -> None:
    rows = table("The answer of `foresee`", "field")
    where = "workflows/foreseeing.py"
    there = Fields({name: name in Foreseen.__required_keys__ for name in Foreseen.__annotations__})
    named = Fields.named_in(", ".join(row["field"] for row in rows))
    outcomes = get_args(get_type_hints(Foreseen)["outcome"])
    agree(
        field_differences("the answer of foresee", named, there, where),
        differences("the outcome of foresee", names(rows[0]["holds"]), outcomes, where),
    )


def test_every_event_stands_in_the_contract() -> None:
    agree(differences("the event", column("Events", "event"), EVENT_CLASSES, EVENTS))


@pytest.mark.parametrize("name", EVENT_CLASSES)
def test_the_fields_of_an_event(name: str) -> None:
    rows = {names(row["event"])[0]: row["fields"] for row in table("Events", "event")}
    there = Fields({field: field in BARE[name] for field in WHOLE[name] if field not in SHARED.required})
    agree(field_differences(f"the event `{name}`", Fields.named_in(rows.get(name, "")), there, TIMELINE))


LEAST_REPLACED = build(events.Replaced, full=False).model_dump(exclude_none=True)


def test_the_objects_in_events() -> None:
    named = {row["object"]: Fields.named_in(row["fields"]) for row in table("Events", "object")}
    whole, bare = WHOLE["ResultCorrected"], BARE["ResultCorrected"]
    submitted = build(events.RecertificationSubmitted, full=True)
    activities = submitted.evidence[0], build(events.Evidence, full=False)
    entry = entry_of(submitted.model_copy(update={"evidence": activities})).document()
    there = {
        "`result`, `previous` of `ResultCorrected`": (whole["result"], bare["result"]),
        "`replaces`, `previous` of `ResultResolved`": (WHOLE["ResultHeld"]["replaces"], LEAST_REPLACED),
        "`score`": (whole["result"]["score"], WHOLE["SelfAssessmentRecorded"]["score"]),
        "each of `evidence`": tuple(entry["evidence"]),
    }
    as_elsewhere = {row["object"] for row in table("Events", "object") if row["fields"].startswith("as in ")}
    agree(
        differences("the object", named, [*there, *as_elsewhere], TIMELINE),
        *(
            field_differences(owner, named[owner], Fields({name: name in least for name in most}), TIMELINE)
            for owner, (most, least) in there.items()
            if owner in named
        ),
    )
    assert sorted(whole["previous"]) == sorted(whole["result"])
    assert sorted(WHOLE["ResultResolved"]["previous"]) == sorted(WHOLE["ResultHeld"]["replaces"])


def test_no_object_in_an_event_is_left_out_of_the_contract() -> None:
    named = {name for row in table("Events", "object") for name in names(row["object"])}
    found = {
        name
        for entry in WHOLE.values()
        for name, value in entry.items()
        if isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], dict))
    }
    agree(
        f"{TIMELINE} has objects in `{name}`; {DOCUMENT} does not say what is in one." for name in sorted(found - named)
    )


def test_the_values_of_the_fields_of_events() -> None:
    owners: dict[str, type[BaseModel]] = {**EVENT_CLASSES, "result": events.ResultFacts}
    coded = {
        f"{owner}.{name}": fixed_texts(field.annotation)
        for owner, model in owners.items()
        for name, field in model.model_fields.items()
        if name in WHOLE.get(owner, model.model_fields) and name != "type" and fixed_texts(field.annotation)
    }
    named = {f"{names(row['of'])[0]}.{names(row['field'])[0]}": row["values"] for row in table("Events", "field")}
    agree(value_differences(named, coded, EVENTS))
