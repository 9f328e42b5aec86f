"""Cards and tables: what people read of one candidacy, open or closed."""

import io
import re
from contextlib import redirect_stdout
from datetime import UTC, datetime
from typing import Any

import pytest

from cli import card, output, tables
from cli.card_lines import Row
from cli.figures import RATE_COLUMNS
from cli.verbs.list import COLUMNS
from client.candidacy import End
from domain.vocabulary import CLOSED
from tests.cases import each
from tests.unit.domain.builders import holder, local
from views.standing import status_view
from views.status import StatusView


def status_of(**changes: Any) -> dict[str, Any]:
    return {
        "candidate_id": "C-1",
        "name": "Ana Ruiz",
        "designation": "CCSL",
        "path": "standard",
        "status": "testing",
        "registered_at": "2026-11-22T15:00:00Z",
        "purchased_at": "2026-11-22T15:00:00Z",
        "testing_deadline": "2028-11-22",
        "assessments": {
            "people-management": {
                "status": "passed",
                "held": 0,
                "percentage": "81.50",
                "attempts": 1,
                "next_attempt_on": None,
            },
            "operations-management": {
                "status": "open",
                "held": 1,
                "percentage": None,
                "attempts": 2,
                "next_attempt_on": "2027-01-03",
            },
        },
        "self_assessments": {"people-management": {"percentage": "60.00", "guidance": "needs development"}},
        "work_product": {"required": True, "status": "revise", "due_on": "2027-02-01"},
        "experience": {"required": True, "met": False, "met_on": "2027-03-01", "recorded": True},
        "certificate": None,
        "recertification": None,
        "next": {"on": "2028-05-26", "what": "reminder: 180 days to the testing deadline"},
        "upcoming": [
            event(
                "2027-02-01", "the revised work product is due", "30 days after it was returned (rule 15)", "revision"
            ),
            event("2028-05-26", "reminder: 180 days to the testing deadline", "which is 2028-11-22", border=False),
            event("2028-08-24", "reminder: 90 days to the testing deadline", "which is 2028-11-22", border=False),
            event(
                "2028-11-22",
                "the testing window closes",
                "24 months from the purchase on 2026-11-22 (rules 1, 2)",
                "window",
            ),
        ],
        "attention": ["held-result:R-7"],
        "matters": [
            {
                "attention": "held-result:R-7",
                "since": "2026-12-01T10:00:00Z",
                "what": "Operations Management, 88.00 %; too early",
                "advice": "decide with `resolve_held_result`",
            }
        ],
        "sequence": 17,
        **changes,
    }


def event(on: str, what: str, why: str, kind: str = "expiry", *, border: bool = True) -> dict[str, Any]:
    return {"on": on, "at": f"{on}T06:00:00Z", "kind": kind, "what": what, "why": why, "border": border}


def told(status: dict[str, Any], end: End | None = None) -> dict[str, str]:
    _, rows = card.of(StatusView.parse(status), {}, end)
    return {row.label: row.text for row in rows}


HOLDER: dict[str, Any] = {
    "status": "certified",
    "certificate": {
        "number": "X-1",
        "certified_on": "2027-01-01",
        "expires_on": "2030-01-01",
        "cycle": 1,
        "in_force": True,
        "gap_from": None,
    },
    "recertification": {
        "status": "closed",
        "window_opens_on": "2029-01-01",
        "grace_ends_on": "2030-04-01",
        "ends_on": "2031-01-01",
    },
    "work_product": {"required": True, "status": "passed", "due_on": None},
    "experience": {"required": True, "met": True, "met_on": "2025-03-01"},
    "attention": [],
    "matters": [],
    "upcoming": [
        event(
            "2029-01-01",
            "the recertification window opens",
            "before the expiry on 2030-01-01",
            "recertification",
            border=False,
        ),
        event("2030-01-01", "the certificate expires", "36 months from 2027-01-01 (rules 17, 18)"),
    ],
}


# --- a candidate


