"""Files as people really send them: delimiters, quotes, encodings, names of columns, and files that are no table."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from feeds import registrations, results, table
from feeds.checking import Sheet
from feeds.errors import FeedError, HeaderError
from feeds.sources import Content, Source, read_content
from feeds.table import Problem
from tests.cases import each
from tests.unit.feeds.feed_samples import NOW, VOCABULARY, sent

Write = Callable[..., Source]
NEEDED = "candidate_id,name,email,designation"
ANA = "C-1,Ana Ruiz,ana@example.org,CCSL"
BEN = "C-2,Ben Okafor,ben@example.org,CCOM"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(content: str | bytes, name: str = "candidates.csv") -> Source:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Source(str(path))

    return _write


def _read(source: Source) -> Sheet[Any]:
    return registrations.read(source, VOCABULARY, NOW)


def _read_results(source: Source) -> Sheet[Any]:
    return results.read(source, VOCABULARY, NOW)


def _ids(sheet: Sheet[Any]) -> list[tuple[int, str]]:
    return [(entry.row, entry.candidate_id) for entry in sheet.entries]


# --- good files


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter_and_line_end(write: Write, mark: bytes, end: str, delimiter: str) -> None:
    text = end.join([NEEDED, ANA, BEN, ""]).replace(",", delimiter)
    sheet = _read(write(mark + text.encode()))
    assert _ids(sheet) == [(2, "C-1"), (3, "C-2")]
    assert sheet.rows == 2
    assert sheet.problems == []


def test_the_delimiter_is_the_one_that_names_most_columns(write: Write) -> None:
    text = 'candidate_id;name;email;designation;"role, in full";started_on\nC-1;Ana;ana@example.org;CCSL;;\n'
    sheet = _read(write(text))
    assert _ids(sheet) == [(2, "C-1")]
    assert sheet.ignored == ("role, in full",)


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_separator_line_of_excel_names_the_delimiter(write: Write, first: str) -> None:
    text = f"\ufeff{first}\r\n{NEEDED}\r\n{ANA}\r\n".replace(",", ";")
    # Excel does not show that line, and so does not count it.
    assert _ids(_read(write(text))) == [(2, "C-1")]


@pytest.mark.parametrize("first", ["sep=;", '"sep=|"', "SEP=:"])
def test_a_wrong_separator_line_of_excel_is_named(write: Write, first: str) -> None:
    refused = _refused_header(write(f"{first}\n{NEEDED}\n{ANA}\n"))
    assert "names none that is known" in refused.sentence
    assert "`sep=`" in refused.notes[0]


def test_a_title_above_the_names_must_go(write: Write) -> None:
    refused = _refused_header(write(f"Candidates of November\n{NEEDED}\n{ANA}\n"))
    assert refused.notes == ("A title, or whatever else stands above the line of names, must go.",)
    assert "November" not in refused.sentence


def test_columns_may_come_in_any_order_and_spelling(write: Write) -> None:
    header = " Designation ,E-Mail,candidate-id,NAME,Purchase Ref,purchased at,Experience_Since,Role\n"
    row = "CCSL,ana@example.org,C-1,Ana Ruiz,INV-1,2026-11-02T15:00:00Z,2024-03-01,Director\n"
    (entry,) = _read(write(header + row)).entries
    assert sent(entry) == {
        "candidate_id": "C-1",
        "name": "Ana Ruiz",
        "email": "ana@example.org",
        "designation": "CCSL",
        "purchase": {"reference": "INV-1", "purchased_at": "2026-11-02T15:00:00Z"},
        "experience": {"role": "Director", "started_on": "2024-03-01"},
    }


def test_extra_columns_are_ignored_and_named(write: Write) -> None:
    sheet = _read(write(f"{NEEDED},Notes,,Region,Notes,\n{ANA},x,y,z,,\n"))
    assert _ids(sheet) == [(2, "C-1")]
    assert sheet.ignored == ("Notes", "(column 6, without a name)", "Region")


def test_an_alias_beside_the_column_itself_is_ignored(write: Write) -> None:
    sheet = _read(write(f"candidate,{NEEDED}\nAna's file,{ANA}\n"))
    assert _ids(sheet) == [(2, "C-1")]
    assert sheet.ignored == ("candidate",)


def test_empty_rows_are_skipped_wherever_they_are(write: Write) -> None:
    sheet = _read(write(f"\n,,,\n{NEEDED}\n\n{ANA}\n,,,\n  ,\t,,,\n{BEN}\n,,,\n\n\n"))
    assert _ids(sheet) == [(5, "C-1"), (8, "C-2")], "a spreadsheet shows empty rows, and counts them"
    assert sheet.rows == 2


def test_a_cell_over_several_lines_is_one_row_as_in_a_spreadsheet(write: Write) -> None:
    text = f'{NEEDED},Notes\n"C-1","Ana ""A."" Ruiz, MBA","ana@example.org",CCSL,"one\n\n,three"\n{BEN},\n,bad,,\n'
    sheet = _read(write(text))
    assert _ids(sheet) == [(2, "C-1"), (3, "C-2")]
    assert sent(sheet.entries[0])["name"] == 'Ana "A." Ruiz, MBA'
    assert {problem.row for problem in sheet.problems} == {4}


def test_cells_are_stripped_and_missing_ones_are_empty(write: Write) -> None:
    text = f'{NEEDED},publish,role\n C-1 ,  "Ruiz, Ana ", ana@example.org,CCSL\n'
    (entry,) = _read(write(text)).entries
    assert sent(entry)["name"] == "Ruiz, Ana"
    assert set(sent(entry)) == {"candidate_id", "name", "email", "designation"}


def test_separators_of_unicode_do_not_end_a_line(write: Write) -> None:
    sheet = _read(write(f"{NEEDED},Notes\n{ANA},one\u2028two\x85three\x0bfour\n{BEN},\n"))
    assert _ids(sheet) == [(2, "C-1"), (3, "C-2")]


def test_a_first_line_alone_is_a_file_of_no_rows(write: Write) -> None:
    sheet = _read(write(NEEDED))
    assert (sheet.entries, sheet.problems, sheet.rows, sheet.ignored) == ([], [], 0, ())


@each("tail", ["", "\n"])
def test_a_stream_is_read_like_a_file(tail: str) -> None:
    data = f"\ufeff{NEEDED}\r\nC-1,Chloé,c@example.org,CCSL{tail}".encode()
    (entry,) = _read(Source("standard input", io.BytesIO(data))).entries
    assert sent(entry)["name"] == "Chloé"


@each("blanks", [" ", "  ", "\t"])
def test_blanks_behind_a_closing_quote_do_not_count_either(write: Write, blanks: str) -> None:
    for delimiter in ",;" if blanks == "\t" else ",;|\t":
        names = delimiter.join(f'"{name}"{blanks}' for name in NEEDED.split(","))
        row = delimiter.join(['"C-1"' + blanks, '" Ana, ""the boss"" ; | or so"' + blanks, '"a@example.org"', '"CCSL"'])
        sheet = _read(write(f"{names}\n{row}{blanks}\n"))
        assert sheet.problems == []
        (entry,) = sheet.entries
        assert (entry.candidate_id, sent(entry)["name"]) == ("C-1", 'Ana, "the boss" ; | or so')


# --- one bad row among good ones


@pytest.mark.parametrize(
    ("rows", "line", "told"),
    [
        (["C-9,Ruiz, Ana,ana@example.org,CCSL"], 2, "has 5 cells, but the first line names 4 columns"),
        (['C-9,"Ana,ana@example.org,CCSL'], 2, "is not closed"),
        (['C-9,Ana,ana@example.org,"CCSL'], 2, "is not closed"),
        (['C-9,"Ana" Ruiz,ana@example.org,CCSL'], 2, 'write a quote inside a cell twice ("")'),
        (['C-9,"Ana ""Ruiz""" ,ana@example.org,CCSL'], 2, 'a blank stands behind a closing quote ("): remove it'),
        ([f"C-9,{'x' * 140_000},ana@example.org,CCSL"], 2, "has a cell of more than 131,072 characters"),
        (['C-9,"Ana', 'Ruiz"x,ana@example.org,CCSL'], 2, 'write a quote inside a cell twice ("")'),
    ],
)
def test_after_a_row_that_cannot_be_read_the_others_are_read(
    write: Write, rows: list[str], line: int, told: str
) -> None:
    sheet = _read(write("\n".join([NEEDED, *rows, ANA, BEN, ""])))
    assert [candidate for _, candidate in _ids(sheet)] == ["C-1", "C-2"]
    first = sheet.problems[0]
    assert (first.row, first.column) == (line, None)
    assert told in first.problem
    assert sheet.rows == 2 + len({problem.row for problem in sheet.problems})


