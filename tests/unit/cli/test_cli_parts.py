"""The parts of the command line that need no process: vocabulary, payloads, filters, cards, examples."""

import json
import re
import sys
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cli import everyday, exits, main, progress, sending
from cli.candidates import Candidacy
from cli.demo import feed
from cli.payloads import with_message_id
from cli.registration import checked
from domain.commands import MESSAGES
from domain.messages import parse_message


def test_the_messages_of_the_command_line_are_those_of_the_domain() -> None:
    assert set(everyday.MESSAGES) == set(MESSAGES) - {"supersede"}


def test_every_verb_has_a_help_and_something_to_run() -> None:
    parser = main.parser()
    for verb in main.verbs():
        with pytest.raises(SystemExit) as ended:
            parser.parse_args([verb, "--help"])
        assert ended.value.code == 0


@pytest.mark.parametrize("verb", main.verbs())
def test_every_help_calls_the_program_as_it_is_called_here(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.parser().parse_args([verb, "--help"])
    usage, _, text = capsys.readouterr().out.partition("\n\n")
    assert usage.startswith("usage: starter.py")
    assert re.findall(r"(?<!\./)starter\.py.*", text) == []


@pytest.mark.parametrize(("total", "bars"), [(0, 0), (1, 1)])
def test_nothing_to_do_draws_no_bar(total: int, bars: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    bar = progress._bar

    def draw() -> Any:
        made.append(bar())
        return made[-1]

    monkeypatch.setattr(progress, "_bar", draw)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress.Progress("asking", total) as under_way:
        for _ in range(total):
            under_way.advance()
    assert len(made) == bars


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
