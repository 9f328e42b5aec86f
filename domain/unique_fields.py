"""Reads JSON objects none of whose fields stands twice. Of two values, neither can be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class GivenTwice(ValueError):
    """A JSON object has this field twice."""

    def __init__(self, field: str) -> None:
        super().__init__("a field is given twice")
        self.field = field


def unique_fields(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The object with these fields: the `object_pairs_hook` of `json.loads`.

    Raises:
        GivenTwice: a field stands twice.
    """
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise GivenTwice(name)
        fields[name] = value
    return fields
