"""Result feeds of vendors: CSV and JSON lines give the same entries, and every fault of a row is explained."""

import csv
import io
import json
import tempfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import RecordAssessmentResult
from domain.digests import digest_of
from domain.messages import parse_message
from feeds import results
from feeds.checking import Sheet, Vocabulary
from feeds.errors import FeedError, HeaderError
from feeds.sources import Source
from runtime.settings import ROOT
from tests.cases import each
from tests.unit.feeds.feed_samples import NOW, VOCABULARY, sent

COLUMNS = results.COLUMNS.names
GOOD = {
    "candidate_id": "C-1",
    "designation": "CCSL",
    "result_id": "R-1",
    "domain": "people-management",
    "taken_at": "2026-11-02T15:00:00Z",
    "percentage": "81.5",
}
NO_SCORE = {name: value for name, value in GOOD.items() if name != "percentage"}
EXAMPLES = ROOT / "examples"


def _read(path: Path, vocabulary: Vocabulary = VOCABULARY) -> Sheet[Any]:
    return results.read(Source(str(path)), vocabulary, NOW)


def _csv(folder: Path, *rows: dict[str, Any], vocabulary: Vocabulary = VOCABULARY) -> Sheet[Any]:
    path = folder / "feed.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return _read(path, vocabulary)


def _jsonl(folder: Path, *rows: Any, name: str = "feed.jsonl") -> Sheet[Any]:
    path = folder / name
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return _read(path)


def _problems(sheet: Sheet[Any]) -> list[str]:
    assert not sheet.entries
    return [str(problem._replace(candidate_id=None)).partition(" ")[2] for problem in sheet.problems]


# --- good rows


def test_a_row_becomes_the_payload_of_the_contract(tmp_path: Path) -> None:
    row = NO_SCORE | {"revision": "2", "source": "Pearl", "points": "49.50", "out_of": "60", "passed": "Yes"}
    (entry,) = _csv(tmp_path, row).entries
    assert (entry.candidate_id, entry.designation) == ("C-1", "CCSL")
    document = sent(entry)
    message_id = document.pop("message_id")
    assert document == {
        "result_id": "R-1",
        "domain": "people-management",
        "taken_at": "2026-11-02T15:00:00Z",
        "revision": 2,
        "source": "Pearl",
        "points": "49.5",
        "out_of": "60",
        "passed": True,
    }
    assert message_id.startswith("feed-")
    assert len(message_id) == 45
    parse_message(results.MESSAGE, entry.payload)


@pytest.mark.parametrize("outcome", ["no_show", "No Show", "NO-SHOW", "noshow", " no show "])
def test_an_outcome_is_known_under_any_spelling(tmp_path: Path, outcome: str) -> None:
    (entry,) = _csv(tmp_path, NO_SCORE | {"outcome": outcome}).entries
    assert sent(entry)["outcome"] == "no_show"
    (again,) = _jsonl(tmp_path, NO_SCORE | {"outcome": outcome}).entries
    assert sent(again) == sent(entry)


@pytest.mark.parametrize(
    ("cell", "meant"),
    [('["B","D"]', ["B", "D"]), ('{"1": "B", "2": "D"}', {"1": "B", "2": "D"})],
)
def test_responses_are_json_in_a_cell(tmp_path: Path, cell: str, meant: Any) -> None:
    row = NO_SCORE | {"form": "PM-A"}
    (entry,) = _csv(tmp_path, row | {"responses": cell}).entries
    assert sent(entry)["responses"] == meant
    (again,) = _jsonl(tmp_path, row | {"responses": meant}).entries
    assert sent(again) == sent(entry)


def test_no_digit_of_a_number_is_lost(tmp_path: Path) -> None:
    text = json.dumps(GOOD).replace('"81.5"', "74.99999999999999999")
    (entry,) = _jsonl(tmp_path, text).entries
    assert sent(entry)["percentage"] == "74.99999999999999999"
    (small,) = _csv(tmp_path, GOOD | {"percentage": "0.00000001"}).entries
    assert sent(small)["percentage"] == "0.00000001"


def test_other_spellings_of_a_row_in_csv_or_json_lines_make_the_same_entry(tmp_path: Path) -> None:
    sheets = [
        _csv(tmp_path, GOOD),
        _csv(tmp_path, GOOD | {"percentage": "81.50"}),
        _jsonl(tmp_path, GOOD | {"percentage": 81.5}),
        _jsonl(tmp_path, dict(reversed(GOOD.items())), name="feed"),
        _jsonl(tmp_path, {**GOOD, "passed": None, "source": " ", "extra": 1}, name="feed.csv"),
        _jsonl(tmp_path, {"Candidate ID": "C-1 ", **dict(list(GOOD.items())[1:])}),
    ]
    entries = [sheet.entries[0] for sheet in sheets]
    assert all((sent(entry), entry.digest) == (sent(entries[0]), entries[0].digest) for entry in entries)


