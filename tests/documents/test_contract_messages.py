"""docs/contract.md against the code: the registration and the messages, with their fields, values and forms."""

import re
from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from temporalio import workflow

from domain.commands import MESSAGES, Activity, AdvancesFrom, Experience, Message, Purchase, Registration
from tests.documents.contract import (
    Fields,
    agree,
    column,
    differences,
    examples,
    field_differences,
    names,
    order,
    says,
    section,
    table,
)
from workflows import CertificationWorkflow

COMMANDS = "domain/commands/"
DEFINITION = workflow._Definition.must_from_class(CertificationWorkflow)

OBJECTS: dict[str, type[BaseModel]] = {
    "the registration": Registration,
    "`purchase`": Purchase,
    "`experience`": Experience,
    "`advances_from`": AdvancesFrom,
    "each of `activities`": Activity,
}
"""The objects that a message or a registration is made of, as the contract calls them."""


def test_the_fields_of_the_registration_and_of_the_objects_in_messages() -> None:
    rows = [*table("Start: the registration", "object"), *table("Messages", "object")]
    named = {row["object"]: row["fields"] for row in rows if not row["fields"].startswith("as in ")}
    agree(
        differences("the object", named, OBJECTS, COMMANDS),
        *(
            field_differences(owner, Fields.named_in(named[owner]), Fields.of(model), COMMANDS)
            for owner, model in OBJECTS.items()
            if owner in named
        ),
    )


def test_the_example_of_a_registration_is_one() -> None:
    (example,) = examples("Start: the registration")
    assert Registration.model_validate(example).model_dump(mode="json", exclude_unset=True) == example


def test_every_message_with_its_fields() -> None:
    (common,) = re.findall(r"Every payload may carry `(\w+)`", section("Messages"))
    named = {names(row["name"])[0]: Fields.named_in(row["fields"]) for row in table("Messages", "name")}
    with_id = {name: Fields({**fields.required, common: False}) for name, fields in named.items()}
    agree(
        order("the message", named, MESSAGES, COMMANDS),
        *(
            field_differences(f"the message `{name}`", with_id[name], Fields.of(kind), COMMANDS)
            for name, kind in MESSAGES.items()
            if name in named
        ),
    )


def test_every_message_is_a_signal_and_an_update() -> None:
    named = [*column("Messages", "name"), *column("Builds", "signal and update")]
    for way, handlers in (("signal", DEFINITION.signals), ("update", DEFINITION.updates)):
        agree(differences(f"the {way}", named, (name for name in handlers if name), "workflows/handlers.py"))


def test_the_values_of_the_fields_of_messages() -> None:
    rows = table("Messages", "field")
    named = {f"{names(row['of'])[0]}.{names(row['field'])[0]}": row["values"] for row in rows}
    coded = {f"{name}.{field}": info for name, kind in MESSAGES.items() for field, info in choices(kind).items()}
    agree(
        differences("the values of the field", named, coded, COMMANDS),
        *(value_differences(path, named[path], coded[path]) for path in named if path in coded),
    )


def value_differences(path: str, cell: str, field: FieldInfo) -> Iterator[str]:
    """The differences between a cell of values and the field that has them, its default included."""
    default = [] if field.is_required() else [field.default]
    yield from differences("the value", names(cell), get_args(field.annotation), COMMANDS, of=f"of `{path}`")
    given = re.findall(r"`(\w+)` \(unless given\)", cell)
    yield from differences("the default", given, default, COMMANDS, of=f"of `{path}`")


def choices(kind: type[Message]) -> dict[str, FieldInfo]:
    """The fields that take one of some fixed texts."""
    found = {name: field for name, field in kind.model_fields.items() if get_args(field.annotation)}
    return {
        name: field for name, field in found.items() if all(isinstance(one, str) for one in get_args(field.annotation))
    }


def test_what_is_taken_where_a_field_is_not_given() -> None:
    revision = MESSAGES["record_assessment_result"].model_fields["revision"].default
    publish = str(Registration.model_fields["publish"].default).lower()
    agree(
        says(f"`revision` is {revision} unless given", COMMANDS),
        says(f"it is {publish} unless given", COMMANDS),
    )
