"""Looks into the JSON texts of the read models, in the words of each database.

The database does it several times as fast as this program could, which would read every text whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, TableValuedAlias, Text, cast, column, func


class Json:
    """The functions of the database that a connection talks to. A JSON value is a column, or what a method returned."""

    def __init__(self, connection: Connection) -> None:
        self._sqlite = connection.dialect.name == "sqlite"

    def text(self, value: ColumnElement[Any], name: str) -> ColumnElement[Any]:
        """The text, on SQLite the number too, that an object has under this name; NULL where it has none."""
        if self._sqlite:
            return func.json_extract(value, f"$.{name}")
        return func.json_extract_path_text(_parsed(value), name)

    def members(self, value: ColumnElement[Any], name: str, alias: str) -> TableValuedAlias:
        """A row with `key` and `value` for each member of the object that an object has under this name."""
        if self._sqlite:
            return func.json_each(value, f"$.{name}").table_valued("key", "value", name=alias, joins_implicitly=True)
        members = func.json_each(func.json_extract_path(_parsed(value), name))
        columns = (column("key", Text), column("value", JSON))
        return members.table_valued(*columns, name=alias, joins_implicitly=True)

    def texts(self, value: ColumnElement[Any], names: Sequence[str], alias: str) -> dict[str, ColumnElement[Any]]:
        """What `text` gives, for several names of one object, which PostgreSQL then reads once for all of them."""
        if self._sqlite:
            return {name: self.text(value, name) for name in names}
        columns = (column(name, Text) for name in names)
        found = func.json_to_record(_parsed(value)).table_valued(*columns, name=alias, joins_implicitly=True)
        return dict(found.render_derived(with_types=True).c.items())

    def elements(self, value: ColumnElement[Any], name: str, alias: str) -> TableValuedAlias:
        """A row with `value` for each text of the list that an object has under this name."""
        if self._sqlite:
            return func.json_each(value, f"$.{name}").table_valued("value", name=alias, joins_implicitly=True)
        elements = func.json_array_elements_text(func.json_extract_path(_parsed(value), name))
        return elements.table_valued("value", name=alias, joins_implicitly=True)


def _parsed(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return value if isinstance(value.type, JSON) else cast(value, JSON)