def test_the_card_says_what_is_met_what_is_open_and_what_to_do() -> None:
    title, rows = card.of(StatusView.parse(status_of()), {"CCSL": "CIAC-Certified Strategic Leader"})
    shown = {row.label: (row.mark, row.text) for row in rows}
    assert title == "C-1  Ana Ruiz  CCSL CIAC-Certified Strategic Leader"
    assert shown["Requirements"] == ("open", "1 of 4 met")
    assert shown["People management"] == ("met", "passed with 81.50 %, 1 attempt used")
    assert shown["Operations management"][0] == "alert"
    assert "2 attempts used, next attempt from 2027-01-03 on, 1 held" in shown["Operations management"][1]
    assert shown["Work product"] == (
        "open",
        "to be revised and submitted again, due 2027-02-01, 30 days after it was returned (rule 15)",
    )
    assert shown["Experience"] == ("open", "counts from 2027-03-01 on")
    assert shown["Testing until"][1] == "2028-11-22, 24 months from the purchase on 2026-11-22 (rules 1, 2)"
    assert shown["Attention"] == (
        "alert",
        "held-result:R-7, since 2026-12-01 04:00 CST: Operations Management, 88.00 %; too early; "
        "to do: decide with `hold resolve`",
    )
    assert card.requirements(StatusView.parse(status_of())) == (
        "1/2 assessments (1 held), work product revise, experience counts from 2027-03-01 on"
    )


def test_three_events_are_shown_and_a_deadline_among_them() -> None:
    def following(status: dict[str, Any]) -> list[str]:
        _, rows = card.of(StatusView.parse(status), {})
        return [row.text.partition(",")[0] for row in rows if row.label in ("Next", "")]

    plain = status_of()["upcoming"]
    assert following(status_of()) == [
        "2027-02-01 the revised work product is due",
        "2028-05-26 reminder: 180 days to the testing deadline",
        "2028-08-24 reminder: 90 days to the testing deadline",
    ]
    reminders = [plain[1], plain[2], plain[2] | {"on": "2028-10-23"}]
    assert following(status_of(upcoming=[*reminders, plain[3]]))[2] == "2028-11-22 the testing window closes"
    assert following(status_of(upcoming=[], next=None)) == ["nothing by itself"]


def test_an_older_worker_tells_its_next_event_and_no_reasons() -> None:
    status = status_of()
    for field in ("upcoming", "matters"):
        del status[field]
    del status["experience"]["recorded"]
    shown = told(status)
    assert shown["Next"] == "2028-05-26 reminder: 180 days to the testing deadline"
    assert shown["Testing until"] == "2028-11-22, its last day; counted from the purchase"
    assert "hold resolve" in shown["Attention"]


@each(
    ("experience", "words"),
    [
        ({"met": False, "met_on": None, "recorded": True}, "on record, but it ended too early to count"),
        ({"met": False, "met_on": None, "recorded": False}, "not on record yet"),
        ({"met": False, "met_on": None}, "none on record that counts"),
        ({"met": False, "met_on": "2029-01-01"}, "counts only from 2029-01-01 on, after the deadline"),
        ({"met": True, "met_on": "2025-03-01"}, "met on 2025-03-01"),
    ],
)
def test_experience_is_told_as_it_is(experience: dict[str, Any], words: str) -> None:
    assert told(status_of(experience={"required": True, **experience}))["Experience"] == words


def test_a_purchase_that_is_awaited_says_so() -> None:
    why = event("2027-02-20", "the candidacy is abandoned unless the purchase is confirmed", "90 days (rule 4)")
    shown = told(status_of(status="awaiting_purchase", purchased_at=None, testing_deadline=None, upcoming=[why]))
    assert shown["Purchase"] == "still to be confirmed"
    assert shown["Next"].startswith("2027-02-20 the candidacy is abandoned")
    assert "Testing until" not in shown


@each("status", ["testing", "settling", "awaiting_review", "awaiting_experience"])
def test_the_advancement_path_speaks_of_no_assessment_taken(status: str) -> None:
    answer = StatusView.parse(status_of(path="advancement", assessments={}, self_assessments={}, status=status))
    title, rows = card.of(answer, {})
    assert "advancement path" in title
    shown = " ".join(f"{row.label} {row.text}" for row in rows if row.label != "Attention")
    assert "results" not in shown
    assert "takes the assessments" not in shown
    assert "assessments passed" not in shown
    assert "Testing until" not in {row.label for row in rows}
    assert "Window until" in {row.label for row in rows}