def test_the_message_id_depends_on_the_content_of_the_row_alone(tmp_path: Path) -> None:
    rows = [
        GOOD,
        GOOD | {"candidate_id": "C-2"},
        GOOD | {"designation": "CCOM"},
        GOOD | {"result_id": "R-2"},
        GOOD | {"revision": "2"},
        GOOD | {"percentage": "81.6"},
    ]
    ids = [sent(_csv(tmp_path, row).entries[0])["message_id"] for row in rows]
    # The id is written out here because a version that made another id would send a month of feeds again.
    assert ids[0] == "feed-5234696575cc3d09c79b1a2953de53c886390d3b"
    assert len(set(ids)) == len(ids)


def test_the_message_id_is_the_hash_of_the_content() -> None:
    made = results.with_message_id("C-1", "CCSL", {"result_id": "R-1"})["message_id"]
    assert made == results.with_message_id("C-1", "CCSL", {"result_id": "R-1"})["message_id"]
    assert made != results.with_message_id("C-2", "CCSL", {"result_id": "R-1"})["message_id"]
    assert results.with_message_id("C-1", "CCSL", {"message_id": "mine"}) == {"message_id": "mine"}


def test_a_repeated_row_and_a_correction_are_accepted(tmp_path: Path) -> None:
    rows = [GOOD, GOOD, GOOD | {"revision": "2", "percentage": "70"}, GOOD | {"message_id": "m-1"}]
    sheet = _csv(tmp_path, *rows, rows[3])
    assert sheet.problems == []
    assert sent(sheet.entries[0]) == sent(sheet.entries[1])
    assert [sent(entry)["message_id"] for entry in sheet.entries[3:]] == ["m-1", "m-1"]


def test_a_message_id_that_an_earlier_row_gave_to_other_content_is_a_problem(tmp_path: Path) -> None:
    rows = [GOOD | {"message_id": "m-1"}, GOOD | {"message_id": "m-1", "result_id": "R-2"}]
    sheet = _csv(tmp_path, *rows, rows[1] | {"candidate_id": "C-2"})
    assert [entry.row for entry in sheet.entries] == [2, 4]
    (problem,) = sheet.problems
    assert (problem.row, problem.column) == (3, "message_id")
    assert "is that of row 2, with other content" in problem.problem


@each(("name", "rows"), [("results.jsonl", 76), ("overnight.csv", 7)])
def test_the_examples_can_be_read(name: str, rows: int) -> None:
    sheet = _read(EXAMPLES / name)
    assert sheet.rows >= rows
    relative = {problem.column for problem in sheet.problems}
    assert relative == ({"taken_at"} if name == "results.jsonl" else set())


