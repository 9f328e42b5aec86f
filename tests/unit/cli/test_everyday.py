"""The table of everyday verbs against the domain's messages, and the payloads that its parsers make."""

import io
import json
import shlex
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from cli import confirming, exits, main, sending
from cli.everyday import GROUPS, VERBS, Flag, Kind, Verb
from cli.verbs import everyday
from client.errors import NotJson
from domain.commands import (
    BETWEEN_WORKFLOWS,
    FOR_THE_CANDIDATE,
    MESSAGES,
    RecordAssessmentResult,
    SubmitRecertification,
)
from domain.messages import InvalidMessage, check_times, parse_message
from tests.cases import each
from tests.unit.cli.parsing import help_of, options_of, parsed, payload_of, verb_of

NAMED = {" ".join(verb.words): verb for verb in VERBS}


def payload(*arguments: str) -> Any:
    """The payload that these arguments make, numbers exact."""
    return json.loads(payload_of(*arguments), parse_float=Decimal)


# --- no drift


def fields(model: type[BaseModel], inside: str = "", required: bool = True) -> Iterator[Flag]:
    """The flag that every field wants; a field of an object inside by its path."""
    for name, field in model.model_fields.items():
        if name == "message_id":
            continue
        needed, found = required and field.is_required(), types_in(field.annotation)
        objects = [kind for kind in found if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if objects and tuple not in found:
            yield from fields(objects[0], f"{name}.", needed)
            continue
        choices = get_args(field.annotation) if Literal in found else ()
        yield Flag(f"{inside}{name}", "", "", needed, "", choices, kind_of(found))


def types_in(annotation: Any) -> list[Any]:
    """The annotation's own type and those inside it."""
    inner = [kind for one in get_args(annotation) for kind in types_in(one)]
    return [get_origin(annotation) or annotation, *inner]


def kind_of(found: list[Any]) -> Kind:
    kinds: dict[Any, Kind] = {tuple: "activities", dict: "json", bool: "switch", int: "whole"}
    return next((kind for sign, kind in kinds.items() if sign in found), "text")


def test_every_message_from_outside_has_exactly_one_verb() -> None:
    assert sorted(verb.message for verb in VERBS) == sorted(
        set(MESSAGES) - {kind.message for kind in BETWEEN_WORKFLOWS}
    )
    assert len(NAMED) == len(VERBS)
    assert {verb.words[0] for verb in VERBS if len(verb.words) > 1} == set(GROUPS)


@each("verb", VERBS)
def test_every_field_has_its_flag(verb: Verb) -> None:
    def essence(flags: Iterable[Flag]) -> dict[str, tuple[bool, tuple[str, ...], str]]:
        kinds = {"yes": "switch"}  # a switch that nobody would ever turn off
        return {flag.field: (flag.required, flag.choices, kinds.get(flag.kind, flag.kind)) for flag in flags}

    assert essence(verb.flags) == essence(fields(MESSAGES[verb.message]))


def test_a_flag_is_the_name_of_the_field_unless_register_calls_it_otherwise() -> None:
    own = {flag.name: flag.field.rpartition(".")[2] for verb in VERBS for flag in verb.flags if flag.name}
    assert own == {
        "purchase-ref": "reference",
        "purchased-at": "purchased_at",
        "role": "role",
        "experience-since": "started_on",
        "ended": "ended_on",
        "attested-by": "attested_by",
    }
    register = main.VERBS["register"].command("register")
    assert {f"--{name}" for name in own} <= set(options_of(register))


def examples() -> Iterator[tuple[Verb, str]]:
    """Each command of each help, on one line."""
    for verb in VERBS:
        text = everyday.examples(verb).removeprefix("example:").replace("\\\n", " ")
        for line in filter(None, map(str.strip, text.splitlines())):
            yield verb, line


@each(("verb", "line"), list(examples()))
def test_an_example_works_when_it_is_copied(verb: Verb, line: str) -> None:
    program, *words = shlex.split(line)
    assert program == "./starter.py"
    assert verb_of(parsed(*words)) is verb
    message = parse_message(verb.message, payload_of(*words))
    assert isinstance(message, MESSAGES[verb.message])
    check_times(verb.message, message, datetime.now(UTC))
    assert everyday.examples(verb) in help_of(" ".join(verb.words))


def test_every_verb_has_an_example_of_its_own() -> None:
    assert {verb.words for verb, _ in examples()} == {verb.words for verb in VERBS}


def test_only_what_cannot_be_undone_asks_first() -> None:
    assert {verb.message for verb in VERBS if verb.question} == {"revoke", "withdraw"}


# --- what the parser refuses


@each(("words", "flag"), [(verb.words, flag) for verb in VERBS for flag in verb.flags if flag.required])
def test_a_required_flag_that_is_missing_is_bad_usage(words: tuple[str, ...], flag: Flag) -> None:
    given = [
        word
        for other in NAMED[" ".join(words)].flags
        if other.required and other != flag
        for word in (other.option, other.choices[0] if other.choices else "x")
    ]
    ended = main.captured([*words, "C-1", "CCSL", *given])
    assert (ended.code, ended.out) == (2, "")
    assert flag.option in ended.err


@each(("words", "flag"), [(verb.words, flag) for verb in VERBS for flag in verb.flags if flag.choices])
def test_a_word_that_is_no_choice_is_bad_usage(words: tuple[str, ...], flag: Flag) -> None:
    ended = main.captured([*words, "C-1", "CCSL", flag.option, "perhaps"])
    assert (ended.code, ended.out) == (2, "")
    assert all(choice in ended.err for choice in (flag.option, *flag.choices))


@each("words", [(), ("Only a title",), ("t", "2029-01-01", "https://e.org", "3", "more")])
def test_an_activity_has_two_to_four_words(words: tuple[str, ...]) -> None:
    ended = main.captured(["recertify", "submit", "C-1", "CCSL", "--submission-id", "E", "--activity", *words])
    assert ended.code == 2
    assert "TITLE DAY [URI [HOURS]]" in ended.err


def test_activities_are_given_in_one_way_only() -> None:
    ended = main.captured([*RECERTIFY, "--activity", "a", "2029-01-01", "--activities", "[]"])
    assert ended.code == 2
    assert "--activity and --activities do not go together." in ended.err


# --- payloads

RESULT = ("result", "C-1", "CCSL", "--result-id", "R-1", "--domain", "people-management", "--taken-at", "T")
RECERTIFY = ("recertify", "submit", "C-1", "CCSL", "--submission-id", "E-1")


def test_what_is_not_given_is_not_sent() -> None:
    assert payload("withdraw", "C-1", "CCSL") == {}
    assert payload(*RESULT) == {"result_id": "R-1", "domain": "people-management", "taken_at": "T"}


def test_an_empty_word_is_sent_for_the_engine_to_refuse() -> None:
    assert payload("withdraw", "C-1", "CCSL", "--reason", "") == {"reason": ""}


@each("number", ["74.99999999999999999", "81.50", "-5", "1e2", "abc"])
def test_a_number_goes_as_it_was_typed(number: str) -> None:
    assert payload(*RESULT, "--percentage", number)["percentage"] == number
    assert payload(*RESULT, "--points", number, "--out-of", "60")["points"] == number


def test_no_digit_is_lost_up_to_the_score() -> None:
    sent = payload_of(*RESULT[:-1], "2026-11-20T15:00:00Z", "--percentage", "74.99999999999999999")
    message = parse_message("record_assessment_result", sent)
    assert isinstance(message, RecordAssessmentResult)
    assert message.percentage == Decimal("74.99999999999999999")


@each(("typed", "sent"), [("3", 3), ("0", 0), ("x", "x"), ("", ""), ("2.0", "2.0"), ("1_0", "1_0")])
def test_a_whole_number_is_a_json_integer_and_anything_else_stays_what_it_is(typed: str, sent: Any) -> None:
    assert payload(*RESULT, "--revision", typed)["revision"] == sent
    huge = "9" * 5000
    assert payload(*RESULT, "--revision", huge)["revision"] == huge


def test_a_switch_says_yes_no_or_nothing() -> None:
    assert payload(*RESULT, "--passed")["passed"] is True
    assert payload(*RESULT, "--no-passed")["passed"] is False
    assert payload("contact", "C-1", "CCSL", "--no-publish") == {"publish": False}
    review = ("recertify", "review", "C-1", "CCSL", "--submission-id", "E", "--reviewer", "R", "--verdict", "approved")
    assert "not_the_candidate" not in payload(*review)
    assert payload(*review, "--not-the-candidate")["not_the_candidate"] is True


def test_objects_are_put_together_from_their_flags() -> None:
    advance = ("advance", "C-1", "CCMA", "--purchase-ref", "INV-9")
    assert payload(*advance) == {"purchase": {"reference": "INV-9"}}
    assert payload(*advance, "--role", "Lead", "--experience-since", "2025-01-01") == {
        "purchase": {"reference": "INV-9"},
        "experience": {"role": "Lead", "started_on": "2025-01-01"},
    }


def test_activities_are_told_one_by_one() -> None:
    one = ("--activity", "Summit", "2029-04-12", "https://e.org/s", "16.25")
    two = ("--activity", "Course", "2029-09-03")
    three = ("--activity", "Talk", "2029-09-04", "", "1")
    assert payload(*RECERTIFY, *one, *two, *three)["activities"] == [
        {"title": "Summit", "completed_on": "2029-04-12", "uri": "https://e.org/s", "hours": "16.25"},
        {"title": "Course", "completed_on": "2029-09-03"},
        {"title": "Talk", "completed_on": "2029-09-04", "hours": "1"},
    ]


def test_a_json_text_comes_as_such_from_a_file_or_from_stdin_with_every_digit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[{"title": "Sommét", "completed_on": "2029-04-12", "hours": 1.00000000000000000001}]'
    (tmp_path / "activities.json").write_text(text, encoding="utf-8-sig")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    for source in (text, f"@{tmp_path / 'activities.json'}", "-"):
        message = parse_message("submit_recertification", payload_of(*RECERTIFY, "--activities", source))
        assert isinstance(message, SubmitRecertification)
        assert message.activities[0].hours == Decimal("1.00000000000000000001")
        assert message.activities[0].title == "Sommét"


@each(
    ("source", "told"),
    [
        ("{", "--responses is not JSON: Expecting property name enclosed in double quotes at line 1, column 2."),
        ("", "--responses is not JSON"),
        ('{"1": NaN}', "--responses is not JSON: NaN"),
        ("@/nowhere.json", "/nowhere.json cannot be read: No such file or directory"),
        ("@/", "/ cannot be read: Is a directory"),
    ],
)
def test_what_is_no_json_is_said_of_its_flag(source: str, told: str) -> None:
    with pytest.raises((exits.BadInput, NotJson)) as caught:
        payload(*RESULT, "--responses", source)
    assert told in str(caught.value)


def test_a_file_beyond_every_bound_is_not_read_to_its_end(tmp_path: Path) -> None:
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(exits.BadInput, match=r"huge\.json has more than 2 MB"):
        sending.read(f"@{huge}")


def test_a_closed_stdin_is_bad_input_and_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(exits.BadInput, match="stdin is closed"):
        sending.read("-")
    confirming.ask("Really?")


def test_a_message_id_may_be_given() -> None:
    assert payload("withdraw", "C-1", "CCSL", "--message-id", "mine") == {"message_id": "mine"}


# --- the engine's words, said of the flags


def faults(words: str, message: bytes) -> list[str]:
    """What the domain says is wrong, in flags."""
    verb = NAMED[words]
    with pytest.raises(InvalidMessage) as caught:
        parse_message(verb.message, message)
    return [everyday.in_flags(verb, problem.field, problem.problem) for problem in caught.value.problems]


def told(words: str, *arguments: str) -> list[str]:
    """The same, for arguments."""
    return faults(words, payload_of(*words.split(), "C-1", "CCSL", *arguments))


def test_the_help_of_a_flag_says_whether_the_candidate_reads_its_text() -> None:
    for verb in VERBS:
        fields = MESSAGES[verb.message].model_fields
        for flag in verb.flags:
            read = flag.field in fields and fields[flag.field].description == FOR_THE_CANDIDATE
            assert (FOR_THE_CANDIDATE in flag.help) is read, flag


def test_a_wrong_field_is_told_as_its_flag() -> None:
    given = ("--result-id", "R 1", "--domain", "people-management", "--taken-at", "yesterday", "--percentage", "101")
    assert told("result", *given, "--revision", "two", "--message-id", "a b") == [
        "--message-id: must be 1 to 128 visible ASCII characters without spaces, e.g. feed-7-line-2",
        "--result-id: must be 1 to 64 visible ASCII characters without spaces, e.g. R-5001",
        "--taken-at: must be an RFC 3339 instant with an offset, e.g. 2026-11-22T15:00:00Z",
        "--revision: must be a whole number",
        "--percentage: must lie between 0 and 100",
    ]


def test_a_wrong_field_inside_an_object_is_told_as_its_flag() -> None:
    assert told("advance", "--purchase-ref", "", "--purchased-at", "now", "--role", "Lead") == [
        "--purchase-ref: must not be empty",
        "--purchased-at: must be an RFC 3339 instant with an offset, e.g. 2026-11-22T15:00:00Z, "
        "or a day of the calendar, written YYYY-MM-DD",
        "--experience-since: is required",
    ]
    assert told("recertify submit", "--submission-id", "E", "--activity", "a", "2029-1-1", "--activity", "b", "x") == [
        "--activity 1 (completed_on): must be a day of the calendar, written YYYY-MM-DD",
        "--activity 2 (completed_on): must be a day of the calendar, written YYYY-MM-DD",
    ]


def test_a_day_or_an_instant_in_another_form_is_answered_with_what_to_write() -> None:
    verb = NAMED["result"]
    given = {"taken_at": "2026-11-20 3:00 PM"}
    (told,) = [everyday.in_flags(verb, "taken_at", "must be an instant", given)]
    assert told.startswith(
        '--taken-at: "2026-11-20 3:00 PM": write 2026-11-20T15:00:00 and behind it Z where it is UTC'
    )
    told = everyday.in_flags(NAMED["extend"], "until", "must be a day", {"until": "31/01/2029"})
    assert told == '--until: "31/01/2029": write 2029-01-31'
    told = everyday.in_flags(NAMED["confirm-purchase"], "purchased_at", "x", {"purchased_at": "31/01/2026"})
    assert told == '--purchased-at: "31/01/2026": write 2026-01-31'
    assert {flag.shown for verb in VERBS for flag in verb.flags if "DAY" in flag.shown or flag.shown == "INSTANT"} == {
        *everyday.DATES
    }


@each(
    ("arguments", "option"),
    [
        ("result C-1 CCSL --result-id 7.00123E+11 --domain d --taken-at x", "--result-id"),
        ("confirm-purchase C-1 CCSL --purchase-ref 1,23457E+11", "--purchase-ref"),
        ("advance C-1 CCMA --purchase-ref #N/A", "--purchase-ref"),
        ("work-product submit C-1 CCSL --submission-id 1E+9 --uri u --sha256 s", "--submission-id"),
        ("recertify submit C-1 CCSL --submission-id 1E+9 --activities []", "--submission-id"),
    ],
)
def test_an_id_that_a_spreadsheet_has_damaged_is_not_sent(arguments: str, option: str) -> None:
    with pytest.raises(exits.BadInput) as stop:
        payload_of(*arguments.split())
    (note,) = stop.value.notes
    assert note.startswith(f"{option}: ")
    assert "spreadsheet" in note


def test_an_id_that_is_there_can_be_named_however_it_looks() -> None:
    decided = ("--decision", "reject", "--by", "M. Reyes", "--reason", "not hers")
    given = payload("hold", "resolve", "C-1", "CCSL", "--result-id", "7.00123E+11", *decided)
    assert given["result_id"] == "7.00123E+11"


@each(
    ("flags", "told"),
    [
        (("--purchase-ref", "1.23E+05"), "--purchase-ref: "),
        (("--candidate", "1.23E-05"), "--candidate: "),
        (("--purchase-ref", "I", "--purchased-at", "2026-11-02T3PM-0600"), "--purchased-at: "),
        (("--role", "x", "--experience-since", "31/01/2024"), '--experience-since: "31/01/2024": write 2024-01-31'),
        (("--email", "ana"), "--email: must be one e-mail address"),
        (
            ("--role", "x", "--experience-since", "2024-02-01", "--ended", "2023-01-01"),
            "--ended lies before --experience-since",
        ),
    ],
)
def test_a_wrong_registration_is_told_in_flags(flags: tuple[str, ...], told: str) -> None:
    person = ("--candidate", "C-1", "--name", "Ana", "--email", "a@b.de", "--designation", "CCSL")
    ended = main.captured(["register", *person, *flags])
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[1].strip().startswith(told)
    assert len(ended.err.splitlines()) == 2


def test_what_fields_have_to_do_with_each_other_is_told_in_flags() -> None:
    scored = ("--result-id", "R", "--domain", "d", "--taken-at", "2026-11-20T15:00:00Z")
    assert told("result", *scored) == [
        "give exactly one of --percentage, --points with --out-of, --form with --responses; found nothing"
    ]
    assert told("contact") == ["give at least one of --name, --email, --publish"]
    since = ("--role", "Lead", "--experience-since", "2025-01-01", "--ended", "2024-01-01")
    assert told("experience", *since) == ["--ended lies before --experience-since"]
    assert told("advance", "--purchase-ref", "I", *since) == ["--ended lies before --experience-since"]
    hours = ("--submission-id", "E", "--activity", "a", "2029-01-01", "", "-1")
    assert told("recertify submit", *hours) == ["--activity 1: hours must lie between 0 and 10000"]
    assert told("result", *scored, "--form", "F", "--responses", '{"1": 2}') == ["--responses (1): must be a string"]


def test_a_number_that_nobody_can_read_is_answered_with_what_to_write() -> None:
    with pytest.raises(exits.BadInput) as stop:
        payload(*RESULT, "--points", "1,000", "--out-of", "50%")
    assert stop.value.sentence == "A number cannot be read, so nothing was sent:"
    assert stop.value.notes == (
        '--points: "1,000" is ambiguous: write 1000 or 1.000',
        '--out-of: "50%": leave the percent sign off',
    )
    with pytest.raises(exits.BadInput) as stop:
        payload("self-assessment", "C-1", "CCSL", "--domain", "people-management", "--percentage", "81,125")
    assert stop.value.notes == ('--percentage: "81,125": write 81.125 (a point, not a comma)',)
