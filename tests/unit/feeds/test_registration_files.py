"""Files of candidates: what a good row becomes, how a bad one is explained, and that no person's name is shown."""

import csv
import io
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import Registration
from domain.digests import digest_of
from domain.messages import parse
from feeds import registrations
from feeds.checking import Sheet, Vocabulary
from feeds.errors import FeedError
from feeds.sources import Source
from feeds.spreadsheets import damaged_id
from runtime.settings import ROOT
from tests.unit.domain.test_characters import FORBIDDEN, JOINERS
from tests.unit.feeds.feed_samples import NOW, VOCABULARY, sent

COLUMNS = registrations.COLUMNS.names
GOOD = {
    "candidate_id": "C-1",
    "name": "Ana Ruiz",
    "email": "ana@example.org",
    "designation": "CCSL",
    "purchase_reference": "INV-77",
    "purchased_at": "2026-11-02T15:00:00Z",
    "role": "Director, Customer Care",
    "started_on": "2024-03-01",
    "ended_on": "2025-06-30",
    "attested_by": "HR, Northwind",
    "publish": "yes",
}


def _read_file(path: Path, vocabulary: Vocabulary = VOCABULARY) -> Sheet[Any]:
    return registrations.read(Source(str(path)), vocabulary, NOW)


def _read(folder: Path, *rows: dict[str, str], vocabulary: Vocabulary = VOCABULARY) -> Sheet[Any]:
    path = folder / "candidates.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return _read_file(path, vocabulary)


def _problems(folder: Path, **changes: str) -> list[str]:
    """The problems of a file with this one row, without the line."""
    sheet = _read(folder, GOOD | changes)
    assert [problem.row for problem in sheet.problems] == [2] * len(sheet.problems)
    assert bool(sheet.entries) != bool(sheet.problems)
    return [f"{problem.column}: {problem.problem}" for problem in sheet.problems]


def test_a_row_becomes_the_start_input_of_the_contract(tmp_path: Path) -> None:
    (entry,) = _read(tmp_path, GOOD).entries
    assert entry.row == 2
    assert (entry.candidate_id, entry.designation) == ("C-1", "CCSL")
    assert sent(entry) == {
        "candidate_id": "C-1",
        "name": "Ana Ruiz",
        "email": "ana@example.org",
        "designation": "CCSL",
        "purchase": {"reference": "INV-77", "purchased_at": "2026-11-02T15:00:00Z"},
        "experience": {
            "role": "Director, Customer Care",
            "started_on": "2024-03-01",
            "ended_on": "2025-06-30",
            "attested_by": "HR, Northwind",
        },
        "publish": True,
    }
    assert entry.digest == digest_of(parse(Registration, "registration", sent(entry)))


@pytest.mark.parametrize(
    ("written", "meant"),
    [("true", True), ("YES", True), ("1", True), ("False", False), ("no", False), ("0", False), ("", None)],
)
def test_consent_is_read_from_a_clear_yes_or_no(tmp_path: Path, written: str, meant: bool | None) -> None:
    (entry,) = _read(tmp_path, GOOD | {"publish": written}).entries
    assert sent(entry).get("publish") is meant


@pytest.mark.parametrize("written", ["y", "on", "maybe", "2", "x"])
def test_consent_is_never_guessed(tmp_path: Path, written: str) -> None:
    assert _problems(tmp_path, publish=written) == [
        "publish: is neither true nor false: write one of them (or yes, no, 1, 0)"
    ]


DAYS = [
    ("31/02/2027", '"31/02/2027": there is no 31 February 2027; write year-month-day'),
    ("2027-02-30", '"2027-02-30": there is no 30 February 2027; write year-month-day'),
    ("2026-13-01", "there is no month 13"),
    ("03/04/27", '"03/04/27" is ambiguous, with a year of two digits: write year-month-day, e.g. 2027-04-03'),
    ("3-Apr-26", "is ambiguous, with a year of two digits"),
    ("03.04.2027", '"03.04.2027" is ambiguous: write 2027-03-04 or 2027-04-03 (year-month-day), whichever is meant'),
    ("05/05/2025", '"05/05/2025": write 2025-05-05'),
    ("31/12/2025", '"31/12/2025": write 2025-12-31'),
    ("12/31/2025", '"12/31/2025": write 2025-12-31'),
    ("20270403", '"20270403": write 2027-04-03'),
    ("2026/04/03", '"2026/04/03": write 2026-04-03'),
    ("2026-4-3", '"2026-4-3": write 2026-04-03'),
    ("46348", '"46348" is a spreadsheet\'s own number for a day, it seems for 2026-11-22'),
    ("Apr 3 2027", '"Apr 3 2027": write 2027-04-03'),
    ("3. April 2027", "write 2027-04-03"),
    ("Feb 31 2026", "there is no 31 February 2026"),
    ("2024-03-01T15:00:00Z", "has a time as well: write the day alone, 2024-03-01"),
    ("1850-01-01", "must lie between the years 1900 and 2200"),
    ("2099-01-01", '"2099-01-01" lies in the future'),
    ("0000-01-01", "there is no 1 January 0000"),
    ("٢٠٢٦-٠١-٠١", "is no day: write year-month-day"),
    ("soon", "this is no day: write year-month-day"),
    ("1" * 5000, "is no day: write year-month-day"),
]


