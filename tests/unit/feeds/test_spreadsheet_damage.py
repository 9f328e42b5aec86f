"""What spreadsheets do to files: ids in their notation, their errors and formulas, days in their order, fractions."""

import csv
import io
from collections.abc import Mapping
from typing import Any

import pytest

from feeds import registrations, results
from feeds.checking import DoubtKind, Sheet
from feeds.dates import Order, check_order, in_order
from feeds.errors import FeedError
from feeds.results import Reading, Scale
from feeds.sources import Source
from feeds.spreadsheets import damaged_id, damaged_text
from tests.cases import each
from tests.unit.feeds.feed_samples import NOW, VOCABULARY, sent

PERSON = {"candidate_id": "C-1", "name": "Ana Ruiz", "email": "ana@example.org", "designation": "CCSL"}
RESULT = {
    "candidate_id": "C-1",
    "designation": "CCSL",
    "result_id": "R-1",
    "domain": "people-management",
    "taken_at": "2026-11-02T15:00:00Z",
    "percentage": "81.5",
}


def _csv(rows: tuple[Mapping[str, str], ...]) -> Source:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return Source("standard input", io.BytesIO(file.getvalue().encode()))


def _people(*rows: Mapping[str, str], order: Order | None = None) -> Sheet[Any]:
    return registrations.read(_csv(rows), VOCABULARY, NOW, order=order)


def _results(*rows: Mapping[str, str], reading: Reading = results.AS_WRITTEN) -> Sheet[Any]:
    return results.read(_csv(rows), VOCABULARY, NOW, reading)


def _faults(sheet: Sheet[Any]) -> list[tuple[str | None, str]]:
    return [(problem.column, problem.problem) for problem in sheet.problems]


# --- ids


@each("written", ["1.23E+05", "1,23457E+11", "7.00123E+11", "7E+11", "1.2e-07", "12E-3"])
def test_an_id_in_the_notation_of_a_spreadsheet_is_damaged(written: str) -> None:
    told = damaged_id(written)
    assert told is not None
    assert told.startswith(f'"{written}" is what a spreadsheet makes of a long number')


@each("written", ["12E3", "E+05", "R-1E+5", "700123000000", "1.23E+", "1.E+5", "1.23F+05", "INV 7"])
def test_an_honest_id_is_taken_as_it_is(written: str) -> None:
    assert damaged_id(written) is None