# --- a holder


def test_the_card_of_a_holder_shows_the_certificate_and_why_its_days_are_these() -> None:
    shown = told(status_of(**HOLDER))
    assert shown["Status"] == "certified"
    assert shown["Certificate"] == "X-1, in force, cycle 1"
    assert shown["Expires"] == "2030-01-01, 36 months from 2027-01-01 (rules 17, 18)"
    assert shown["Recertification"] == "window not open yet; opens 2029-01-01, before the expiry on 2030-01-01"
    assert not {"Testing until", "Attention", "Requirements"} & set(shown)


def test_a_suspension_is_said_once() -> None:
    suspended = {**HOLDER, "status": "suspended", "certificate": HOLDER["certificate"] | {"in_force": False}}
    shown = told(status_of(**suspended))
    assert shown["Status"] == "suspended: not certified, until it is reinstated"
    assert shown["Certificate"] == "X-1, not in force, cycle 1"


def test_after_the_expiry_the_card_says_until_when_one_may_come_back() -> None:
    opened = HOLDER["recertification"] | {"status": "open"}
    grace = told(status_of(**{**HOLDER, "status": "grace", "recertification": opened}))
    assert grace["Expired"] == "2030-01-01, its last day"
    assert grace["Recertification"].endswith("until 2030-04-01 as if in time")
    lapsed = told(status_of(**{**HOLDER, "status": "lapsed", "recertification": opened}))
    assert lapsed["Recertification"].endswith("until 2031-01-01, with a gap")


def test_after_the_last_day_of_renewal_the_card_asks_for_nothing_that_is_refused() -> None:
    candidacy = holder("CCMA", "2027-03-05")
    candidacy.advance_to(local("2031-03-10"))
    card_of = told(status_view(candidacy.state, "Ana Ruiz", candidacy.clock).document())
    assert card_of["Status"] == "lapsed: not certified: the time for renewal is over"
    assert (
        card_of["Recertification"] == "the time for renewal is over; what was submitted by 2031-03-05 may still arrive"
    )


# --- closed

END = End("completed", datetime(2027, 5, 1, 10, tzinfo=UTC))
_OPEN_WORDS = ("may be", "to be", "still", "waits", "next attempt", "opens", "due ", "counts from", "open", "held")


@each("status", CLOSED)
@each("product", ["open", "submitted", "revise", "passed", "failed"])
@each("holder", [False, True])
def test_nothing_of_a_closed_candidacy_reads_as_open(status: str, product: str, holder: bool) -> None:
    fields = {
        **(HOLDER if holder else {}),
        "status": status,
        "upcoming": [],
        "next": None,
        "matters": [],
        "work_product": {"required": True, "status": product, "due_on": "2028-11-22"},
    }
    _, rows = card.of(StatusView.parse(status_of(**fields)), {}, END)
    read = {row.label: row.text for row in rows}
    assert read["Closed"] == "2027-05-01 05:00 CDT"
    assert not {"Next", "Recertification", "Expires", "Purchase"} & set(read)
    text = " | ".join(f"{label}: {text}" for label, text in read.items())
    assert [words for words in _OPEN_WORDS if words in text] == []
    assert not [row.label for row in rows if row.mark in ("open",)]


def test_a_workflow_that_was_terminated_does_not_read_as_open_either() -> None:
    shown = told(status_of(), END._replace(how="terminated"))
    assert shown["Status"] == "testing when its workflow was ended in Temporal (terminated)"
    assert shown["Closed"] == "2027-05-01 05:00 CDT"
    assert not {"Next", "Attention", "Testing until", "Requirements"} & set(shown)
    assert shown["Operations management"] == "not passed, 2 attempts used"


def test_where_the_engine_says_why_it_closed_the_card_does_too() -> None:
    status = status_of(status="refused", closed={"at": "2027-05-01T09:00:00Z", "why": "three attempts used"})
    assert told(status, END)["Closed"] == "2027-05-01 04:00 CDT: three attempts used"
    assert "Closed" not in told(status_of(status="refused"))


def test_a_status_of_a_newer_engine_does_not_end_the_card() -> None:
    status = status_of(status="dormant", work_product={"required": True, "status": "archived"})
    assert told(status)["Status"] == "dormant"


