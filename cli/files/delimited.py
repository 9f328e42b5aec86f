"""CSV as spreadsheets write it: commas, semicolons, tabs or bars, quoted cells over several lines, surplus cells."""

import csv
from collections.abc import Iterator
from itertools import islice
from typing import Any, NoReturn

from cli import exits
from cli.files import sources
from cli.files.tables import MAX_COLUMNS, Columns, Header, Row, Table, header, lost_characters

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_MAX_QUOTE_FAULTS = 100


def table(source: str, lines: list[str], columns: Columns) -> Table:
    """The rows of CSV. Raises `exits.BadInput` where the first line does not name the columns."""
    sheet = Table(columns)
    begin, delimiter = _separator_line(lines)
    begin, names, delimiter = _first_line(source, lines, begin, delimiter, columns)
    found = header(names, columns)
    missing = [name for name in columns.required if name not in found.found]
    if missing or found.faults:
        _refuse_header(source, found, missing, columns, separator=lines[0] if _names_separator(lines) else None)
    sheet.ignored = found.ignored
    sheet.rows = _csv_rows(source, sheet, lines[begin:], begin, delimiter, found, len(names))
    return sheet


def _separator_line(lines: list[str]) -> tuple[int, str | None]:
    """Excel's own first line, `sep=;`: how many lines to skip, and the delimiter it names."""
    first = lines[0].strip("\r\n").strip('"')
    if _names_separator(lines) and first[4:5] in _DELIMITERS:
        return 1, first[4]
    return 0, None


def _names_separator(lines: list[str]) -> bool:
    return lines[0].lstrip('"')[:4].lower() == "sep="


def _first_line(
    source: str, lines: list[str], begin: int, delimiter: str | None, columns: Columns
) -> tuple[int, list[str], str]:
    """The line behind the names, the names, and the delimiter that makes the most known columns of them."""
    while begin < len(lines) and not lines[begin].strip(" \t\r\n,;|\"'"):
        begin += 1
    if begin == len(lines):
        raise exits.BadInput(f"{sources.shown(source)} has no line that names the columns.")
    best: tuple[int, list[str], str] | None = None
    most = -1
    for candidate in delimiter or _DELIMITERS:
        try:
            reader = _reader(lines, begin, candidate)
            names = [name.strip() for name in next(reader)]
        except csv.Error:
            continue
        while names and not names[-1]:
            names.pop()
        if len(names) > MAX_COLUMNS:
            raise exits.BadInput(
                f"{sources.shown(source)}, line {begin + 1}: has {len(names):,} columns, more than the {MAX_COLUMNS:,} "
                "that are read: is it a table with a row a line?",
                line=begin + 1,
            )
        count = len(header(names, columns).places)
        if count > most:
            best, most = (begin + reader.line_num, names, candidate), count
    if best is None:
        raise exits.BadInput(
            f"{sources.shown(source)}, line {begin + 1}: a quoted column name is not closed: close it.", line=begin + 1
        )
    return best


def _refuse_header(
    source: str, found: Header, missing: list[str], columns: Columns, *, separator: str | None
) -> NoReturn:
    where = f"{sources.shown(source)}: the first line must name the columns"
    if not found.places:
        # Cells of a file without names are not repeated here: they are people's names.
        notes = ["A title, or whatever else stands above the line of names, must go."]
        if separator is not None:
            notes.insert(0, "The line `sep=` says what stands between columns: where that is wrong, remove it.")
        raise exits.BadInput(
            f"{where}, and names none that is known. Needed: {', '.join(columns.required)}.", notes, missing=missing
        )
    notes = [*found.faults]
    if missing:
        notes.append(f"missing: {', '.join(missing)}")
    there = [column for _, column in found.places] + [f'"{name}"' for name in found.ignored]
    notes.append(f"found: {', '.join(there)}")
    raise exits.BadInput(f"{where}, and {'lacks some' if missing else 'has a mistake'}:", notes, missing=missing)


def _reader(lines: list[str], begin: int, delimiter: str) -> "Any":
    # Strict: a quote that is not closed must not swallow the rows behind it.
    return csv.reader(islice(lines, begin, None), delimiter=delimiter, strict=True, skipinitialspace=True)


def _csv_rows(
    source: str, table: Table, lines: list[str], before: int, delimiter: str, names: Header, width: int
) -> Iterator[Row]:
    """The rows of `lines`, which stand behind `before` other lines; what is no row goes to the table's problems."""
    lost = any("\ufffd" in line for line in lines)
    for at, cells in _records(source, table, lines, before, delimiter):
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        table.counted(source)
        line = before + at + 1
        if len(cells) > width:
            told = _surplus(len(cells), width, delimiter)
            if any(cells[width:]):
                table.fault(line, None, told)  # no cell can be trusted to stand in its column
                continue
            # An empty surplus is a spreadsheet's habit; if the row is wrong as well, it may be why.
            table.surplus[line] = told
        row = Row(line, {column: cells[place] for place, column in names.places if place < len(cells) and cells[place]})
        if lost:
            lost_characters(table, row)
        yield row


def _surplus(cells: int, width: int, delimiter: str) -> str:
    return (
        f"has {cells} cells, but the first line names {width} columns: "
        f'a cell that holds a {_DELIMITERS[delimiter]} must stand in quotes, "like{delimiter} this"'
    ).replace("\t", " ")


def _records(
    source: str, table: Table, lines: list[str], before: int, delimiter: str
) -> Iterator[tuple[int, list[str]]]:
    """Each record with the index of its first line.

    Where quotes are wrong, that line is a problem, and reading goes on with the line behind it: every row that can be
    read is checked.
    """
    begin = faults = 0
    while begin < len(lines):
        reader = _reader(lines, begin, delimiter)
        at = begin
        try:
            for cells in reader:
                yield at, cells
                at = begin + reader.line_num
            return
        except csv.Error as error:
            table.counted(source)
            table.fault(before + at + 1, None, _in_words(error, reader.line_num > at - begin + 1))
            begin = at + 1
            faults += 1
            if faults > _MAX_QUOTE_FAULTS:
                raise exits.BadInput(
                    f"{sources.shown(source)} has more than {_MAX_QUOTE_FAULTS} rows whose quotes do not match; "
                    f"the last is line {before + at + 1}. Is it a CSV file? Write it anew from the program it is from.",
                    line=before + at + 1,
                ) from error


def _in_words(error: csv.Error, spans: bool) -> str:
    if "field limit" in str(error) and not spans:
        return f"has a cell of more than {csv.field_size_limit():,} characters: shorten it"
    if "field limit" in str(error) or "end of data" in str(error):
        return 'a cell that begins with a quote (") is not closed: close it, or remove the quote'
    return 'a quoted cell goes on behind its closing quote ("): write a quote inside a cell twice ("")'