@each("written", ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NV", "#BEZUG!", "########", "#n/a"])
def test_an_error_of_a_spreadsheet_is_no_value(written: str) -> None:
    told = damaged_text(written)
    assert told is not None
    assert "is an error of a spreadsheet" in told
    assert damaged_id(written) == told


@each("written", ["#1", "# 12", "#call-center", "No. #7!", "=7", '="7'])
def test_a_text_that_only_resembles_an_error_or_a_formula_is_taken(written: str) -> None:
    assert damaged_text(written) is None


def test_a_formula_is_refused_without_the_name_that_may_stand_in_it() -> None:
    told = damaged_id('="00123"')
    assert told is not None
    assert "formula of a spreadsheet" in told
    assert told.endswith('write "00123" alone, without quotes')
    address = damaged_id('="ana1@example.org"')
    assert address is not None
    assert "ana1" not in address
    hidden = damaged_text('="Ana Ruiz"')
    assert hidden is not None
    assert "Ana" not in hidden


@each("column", ["candidate_id", "result_id", "message_id", "form"])
@each("written", ["7.00123E+11", "#N/A", '="00123"'])
def test_every_id_of_a_feed_is_checked_once(column: str, written: str) -> None:
    ((where, told),) = _faults(_results(RESULT | {"form": "", "message_id": ""} | {column: written}))[:1]
    assert where == column
    assert "spreadsheet" in told


@each(
    ("column", "written"),
    [
        ("candidate_id", "1.23E-05"),
        ("purchase_reference", "1,23457E+11"),
        ("purchase_reference", '="00123"'),
        ("name", "#N/A"),
        ("role", "#REF!"),
        ("attested_by", "#NAME?"),
    ],
)
def test_every_id_and_text_of_a_list_of_candidates_is_checked(column: str, written: str) -> None:
    more = {"purchase_reference": "INV-1", "role": "Director", "started_on": "2024-03-01", "attested_by": "HR"}
    ((where, told),) = _faults(_people(PERSON | more | {column: written}))
    assert where == column
    assert "spreadsheet" in told


def test_the_source_of_a_result_is_checked_for_errors() -> None:
    assert [column for column, _ in _faults(_results(RESULT | {"source": "#N/A"}))] == ["source"]


# --- one id and revision with different contents


def test_a_result_with_two_contents_is_bad_wherever_it_stands() -> None:
    other = RESULT | {"domain": "operations-management"}
    sheet = _results(RESULT, RESULT | {"result_id": "R-2"}, other, other | {"revision": "2"}, RESULT)
    assert [(problem.row, problem.column) for problem in sheet.problems] == [
        (2, "result_id"),
        (4, "result_id"),
        (6, "result_id"),
    ]
    assert str(sheet.problems[0]).startswith(
        'row 2, C-1, result_id: the result "R-1", revision 1, stands in rows 4, 6 too, with other content'
    )
    assert [entry.row for entry in sheet.entries] == [3, 5]


def test_of_many_rows_that_contradict_each_other_three_are_named() -> None:
    rows = [RESULT | {"percentage": str(percentage)} for percentage in range(60, 70)]
    told = [problem.problem for problem in _results(*rows).problems]
    assert "stands in rows 3, 4, 5 and 6 more too, with other content" in told[0]
    assert "stands in rows 2, 3, 4 and 6 more too, with other content" in told[9]
    assert "stands in row 3 too" in _results(*rows[:2]).problems[0].problem


@each(
    "other",
    [
        {"percentage": "81.50"},
        {"percentage": "", "points": "163", "out_of": "200"},
        {"taken_at": "2026-11-02T16:00:00+01:00"},
        {"source": "Pearl"},
        {"passed": "true"},
        {"candidate_id": "C-2", "domain": "operations-management"},
        {"designation": "CCOM", "domain": "operations-management"},
    ],
)
def test_the_same_content_in_other_words_and_the_same_id_of_somebody_else_are_no_contradiction(
    other: dict[str, str],
) -> None:
    blank = {"points": "", "out_of": "", "source": "", "passed": ""}
    assert _results(RESULT | blank, RESULT | blank | other).problems == []


@each(
    "other", [{"taken_at": "2026-11-02T15:00:01Z"}, {"percentage": "81.51"}, {"percentage": "", "outcome": "no_show"}]
)
def test_another_instant_score_or_outcome_is_another_content(other: dict[str, str]) -> None:
    sheet = _results(RESULT | {"outcome": ""}, RESULT | {"outcome": ""} | other)
    assert [problem.row for problem in sheet.problems] == [2, 3]


# --- what looks alike


def _doubts(sheet: Sheet[Any]) -> list[tuple[tuple[int, ...], str]]:
    assert sheet.problems == []
    assert {doubt.kind for doubt in sheet.doubts} <= {DoubtKind.LOOKALIKE}
    return [(doubt.rows, str(doubt.sentence)) for doubt in sheet.doubts]


def test_ids_that_differ_only_in_case_or_leading_zeros_are_doubted() -> None:
    ids = ["C-7", "00123", "c-7", "123", "C-70", "1230", "C-007"]
    people = [PERSON | {"candidate_id": one, "email": f"p{at}@example.org"} for at, one in enumerate(ids)]
    assert _doubts(_people(*people)) == [
        ((2, 4, 8), "the candidate ids C-7, c-7 and C-007 differ only in case or leading zeros"),
        ((3, 5), "the candidate ids 00123 and 123 differ only in case or leading zeros"),
    ]


def test_one_purchase_reference_or_address_of_two_people_is_doubted() -> None:
    first = PERSON | {"purchase_reference": "INV  7"}
    other = {"candidate_id": "C-2", "purchase_reference": "INV 7", "email": "ANA@example.org"}
    doubts = _doubts(_people(first, PERSON | other, first | {"designation": "CCOM"}))
    assert doubts == [
        ((2, 3), 'C-1 and C-2 have the same purchase reference "INV 7"'),
        ((2, 3), "C-1 and C-2 have the same e-mail address"),
    ], "the second designation of one person is no doubt"


def test_two_spellings_of_one_address_are_one_address() -> None:
    first = PERSON | {"candidate_id": "C-1", "email": "Rene@example.org"}
    other = PERSON | {"candidate_id": "C-2", "email": "rene@\uff45xample.org"}
    doubts = _doubts(_people(first, other))
    assert doubts == [((2, 3), "C-1 and C-2 have the same e-mail address")]


def test_ids_of_a_feed_that_look_alike_are_doubted_for_each_candidate() -> None:
    seven = {"result_id": "7001"}
    rows = [RESULT | seven, RESULT | {"result_id": "07001"}, RESULT | seven | {"candidate_id": "c-1"}]
    assert _doubts(_results(*rows)) == [
        ((2, 4), "the candidate ids C-1 and c-1 differ only in case or leading zeros"),
        ((2, 3), "the result ids 7001 and 07001 differ only in case or leading zeros"),
    ]


# --- fractions


def _scores(*percentages: str, reading: Reading = results.AS_WRITTEN) -> Sheet[Any]:
    rows = [RESULT | {"result_id": f"R-{at}", "percentage": one} for at, one in enumerate(percentages)]
    return _results(*rows, reading=reading)


@each("percentages", [("0.815", "1", "0"), ("0.5", "0.6", "0.7", "1.0")])
def test_percentages_of_which_none_is_above_one_may_be_fractions(percentages: tuple[str, ...]) -> None:
    (doubt,) = _scores(*percentages).doubts
    assert doubt.kind is DoubtKind.FRACTIONS
    assert doubt.sentence.startswith(f"none of the {len(percentages)} percentages is above 1")
    assert _scores(*percentages, reading=Reading(scale=Scale.PERCENT)).doubts == ()


@each("percentages", [("0.5", "0.6"), ("0", "1", "0", "1"), ("0.5", "0.6", "1.1"), ()])
def test_few_percentages_and_those_that_are_no_fractions_are_not_doubted(percentages: tuple[str, ...]) -> None:
    assert _scores(*percentages, "", "", "").doubts == ()


def test_a_feed_of_fractions_is_read_as_percentages_exactly() -> None:
    sheet = _scores("0.74999999999999999999", "1", "0", ".5", "1.5", "81", reading=Reading(scale=Scale.FRACTIONS))
    scores = [sent(entry)["percentage"] for entry in sheet.entries]
    assert scores == ["74.999999999999999999", "100", "0", "50"]
    assert [(problem.row, problem.column) for problem in sheet.problems] == [(6, "percentage"), (7, "percentage")]
    assert '"1.5" is above 1, so it is no fraction' in sheet.problems[0].problem
    (percent,) = _scores("50").entries
    (fraction,) = _scores("0.5", reading=Reading(scale=Scale.FRACTIONS)).entries
    assert fraction == percent, "the same result, and the same message id"


# --- days


@each(
    ("written", "order", "read"),
    [
        ("03/04/2026", Order.DAY_FIRST, "2026-04-03"),
        ("03/04/2026", Order.MONTH_FIRST, "2026-03-04"),
        ("3.4.2026", Order.DAY_FIRST, "2026-04-03"),
        ("3-4-2026", Order.MONTH_FIRST, "2026-03-04"),
        ("22/11/2026 15:00:00Z", Order.DAY_FIRST, "2026-11-22T15:00:00Z"),
        ("2026-04-03", Order.DAY_FIRST, "2026-04-03"),
        ("03/04/26", Order.DAY_FIRST, "2026-04-03"),
        ("3.4.09 15:00:00Z", Order.MONTH_FIRST, "2009-03-04T15:00:00Z"),
        ("03/04/27", Order.DAY_FIRST, "03/04/27"),
        ("03/04/98", Order.DAY_FIRST, "03/04/98"),
        ("03/04/2", Order.DAY_FIRST, "03/04/2"),
        ("03/04/202", Order.DAY_FIRST, "03/04/202"),
        ("31/12/2025", Order.MONTH_FIRST, "31/12/2025"),
        ("3 / 4 / 2026", Order.DAY_FIRST, "2026-04-03"),
        ("03/04.2026", Order.DAY_FIRST, "03/04.2026"),
        ("03/04/20261", Order.DAY_FIRST, "03/04/20261"),
        ("03/04/2026", None, "03/04/2026"),
    ],
)
def test_a_day_is_read_in_the_order_of_the_file_and_never_guessed(written: str, order: Order | None, read: str) -> None:
    assert in_order(written, order, NOW) == read


def test_the_days_of_a_list_are_read_in_its_order() -> None:
    row = PERSON | {"role": "Director", "started_on": "01/03/2024", "ended_on": "30.06.2025"}
    (entry,) = _people(row, order=Order.DAY_FIRST).entries
    assert sent(entry)["experience"] == {"role": "Director", "started_on": "2024-03-01", "ended_on": "2025-06-30"}
    assert [column for column, _ in _faults(_people(row))] == ["started_on", "ended_on"]


@each(
    ("written", "order", "told"),
    [
        ("25/04/2025", Order.MONTH_FIRST, "25/04/2025 is no day in the order mdy, so the file seems to be dmy"),
        ("04.25.2025", Order.DAY_FIRST, "04.25.2025 is no day in the order dmy, so the file seems to be mdy"),
        ("25/04/25", Order.MONTH_FIRST, "25/04/25 is no day in the order mdy, so the file seems to be dmy"),
        ("25/04/99", Order.MONTH_FIRST, "25/04/99 is no day in the order mdy, so the file seems to be dmy"),
        ("25 / 04 / 2025", Order.MONTH_FIRST, "25 / 04 / 2025 is no day in the order mdy, so the file seems to be dmy"),
    ],
)
def test_a_day_that_exists_in_the_other_order_alone_stops_the_whole_file(written: str, order: Order, told: str) -> None:
    """The days of the other rows exist in both orders, and would be read wrongly."""
    days = ("03/04/2025", "05/04/2025", written)
    feed = [RESULT | {"result_id": f"R-{day}", "taken_at": f"{day} 15:00:00Z"} for day in days]
    people = [
        PERSON | {"candidate_id": f"C-{number}", "role": "Director", "started_on": day}
        for number, day in enumerate(days)
    ]
    with pytest.raises(FeedError) as of_results:
        _results(*feed, reading=Reading(order))
    with pytest.raises(FeedError) as of_people:
        _people(*people, order=order)
    assert of_results.value.sentence == of_people.value.sentence == f"row 4: {told}: nothing was started."


@each("written", ["13/13/2025", "2025-04-25", "30/02/2025", "04/25", "25/04/2025/1"])
def test_what_is_a_day_in_no_order_is_a_fault_of_its_row_alone(written: str) -> None:
    for order in Order:
        check_order(2, written, order)
    check_order(2, "25/04/2025", None)


@each(
    ("taken_at", "told"),
    [
        ("03/04/2026", '"03/04/2026" is only a day: add time and offset, '),
        ("03/04/2026 25:00Z", '"03/04/2026 25:00Z": there is no such time of day; '),
        ("03/04/2026 9:00 pm Z", '"03/04/2026 9:00 pm Z": write 2026-03-04T21:00:00Z'),
        ("12/30/2026 15:00:00Z", '"12/30/2026 15:00:00Z" lies in the future: '),
        ("2026-03-04", '"2026-03-04" is only a day: '),
    ],
)
def test_what_is_wrong_is_said_of_the_text_that_the_file_has(taken_at: str, told: str) -> None:
    ((column, found),) = _faults(_results(RESULT | {"taken_at": taken_at}, reading=Reading(Order.MONTH_FIRST)))
    assert column == "taken_at"
    assert found.startswith(told)


@each(
    ("column", "written", "told"),
    [
        ("ended_on", "03/04/2026 10:00", '"03/04/2026 10:00" has a time as well: write the day alone, 2026-03-04'),
        ("started_on", "12/30/2026", '"12/30/2026" lies in the future: only what has happened already can be taken'),
    ],
)
def test_what_is_wrong_with_a_day_of_a_list_is_said_of_the_text_that_it_has(
    column: str, written: str, told: str
) -> None:
    row = PERSON | {"role": "Director", "started_on": "2024-03-01", column: written}
    assert _faults(_people(row, order=Order.MONTH_FIRST)) == [(column, told)]


def test_the_instants_of_a_feed_are_read_in_its_order_and_give_the_same_message() -> None:
    (iso,) = _results(RESULT).entries
    (read,) = _results(RESULT | {"taken_at": "11/02/2026 15:00:00Z"}, reading=Reading(Order.MONTH_FIRST)).entries
    assert read == iso


# --- a no-show


@each("outcome", ["no_show", "voided"])
def test_a_no_show_that_has_not_passed_is_a_no_show(outcome: str) -> None:
    (entry,) = _results(RESULT | {"outcome": outcome, "percentage": "", "passed": "false"}).entries
    assert (sent(entry)["outcome"], sent(entry)["passed"]) == (outcome, False)
