"""The parts of the command line that need no process: vocabulary, payloads, filters, cards, examples."""

import argparse
import json
from datetime import date
from decimal import Decimal
from typing import Any, get_args

import pytest

from cli import card, exits, main, output, sending, vocabulary
from cli.candidates import Candidacy
from cli.demo import feed
from cli.payloads import with_message_id
from cli.registration import checked
from cli.verbs import list as list_verb
from domain.commands import MESSAGES
from domain.events import ClosedStatus
from domain.messages import parse_message
from domain.state import Status


def test_names_of_the_command_line_are_those_of_the_domain() -> None:
    assert set(vocabulary.MESSAGES) == set(MESSAGES) - {"supersede"}
    assert set(vocabulary.STATUSES) == set(get_args(Status))
    assert set(vocabulary.CLOSED_STATUSES) == set(get_args(ClosedStatus))


def test_every_verb_has_a_help_and_something_to_run() -> None:
    parser = main.parser()
    for verb in main.verbs():
        with pytest.raises(SystemExit) as ended:
            parser.parse_args([verb, "--help"])
        assert ended.value.code == 0


# --- payloads


def test_a_payload_keeps_every_digit_and_gets_a_message_id() -> None:
    sent = with_message_id(b' {"percentage": 74.99999999999999999}\n')
    assert b"74.99999999999999999" in sent
    assert json.loads(sent, parse_float=Decimal)["percentage"] == Decimal("74.99999999999999999")
    assert len(json.loads(sent)["message_id"]) == 36
    assert set(json.loads(with_message_id(b"{}"))) == {"message_id"}


def test_a_message_id_that_is_given_stays() -> None:
    assert with_message_id(b'\xef\xbb\xbf{"message_id": "mine"}') == b'{"message_id": "mine"}'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "line 1, column 1"),
        (b'{"a": 1,\n  "b" 2}', "line 2, column 7"),
        (b"[1]", "an array"),
        (b'"x"', "a string"),
        (b"7", "a number"),
        (b"true", "true or false"),
        (b"null", "null"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"a": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"a": "' + b"x" * 1_600_000 + b'"}', "1500000"),
    ],
)
def test_a_payload_that_is_no_json_object_is_bad_input(text: bytes, told: str) -> None:
    with pytest.raises(exits.BadInput) as caught:
        with_message_id(text)
    assert told in caught.value.sentence


def test_a_receipt_in_words() -> None:
    ana = Candidacy("C-1", "CCSL")
    receipt = {"status": "testing", "events": ["AssessmentPassed"], "duplicate": False, "sequence": 3}
    assert "AssessmentPassed; status testing (takes the assessments)" in sending.told(ana, receipt)
    assert "taken before" in sending.told(ana, {**receipt, "duplicate": True})


# --- list


def _list(*arguments: str) -> str:
    return list_verb.filters(main.parser().parse_args(["list", *arguments]))


def test_filters_become_a_visibility_query() -> None:
    plain = "WorkflowType = 'CertificationWorkflow' AND ExecutionStatus != 'ContinuedAsNew'"
    assert _list() == plain
    assert _list("--status", "testing", "--status", "grace") == (
        f"{plain} AND CertificationStatus IN ('testing', 'grace')"
    )
    assert _list("--designation", "CCSL", "--attention") == (
        f"{plain} AND Designation IN ('CCSL') AND NeedsAttention IS NOT NULL"
    )
    assert "ExecutionStatus = 'Running' AND NextDeadline <= '" in _list("--due-within", "30d")


@pytest.mark.parametrize("value", ["nonsense", "testing' OR CandidateId != '", ""])
def test_an_unknown_status_is_answered_with_all_of_them(value: str) -> None:
    with pytest.raises(exits.BadInput) as caught:
        _list("--status", value)
    assert all(status in caught.value.sentence for status in vocabulary.STATUSES)


def test_an_unknown_designation_is_answered_with_all_of_them() -> None:
    with pytest.raises(exits.BadInput, match="CCSL, CCOM, CCMA, CCMC"):
        _list("--designation", "CCXX")


def test_nothing_but_a_word_gets_into_a_query_even_without_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.programme.titles", dict)
    assert "Designation IN ('NEW')" in _list("--designation", "NEW")
    with pytest.raises(exits.BadInput):
        _list("--designation", "CCSL' OR '1' = '1")


# --- registration


def test_a_registration_is_told_each_wrong_field() -> None:
    with pytest.raises(exits.BadInput) as caught:
        checked(
            {
                "candidate_id": "C-1",
                "name": "Ana",
                "email": "no address",
                "designation": "CCSL",
                "purchase": {"reference": "INV-1", "purchased_at": "2099-01-01T00:00:00Z"},
            }
        )
    assert [note.partition(":")[0] for note in caught.value.notes] == ["email"]
    with pytest.raises(exits.BadInput) as caught:
        checked(
            {
                "candidate_id": "C-1",
                "name": "Ana",
                "email": "ana@example.org",
                "designation": "CCSL",
                "purchase": {"reference": "INV-1", "purchased_at": "2099-01-01T00:00:00Z"},
            }
        )
    assert caught.value.notes == ("purchase.purchased_at: lies in the future",)