# --- bad rows


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"percentage": "81,5"}, ['percentage: "81,5": write 81.5 (a point, not a comma)']),
        ({"percentage": "81,125"}, ['percentage: "81,125": write 81.125 (a point, not a comma)']),
        ({"percentage": "8,125"}, ['percentage: "8,125": write 8.125 (a point, not a comma)']),
        (
            {"percentage": "", "form": "F-2", "responses": '{"q1": "B", "q1": "D"}'},
            ['responses: the field "q1" is given twice: remove one'],
        ),
        ({"percentage": "81.5%"}, ['percentage: "81.5%": leave the percent sign off']),
        ({"percentage": "81,5 %"}, ['percentage: "81,5 %": leave the percent sign off']),
        ({"percentage": "101"}, ['percentage: "101" must lie between 0 and 100']),
        ({"percentage": "-1"}, ['percentage: "-1" must lie between 0 and 100']),
        ({"percentage": "eighty"}, ["percentage: this is no number: write digits and a point, e.g. 81.5"]),
        ({"percentage": "1e400"}, ['percentage: "1e400" must have at most 28 digits']),
        ({"percentage": "9" * 5000}, ["percentage: "]),
        (
            {"percentage": "", "points": "1,000", "out_of": "2000"},
            ['points: "1,000" is ambiguous: write 1000 or 1.000'],
        ),
        ({"percentage": "", "points": "3"}, ["points and out_of go together: correct the row"]),
        (
            {"percentage": ""},
            ["give exactly one of percentage, points with out_of, form with responses; found nothing."],
        ),
        ({"outcome": "no-show"}, ["a no_show result carries no score: correct the row"]),
        ({"outcome": "no-show", "percentage": "", "passed": "yes"}, ["a no_show result cannot have passed: leave"]),
        ({"outcome": "voided", "percentage": "", "passed": "1"}, ["a voided result cannot have passed: leave"]),
        ({"outcome": "passed"}, ["outcome: this is no outcome: write one of scored, no_show, voided"]),
        ({"outcome": "void 3"}, ['outcome: "void 3" is no outcome: write one of scored, no_show, voided']),
        ({"outcome": "No-Shows"}, ['outcome: "No-Shows" is no outcome: write no_show']),
        ({"revision": "2.0"}, ['revision: "2.0" is no whole number from 1 to 10000']),
        ({"revision": "0"}, ['revision: "0" is no whole number']),
        ({"revision": "two"}, ["revision: this is no whole number"]),
        ({"passed": "maybe"}, ["passed: is neither true nor false"]),
        ({"domain": "People Management"}, ['domain: "People Management" is no domain of the scheme: write people-man']),
        ({"domain": "Leadership & Business"}, ["domain: "]),
        ({"domain": "Poeple Managment"}, ['domain: "Poeple Managment" is no domain of the scheme: write people-man']),
        ({"domain": "people"}, ["domain: this is no domain of the scheme: write one of people-management, op"]),
        ({"domain": "Domain 1"}, ['domain: "Domain 1" is no domain of the scheme: write one of people-man']),
        ({"domain": ""}, ["domain: is empty: fill it in"]),
        ({"designation": "ccsl"}, ['designation: "ccsl": write CCSL']),
        ({"designation": "X Y"}, ["designation: must be 1 to 64 letters, digits"]),
        ({"designation": "XY"}, ["designation: is no designation of the scheme: write one of CCSL, CCOM"]),
        ({"candidate_id": "a@example.org"}, ["candidate_id: is an e-mail address: write an opaque id"]),
        ({"candidate_id": ""}, ["candidate_id: is empty: fill it in"]),
        ({"result_id": "R 1"}, ['result_id: "R 1" is no id: write visible ASCII characters without blanks']),
        ({"taken_at": "2026-11-02"}, ['taken_at: "2026-11-02" is only a day: add time and offset']),
        ({"taken_at": "2099-01-01T00:00:00Z"}, ['taken_at: "2099-01-01T00:00:00Z" lies in the future']),
        ({"source": "x" * 201}, ["source: has 201 characters: shorten it to 200"]),
        ({"percentage": "", "form": "A B", "responses": '["A"]'}, ["form: must be 1 to 64 letters"]),
        ({"percentage": "", "form": "A"}, ["form and responses go together"]),
        ({"percentage": "", "form": "A", "responses": "A B"}, ["responses: are no JSON list or object"]),
        ({"percentage": "", "form": "A", "responses": "[1]"}, ['responses: answer "1" must be a string']),
        ({"percentage": "", "form": "A", "responses": "7"}, ["responses: are no JSON list or object"]),
        (
            {"candidate_id": "", "designation": "x", "domain": "x", "taken_at": "x", "revision": "x", "passed": "x"},
            ["candidate_id: ", "designation: ", "domain: ", "taken_at: ", "revision: ", "passed: "],
        ),
    ],
)
def test_every_fault_of_a_row_is_explained_with_what_to_do(
    tmp_path: Path, changes: dict[str, str], told: list[str]
) -> None:
    problems = _problems(_csv(tmp_path, GOOD | changes))
    assert len(problems) == len(told)
    for problem, start in zip(problems, told, strict=True):
        assert problem.removeprefix("2: ").removeprefix("2, ").startswith(start)
        assert len(problem) < 300