@pytest.mark.parametrize(("written", "told"), DAYS)
def test_a_wrong_day_is_explained_with_what_to_write(tmp_path: Path, written: str, told: str) -> None:
    (problem,) = _problems(tmp_path, started_on=written, ended_on="")
    assert problem.startswith("started_on: ")
    assert told in problem
    assert len(problem) < 200


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("22/11/2026", '"22/11/2026": write 2026-11-22'),
        ("03/04/2026", "is ambiguous: write 2026-03-04 or 2026-04-03 (year-month-day), whichever is meant"),
        ("22.11.2026 15:00", "write 2026-11-22; behind it the time and an offset"),
        ("03/04/27 15:00", "is ambiguous, with a year of two digits"),
        ("Nov 2 2026 15:00", "write 2026-11-02; behind it"),
        ("46348.5", "is a spreadsheet's own number for a day"),
        ("2026-11-02T15:00:00", "has no offset: add Z where it is UTC"),
        ("2026-11-02T15:00:00", "; or write the day alone"),
        ("2026-11-02T15:00Z", '"2026-11-02T15:00Z": write 2026-11-02T15:00:00Z'),
        ("2026-11-02T15:00:00-0600", "write 2026-11-02T15:00:00-06:00"),
        ("2026-11-02 15:00:00 UTC", "does not end in an offset: write Z for UTC"),
        ("2026-11-02 3:00:00 PM", "write 2026-11-02T15:00:00 and behind it Z where it is UTC, or else the place's"),
        ("2026-11-02 3:00 p.m.", "write 2026-11-02T15:00:00 and behind it"),
        ("2026-11-02 12:30 AM", "write 2026-11-02T00:30:00 and behind it"),
        ("2026-11-02 12:30pm", "write 2026-11-02T12:30:00 and behind it"),
        ("2026-11-02T3PM-0600", '"2026-11-02T3PM-0600": write 2026-11-02T15:00:00-06:00'),
        ("11/22/2026 9:05 PM", '"11/22/2026": write 2026-11-22; behind it T21:05:00 and the offset'),
        (
            "03/04/2026 3:00 PM",
            "is ambiguous: write 2026-03-04 or 2026-04-03 (year-month-day), whichever is meant; behind",
        ),
        ("3:00 PM", '"3:00 PM": write the day, then T15:00:00 and the offset'),
        ("2026-11-02 13:00 PM", "there is no such time of day"),
        ("2026-11-02 0:30 am", "there is no such time of day"),
        ("2026-11-02T24:00:00Z", "there is no such time of day"),
        ("2026-11-02T15:00:60Z", "there is no such time of day"),
        ("2026-11-02T15:00:00+25:00", "there is no such offset"),
        ("2026-02-30T15:00:00Z", "there is no 30 February 2026"),
        ("2099-01-01T00:00:00Z", "lies in the future"),
        ("1790000000", "is no instant: write e.g. 2026-11-22T15:00:00Z"),
        ("1800-01-01T00:00:00Z", "must lie between the years"),
        ("2026-11-02T" + " " * 5000 + "x", "is no instant"),
    ],
)
def test_a_wrong_instant_is_explained_with_what_to_write(tmp_path: Path, written: str, told: str) -> None:
    (problem,) = _problems(tmp_path, purchased_at=written)
    assert problem.startswith("purchased_at: ")
    assert told in problem