# --- cards and tables


def _status(**changes: Any) -> dict[str, Any]:
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
        "experience": {"required": True, "met": False, "met_on": "2027-03-01"},
        "certificate": None,
        "recertification": None,
        "next": {"on": "2028-05-26", "what": "reminder: 180 days to the testing deadline"},
        "attention": ["held-result:R-7"],
        "sequence": 17,
        **changes,
    }


def test_the_card_says_what_is_met_what_is_open_and_what_to_do() -> None:
    title, rows = card.of(_status(), {"CCSL": "CIAC-Certified Strategic Leader"})
    told = {row.label: (row.mark, row.text) for row in rows}
    assert title == "C-1  Ana Ruiz  CCSL CIAC-Certified Strategic Leader"
    assert told["People management"] == ("met", "passed with 81.50 %, 1 attempt used")
    assert told["Operations management"][0] == "alert"
    assert "2 attempts used, next attempt from 2027-01-03 on, 1 held" in told["Operations management"][1]
    assert told["Work product"] == ("open", "to be revised and submitted again, due 2027-02-01")
    assert told["Experience"] == ("open", "counts from 2027-03-01 on")
    assert told["Next"][1] == "2028-05-26 reminder: 180 days to the testing deadline"
    assert "resolve_held_result" in told["Attention"][1]
    assert card.requirements(_status()) == (
        "1/2 assessments (1 held), work product revise, experience counts from 2027-03-01 on"
    )


def test_the_card_of_a_holder_shows_the_certificate() -> None:
    certificate = {
        "number": "X-1",
        "certified_on": "2027-01-01",
        "expires_on": "2030-01-01",
        "cycle": 1,
        "in_force": False,
    }
    recertification = {"status": "closed", "window_opens_on": "2029-01-01"}
    _, rows = card.of(
        _status(
            status="suspended",
            path="advancement",
            assessments={},
            certificate=certificate,
            recertification=recertification,
            next=None,
            attention=[],
        ),
        {},
    )
    told = {row.label: row.text for row in rows}
    assert told["Certificate"] == "X-1, not in force, cycle 1"
    assert told["Recertification"] == "window not open yet; opens 2029-01-01"
    assert told["Next"] == "nothing by itself"
    assert "Attention" not in told


def test_a_status_of_a_newer_engine_does_not_end_the_card() -> None:
    status = _status(status="dormant", work_product={"required": True, "status": "archived"})
    _, rows = card.of(status, {})
    assert "dormant" in {row.text for row in rows}


def test_a_piped_table_keeps_every_cell_whole_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    long = "word " * 100 + "end"
    output.table(("a", "b"), [("x\x1b[31m\n", long)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("end")
    assert "\x1b" not in lines[1]


def test_instants_are_shown_in_utc() -> None:
    assert output.minute("2026-11-22T09:00:00-06:00") == "2026-11-22 15:00Z"
    assert output.minute(None) == ""
    assert output.minute("soon") == "soon"


def test_a_span_is_a_number_and_a_unit() -> None:
    for wrong in ("30", "d", "-3d", "3 months"):
        with pytest.raises((SystemExit, argparse.ArgumentTypeError)):
            _list("--due-within", wrong)


# --- examples

TODAY = date(2027, 3, 1)


def test_relative_days_are_resolved_wherever_they_stand() -> None:
    given = {"a": ["today-1d", {"b": "today+40dT15:00Z"}], "c": "today", "d": 3}
    assert feed.moved(given, TODAY) == {
        "a": ["2027-02-28", {"b": "2027-04-10T15:00:00Z"}],
        "c": "today",
        "d": 3,
    }


def test_the_examples_hold_twenty_people_over_all_designations() -> None:
    people = feed.registrations(TODAY)
    assert len(people) >= 20
    assert {person["designation"] for person in people} == {"CCSL", "CCOM", "CCMA", "CCMC"}
    assert len({person["candidate_id"] for person in people}) == len(people)
    for person in people:
        checked(feed.moved(person, TODAY) | {"purchase": None})


def test_the_messages_of_the_examples_can_be_understood() -> None:
    known = {(person["candidate_id"], person["designation"]) for person in feed.registrations(TODAY)}
    advanced = {("A-101", "CCOM"), ("C-306", "CCSL")}
    for one in feed.sendings(TODAY):
        assert tuple(one.to) in known | advanced
        if not one.signal:  # the one signal is a mistake on purpose
            parse_message(one.message, one.payload)
    assert b'"74.99999999999999999"' in b"".join(one.payload for one in feed.sendings(TODAY))