# --- tables


def test_a_piped_table_keeps_every_cell_whole_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    long = "word " * 100 + "end"
    tables.table(("a", "b"), [("x\x1b[31m\n", long)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("end")
    assert "\x1b" not in lines[1]


class Terminal(io.StringIO):
    """What is written to a terminal, without its colours."""

    def isatty(self) -> bool:
        return True

    def getvalue(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*m", "", super().getvalue())


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Terminals have 60 columns."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")


def test_on_a_terminal_a_long_table_has_one_header_and_loses_nothing(narrow: None) -> None:
    with redirect_stdout(Terminal()) as terminal:
        rows = tables.Rows(("candidate", "what"))
        for number in range(450):
            rows.add((f"C-{number:04}", f"[b]{number}[/b] " + "x" * (90 if number == 300 else 5)))
        rows.end()
    lines = terminal.getvalue().splitlines()
    assert sum("candidate" in line for line in lines) == 1
    assert [line.split()[0] for line in lines if line.startswith("C-")] == [f"C-{number:04}" for number in range(450)]
    # A word that no line can hold stays in one piece, for the terminal to break.
    assert [line.split()[0][0] for line in lines if len(line.rstrip()) > 60] == ["x"]
    assert sum(line.count("x") for line in lines) == 449 * 5 + 90
    assert "[b]7[/b]" in terminal.getvalue()


LISTED = (
    *("F-certified", "Zoë d'Aubigné", "CCMA", "awaiting_purchase"),
    *("4", "2029-11-23", "2026-11-23", "held-result:R-1, other"),
)
RATED = ("people-management", "12", "11", "91.66 %", "8", "66.66 %")


@pytest.mark.parametrize("columns", [20, 25, 30, 40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize(("names", "cells"), [(COLUMNS, LISTED), (RATE_COLUMNS, RATED)], ids=["list", "summary"])
def test_on_a_terminal_no_cell_of_a_table_is_broken_or_lost(
    columns: int, names: tuple[str, ...], cells: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    with redirect_stdout(Terminal()) as terminal:
        tables.table(names, [cells])
    text = terminal.getvalue()
    assert all(len(line.rstrip()) <= columns for line in text.splitlines())
    words = text.replace(":\n", "\n").replace(": ", " ").split()
    assert sorted(words) == sorted(" ".join((*names, *cells)).split())
    if columns >= 40:
        # As wide as that, values with a blank in them stand on one line.
        assert all(any(cell in line for line in text.splitlines()) for cell in cells if len(cell) < 18)


def test_at_80_columns_a_list_stands_in_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    with redirect_stdout(Terminal()) as terminal:
        calm = ("C-1001", "Ana Ruiz", "CCSL", "testing", "3", "2028-09-15", "2026-11-01", "")
        tables.table(COLUMNS, [calm, ("C-1002", *calm[1:-1], "held-result:R-1")])
    assert terminal.getvalue().splitlines() == [
        "candidate  name      designation  status   passed  next deadline  opened",
        "C-1001     Ana Ruiz  CCSL         testing  3       2028-09-15     2026-11-01",
        "C-1002     Ana Ruiz  CCSL         testing  3       2028-09-15     2026-11-01",
        "  needs attention: held-result:R-1",
    ]


@pytest.mark.parametrize("columns", [20, 40, 59, 60, 80])
def test_on_a_terminal_no_word_of_a_card_is_broken_or_lost(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    title = "C-1001  Ana Ruiz  CCSL Certified Customer Service Leader, advancement path, of long ago"
    row = Row("Customer relationships", "not passed, 2 attempts used", "alert")
    with redirect_stdout(Terminal()) as terminal:
        tables.card(title, [row, Row("", "2027-01-01 reminder")])
    words = re.sub(r"[─│╭╮╰╯!:]", " ", terminal.getvalue()).split()
    assert sorted(words) == sorted(f"{title} {row.label} {row.text} 2027-01-01 reminder".split())


def test_on_a_terminal_a_command_stays_in_one_piece(narrow: None) -> None:
    command = "./starter.py hold resolve " + "C" * 64 + " CCSL --result-id R-1 --decision accept"
    with redirect_stdout(Terminal()) as terminal:
        tables.block("heading", ["what it is about"], command)
    assert f"    {command}" in terminal.getvalue().splitlines()


def test_on_a_terminal_groups_stand_under_their_headings(narrow: None) -> None:
    with redirect_stdout(Terminal()) as terminal:
        tables.groups(("candidate", "what"), [("today", [("C-1", "word " * 30)]), ("tomorrow", [("C-2", "y")])])
    text = terminal.getvalue()
    assert text.index("candidate") < text.index("today") < text.index("C-1") < text.index("tomorrow")
    assert text.count("word") == 30
    assert all(len(line.rstrip()) <= 60 for line in text.splitlines())


def test_instants_are_shown_in_the_zone_of_the_days_beside_them() -> None:
    assert output.minute("2026-11-23T05:00:00Z", "America/Chicago") == "2026-11-22 23:00 CST"
    assert output.minute("2026-07-01T05:00:00Z", "America/Chicago") == "2026-07-01 00:00 CDT"
    assert output.minute(None, "UTC") == ""
    assert output.minute("soon", "UTC") == "soon"


# --- words that are true on both paths, and in every status


def test_a_window_is_over_only_when_it_is_over() -> None:
    """The attempts may be used up while the window runs: the candidacy is settling, but its window is not over."""
    running = told(status_of(status="settling"))
    assert "over" not in running["Testing until"]
    over = told(status_of(status="settling", upcoming=[], work_product={"required": True, "status": "open"}))
    assert over["Testing until"] == "2028-11-22, which is over"
    assert over["Work product"] == "never submitted, and the window is over"


def test_a_work_product_of_which_no_verdict_is_taken_any_more_does_not_wait_for_its_review() -> None:
    submitted = {"required": True, "status": "submitted", "submission_id": "WP-1"}
    over = {"status": "settling", "upcoming": [], "work_product": submitted}
    shown = told(status_of(**over, attention=["review-waiting"], matters=[]))
    assert shown["Work product"] == "WP-1 submitted, waits for its review"
    shown = told(status_of(**over, attention=[], matters=[]))
    assert shown["Work product"] == "WP-1 submitted, and not passed by the end of the window"


def test_each_deadline_of_one_day_has_its_own_reason() -> None:
    due = {"on": "2028-11-22", "border": True, "at": "2028-11-23T06:00:00Z"}
    revision = due | {"kind": "revision", "what": "the revised work product is due", "why": "of the revision"}
    window = due | {"kind": "window", "what": "the testing window closes", "why": "of the window"}
    product = {"required": True, "status": "revise", "due_on": "2028-11-22"}
    shown = told(status_of(upcoming=[revision, window], work_product=product))
    assert shown["Testing until"] == "2028-11-22, of the window"
    assert shown["Work product"] == "to be revised and submitted again, due 2028-11-22, of the revision"


def test_no_words_of_assessments_stand_on_the_advancement_path() -> None:
    met = {
        "path": "advancement",
        "assessments": {},
        "self_assessments": {},
        "work_product": {"required": True, "status": "passed"},
        "experience": {"required": True, "met": True, "met_on": "2025-03-01", "recorded": True},
    }
    ready = told(status_of(status="testing", **met))
    assert ready["Status"] == "testing: everything is met; the lower certificate is to give way"
    under_review = {**met, "work_product": {"required": True, "status": "submitted", "submission_id": "W-1"}}
    for status in ("testing", "settling", "awaiting_review", "awaiting_experience", "refused", "timed_out"):
        shown = told(status_of(status=status, **under_review))
        assert "passed" not in shown["Status"]
        assert "takes the assessments" not in shown["Status"]
    assert told(status_of(status="testing", **under_review))["Work product"].startswith("W-1 submitted")


def test_the_result_that_decides_is_named() -> None:
    decided = {"people-management": {"status": "passed", "percentage": "81.50", "result_id": "R-8", "attempts": 1}}
    row = told(status_of(assessments=decided))["People management"]
    assert row == "passed with 81.50 % (result R-8), 1 attempt used"


def test_the_card_has_one_zone() -> None:
    shown = told(status_of(zone="Europe/Berlin", purchased_at="2026-11-22T23:30:00Z"))
    assert shown["Purchased"] == "2026-11-23 00:30 CET"
