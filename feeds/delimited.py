"""Reads CSV as spreadsheets write it: with commas, semicolons, tabs or bars, and quoted cells over several lines."""

import csv
import re
from collections.abc import Iterator
from functools import cache, partial
from itertools import islice
from typing import Any, NamedTuple, NoReturn

from feeds.errors import FeedError, HeaderError
from feeds.header import Header, find_columns
from feeds.sources import Content, Source
from feeds.table import MAX_COLUMNS, Columns, Layout, Record, Row, Table, finding

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_MAX_QUOTE_FAULTS = 100
_BLANK_BEHIND_QUOTE = re.compile(r'"[ \t]+([,;|\r\n]|$)|" +\t')


class _Line(NamedTuple):
    """A record: the number of its row, its cells where they can be read, or else what is wrong with it.

    `line` is the number of the line where it begins.
    """

    row: int
    line: int
    cells: list[str]
    fault: str | None = None
    cause: csv.Error | None = None


def table(source: Source, content: Content, columns: Columns) -> Table:
    """The table of these lines of CSV.

    Raises:
        HeaderError: the first line does not name the columns as it should.
        FeedError: there is no such line, or it cannot be read.
    """
    lines = content.lines
    skipped, delimiter = _separator_line(lines)
    first = _first_line(source, lines, skipped)
    begin, names, delimiter = _line_of_names(source, lines, first, delimiter, columns)
    header = find_columns(names, columns)
    missing = [name for name in columns.required if name not in header.found]
    if missing or header.faults:
        _refuse_header(source, header, missing, columns, separator_named=_is_separator_line(lines[0]))
    found = Table(columns)
    found.ignored = header.ignored
    found.layout = Layout(delimiter, content.mark, tuple(names))
    # Spreadsheets do not show the line `sep=;`, so they do not count it.
    rows_before = first - skipped + 1
    records = partial(_records, lines, begin, rows_before, delimiter)
    found.records = lambda: (Record(one.row, lines[one.line - 1] if one.fault else one.cells) for one in records())
    found.rows = _rows(source, found, records(), header, len(names))
    found.some_lost = any("\ufffd" in line for line in lines[begin:])
    return found


def _separator_line(lines: list[str]) -> tuple[int, str | None]:
    """How many lines to skip, and the delimiter, where the file begins with Excel's own line `sep=;`."""
    first = lines[0].strip("\r\n").strip('"')
    if _is_separator_line(lines[0]) and first[4:5] in _DELIMITERS:
        return 1, first[4]
    return 0, None


def _is_separator_line(line: str) -> bool:
    return line.lstrip('"')[:4].lower() == "sep="


def _first_line(source: Source, lines: list[str], begin: int) -> int:
    """The index of the first line that is not empty."""
    while begin < len(lines) and not lines[begin].strip(" \t\r\n,;|\"'"):
        begin += 1
    if begin == len(lines):
        raise FeedError(f"{source.name} has no line that names the columns.")
    return begin


def _line_of_names(
    source: Source, lines: list[str], begin: int, delimiter: str | None, columns: Columns
) -> tuple[int, list[str], str]:
    """The index of the line after the names, the names, and the delimiter with which most known columns are found."""
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
            raise FeedError(
                f"{source.name}, line {begin + 1}: has {len(names):,} columns, more than the {MAX_COLUMNS:,} "
                "that are read: is it a table with a row a line?",
                line=begin + 1,
            )
        count = len(find_columns(names, columns).places)
        if count > most:
            best, most = (begin + reader.line_num, names, candidate), count
    if best is None:
        raise FeedError(
            f"{source.name}, line {begin + 1}: a quoted column name is not closed: close it.", line=begin + 1
        )
    return best


def _refuse_header(
    source: Source, header: Header, missing: list[str], columns: Columns, *, separator_named: bool
) -> NoReturn:
    where = f"{source.name}: the first line must name the columns"
    if not header.places:
        # The cells of a file without a line of names are not repeated here, because they are people's names.
        notes = ["A title, or whatever else stands above the line of names, must go."]
        if separator_named:
            notes.insert(0, "The line `sep=` says what stands between columns: where that is wrong, remove it.")
        raise HeaderError(
            f"{where}, and names none that is known. Needed: {', '.join(columns.required)}.", notes, missing
        )
    notes = [*header.faults]
    if missing:
        notes.append(f"missing: {', '.join(missing)}")
    there = [column for _, column in header.places] + [f'"{name}"' for name in header.ignored]
    notes.append(f"found: {', '.join(there)}")
    raise HeaderError(f"{where}, and {'lacks some' if missing else 'has a mistake'}:", notes, missing)