def test_the_day_of_a_purchase_is_enough(tmp_path: Path) -> None:
    (entry,) = _read(tmp_path, GOOD | {"purchased_at": "2026-11-02"}).entries
    assert sent(entry)["purchase"]["purchased_at"] == "2026-11-02"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": ""}, ["name: is empty: fill it in"]),
        ({"name": "Ana\nRuiz"}, ["name: holds a line break, tab or control character: write it on one line"]),
        ({"name": "x" * 201}, ["name: has 201 characters: shorten it to 200"]),
        ({"email": "ana"}, ["email: is no e-mail address"]),
        ({"email": "a@example.org, b@example.org"}, ["email: is no e-mail address"]),
        ({"email": f"{'a' * 250}@example.org"}, ["email: is longer than the 254 characters"]),
        ({"candidate_id": "C 1"}, ["candidate_id: must be 1 to 64 letters, digits"]),
        ({"candidate_id": "ana@example.org"}, ["candidate_id: is an e-mail address: write an opaque id"]),
        ({"candidate_id": "x" * 65}, ["candidate_id: must be 1 to 64 letters, digits"]),
        ({"designation": "ccsl"}, ['designation: "ccsl": write CCSL']),
        (
            {"designation": "CCXX"},
            ["designation: is no designation of the scheme: write one of CCSL, CCOM, CCMA, CCMC"],
        ),
        ({"designation": ""}, ["designation: is empty: fill it in"]),
        ({"purchase_reference": ""}, ["purchase_reference: is empty, but purchased_at is given: fill it in, or leave"]),
        ({"role": ""}, ["role: is empty, but started_on and ended_on and attested_by are given"]),
        ({"started_on": ""}, ["started_on: is empty, but role and ended_on and attested_by are given"]),
        ({"role": "", "started_on": "", "ended_on": ""}, ["role: is empty, but", "started_on: is empty, but"]),
        ({"ended_on": "2024-02-29"}, ["ended_on: lies before started_on: correct one of the two"]),
        (
            {"name": "", "email": "x", "designation": "X", "started_on": "2027-02-30", "publish": "?"},
            ["name: ", "email: ", "designation: ", "started_on: ", "publish: "],
        ),
    ],
)
def test_every_fault_of_a_row_is_explained_with_what_to_do(
    tmp_path: Path, changes: dict[str, str], told: list[str]
) -> None:
    problems = _problems(tmp_path, **changes)
    assert len(problems) == len(told)
    assert all(problem.startswith(start) for problem, start in zip(problems, told, strict=True))


def test_without_a_vocabulary_every_designation_of_the_right_form_is_accepted(tmp_path: Path) -> None:
    nothing = Vocabulary({}, {})
    assert _read(tmp_path, GOOD | {"designation": "NEW-1"}, vocabulary=nothing).problems == []
    (problem,) = _read(tmp_path, GOOD | {"designation": "C C"}, vocabulary=nothing).problems
    told = f"{problem.column}: {problem.problem}"
    assert told.startswith("designation: must be 1 to 64 letters, digits")


def test_a_repeated_candidate_is_a_problem_of_the_later_row(tmp_path: Path) -> None:
    other = GOOD | {"designation": "CCOM"}
    sheet = _read(tmp_path, GOOD, other, GOOD | {"name": "Another"}, GOOD | {"candidate_id": "c-1"}, GOOD)
    assert [entry.row for entry in sheet.entries] == [2, 3, 5]
    assert [(problem.row, problem.column) for problem in sheet.problems] == [(4, "candidate_id"), (6, "candidate_id")]
    assert all("stand in row 2: keep one of the two rows" in problem.problem for problem in sheet.problems)


def test_json_is_refused_with_the_advice_to_write_csv(tmp_path: Path) -> None:
    path = tmp_path / "candidates.csv"
    path.write_text('{"candidate_id": "C-1"}\n')
    with pytest.raises(FeedError, match="is JSON: write it as CSV"):
        _read_file(path)


def test_the_example_can_be_imported() -> None:
    sheet = _read_file(ROOT / "examples" / "new-candidates.csv")
    assert sheet.problems == []
    assert len(sheet.entries) == sheet.rows >= 5


# --- properties

_LINE = (
    st.text(st.characters(codec="utf-8", exclude_characters=[*FORBIDDEN, *JOINERS, "\ufffd"]))
    .map(lambda text: text.strip()[:200].strip())
    .filter(bool)
    .filter(lambda text: damaged_id(text) is None)  # that a spreadsheet has damaged a text is asked elsewhere
)
_ID = st.text("ABCxyz019._-", min_size=1, max_size=12)
_DAY = st.dates(date(1990, 1, 1), date(2025, 12, 31)).map(str)


