"""What enrols and what sends, where Temporal has forgotten a closed candidacy and the record has not."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.processes.bulk import write
from tests.processes.engine import Engine
from tests.processes.messages import DOMAINS
from tests.processes.programs import Ended

ANA = {"candidate_id": "C-1", "name": "Ana Ruiz", "email": "ana@example.org", "designation": "CCSL"}


def register(running: Engine, *arguments: str) -> Ended:
    flags = [
        part for field, value in ANA.items() for part in (f"--{field.replace('candidate_id', 'candidate')}", value)
    ]
    return running.starter("register", *flags, "--no-wait", "--json", *arguments)


def imported(running: Engine, folder: Path, *arguments: str) -> list[str]:
    """The outcomes of a file with this row."""
    file = folder / "people.csv"
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([list(ANA), list(ANA.values())])
    running.starter("import", str(file), *arguments)
    written = folder / ("people.dry-run.csv" if "--dry-run" in arguments else "people.outcome.csv")
    with written.open(newline="") as outcome:
        return [row[-1] for row in csv.reader(outcome)][1:]


def test_it_is_not_opened_again_by_accident(forgetful: Engine, tmp_path: Path) -> None:
    refused = register(forgetful)
    assert refused.code == 1
    error = json.loads(refused.out)["error"]
    assert (error["kind"], error["status"]) == ("closed", "withdrawn")
    assert "--re-enrol" in refused.err
    for arguments in ((), ("--dry-run",)):
        (outcome,) = imported(forgetful, tmp_path, *arguments)
        assert outcome.startswith("refused: the candidacy is closed (withdrawn)")
    (would,) = imported(forgetful, tmp_path, "--dry-run", "--re-enrol")
    assert would == "would be registered"


@pytest.mark.parametrize(
    "arguments",
    [
        ("send", "C-1", "CCSL", "update_contact", '{"publish": true}'),
        ("contact", "C-1", "CCSL", "--publish"),
        ("contact", "C-1", "--publish"),
    ],
)
def test_a_message_to_it_is_told_that_it_is_closed(arguments: Sequence[str], forgetful: Engine) -> None:
    ended = forgetful.starter(*arguments, "--json")
    assert ended.code == 1
    error = json.loads(ended.out)["error"]
    assert (error["kind"], error["status"]) == ("closed", "withdrawn")
    assert "Temporal no longer has it; see `status C-1 CCSL`." in ended.err


def test_a_question_for_it_names_the_record(forgetful: Engine) -> None:
    ended = forgetful.starter("contact", "show", "C-1", "CCSL")
    assert ended.code == 1
    assert "The record has one: see `person C-1`." in ended.err


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_a_result_for_it_is_told_that_it_is_closed(arguments: Sequence[str], forgetful: Engine, tmp_path: Path) -> None:
    columns = ("candidate_id", "designation", "result_id", "domain", "taken_at", "percentage")
    result = ("CCSL", "R-1", DOMAINS[0], "2026-11-20T15:00:00Z", "80")
    file = write(tmp_path / "feed.csv", columns, [("C-1", *result), ("C-2", *result)])
    ended = forgetful.starter("results", str(file), "--json", *arguments)
    assert ended.document["outcomes"] == {"closed": 1, "unknown": 1}


def test_it_is_opened_again_on_purpose(forgetful: Engine) -> None:
    assert register(forgetful, "--re-enrol").code == 0
    # Temporal knows the new candidacy, so the same registration again is no accident.
    again = register(forgetful)
    assert (again.code, json.loads(again.out)["outcome"]) == (0, "already enrolled")


def test_an_import_names_who_is_enrolled_under_another_id(forgetful: Engine, tmp_path: Path) -> None:
    file = tmp_path / "others.csv"
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([list(ANA), ["N-7", "Ana Ruiz", "ANA@example.org", "CCSL"]])
    refused = forgetful.starter("import", str(file), "--json")
    assert refused.code == 2
    (doubt,) = json.loads(refused.out)["error"]["doubts"]
    assert doubt["enrolled"] == "C-1"
    assert doubt["doubt"] == "N-7 has the same e-mail address as C-1"