def _reader(lines: list[str], begin: int, delimiter: str) -> Any:
    blanks = _blanks_behind_quote(delimiter)
    # Blanks count nowhere around a cell, but behind a closing quote the module takes none.
    found = (blanks.sub('"', line) if '"' in line else line for line in islice(lines, begin, None))
    # Strict, so that a quote that is not closed does not swallow the rows after it.
    return csv.reader(found, delimiter=delimiter, strict=True, skipinitialspace=True)


@cache
def _blanks_behind_quote(delimiter: str) -> re.Pattern[str]:
    """Finds a quote and the blanks between it and the end of its cell.

    Two quotes are left alone: inside a quoted cell they are one, and the blanks behind it are a part of the cell. A
    single one that opens a cell may be found too; the blanks are then the first of the cell, and do not count either.
    """
    blanks = " \t".replace(delimiter, "")
    return re.compile(rf'(?<!")"[{blanks}]+(?=[{re.escape(delimiter)}\r\n]|$)')


def _rows(source: Source, table: Table, records: Iterator[_Line], header: Header, width: int) -> Iterator[Row]:
    """The rows of these records. Records that are not rows become problems of the table.

    `width` is the number of columns that the first line names.
    """
    faults = 0
    for record in records:
        if record.fault:
            table.count_row(source)
            table.add_problem(record.row, None, record.fault)
            faults += 1
            if faults > _MAX_QUOTE_FAULTS:
                _refuse_quotes(source, record)
            continue
        cells = [cell.strip() for cell in record.cells]
        if not any(cells):
            continue
        table.count_row(source)
        if len(cells) > width:
            problem = _too_many_cells(len(cells), width, table.layout.delimiter)
            if any(cells[width:]):
                table.add_problem(record.row, None, problem)  # any cell may be in the wrong column
                continue
            # Spreadsheets often add empty cells at the end. If the row is wrong as well, they may be the reason.
            table.surplus[record.row] = problem
        fields = {column: cells[place] for place, column in header.places if place < len(cells) and cells[place]}
        row = Row(record.row, fields)
        if table.some_lost:
            table.find_lost_characters(row)
        yield row


def _refuse_quotes(source: Source, record: _Line) -> NoReturn:
    raise FeedError(
        f"{source.name} has more than {_MAX_QUOTE_FAULTS} rows whose quotes do not match; "
        f"the last is line {record.line}. Is it a CSV file? Write it anew from the program it is from.",
        line=record.line,
    ) from record.cause


def _too_many_cells(cells: int, width: int, delimiter: str) -> str:
    form = "has {} cells, but the first line names {} columns: a cell that holds a {} must stand in quotes, {}"
    return finding(form, cells, width, _DELIMITERS[delimiter], f'"like{delimiter} this"'.replace("\t", " "))


def _records(lines: list[str], begin: int, rows_before: int, delimiter: str) -> Iterator[_Line]:
    """Each record of the lines from the index `begin` on, of which the first is the row after `rows_before` others.

    Where the quotes of a record are wrong, its first line is a record with a fault, and reading goes on with the next
    line. So every row that can be read is checked.
    """
    row = rows_before
    while begin < len(lines):
        reader = _reader(lines, begin, delimiter)
        at = begin
        try:
            for cells in reader:
                row += 1
                yield _Line(row, at + 1, cells)
                at = begin + reader.line_num
            return
        except csv.Error as error:
            row += 1
            yield _Line(row, at + 1, [], _explained(error, lines[at], reader.line_num > at - begin + 1), error)
            begin = at + 1


def _explained(error: csv.Error, line: str, several_lines: bool) -> str:
    """What is wrong with a record that cannot be read.

    `line` is its first line, and `several_lines` says whether it goes over more than one.
    """
    if "field limit" in str(error) and not several_lines:
        return f"has a cell of more than {csv.field_size_limit():,} characters: shorten it"
    if "expected after" in str(error) and _BLANK_BEHIND_QUOTE.search(line):
        return 'a blank stands behind a closing quote ("): remove it'
    if "field limit" in str(error) or "end of data" in str(error):
        return 'a cell that begins with a quote (") is not closed: close it, or remove the quote'
    return 'a quoted cell goes on behind its closing quote ("): write a quote inside a cell twice ("")'
