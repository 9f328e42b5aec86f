"""CSV for a spreadsheet: what it shows is what was meant, and nothing in it is run as a formula."""

import csv
import io
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import click
import pytest

from cli import csv_output
from cli.options import csv_option, json_option, verb
from tests.cases import each

COLUMNS = ("candidate", "what")


def written(*rows: tuple[Any, ...], encoding: str = "utf-8") -> bytes:
    """The bytes on a stdout of this encoding."""
    target = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(target, encoding=encoding))
        csv_output.table(COLUMNS, rows)
        return target.getvalue()


def test_a_spreadsheet_is_told_the_encoding_and_a_stdout_of_another_one_changes_nothing() -> None:
    found = written(("C-1", 'Ana "Łucja" Müller, 日本'))
    assert found == '\ufeffcandidate,what\r\nC-1,"Ana ""Łucja"" Müller, 日本"\r\n'.encode()
    assert written(("C-1", 'Ana "Łucja" Müller, 日本'), encoding="ascii") == found


def test_an_empty_table_has_its_columns() -> None:
    assert written() == b"\xef\xbb\xbfcandidate,what\r\n"


@each(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        "  =cmd|' /C calc'!A0",
        "\u00a0=1+1",
        "\ufeff=1+1",
        "＝1+1",
        "＠SUM(A1)",
        "-",
        '=HYPERLINK("https://evil.example.org","x")',
    ],
)
def test_no_cell_starts_a_formula(text: str) -> None:
    (row,) = list(csv.reader(io.StringIO(written((text, [text, "x"])).decode("utf-8-sig"))))[1:]
    for shown in row:
        assert not shown.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r"))


@each(
    ("value", "shown"),
    [
        ("Ana;=1+1", "Ana;'=1+1"),
        ("Ana; =1+1", "Ana; '=1+1"),
        ("Ana;\u00a0+1;-2", "Ana;\u00a0'+1;'-2"),
        ('Ana, x;"=1+1"', 'Ana, x;"\'=1+1"'),
        ("=1;@SUM(A1)", "'=1;'@SUM(A1)"),
        (("held-result:R-1", "=1+1"), "held-result:R-1; '=1+1"),
        (("a", "b-c"), "a; b-c"),
        ("1;2; 3", "1;2; 3"),
    ],
)
def test_no_cell_starts_a_formula_where_semicolons_separate_cells(value: Any, shown: str) -> None:
    assert csv_output.cell(value) == shown
    line = written(("C-1", value)).decode("utf-8-sig").splitlines()[1]
    assert not any(part.lstrip(' "\u00a0').startswith(("=", "+", "-", "@")) for part in line.split(";"))


@each("text", ["0012", "1234567890123456", "1E5", "3-4", "3/4/2026"])
def test_an_id_that_a_spreadsheet_would_change_stays_a_text(text: str) -> None:
    assert csv_output.cell(text) == f"'{text}"


@each(
    ("value", "shown"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (-3, "-3"),
        (Decimal("-74.50"), "-74.50"),
        ("74.50", "74.50"),
        ("0", "0"),
        ("0.5", "0.5"),
        ("2027-03-01", "2027-03-01"),
        (date(2027, 3, 1), "2027-03-01"),
        (datetime(2027, 3, 1, 9, tzinfo=UTC), "2027-03-01T09:00:00Z"),
        ("C-1001", "C-1001"),
        ("'t Hooft", "'t Hooft"),
        (("held-result:R-1", "notice-undeliverable"), "held-result:R-1; notice-undeliverable"),
        ("two\nlines\tand\u202e more", r"two lines and\u202e more"),
    ],
)
def test_everything_else_is_written_as_it_is_in_one_line(value: Any, shown: str) -> None:
    assert csv_output.cell(value) == shown


def test_a_row_has_a_cell_for_each_column() -> None:
    with pytest.raises(ValueError, match="3 cells for 2 columns"):
        written(("C-1", "x", "y"))


@verb("both", "A verb with both flags.", "")
@json_option("one document")
@csv_option()
def both(as_json: bool, as_csv: bool) -> int:
    return 10 * as_json + as_csv


@each(("flags", "value"), [([], 0), (["--csv"], 1), (["--json"], 10)])
def test_a_verb_is_told_which_output_is_wanted(flags: list[str], value: int) -> None:
    assert both.main(flags, standalone_mode=False) == value


@each("flags", [["--csv", "--json"], ["--json", "--csv"]])
def test_one_command_has_one_output(flags: list[str]) -> None:
    with pytest.raises(click.UsageError, match="--json and --csv cannot both be given"):
        both.main(flags, standalone_mode=False)