@st.composite
def _rows(draw: st.DrawFn) -> list[dict[str, str]]:
    ids = draw(st.lists(_ID, min_size=1, max_size=6, unique=True))
    rows = []
    for candidate in ids:
        row = {
            "candidate_id": candidate,
            "name": draw(_LINE),
            "email": draw(st.sampled_from(["a", "b.c", "d+e", '"q"'])) + "@example.org",
            "designation": draw(st.sampled_from(["CCSL", "CCOM", "CCMA", "CCMC"])),
        }
        if draw(st.booleans()):
            row["purchase_reference"] = draw(_LINE)
            if draw(st.booleans()):
                row["purchased_at"] = f"{draw(_DAY)}T15:00:00-06:00"
        if draw(st.booleans()):
            row |= {"role": draw(_LINE), "started_on": draw(_DAY)}
            if draw(st.booleans()):
                row["attested_by"] = draw(_LINE)
        if draw(st.booleans()):
            row["publish"] = draw(st.sampled_from(["true", "No", "1"]))
        rows.append(row)
    return rows


def _as_document(row: dict[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = {name: row[name] for name in ("candidate_id", "name", "email", "designation")}
    purchase = {"reference": row.get("purchase_reference"), "purchased_at": row.get("purchased_at")}
    experience = {name: row.get(name) for name in ("role", "started_on", "attested_by")}
    for name, part in (("purchase", purchase), ("experience", experience)):
        there = {field: value for field, value in part.items() if value is not None}
        if there:
            document[name] = there
    if "publish" in row:
        document["publish"] = row["publish"] in ("true", "1")
    return document


def _spaced(name: str) -> str:
    return f" {name.replace('_', ' ')} "


_STYLES: tuple[Callable[[str], str], ...] = (str.lower, str.upper, str.title, _spaced)


@settings(deadline=None, max_examples=150)
@given(data=st.data(), rows=_rows())
def test_every_file_that_a_spreadsheet_writes_is_read(data: st.DataObject, rows: list[dict[str, str]]) -> None:
    columns = data.draw(st.permutations([*COLUMNS, "Notes", "Region"]))
    style = data.draw(st.sampled_from(_STYLES))
    delimiter = data.draw(st.sampled_from(",;\t|"))
    file = io.StringIO(newline="")
    if data.draw(st.booleans()):
        file.write(f"sep={delimiter}\n")
    writer = csv.writer(
        file,
        delimiter=delimiter,
        lineterminator=data.draw(st.sampled_from(["\r\n", "\n"])),
        quoting=data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    )
    writer.writerow([style(name) for name in columns])
    for row in rows:
        extra = {"Notes": data.draw(st.sampled_from(["", "one\ntwo, three", 'a "quote"; and\r\nmore'])), "Region": ""}
        writer.writerow([(row | extra).get(name, "") for name in columns])
        if data.draw(st.booleans()):
            writer.writerow([""] * len(columns))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / data.draw(st.sampled_from(["a.csv", "a.txt", "a.tsv", "a"]))
        path.write_bytes(file.getvalue().encode(encoding))
        sheet = _read_file(path)
    assert sheet.problems == []
    assert [sent(entry) for entry in sheet.entries] == [_as_document(row) for row in rows]
    assert set(sheet.ignored) == {style("Notes").strip(), style("Region").strip()}


@settings(deadline=None, max_examples=300)
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)), header=st.booleans())
def test_no_content_of_a_file_raises_anything_but_a_feed_error(content: bytes, header: bool) -> None:
    start = f"{','.join(COLUMNS)}\n".encode() if header else b""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(start + content)
        try:
            sheet = _read_file(path)
        except FeedError:
            return
    assert sheet.rows == len(sheet.entries) + len({problem.row for problem in sheet.problems})
    assert all(1 <= problem.row <= 302 for problem in sheet.problems)


@settings(deadline=None, max_examples=200)
@given(cells=st.permutations([*(GOOD | {"email": "ana77@example.org"}).values()]))
def test_no_name_and_no_address_in_a_wrong_column_is_shown(cells: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        row = dict(zip(COLUMNS, cells, strict=True))
        sheet = _read(Path(folder), row)
    told = " ".join(map(str, sheet.problems))
    assert "@example.org" not in told
    assert "Ana" not in told
    assert "Ruiz" not in told