@pytest.mark.parametrize("name", ["Zsófia Quarterstaff", "Quarterstaff", "Зоя", "Lo", "zs.quarterstaff@example.org"])
def test_a_persons_name_in_the_wrong_column_is_not_shown(tmp_path: Path, name: str) -> None:
    wrong = {column: name for column in COLUMNS if column not in ("source", "message_id")}
    shifted = dict(zip(COLUMNS, ["C-1", "CCSL", "R-1", name, *GOOD.values()], strict=False))
    rows = [GOOD | {"domain": name}, GOOD | {"outcome": name}, wrong, shifted]
    for sheet in (_csv(tmp_path, *rows), _jsonl(tmp_path, *rows)):
        assert not sheet.entries
        columns = [problem.column for problem in sheet.problems]
        assert columns.count("domain") == 3
        assert columns.count("outcome") == 3  # in the shifted row a score stands there
        assert [str(problem) for problem in sheet.problems if name in str(problem)] == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nonsense", "1: is no JSON: Expecting value at column 1"),
        ('  {"a": 1', "1: is no JSON: Expecting ',' delimiter at column 10"),
        ("[1]", "1: is no JSON object"),
        ("17", "1: is no JSON object"),
        ('{"a": 1, "a": 2}', '1: the field "a" is given twice: remove one'),
        ('{"responses": {"q1": "B", "q1": "D"}}', '1: the field "q1" is given twice: remove one'),
        ('{"a": ' + "[" * 5000 + "]" * 5000 + "}", "1: payload is nested too deeply"),
        ("{" + ",".join(f'"k{number}":1' for number in range(1001)) + "}", "1: is no JSON object with the fields"),
    ],
)
def test_after_a_line_that_is_not_an_object_the_others_are_read(tmp_path: Path, line: str, told: str) -> None:
    sheet = _jsonl(tmp_path, GOOD, "", line, GOOD)
    assert [entry.row for entry in sheet.entries] == [1, 4]
    (problem,) = sheet.problems
    assert str(problem).startswith(f"row {told.replace('1', '3', 1)}")
    assert sheet.rows == 3


@pytest.mark.parametrize(("number", "passed"), [(1, True), (0, False)])
def test_a_vendor_s_verdict_may_be_the_number_1_or_0(tmp_path: Path, number: int, passed: bool) -> None:
    (written,) = _jsonl(tmp_path, GOOD | {"passed": passed}).entries
    (entry,) = _jsonl(tmp_path, GOOD | {"passed": number}).entries
    assert entry == written, "the same content, and the same message id"
    ((told),) = _problems(_jsonl(tmp_path, GOOD | {"passed": 2}))
    assert "is neither true nor false: write one of them (or yes, no, 1, 0)" in told


def test_json_of_the_wrong_type_is_explained_for_each_field(tmp_path: Path) -> None:
    row = {**GOOD, "candidate_id": 1, "result_id": 5, "domain": ["x"], "taken_at": 17, "percentage": [1], "form": {}}
    told = _problems(_jsonl(tmp_path, row | {"passed": 2, "revision": True, "responses": 3, "outcome": 3, "source": 2}))
    columns = [problem.removeprefix("1, ").partition(":")[0] for problem in told]
    assert sorted(columns) == sorted({*row, "passed", "revision", "responses", "outcome", "source"} - {"designation"})
    (told_nan,) = _problems(_jsonl(tmp_path, json.dumps(GOOD).replace('"81.5"', "NaN")))
    assert "must be a finite number" in told_nan


def test_deeply_nested_json_is_a_problem(tmp_path: Path) -> None:
    deep = "[" * 900 + "]" * 900
    text = json.dumps(GOOD | {"domain": 0, "outcome": 0}).replace("0}", f"{deep}}}").replace(": 0", f": {deep}")
    assert _problems(_jsonl(tmp_path, text))


def test_unknown_fields_are_ignored_but_a_misspelt_one_is_a_problem(tmp_path: Path) -> None:
    sheet = _jsonl(tmp_path, GOOD | {"center": 4}, GOOD | {"room": 1}, GOOD | {"revison": 2}, GOOD)
    assert sheet.ignored == ("center", "room", "revison")
    assert [entry.row for entry in sheet.entries] == [1, 2, 4]
    (problem,) = sheet.problems
    assert str(problem).startswith('row 3, C-1: the column "revison" is not known: name it revision')


def test_half_a_surrogate_pair_is_a_problem(tmp_path: Path) -> None:
    told = _problems(_jsonl(tmp_path, GOOD | {"source": "\ud800", "domain": "\ud800"}))
    assert [problem.partition(":")[0] for problem in told] == ["1, domain", "1, source"]


@pytest.mark.parametrize("text", ["[{}]", "[\n{}\n]", "{\n}"])
def test_one_json_document_is_refused_with_the_form_to_write(tmp_path: Path, text: str) -> None:
    for name in ("feed.jsonl", "feed.json", "feed.csv", "feed"):
        with pytest.raises(FeedError, match="is one JSON document: write one object a line"):
            _jsonl(tmp_path, text, name=name)


def test_csv_under_the_name_of_json_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"is CSV under the name of JSON lines: name it \.csv"):
        _jsonl(tmp_path, ",".join(COLUMNS), name="feed.ndjson")


@each("text", [json.dumps(GOOD), f"{','.join(GOOD)}\n{','.join(GOOD.values())}"])
def test_a_stream_is_csv_or_json_by_its_first_character(text: str) -> None:
    stream = io.BytesIO(f"\ufeff\n{text}\n".encode())
    (entry,) = results.read(Source("standard input", stream), VOCABULARY, NOW).entries
    assert sent(entry)["percentage"] == "81.5"