def test_each_quote_that_is_not_closed_is_named(write: Write) -> None:
    text = "\n".join([NEEDED, ANA, 'C-3,"Cy,c@example.org,CCSL', BEN, 'C-4,"Di,d@example.org,CCSL', ""])
    sheet = _read(write(text))
    assert [candidate for _, candidate in _ids(sheet)] == ["C-1", "C-2"]
    assert [problem.row for problem in sheet.problems] == [3, 5]


def test_a_file_with_too_many_wrong_quotes_is_refused(write: Write) -> None:
    with pytest.raises(FeedError, match="more than 100 rows whose quotes do not match"):
        _read(write(NEEDED + '\nC-1,"Ana" A,a@example.org,CCSL' * 200))


def test_empty_cells_beyond_the_columns_are_a_problem_only_of_a_bad_row(write: Write) -> None:
    sheet = _read(write(f"{NEEDED}\n{ANA},,\nC-2,Okafor, Ben,ben@example.org,\n"))
    assert _ids(sheet) == [(2, "C-1")]
    assert sheet.problems[0].row == 3
    assert "must stand in quotes" in sheet.problems[0].problem
    assert len(sheet.problems) > 1


def test_a_character_that_was_lost_is_a_problem_of_its_cell(write: Write) -> None:
    sheet = _read(write(f"{NEEDED}\n{ANA}\nC-2,Chlo\ufffd,c@example.org,XX\n"))
    assert _ids(sheet) == [(2, "C-1")]
    assert [(problem.row, problem.column) for problem in sheet.problems] == [(3, "name"), (3, "designation")]


