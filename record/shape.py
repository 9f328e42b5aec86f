"""What the read models of this build have: the columns of their tables, and the fields of the JSON in them.

Two builds of one shape write and expect the same fields. Rows that a build of another shape wrote may lack a column or
a field of this build's, so they are made anew before the next event is folded in, and compared leniently until then.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, get_args

from pydantic import BaseModel

from domain.scheme import Programme
from domain.state import State
from record.tables import MODELS
from views.status import StatusView


def fields_of(model: type[BaseModel]) -> dict[str, Any]:
    """The names of the fields of a model, each with those of the models within it."""
    return {name: _within(info.annotation) for name, info in model.model_fields.items()}


def _within(annotation: Any) -> list[dict[str, Any]]:
    """The fields of each model that a value of this type may have in it."""
    if annotation is Programme:
        return []  # its place in the JSON is taken by the hash of its content
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [fields_of(annotation)]
    return [fields for argument in get_args(annotation) for fields in _within(argument)]


SHAPE = hashlib.sha256(
    json.dumps(
        {
            "tables": {table.name: sorted(table.columns.keys()) for table in MODELS},
            "state": fields_of(State),
            "view": fields_of(StatusView),
        },
        sort_keys=True,
    ).encode()
).hexdigest()[:16]
"""A hash of all these names."""