def test_without_a_vocabulary_the_engine_alone_knows_designations_and_domains(tmp_path: Path) -> None:
    nothing = Vocabulary({}, {})
    assert _csv(tmp_path, GOOD | {"designation": "NEW", "domain": "new-domain"}, vocabulary=nothing).problems == []
    assert len(_problems(_csv(tmp_path, GOOD | {"domain": "x" * 65}, vocabulary=nothing))) == 1
    assert len(_problems(_csv(tmp_path, GOOD | {"designation": "A B"}, vocabulary=nothing))) == 1


def test_the_designations_and_domains_are_those_of_the_vocabulary(tmp_path: Path) -> None:
    other = Vocabulary({"NEW": "Newest"}, {"new-domain": "New"})
    assert _csv(tmp_path, GOOD | {"designation": "NEW", "domain": "new-domain"}, vocabulary=other).problems == []
    assert len(_problems(_csv(tmp_path, GOOD, vocabulary=other))) == 2


def test_a_result_more_than_a_day_after_now_is_a_problem(tmp_path: Path) -> None:
    in_time, late = NOW + timedelta(hours=23), NOW + timedelta(hours=25)
    assert _csv(tmp_path, GOOD | {"taken_at": in_time.isoformat()}).problems == []
    (problem,) = _problems(_csv(tmp_path, GOOD | {"taken_at": late.isoformat()}))
    assert "lies in the future" in problem


def test_a_column_named_result_is_not_mistaken_for_the_id_of_the_result(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("candidate_id,designation,result,domain,taken_at\n")
    with pytest.raises(HeaderError) as caught:
        _read(path)
    assert caught.value.missing == ("result_id",)


# --- properties

_SCORES = st.decimals(0, 100, places=4).map(lambda number: f"{number:f}")


@st.composite
def _results(draw: st.DrawFn) -> dict[str, Any]:
    row: dict[str, Any] = {**NO_SCORE, "result_id": draw(st.text("Rr019:/-", min_size=1, max_size=10))}
    way = draw(st.sampled_from(["percentage", "points", "responses", "no_show"]))
    if way == "percentage":
        row["percentage"] = draw(_SCORES)
    elif way == "points":
        row |= {"points": draw(_SCORES), "out_of": "100"}
    elif way == "responses":
        row |= {"form": "A", "responses": draw(st.lists(st.sampled_from("ABCD"), max_size=5))}
    else:
        row["outcome"] = "no_show"
    if draw(st.booleans()):
        row["revision"] = draw(st.integers(1, 10_000))
    if draw(st.booleans()) and way != "no_show":
        row["passed"] = draw(st.booleans())
    return row


def _one_result(row: dict[str, Any]) -> tuple[str, int]:
    return row["result_id"], row.get("revision", 1)


@settings(deadline=None, max_examples=100)
@given(rows=st.lists(_results(), min_size=1, max_size=5, unique_by=_one_result))
def test_csv_and_json_lines_give_the_same_entries_and_change_no_content(rows: list[dict[str, Any]]) -> None:
    def cell(value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one = _csv(folder, *({column: cell(value) for column, value in row.items()} for row in rows))
        other = _jsonl(folder, *rows)
    assert one.problems == other.problems == []
    assert one.entries == [entry._replace(row=entry.row + 1) for entry in other.entries]
    for row, entry in zip(rows, one.entries, strict=True):
        payload = {field: value for field, value in row.items() if field not in ("candidate_id", "designation")}
        taken = parse_message(results.MESSAGE, entry.payload)
        assert isinstance(taken, RecordAssessmentResult)
        assert entry.says == (taken.result_id, taken.revision, taken.message_id, taken.percentage)
        assert (
            entry.digest == digest_of(taken) == digest_of(parse_message(results.MESSAGE, json.dumps(payload).encode()))
        )
        for number in ("percentage", "points", "out_of"):
            assert number not in row or Decimal(sent(entry)[number]) == Decimal(row[number])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, max_examples=200)
@given(
    row=st.dictionaries(st.sampled_from(COLUMNS), _JSON),
    noise=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50),
)
def test_no_content_of_a_file_raises_anything_but_a_feed_error(row: dict[str, Any], noise: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.jsonl"
        path.write_bytes(f"{json.dumps(GOOD | row)}\n{noise}\n".encode())
        sheet = _read(path)
    assert sheet.rows == len(sheet.entries) + len({problem.row for problem in sheet.problems})
    for entry in sheet.entries:
        parse_message(results.MESSAGE, json.dumps(sent(entry)).encode())