def test_a_problem_says_where_it_is() -> None:
    assert str(Problem(12, "purchased_at", "is empty")) == "row 12, purchased_at: is empty"
    assert str(Problem(12, "name", "is empty", "C-1001")) == "row 12, C-1001, name: is empty"
    assert str(Problem(12, None, "is no JSON")) == "row 12: is no JSON"


def test_a_problem_names_the_candidate_unless_the_id_may_be_a_name(write: Write) -> None:
    rows = ["C-1,,a@example.org,CCSL", "Okafor,,b@example.org,CCSL", "a@b.org,,c@example.org,CCSL"]
    sheet = _read(write("\n".join([NEEDED, *rows])))
    names = [problem.candidate_id for problem in sheet.problems if problem.column == "name"]
    assert names == ["C-1", None, None]


# --- the first line


def _refused(source: Source, read: Callable[[Source], Sheet[Any]] = _read) -> FeedError:
    with pytest.raises(FeedError) as caught:
        read(source)
    return caught.value


def _refused_header(source: Source) -> HeaderError:
    refused = _refused(source)
    assert isinstance(refused, HeaderError)
    return refused


def test_missing_columns_are_named_with_those_found(write: Write) -> None:
    refused = _refused_header(write("name,Telephone\nAna,1\n"))
    assert refused.notes == ("missing: candidate_id, email, designation", 'found: name, "Telephone"')
    assert refused.missing == ("candidate_id", "email", "designation")


def test_the_cells_of_a_file_without_column_names_are_not_shown(write: Write) -> None:
    refused = _refused_header(write(f"{ANA}\n{BEN}\n"))
    assert "names none that is known" in refused.sentence
    told = " ".join([refused.sentence, *refused.notes])
    assert not any(word in told for word in ("Ana", "ana@example.org", "C-1"))


@pytest.mark.parametrize("twice", ["name", "NAME ", "na-me"])
def test_a_column_that_is_there_twice_is_refused(write: Write, twice: str) -> None:
    assert "the column name is there twice: remove one" in _refused_header(write(f"{NEEDED},{twice}\n")).notes


@pytest.mark.parametrize("wrong", ["purchasd_at", "Purchase Date", "purchased"])
def test_a_misspelt_column_is_refused(write: Write, wrong: str) -> None:
    (told, _) = _refused_header(write(f"{NEEDED},purchase_reference,{wrong}\n")).notes
    assert f'"{wrong}" is not known: name it purchased_at if that is meant' in told


