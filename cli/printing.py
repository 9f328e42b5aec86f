"""How a list is printed: as a table for people, with `--json` as one document, or with `--csv` for a spreadsheet."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cli import csv_output, output, tables
from cli.options import F, csv_option, gathered, json_option, option

NAME = "name"
"""The column and the field with the candidate's name."""
EMAIL = "email"
"""The column and the field with the candidate's e-mail address."""
_PERSONAL = (NAME, EMAIL)


class Printing(NamedTuple):
    """What the flags ask for."""

    as_json: bool = False
    as_csv: bool = False
    names: bool = True

    @property
    def for_people(self) -> bool:
        """Whether a table is asked for, which people read."""
        return not (self.as_json or self.as_csv)

    def documents(self, fields: Sequence[str], found: Iterable[Mapping[str, Any]]) -> None:
        """Prints everything that was found as one JSON document, or as CSV with these columns."""
        if self.as_json:
            output.document([self._chosen(one) for one in found])
            return
        columns = self.columns(fields)
        csv_output.table(columns, ([one[field] for field in columns] for one in found))

    def stream(
        self,
        columns: Sequence[str],
        fields: Sequence[str],
        row: Callable[[Any], Sequence[str]],
        document: Callable[[Any], Mapping[str, Any]],
    ) -> output.Stream:
        """The same for what is printed while it is found. `row` makes a row of the table, `document` one for others."""
        if self.as_json:
            return _Stream(output.Array(), lambda entry: self._chosen(document(entry)))
        if self.as_csv:
            chosen = self.columns(fields)
            return _Stream(csv_output.Table(chosen), lambda entry: list(map(document(entry).__getitem__, chosen)))
        return _Stream(tables.Rows(self.columns(columns)), lambda entry: self.cells(columns, row(entry)))

    def columns(self, names: Sequence[str]) -> list[str]:
        """The columns that are printed."""
        return [name for name in names if self.names or name not in _PERSONAL]

    def cells(self, columns: Sequence[str], row: Sequence[str]) -> Sequence[str]:
        """The cells of a row that are printed."""
        if self.names:
            return row
        return [cell for column, cell in zip(columns, row, strict=True) if column not in _PERSONAL]

    def _chosen(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.names:
            return document
        return {field: value for field, value in document.items() if field not in _PERSONAL}


class _Stream:
    """Makes of each entry what another stream takes."""

    def __init__(self, onto: output.Stream, make: Callable[[Any], Any]) -> None:
        self._onto = onto
        self._make = make
        self.end = onto.end

    def add(self, entry: Any) -> None:
        self._onto.add(self._make(entry))


def printing_options(document: str, *, names: bool = True) -> Callable[[F], F]:
    """`--json`, `--csv` and, where there are names, `--no-names`, as one value, `printing`.

    `document` is what `--json` prints, for the help.
    """
    no_names = option("--no-names", "names", is_flag=True, flag_value=False, default=True, help=_NO_NAMES)

    def add(function: F) -> F:
        function = gathered(Printing, Printing._fields, "printing")(function)
        for one in (*([no_names] if names else []), csv_option(), json_option(document)):
            function = one(function)
        return function

    return add


_NO_NAMES = "leave the candidates' names and addresses out, in a file that leaves the house"
