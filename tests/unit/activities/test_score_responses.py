"""Answer keys: marked exactly, never shown, and whatever is wrong with one holds the result."""

import json
import logging
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.requests import ScoringAnswer, ScoringRequest
from activities.scoring import Scoring

SECRET = "zanzibar"
DOMAIN = "people-management"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with one good key of four questions."""
    folder = tmp_path / "keys"
    folder.mkdir()
    answers = {"1": "B", "2": "c", "3": f" {SECRET} ", "4": "D"}
    (folder / "PM-2026-A.json").write_text(json.dumps({"form": "PM-2026-A", "domain": DOMAIN, "answers": answers}))
    return folder


def score(
    folder: Path | None, responses: dict[str, str], form: str = "PM-2026-A", domain: str = DOMAIN
) -> ScoringAnswer:
    answer = ActivityEnvironment().run(
        Scoring(folder).score_responses, ScoringRequest(form=form, domain=domain, responses=responses)
    )
    assert isinstance(answer, ScoringAnswer)
    return answer


@pytest.mark.parametrize(
    ("responses", "points"),
    [
        ({"1": "B", "2": "C", "3": SECRET, "4": "D"}, 4),
        ({"1": " b ", "2": "c", "3": SECRET.upper(), "4": "d\n"}, 4),
        ({"1": "B"}, 1),
        ({"1": "A", "2": "", "3": "B"}, 0),
        ({}, 0),
    ],
)
def test_one_point_for_each_right_answer_out_of_all_questions(
    keys: Path, responses: dict[str, str], points: int
) -> None:
    answer = score(keys, responses)
    assert answer.score is not None
    assert (answer.score.points, answer.score.out_of) == (Decimal(points), Decimal(4))
    assert SECRET not in answer.model_dump_json()


@pytest.mark.parametrize(
    ("form", "domain", "responses", "words"),
    [
        ("PM-2026-Z", DOMAIN, {}, "no answer key for form PM-2026-Z"),
        ("PM-2026-A", "customer-relationships", {}, "not a form of customer-relationships"),
        ("PM-2026-A", DOMAIN, {"1": "B", "5": "A", "6": "B"}, "2 of the responses answer no question"),
        ("..", DOMAIN, {}, "no answer key"),
        ("../PM-2026-A", DOMAIN, {}, "form's name"),
        ("/etc/passwd", DOMAIN, {}, "form's name"),
        ("PM-2026-A\x00", DOMAIN, {}, "form's name"),
        ("PM-2026-A\n", DOMAIN, {}, "form's name"),
        ("", DOMAIN, {}, "form's name"),
        ("x" * 65, DOMAIN, {}, "form's name"),
    ],
)
def test_what_cannot_be_marked_is_answered_with_its_reason(
    keys: Path, form: str, domain: str, responses: dict[str, str], words: str
) -> None:
    answer = score(keys, responses, form, domain)
    assert answer.score is None
    assert words in answer.unscored


def test_no_path_leads_out_of_the_folder(keys: Path) -> None:
    key = {"form": "..", "domain": DOMAIN, "answers": {"1": "A"}}
    (keys.parent / "outside.json").write_text(json.dumps({**key, "form": "outside"}))
    (keys.parent.parent / ".json").write_text(json.dumps(key))
    for form in ("../outside", "..", ".", "..\\outside", "keys/../../outside"):
        assert score(keys, {"1": "A"}, form).score is None


def test_no_folder_holds_the_result(tmp_path: Path) -> None:
    assert "CERTPATH_ANSWER_KEYS" in score(None, {}).unscored
    assert "no answer key" in score(tmp_path / "nowhere", {}).unscored


@pytest.mark.parametrize(
    "key",
    [
        f'{{"form": "F", "domain": "{DOMAIN}", "answers": {{"1": "{SECRET}"',
        f'{{"form": "F", "domain": "{DOMAIN}", "answers": {{"1": "{SECRET}", "1": "B"}}}}',
        {"form": "F", "domain": DOMAIN, "answers": {"1": [SECRET]}},
        {"form": "F", "domain": DOMAIN, "answers": {"1": SECRET, "2": ""}},
        {"form": "F", "domain": DOMAIN, "answers": SECRET},
        {"form": "F", "domain": DOMAIN, "answers": {}},
        {"form": "F", "domain": DOMAIN, "answers": {"1": SECRET}, SECRET: SECRET},
        {"form": "G", "domain": DOMAIN, "answers": {"1": SECRET}},
        {"domain": DOMAIN, "answers": {"1": SECRET}},
        [SECRET],
        "[" * 100_000,
        b"\xff\xfe" + SECRET.encode(),
        f'"{SECRET * 200_000}"',
    ],
)
def test_a_broken_key_holds_the_result_and_stays_secret(
    tmp_path: Path, key: Any, caplog: pytest.LogCaptureFixture
) -> None:
    content = key if isinstance(key, str | bytes) else json.dumps(key)
    (tmp_path / "F.json").write_bytes(content.encode() if isinstance(content, str) else content)
    with caplog.at_level(logging.DEBUG):
        answer = score(tmp_path, {"1": "A"}, "F")
    assert answer.score is None
    assert "the answer key of form F is not valid" in answer.unscored
    assert SECRET not in answer.unscored + caplog.text


def test_a_key_that_cannot_be_opened_holds_the_result(tmp_path: Path) -> None:
    (tmp_path / "F.json").mkdir()
    assert "cannot be read" in score(tmp_path, {}, "F").unscored


def test_a_key_does_not_show_itself(keys: Path) -> None:
    key = Scoring(keys)._key("PM-2026-A")
    assert SECRET not in repr(key) + str(key)