def test_a_first_line_that_is_one_quoted_cell_or_never_ends_is_refused(write: Write) -> None:
    assert "names none that is known" in _refused(write(f'"{NEEDED}"\n{ANA}\n')).sentence
    assert "line 1: a quoted column name is not closed" in _refused(write(f'"{NEEDED}\n{ANA}\n')).sentence
    assert "columns, more than the 1,000" in _refused(write("x," * 5000 + "\n")).sentence
    assert "no line that names the columns" in _refused(write(",,,\n;;\n")).sentence


# --- files that are no table


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b" \r\n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"PK\x03\x04\x14\x00\x06", "is a spreadsheet or a zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old spreadsheet"),
        (b"\x1f\x8b\x08\x00", "is compressed"),
        (b"%PDF-1.7\n", "is a PDF document"),
        (NEEDED.encode("utf-16"), "is UTF-16"),
        (NEEDED.encode("utf-16-le"), "is UTF-16 or binary"),
        (NEEDED.encode("utf-16-be"), "is UTF-16 or binary"),
        (f"{NEEDED}\n{ANA}\nC-2,B\0n".encode(), "line 3: a zero byte at column 6"),
        (f"{NEEDED}\r\nC-1,Chloé".encode("latin-1"), "line 2: the character at column 9 is not UTF-8 (byte 0xe9"),
        (b"\xef\xbb\xbf" + f"{NEEDED}\rC-1,É".encode("cp1252"), "line 2: the character at column 5 is not UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00", "line 1: a zero byte at column 8"),
        (b"x" * 1_000_001, "line 1: has more than 1,000,000 characters in one line"),
        (f"{NEEDED}\n".encode() + b"," * 2_000_000, "line 2: has more than 1,000,000 characters in one line"),
    ],
)
def test_a_file_that_is_not_text_is_refused_with_what_to_do(write: Write, content: bytes, told: str) -> None:
    source = write(content)
    assert told in _refused(source).sentence
    assert told in _refused(source, _read_results).sentence


def test_the_error_about_a_wrong_byte_has_its_line(write: Write) -> None:
    assert _refused(write(f"{NEEDED}\n\n\xe9".encode("latin-1"))).line == 3
    assert _refused(write(b"")).line is None


def test_a_name_that_is_not_a_readable_file_is_refused(tmp_path: Path) -> None:
    assert "does not exist: check the name" in _refused(Source(str(tmp_path / "none.csv"))).sentence
    assert "is a folder" in _refused(Source(str(tmp_path))).sentence
    assert "is no file name" in _refused(Source("a\0b")).sentence
    assert "cannot be read" in _refused(Source("x" * 5000)).sentence
    assert "is larger than 64 MB" in _refused(Source("/dev/zero")).sentence


def test_a_file_without_permission_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(NEEDED)

    def refuse(*_: object) -> None:  # root, who may run the tests, may read everything
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "may not be read" in _refused(source).sentence


def test_a_file_of_a_gigabyte_is_refused_without_being_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(1024**3)
    monkeypatch.delattr(Path, "open")
    assert "is larger than 64 MB: split it" in _refused(Source(str(path))).sentence


def test_a_stream_without_end_is_refused() -> None:
    with Path("/dev/zero").open("rb") as endless:
        assert "standard input is larger than 64 MB" in _refused(Source("standard input", endless)).sentence


def test_a_stream_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "written.csv").open("wb") as not_for_reading:
        broken = Source("standard input", not_for_reading)
        with pytest.raises(FeedError, match="standard input cannot be read"):
            _read(broken)


def test_too_many_rows_are_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_ROWS", 3)
    source = write(f"{NEEDED}\n" + f"{ANA}\n,,,\n" * 3)
    assert _read(source).rows == 3
    assert "more than 3 rows: split it" in _refused(write(f"{NEEDED}\n" + f"{ANA}\n" * 4)).sentence
    assert "more than 3 rows" in _refused(write("{}\n" * 4, "feed.jsonl"), _read_results).sentence


def test_lines_keep_their_ends_without_the_byte_order_mark(write: Write) -> None:
    assert read_content(write(b"\xef\xbb\xbfa\r\nb\rc\n\nd")) == Content(["a\r\n", "b\r", "c\n", "\n", "d"], mark=True)


def test_reading_does_not_change_the_size_limit_of_csv_cells(write: Write) -> None:
    before = csv.field_size_limit()
    _read(write(f"{NEEDED}\n{ANA}\n"))
    assert csv.field_size_limit() == before
