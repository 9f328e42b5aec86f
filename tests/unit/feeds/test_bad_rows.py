"""The bad rows of a file alone: as they were written, with what is wrong, and readable again once they are mended."""

import csv
import io
from typing import Any

from feeds import bad_rows, registrations, results
from feeds.checking import Sheet
from feeds.sources import Source
from tests.cases import each
from tests.unit.feeds.feed_samples import NOW, VOCABULARY

NEEDED = "candidate_id,name,email,designation"
ANA = "C-1,Ana Ruiz,ana@example.org,CCSL"


def read(text: str) -> Sheet[Any]:
    return registrations.read(Source("standard input", io.BytesIO(text.encode())), VOCABULARY, NOW)


@each("delimiter", [",", ";", "\t", "|"])
@each("mark", ["", "\ufeff"])
def test_the_bad_rows_are_written_as_the_file_is_and_can_be_read_again(delimiter: str, mark: str) -> None:
    lines = [f"{NEEDED},Notes", f"{ANA},", 'C-2,,b@example.org,CCSL,"one\ntwo"', 'C-3,"Cy ""X""",,CCSL', ""]
    written = bad_rows.text(read(mark + "\r\n".join(lines).replace(",", delimiter)))
    assert written.startswith(mark + NEEDED.replace(",", delimiter))
    assert (written[0] == "\ufeff") == bool(mark)
    rows = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline=""), delimiter=delimiter))
    assert rows == [
        [*NEEDED.split(","), "Notes", "problem"],
        ["C-2", "", "b@example.org", "CCSL", "one\ntwo", "row 3, C-2, name: is empty: fill it in"],
        ["C-3", 'Cy "X"', "", "CCSL", "", "row 4, C-3, email: is empty: fill it in"],
    ]
    again = read(written)
    assert [(problem.row, problem.column) for problem in again.problems] == [(2, "name"), (3, "email")]
    assert again.ignored == ("Notes", "problem")
    assert bad_rows.text(again).count("problem") == 1, "the column is written once, with what is wrong now"
    mended = written.replace(f"C-2{delimiter}{delimiter}", f"C-2{delimiter}Ben{delimiter}")
    assert [entry.candidate_id for entry in read(mended).entries] == ["C-2"]


def test_rows_that_cannot_be_read_stay_as_they_are() -> None:
    sheet = read(f'{NEEDED}\nC-2,"Ben" O,b@example.org,CCSL\n{ANA}\nC-3,Cy, Di,d@example.org,CCSL\n')
    _, quotes, cells, *more = bad_rows.text(sheet).splitlines()
    assert quotes == 'C-2,"Ben" O,b@example.org,CCSL'
    assert cells.startswith("C-3,Cy,Di,d@example.org,CCSL,")
    assert more == []


def test_json_lines_stay_as_they_are() -> None:
    lines = ['{"candidate_id": "C-1"}', "no json", ""]
    sheet = results.read(Source("standard input", io.BytesIO("\n".join(lines).encode())), VOCABULARY, NOW)
    assert bad_rows.text(sheet).splitlines() == lines[:2]


def test_a_row_that_another_one_contradicts_is_among_them() -> None:
    head = "candidate_id,designation,result_id,domain,taken_at,percentage\n"
    row = "C-1,CCSL,R-1,people-management,2026-11-02T15:00:00Z,"
    text = f"{head}{row}80\n{row.replace('R-1', 'R-2')}80\n{row}81\n"
    sheet = results.read(Source("standard input", io.BytesIO(text.encode())), VOCABULARY, NOW)
    assert [line.split(",")[2] for line in bad_rows.text(sheet).splitlines()[1:]] == ["R-1", "R-1"]
